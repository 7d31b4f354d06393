// SPDX-License-Identifier: MIT
#include "core/codec/connect.h"

#include "core/base/json.h"

#include <algorithm>

namespace eventops {
namespace {

/// Members of a change event that its connector writes as texts when the event has a schema.
constexpr std::string_view DocumentsAsText[] = {"_id", "documentKey", "fullDocument", "fullDocumentBeforeChange",
                                                "clusterTime",
                                                // of Debezium's connector for MongoDB, always
                                                "before", "after", "patch", "filter"};

bool beginsAsObject(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '{';
}

bool isString(const JsonEntry *member)
{
    return member != nullptr && jsonKind(member->value) == JsonKind::String;
}

bool isSchema(const JsonEntry *member)
{
    return member != nullptr
           && (jsonKind(member->value) == JsonKind::Null
               || (jsonKind(member->value) == JsonKind::Object && jsonMember(member->value, "type")));
}

bool isDocumentAsText(const JsonEntry &member)
{
    return isString(&member)
           && std::find(std::begin(DocumentsAsText), std::end(DocumentsAsText), member.name)
                  != std::end(DocumentsAsText);
}

bool isChangeWithTexts(const JsonReader &json)
{
    const JsonEntry *const ns = json.find("ns");
    const auto members = json.members();
    const JsonEntry *const source = json.find("source");
    const bool ofMongo =
        ns != nullptr && jsonKind(ns->value) == JsonKind::Object && isString(json.find("operationType"));
    const bool ofDebezium = source != nullptr && isString(json.find("op")) && jsonMember(source->value, "connector");
    return (ofMongo || ofDebezium) && std::any_of(members.begin(), members.end(), isDocumentAsText);
}

} // namespace

const JsonReader *ConnectDocument::open(const JsonReader &json)
{
    const JsonReader *inside = &json;
    if (json.kind() == JsonKind::String)
        inside = openText(json, json.document());
    else if (json.members().size() == 2 && json.find("payload") != nullptr && isSchema(json.find("schema")))
        inside = openPayload(json);
    return inside != nullptr && isChangeWithTexts(*inside) ? openMembers(*inside) : inside;
}

const JsonReader *ConnectDocument::openPayload(const JsonReader &json)
{
    const std::string_view payload = json.find("payload")->value;
    switch (jsonKind(payload)) {
    case JsonKind::Null: return nullptr;
    case JsonKind::String: return openText(json, payload);
    case JsonKind::Object: return m_payload.read(payload) ? &json : &m_payload;
    default: return &json;
    }
}

/// A text that is no document is a text, and stays.
const JsonReader *ConnectDocument::openText(const JsonReader &json, std::string_view quoted)
{
    std::string scratch;
    const std::string_view text = jsonText(quoted, scratch);
    if (!beginsAsObject(text))
        return &json;
    m_text = text;
    return m_payload.read(m_text) ? &json : &m_payload;
}

const JsonReader *ConnectDocument::openMembers(const JsonReader &json)
{
    m_opened.clear();
    JsonWriter out(m_opened);
    out.beginObject();
    for (const JsonEntry &member : json.members()) {
        std::string scratch;
        const std::string_view text = isDocumentAsText(member) ? jsonText(member.value, scratch) : std::string_view();
        const bool isDocument = beginsAsObject(text) && !m_member.read(text);
        out.key(member.name).raw(isDocument ? text : member.value);
    }
    out.endObject();
    return m_whole.read(m_opened) ? &json : &m_whole; // deeper together than a document may be
}

} // namespace eventops
