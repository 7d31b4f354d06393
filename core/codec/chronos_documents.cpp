// SPDX-License-Identifier: MIT
#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/envelopes.h"
#include "core/codec/object_fields.h"
#include "core/codec/transformed_documents.h"

#include <algorithm>

// chronos.processed (contracts C8, C15, 3.3): a processed event as Chronos' API answers and publishes it, a raw event
// as its API answers it, and what its dead letter queue holds. Ours carry more than Chronos': the event's own time, its
// entities and links, and a key by which none of them is stored twice.
namespace eventops {
namespace {

constexpr std::string_view Name = "chronos.processed";

bool isProcessed(const JsonReader &json)
{
    return json.find("ProcessedEventID") != nullptr && json.find("EventType") != nullptr;
}

bool isRaw(const JsonReader &json)
{
    return json.find("RawEventID") != nullptr && json.find("ContentType") != nullptr
           && (json.find("EventData") != nullptr || json.find("EventDataBase64") != nullptr);
}

/// {"data":{"RawEventID":…,"Error":…}}
bool isFailure(const JsonReader &json)
{
    const JsonEntry *data = json.find("data");
    return data != nullptr && jsonMember(data->value, "RawEventID") && jsonMember(data->value, "Error");
}

class ChronosEnvelope final : public JsonEnvelope
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        if (json.kind() != JsonKind::Object)
            return lose(loss::NotAnObject, "the envelope is a JSON object");
        if (isFailure(json))
            return failure(json.find("data")->value);
        if (!isProcessed(json))
            return isRaw(json) ? raw(batch, record, json) : loseMissing("ProcessedEventID");
        const JsonEntry *type = json.find("EventType");
        if (jsonKind(type->value) != JsonKind::String)
            return loseField(loss::BadField, "EventType", type->value, "a text");
        const JsonEntry *data = json.find("EventData");
        if (!isAbsent(data) && jsonKind(data->value) != JsonKind::Object)
            return loseField(loss::BadField, "EventData", data->value, "an object");
        const JsonEntry *time = firstOf(json, {"EventTimestamp", "Timestamp", "ProcessedTime", "IngestionTime"});
        const std::size_t before = batch.events.size();
        Event &event = appendEvent(batch, record, Name);
        event[Field::Type] = event[Field::Step] = internScalar(batch, type->value, m_scratch);
        if (!isAbsent(data))
            event[Field::Attrs] = appendRawJson(batch, data->value);
        DecodeFailure failed = common(batch, event, json, time);
        if (!failed)
            failed = texts(batch, event, json);
        if (failed)
            batch.events.resize(before);
        return failed;
    }

private:
    static const JsonEntry *firstOf(const JsonReader &json, std::initializer_list<std::string_view> names)
    {
        for (const std::string_view name : names) {
            if (const JsonEntry *member = json.find(name); !isAbsent(member))
                return member;
        }
        return nullptr;
    }

    DecodeFailure failure(std::string_view data)
    {
        const ObjectFields fields(data);
        const std::string by = fields.text("TransformerName");
        return lose(loss::TransformerFailed, "raw event " + std::string(fields.raw("RawEventID"))
                                                 + (by.empty() ? std::string() : ", transformer \"" + by + '"') + ": "
                                                 + fields.text("Error"));
    }

    DecodeFailure raw(Batch &batch, std::uint32_t record, const JsonReader &json)
    {
        const JsonEntry *data = json.find("EventData");
        const std::size_t before = batch.events.size();
        Event &event = appendEvent(batch, record, Name);
        std::string_view text;
        if (!isAbsent(data) && jsonKind(data->value) == JsonKind::String)
            text = jsonText(data->value, m_text);
        JsonReader body;
        const bool isJson = !text.empty() && !body.read(text);
        if (isJson && body.kind() == JsonKind::Object)
            event[Field::Attrs] = appendRawJson(batch, body.document());
        else if (isJson)
            event[Field::Attrs] = appendRawJson(batch, "{\"value\":" + std::string(body.document()) + '}');
        else if (!text.empty())
            event[Field::Message] = batch.strings.append(text);
        DecodeFailure failed = common(batch, event, json, firstOf(json, {"EventTimestamp", "IngestionTimestamp"}));
        if (failed)
            batch.events.resize(before);
        return failed;
    }

    DecodeFailure common(Batch &batch, Event &event, const JsonReader &json, const JsonEntry *time)
    {
        constexpr MemberField Members[] = {{"Tenant", Field::Tenant},
                                           {"Source", Field::SourceId},
                                           {"ContentType", Field::ContentType},
                                           {"IdempotencyKey", Field::IdempotencyKey}};
        if (time != nullptr) {
            std::string_view text;
            const auto at = jsonTime(time->value, m_scratch, text);
            if (!at)
                return loseField(loss::BadTimestamp, time->name, time->value, "RFC 3339 or a Unix time");
            event.tsEvent = *at;
            event[Field::TsText] = batch.strings.append(text);
        }
        if (DecodeFailure failed = readTexts(batch, event, json, Members, m_scratch))
            return failed;
        if (event[Field::Tenant] == NoStr)
            event[Field::Tenant] = batch.strings.intern("default");
        event[Field::SourceType] = batch.strings.intern("chronos");
        return relations(batch, event, json);
    }

    DecodeFailure texts(Batch &batch, Event &event, const JsonReader &json)
    {
        constexpr MemberField Members[] = {
            {"EntityID", Field::EntityId}, {"EntityType", Field::EntityType}, {"Message", Field::Message}};
        if (DecodeFailure failed = readTexts(batch, event, json, Members, m_scratch))
            return failed;
        if (const JsonEntry *severity = json.find("Severity"); !isAbsent(severity)) {
            event.severity = jsonSeverity(severity->value, m_scratch);
            event[Field::SeverityText] = internScalar(batch, severity->value, m_scratch);
        }
        return {};
    }

    /// Entities [{type, id}] and Links [{source: {type, id}, target: …, type}], as events hold them.
    DecodeFailure relations(Batch &batch, Event &event, const JsonReader &json)
    {
        for (const auto &[name, field] :
             {MemberField("Entities", Field::Entities), MemberField("Links", Field::Links)}) {
            const JsonEntry *list = json.find(name);
            if (isAbsent(list))
                continue;
            if (jsonKind(list->value) != JsonKind::Array)
                return loseField(loss::BadField, name, list->value, "a list");
            event[field] = internRawJson(batch, list->value);
        }
        return {};
    }

    std::string m_scratch, m_text;
};

class ChronosProcessed final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Chronos' documents: processed events, raw events as its API has them, and what its transformers failed "
               "on.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeChronosEnvelope());
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        std::string out;
        JsonWriter json(out);
        const auto text = [&](std::string_view name, Field field) {
            if (event[field] != NoStr)
                json.field(name, batch.text(event, field));
        };
        json.beginObject().key("ProcessedEventID").null().field("EventType", batch.text(event, Field::Type));
        text("EntityID", Field::EntityId);
        text("EntityType", Field::EntityType);
        json.key("EventData").raw(event[Field::Attrs] != NoStr ? batch.text(event, Field::Attrs) : "{}");
        text("Severity", Field::SeverityText);
        text("Message", Field::Message);
        if (const std::string ts = eventTimeText(batch, event); !ts.empty())
            json.field("EventTimestamp", ts);
        text("Tenant", Field::Tenant);
        text("Source", Field::SourceId);
        text("ContentType", Field::ContentType);
        text("IdempotencyKey", Field::IdempotencyKey);
        if (event[Field::Entities] != NoStr)
            json.key("Entities").raw(batch.text(event, Field::Entities));
        if (event[Field::Links] != NoStr)
            json.key("Links").raw(batch.text(event, Field::Links));
        json.endObject();
        reportLosses(batch, event, loss);
        return out;
    }

private:
    static void reportLosses(const Batch &batch, const Event &event, LossReport &loss)
    {
        constexpr Field Held[] = {Field::Type,    Field::EntityId,    Field::EntityType,     Field::Attrs,
                                  Field::Message, Field::Tenant,      Field::SourceId,       Field::TsText,
                                  Field::Codec,   Field::ContentType, Field::IdempotencyKey, Field::Entities,
                                  Field::Links,   Field::SeverityText};
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const auto field = static_cast<Field>(i);
            const bool held = std::find(std::begin(Held), std::end(Held), field) != std::end(Held)
                              || (field == Field::Step && batch.text(event, field) == batch.text(event, Field::Type))
                              || (field == Field::SourceType && batch.text(event, field) == "chronos");
            if (event[field] != NoStr && !held)
                loss.items.push_back({std::string(toString(field)), "dropped"});
        }
        if (event.hasValue)
            loss.items.push_back({"value", "dropped"});
        if (event.severity != Severity::Unset && event[Field::SeverityText] == NoStr)
            loss.items.push_back({"severity", "dropped"});
    }
};

std::string typeOf(std::span<const TransformerOutput::EntityRef> entities, const std::string &id)
{
    const auto found = std::find_if(entities.begin(), entities.end(), [&](const auto &one) { return one.id == id; });
    return found == entities.end() || found->type.empty() ? std::string("entity") : found->type;
}

void appendRelations(JsonWriter &json, std::span<const TransformerOutput::EntityRef> entities,
                     std::span<const TransformerOutput::LinkRef> links)
{
    json.key("Entities").beginArray();
    for (const auto &entity : entities)
        json.beginObject().field("type", typeOf(entities, entity.id)).field("id", entity.id).endObject();
    json.endArray().key("Links").beginArray();
    const auto end = [&](std::string_view name, const std::string &id) {
        json.key(name).beginObject().field("type", typeOf(entities, id)).field("id", id).endObject();
    };
    for (const auto &link : links) {
        if (link.source == link.target)
            continue;
        json.beginObject();
        end("source", link.source);
        end("target", link.target);
        json.field("type", "related_to").endObject();
    }
    json.endArray();
}

/// What the documents of a raw event have in common. The key names the raw event by when it came in and its number:
/// numbers begin anew in another workspace.
void appendCommon(JsonWriter &json, const RawEvent &raw, std::string_view part)
{
    json.field("IdempotencyKey", "chronos:" + std::to_string(eventops::raw(raw.ingested)) + ':' + std::to_string(raw.id)
                                     + ':' + std::string(part));
    json.field("EventTimestamp", formatTimestamp(raw.time == NoTime ? raw.ingested : raw.time));
    json.field("Tenant", raw.tenant).field("Source", raw.source);
}

void appendBody(JsonWriter &json, const RawEvent &raw)
{
    if (isValidUtf8(raw.body))
        json.field("EventData", raw.body);
    else
        json.field("EventDataBase64", base64(raw.body));
}

} // namespace

bool looksLikeChronos(const JsonReader &json)
{
    return isProcessed(json) || isRaw(json) || isFailure(json);
}

std::unique_ptr<JsonEnvelope> makeChronosEnvelope()
{
    return std::make_unique<ChronosEnvelope>();
}

const Codec &chronosProcessedCodec()
{
    static const ChronosProcessed codec;
    return codec;
}

std::string encodeProcessed(const ProcessedDocument &document)
{
    std::string out;
    JsonWriter json(out);
    const TransformerOutput::Processed &event = *document.event;
    json.beginObject().key("ProcessedEventID").integer(document.id);
    json.key("RawEventID").integer(document.raw->id).field("EventType", event.type);
    if (event.entity)
        json.field("EntityID", *event.entity);
    if (!document.entityType.empty())
        json.field("EntityType", document.entityType);
    json.key("EventData").raw(event.data);
    json.key("SourceID").integer(document.sourceId).key("TransformerID").integer(document.transformerId);
    if (event.severity)
        json.field("Severity", *event.severity);
    if (event.message)
        json.field("Message", *event.message);
    json.field("ProcessedTime", formatTimestamp(document.processed));
    appendCommon(json, *document.raw, std::to_string(document.id));
    appendRelations(json, document.entities, document.links);
    json.endObject();
    return out;
}

std::string encodeUntransformed(const RawEvent &raw, std::span<const TransformerOutput::EntityRef> entities,
                                std::span<const TransformerOutput::LinkRef> links)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("RawEventID").integer(raw.id).field("ContentType", raw.contentType);
    appendBody(json, raw);
    appendCommon(json, raw, "raw");
    appendRelations(json, entities, links);
    json.endObject();
    return out;
}

std::string encodeTransformFailure(const RawEvent &raw, std::int64_t transformerId, std::string_view transformer,
                                   std::string_view why)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("data").beginObject(); // its key first: it tells dead letters apart
    appendCommon(json, raw, "failure:" + std::to_string(transformerId));
    json.key("RawEventID")
        .integer(raw.id)
        .field("Error", why)
        .key("TransformerID")
        .integer(transformerId)
        .field("TransformerName", transformer);
    json.field("ContentType", raw.contentType);
    appendBody(json, raw);
    json.endObject().endObject();
    return out;
}

} // namespace eventops
