// SPDX-License-Identifier: MIT
#include "pipelines/stages/normalize/change_event.h"

#include "core/base/time.h"
#include "core/codec/json_envelope.h"
#include "core/codec/json_reader.h"

namespace eventops::normalize {
namespace {

/// A field of the change event itself, not of its fullDocument.
std::optional<std::string_view> top(const Document &document, std::string_view name)
{
    return jsonMember(document.json(), name);
}

std::string text(std::optional<std::string_view> json)
{
    std::string scratch;
    const auto found = json ? textOf(*json, scratch) : std::nullopt;
    return found ? std::string(*found) : std::string();
}

/// A change event's own `_id` is its resume token, {"_data": …}, unless the connector put the document's there.
std::string entityId(const Document &document)
{
    const auto own = top(document, "_id");
    if (own && jsonKind(unwrapExtended(*own)) != JsonKind::Object)
        return text(own);
    for (const std::string_view holder : {"fullDocument", "documentKey", "fullDocumentBeforeChange"}) {
        const auto object = top(document, holder);
        if (std::string id = text(object ? jsonMember(*object, "_id") : std::nullopt); !id.empty())
            return id;
    }
    return {};
}

/// BSON timestamps are {"$timestamp": {"t": seconds, "i": counter}}.
struct ClusterTime {
    std::string text;    ///< With the counter: part of the idempotency key.
    std::string written; ///< The time alone.
    std::optional<WallNs> time;
};

ClusterTime readTime(std::string_view json)
{
    ClusterTime out;
    std::string scratch;
    if (const auto stamp = jsonMember(json, "$timestamp")) {
        const auto seconds = jsonMember(*stamp, "t"), counter = jsonMember(*stamp, "i");
        if (seconds && jsonKind(*seconds) == JsonKind::Number) {
            out.text = std::string(*seconds) + (counter ? '.' + std::string(*counter) : std::string());
            out.written = *seconds;
            out.time = timestampFromEpochText(*seconds);
        }
        return out;
    }
    std::string_view written;
    out.time = jsonTime(unwrapExtended(json), scratch, written);
    out.text = text(json);
    out.written = out.text;
    return out;
}

} // namespace

bool isChangeEvent(const Document &document)
{
    const auto operation = top(document, "operationType");
    const auto ns = top(document, "ns");
    return operation && jsonKind(*operation) == JsonKind::String && ns && jsonKind(*ns) == JsonKind::Object;
}

void readChangeEvent(Batch &batch, Event &event, const Document &clear, const Document &shown)
{
    const auto set = [&](Field field, const std::string &value) {
        if (!value.empty())
            event[field] = batch.strings.intern(value);
    };
    const std::string operation = text(top(shown, "operationType"));
    const std::string entity = entityId(shown);
    set(Field::Type, operation);
    set(Field::Step, operation);
    set(Field::EntityId, entity);
    const auto key = top(shown, "documentKey");
    set(Field::CorrelationId, text(key ? jsonMember(*key, "_id") : std::nullopt));

    const std::string_view ns = *top(shown, "ns");
    set(Field::SourceType, "mongo");
    std::string place = "{\"db\":";
    place += jsonMember(ns, "db").value_or("null");
    place += ",\"coll\":";
    place += jsonMember(ns, "coll").value_or("null");
    place += '}';
    set(Field::SourceNamespace, place);
    set(Field::EntityType, text(jsonMember(ns, "coll")));

    std::string stamp;
    bool timeFound = false;
    for (const std::string_view name : {"clusterTime", "wallTime", "ts"}) {
        const auto json = top(clear, name);
        if (!json || jsonKind(*json) == JsonKind::Null)
            continue;
        const ClusterTime read = readTime(*json);
        if (stamp.empty())
            stamp = read.text;
        if (!timeFound && read.time) {
            event.tsEvent = *read.time;
            event[Field::TsText] = batch.strings.append(read.written);
            timeFound = true;
        }
    }
    set(Field::IdempotencyKey, "mongo:" + entity + ':' + operation + ':' + stamp);
}

} // namespace eventops::normalize
