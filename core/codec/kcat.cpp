// SPDX-License-Identifier: MIT
#include "core/codec/kcat.h"

#include "core/base/base64.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/codec/avro_payload.h"
#include "core/codec/json_envelope.h"
#include "core/model/event_id.h"

#include <charconv>

namespace eventops {
namespace {

constexpr std::string_view Name = "kcat";

bool isKind(const JsonReader &json, std::string_view name, JsonKind kind)
{
    const JsonEntry *member = json.find(name);
    return member != nullptr && jsonKind(member->value) == kind;
}

/// Headers are a flat array of names and values; a value without text is null.
void writeHeaders(JsonWriter &out, std::string_view headers, std::string &scratch)
{
    JsonItems items(headers);
    std::string_view unnamed, name, value;
    while (items.next(unnamed, name) && items.next(unnamed, value)) {
        if (jsonKind(name) == JsonKind::String)
            out.key(jsonText(name, scratch)).raw(value);
    }
}

} // namespace

bool looksLikeKcat(const JsonReader &json)
{
    return json.kind() == JsonKind::Object && isKind(json, "topic", JsonKind::String)
           && isKind(json, "partition", JsonKind::Number) && isKind(json, "offset", JsonKind::Number)
           && (json.find("payload") != nullptr || json.find("payload_base64") != nullptr);
}

DecodeFailure KcatMessage::read(const JsonReader &json)
{
    topic = jsonText(json.find("topic")->value, m_scratch);
    partition = json.find("partition")->value;
    offset = json.find("offset")->value;
    payload.clear();
    cluster.clear();
    schema.clear();
    if (const JsonEntry *written = json.find("payload_schema"))
        schema = written->value;
    if (isKind(json, "cluster", JsonKind::String))
        cluster = jsonText(json.find("cluster")->value, m_scratch);
    const JsonEntry *packed = json.find("payload_base64");
    const JsonEntry *plain = json.find("payload");
    if (packed != nullptr) {
        if (jsonKind(packed->value) != JsonKind::String || !readBase64(jsonText(packed->value, m_scratch), payload))
            return loseField(loss::BadField, "payload_base64", packed->value, "base64");
        hasPayload = true;
    } else {
        hasPayload = jsonKind(plain->value) != JsonKind::Null;
        if (hasPayload)
            payload = jsonKind(plain->value) == JsonKind::String ? jsonText(plain->value, m_scratch) : plain->value;
    }
    ts = NoTime;
    tsText.clear();
    const JsonEntry *time = json.find("ts");
    if (time != nullptr && jsonKind(time->value) == JsonKind::Number) {
        std::int64_t ms = -1;
        const std::string_view text = time->value;
        const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), ms);
        if (failed == std::errc() && end == text.data() + text.size() && ms >= 0 && ms <= INT64_MAX / NsPerMs) {
            ts = WallNs{ms * NsPerMs};
            tsText = text;
        }
    }
    beside.clear();
    JsonWriter out(beside);
    out.beginObject();
    out.field("kafka.topic", topic).key("kafka.partition").raw(partition).key("kafka.offset").raw(offset);
    if (const JsonEntry *key = json.find("key"); key != nullptr && jsonKind(key->value) != JsonKind::Null)
        out.key("kafka.key").raw(key->value);
    else if (isKind(json, "key_base64", JsonKind::String))
        out.key("kafka.key_base64").raw(json.find("key_base64")->value);
    if (!cluster.empty())
        out.field("kafka.cluster", cluster);
    if (!tsText.empty())
        out.key("kafka.ts").raw(tsText);
    if (const JsonEntry *headers = json.find("headers");
        headers != nullptr && jsonKind(headers->value) == JsonKind::Array)
        writeHeaders(out, headers->value, m_scratch);
    out.endObject();
    return {};
}

DecodeFailure KcatMessage::document(AvroPayload &avro, bool envelopeOnly, std::string &json,
                                    std::string_view &text) const
{
    text = payload;
    if (!framedSchemaId(payload))
        return {};
    if (DecodeFailure failure = avro.read(payload, schema, envelopeOnly, json))
        return failure;
    if (jsonKind(json) == JsonKind::String) { // a text by itself, which may be a document
        std::string scratch;
        json = std::string(jsonText(json, scratch));
    }
    text = json;
    return {};
}

void addPayloadSchema(std::string &line, std::string_view schema)
{
    line.back() = ',';
    line += "\"payload_schema\":";
    line += schema;
    line += '}';
}

void KcatMessage::apply(Batch &batch, std::size_t first) const
{
    std::string scratch;
    const bool mayBeNamed = beside.find(IdHeader) != std::string::npos; // most are not, and reading costs
    const auto sent = mayBeNamed ? jsonMember(beside, IdHeader) : std::nullopt;
    const bool isNamed = sent && jsonKind(*sent) == JsonKind::String && batch.events.size() == first + 1;
    const std::string_view name = isNamed ? jsonText(*sent, scratch) : std::string_view();
    for (std::size_t i = first; i < batch.events.size(); ++i) {
        Event &event = batch.events[i];
        if (event.tsEvent == NoTime && ts != NoTime) {
            event.tsEvent = ts;
            event[Field::TsText] = batch.strings.append(tsText);
        }
        std::string headers = beside;
        const std::string_view own = batch.text(event, Field::Headers);
        if (own.size() > 2 && own.front() == '{') {
            headers.back() = ',';
            headers += own.substr(1);
        }
        event[Field::Headers] = appendRawJson(batch, headers);
        if (event[Field::EventId] == NoStr && name.starts_with(IdOfEvent))
            event[Field::EventId] = batch.strings.append(name.substr(IdOfEvent.size()));
        if (event[Field::EventId] != NoStr || event[Field::IdempotencyKey] != NoStr)
            continue;
        if (isNamed) {
            event[Field::EventId] = batch.strings.append(name);
        } else {
            std::uint64_t hash = hashCombine(hash64(payload), hash64(offset));
            std::string place = "kafka:";
            if (!cluster.empty()) {
                hash = hashCombine(hash, hash64(tsText));
                place += cluster + '/';
            }
            event[Field::EventId] = batch.strings.append(
                derivedEventId(place + topic + '/' + partition, hash64(offset), hash, event.emission));
        }
    }
}

void appendKcatText(Batch &batch, std::uint32_t record, std::string_view text)
{
    Event &event = appendEvent(batch, record, Name);
    event[Field::Tenant] = batch.strings.intern("default");
    if (isValidUtf8(text)) {
        event[Field::Message] = batch.strings.append(text);
        event[Field::ContentType] = batch.strings.intern("text/plain");
    } else { // bytes that nobody can show; they stay with the record
        event[Field::ContentType] = batch.strings.intern("application/octet-stream");
    }
}

void appendKcatWith(std::string &out, const JsonReader &json, std::string_view payload,
                    const std::optional<std::string> &key)
{
    JsonWriter line(out);
    line.beginObject();
    for (const JsonEntry &entry : json.members()) {
        const bool replaced = entry.name.starts_with("payload") || entry.name.starts_with("key");
        if (!replaced)
            line.key(entry.name).raw(entry.value);
    }
    line.key("key");
    if (key)
        line.string(*key);
    else
        line.null();
    line.field("payload", payload).endObject();
}

void appendKcat(std::string &out, const KcatLine &line)
{
    JsonWriter json(out);
    json.beginObject();
    json.field("topic", line.topic).key("partition").unsignedInteger(line.partition);
    json.key("offset").unsignedInteger(line.offset);
    json.field("tstype", line.ts == NoTime ? "unknown" : "create");
    json.key("ts").integer(line.ts == NoTime ? -1 : raw(line.ts) / NsPerMs);
    json.key("broker").integer(0);
    if (!line.cluster.empty())
        json.field("cluster", line.cluster);
    json.key("headers").beginArray();
    for (const auto &[name, value] : line.headers) {
        json.string(name);
        if (!value)
            json.null();
        else if (isValidUtf8(*value))
            json.string(*value);
        else
            json.beginObject().field("base64", base64(*value)).endObject();
    }
    json.endArray();
    if (line.key.empty() && !line.emptyKey)
        json.key("key").null();
    else if (isValidUtf8(line.key))
        json.field("key", line.key);
    else
        json.key("key").null().field("key_base64", base64(line.key));
    if (line.tombstone)
        json.key("payload").null();
    else if (isValidUtf8(line.payload))
        json.field("payload", line.payload);
    else
        json.field("payload_base64", base64(line.payload));
    json.endObject();
}

} // namespace eventops
