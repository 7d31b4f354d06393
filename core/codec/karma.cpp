// SPDX-License-Identifier: MIT
#include "core/codec/action_state.h"
#include "core/codec/deviation.h"
#include "core/codec/entity_name.h"
#include "core/codec/envelopes.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/model/event_id.h"
#include "core/model/feedback.h"

#include <algorithm>
#include <utility>

// karma.v1 (contracts 3.1, X5-X8): {ts, event_type, entity_id, correlation_id, tags, attrs, idempotency_key, source}.
// Six fields are accepted (X5), eight written. What the envelope carries beyond them, at top level or in `source`, is
// kept in Field::Headers and written back from there. The author's own entropy.deviation (X12) has its figures at top
// level: they are read into attrs, where every reader looks, and mirrored again only for those who ask for it.
namespace eventops {
namespace {

constexpr std::string_view Name = "karma.v1";
constexpr std::string_view Known[] = {"ts", "event_type", "entity_id", "correlation_id", "tags", "attrs",
                                      "idempotency_key", "source", "causation_id"};

constexpr std::string_view DeviationFigures[] = {"step", "entropy", "baseline_entropy"};

template<std::size_t Size>
bool isOneOf(std::string_view name, const std::string_view (&names)[Size])
{
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

class KarmaEnvelope final : public JsonEnvelope
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        if (json.kind() != JsonKind::Object)
            return lose(loss::NotAnObject, "the envelope is a JSON object");
        Event &event = appendEvent(batch, record, Name);
        DecodeFailure failure = head(batch, event, json);
        if (!failure)
            failure = payload(batch, event, json);
        if (failure) {
            batch.events.pop_back();
            return failure;
        }
        source(batch, event, json);
        return {};
    }

private:
    DecodeFailure head(Batch &batch, Event &event, const JsonReader &json)
    {
        if (DecodeFailure failure = readEventTime(batch, event, json, "ts", m_scratch))
            return failure;
        constexpr MemberField Texts[] = {
            {"event_type", Field::Type}, {"entity_id", Field::EntityId}, {"correlation_id", Field::CorrelationId},
            {"causation_id", Field::CausationId}, {"idempotency_key", Field::IdempotencyKey},
        };
        if (DecodeFailure failure = readTexts(batch, event, json, Texts, m_scratch))
            return failure;
        if (batch.text(event, Field::Type).empty())
            return loseMissing("event_type");
        const std::string_view entityType = entityTypeOf(batch.text(event, Field::EntityId));
        if (!entityType.empty())
            event[Field::EntityType] = batch.strings.intern(entityType);
        return {};
    }

    DecodeFailure payload(Batch &batch, Event &event, const JsonReader &json)
    {
        if (DecodeFailure failure = readObject(batch, event, json, {"tags", Field::Tags}, internRawJson))
            return failure;
        if (DecodeFailure failure = readObject(batch, event, json, {"attrs", Field::Attrs}, appendRawJson))
            return failure;
        if (batch.text(event, Field::Type) == DeviationType)
            figuresToAttrs(batch, event, json);
        const std::string_view tags = batch.text(event, Field::Tags);
        const std::string_view attrs = batch.text(event, Field::Attrs);
        const auto scalar = [&](std::string_view object, std::string_view name) {
            const auto value = jsonMember(object, name);
            return value ? internScalar(batch, *value, m_scratch) : NoStr;
        };
        event[Field::Tenant] = scalar(tags, "tenant");
        if (event[Field::Tenant] == NoStr)
            event[Field::Tenant] = batch.strings.intern("default");
        const JsonEntry *topStep = json.find("step");
        event[Field::Step] = scalar(tags, "step");
        if (event[Field::Step] == NoStr && topStep != nullptr)
            event[Field::Step] = internScalar(batch, topStep->value, m_scratch);
        if (event[Field::Step] == NoStr)
            event[Field::Step] = scalar(attrs, "step");
        if (event[Field::Step] == NoStr)
            event[Field::Step] = event[Field::Type];
        const bool isOwn = isOwnFact(batch, event, json);
        if (isOwn)
            event[Field::Step] = NoStr;
        if (event[Field::CausationId] == NoStr)
            event[Field::CausationId] = scalar(attrs, "causation_id");
        if (!isOwn)
            measurement(batch, event, attrs);
        told(batch, event, attrs);
        return {};
    }

    /// A deviation, prediction or state of an action that this program wrote, or what a person told it: a fact about a
    /// finding or an expectation. Taken for a measurement or a step it would be found surprising again, and so on for
    /// ever (X20).
    bool isOwnFact(const Batch &batch, const Event &event, const JsonReader &json)
    {
        const JsonEntry *source = json.find("source");
        const std::string_view type = batch.text(event, Field::Type);
        constexpr std::string_view Facts[] = {DeviationType, PredictionType, ActionStateType, FindingStateType};
        const bool maybe = isOneOf(type, Facts) || feedbackKindOf(type).has_value();
        if (!maybe || isAbsent(source))
            return false;
        const auto system = jsonMember(source->value, "system");
        return system && jsonKind(*system) == JsonKind::String && jsonText(*system, m_scratch) == DeviationSource;
    }

    /// Those figures of a deviation that stand at top level and not in attrs.
    void figuresToAttrs(Batch &batch, Event &event, const JsonReader &json)
    {
        const std::string_view attrs = batch.text(event, Field::Attrs);
        std::string merged;
        JsonWriter writer(merged);
        writer.beginObject();
        JsonItems items(attrs.empty() ? "{}" : attrs);
        std::string_view name, value;
        while (items.next(name, value))
            writer.key(jsonUnescape(name, m_scratch)).raw(value);
        bool moved = false;
        for (const std::string_view figure : DeviationFigures) {
            const JsonEntry *top = json.find(figure);
            if (isAbsent(top) || (!attrs.empty() && jsonMember(attrs, figure)))
                continue;
            writer.key(figure).raw(top->value);
            moved = true;
        }
        writer.endObject();
        if (moved)
            event[Field::Attrs] = appendRawJson(batch, merged);
    }

    /// attrs {metric, value, unit} are a measurement (X4).
    void measurement(Batch &batch, Event &event, std::string_view attrs)
    {
        const auto metric = jsonMember(attrs, "metric");
        const auto value = jsonMember(attrs, "value");
        if (metric && value && jsonKind(*metric) == JsonKind::String && setValue(batch, event, *value, m_scratch)) {
            event[Field::Metric] = internScalar(batch, *metric, m_scratch);
            if (const auto unit = jsonMember(attrs, "unit"))
                event[Field::Unit] = internScalar(batch, *unit, m_scratch);
        }
    }

    /// attrs.severity and attrs.message are what they say.
    void told(Batch &batch, Event &event, std::string_view attrs)
    {
        if (const auto severity = jsonMember(attrs, "severity")) {
            event.severity = jsonSeverity(*severity, m_scratch);
            if (event.severity != Severity::Unset)
                event[Field::SeverityText] = internScalar(batch, *severity, m_scratch);
        }
        const auto message = jsonMember(attrs, "message");
        if (message && jsonKind(*message) == JsonKind::String)
            event[Field::Message] = batch.strings.append(jsonText(*message, m_scratch));
    }

    void source(Batch &batch, Event &event, const JsonReader &json)
    {
        m_extra.clear();
        const bool isDeviation = batch.text(event, Field::Type) == DeviationType;
        for (const JsonEntry &member : json.members()) {
            if (!isOneOf(member.name, Known) && !(isDeviation && isOneOf(member.name, DeviationFigures)))
                addExtra(member.name, member.value);
        }
        const JsonEntry *source = json.find("source");
        if (!isAbsent(source) && jsonKind(source->value) == JsonKind::Object) {
            bool plain = true;
            JsonItems items(source->value);
            std::string_view name, value;
            while (items.next(name, value)) {
                if (name == "system" && jsonKind(value) == JsonKind::String)
                    event[Field::SourceType] = internScalar(batch, value, m_scratch);
                else if (name == "id" && jsonKind(value) == JsonKind::String)
                    event[Field::SourceId] = internScalar(batch, value, m_scratch);
                else if (name == "ns" && jsonKind(value) == JsonKind::Object)
                    event[Field::SourceNamespace] = internRawJson(batch, value);
                else
                    plain = false;
            }
            if (!plain)
                addExtra("source", source->value);
        } else if (!isAbsent(source)) {
            event[Field::SourceType] = internScalar(batch, source->value, m_scratch);
            addExtra("source", source->value);
        }
        if (!m_extra.empty())
            event[Field::Headers] = internRawJson(batch, m_extra += '}');
    }

    void addExtra(std::string_view name, std::string_view value)
    {
        m_extra += m_extra.empty() ? '{' : ',';
        appendJsonString(m_extra, name);
        m_extra += ':';
        m_extra += value;
    }

    std::string m_scratch, m_extra;
};

/// attrs of an event in this envelope: its own, and what the envelope has no field for.
void writeAttrs(JsonWriter &json, const Batch &batch, const Event &event, LossReport &loss)
{
    const std::string_view attrs = batch.text(event, Field::Attrs);
    json.key("attrs").beginObject();
    if (!attrs.empty()) {
        JsonItems items(attrs);
        std::string_view name, value;
        std::string scratch;
        while (items.next(name, value))
            json.key(jsonUnescape(name, scratch)).raw(value);
    }
    const auto add = [&](std::string_view name, const auto &write) {
        if (!attrs.empty() && jsonMember(attrs, name))
            return;
        json.key(name);
        write();
        loss.items.push_back({std::string(name), "moved to attrs"});
    };
    if (event.hasValue) {
        std::string value;
        appendEventValue(value, batch, event);
        add("value", [&] { json.raw(value); });
    }
    constexpr std::pair<Field, std::string_view> Texts[] = {
        {Field::Metric, "metric"}, {Field::Unit, "unit"}, {Field::Message, "message"}, {Field::TraceId, "trace_id"},
        {Field::SpanId, "span_id"}, {Field::CausationId, "causation_id"},
    };
    for (const auto &[field, name] : Texts) {
        if (event[field] != NoStr)
            add(name, [&, id = field] { json.string(batch.text(event, id)); });
    }
    if (event.severity != Severity::Unset) {
        const std::string_view written = batch.text(event, Field::SeverityText);
        add("severity", [&] {
            json.string(written.empty() ? severityName(static_cast<std::uint8_t>(event.severity)) : written);
        });
    }
    json.endObject();
}

class Karma final : public Codec
{
public:
    explicit Karma(bool legacyTopLevel) : m_legacyTopLevel(legacyTopLevel) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Karma's envelope, read with six or eight fields, written with eight.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeKarmaEnvelope());
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override;

private:
    static void writeTags(JsonWriter &json, const Batch &batch, const Event &event, LossReport &loss);
    static void writeSource(JsonWriter &json, const Batch &batch, const Event &event, std::string_view extra);

    const bool m_legacyTopLevel;
};

void Karma::writeTags(JsonWriter &json, const Batch &batch, const Event &event, LossReport &loss)
{
    const std::string_view tags = batch.text(event, Field::Tags);
    const std::string_view tenant = batch.text(event, Field::Tenant);
    const std::string_view step = batch.text(event, Field::Step);
    json.key("tags").beginObject();
    std::string scratch;
    if (!tags.empty()) {
        JsonItems items(tags);
        std::string_view name, value;
        while (items.next(name, value))
            json.key(jsonUnescape(name, scratch)).raw(value);
    }
    const auto missing = [&](std::string_view name) { return tags.empty() || !jsonMember(tags, name); };
    if (!tenant.empty() && tenant != "default" && missing("tenant"))
        json.field("tenant", tenant);
    const std::string_view attrs = batch.text(event, Field::Attrs);
    if (!step.empty() && step != batch.text(event, Field::Type) && missing("step") && !jsonMember(attrs, "step")) {
        json.field("step", step);
        loss.items.push_back({"step", "moved to tags"});
    }
    json.endObject();
}

void Karma::writeSource(JsonWriter &json, const Batch &batch, const Event &event, std::string_view extra)
{
    if (const auto whole = jsonMember(extra, "source")) {
        json.key("source").raw(*whole);
        return;
    }
    json.key("source").beginObject();
    if (event[Field::SourceType] != NoStr)
        json.field("system", batch.text(event, Field::SourceType));
    const std::string_view ns = batch.text(event, Field::SourceNamespace);
    if (!ns.empty() && ns.front() == '{')
        json.key("ns").raw(ns);
    else if (!ns.empty())
        json.field("ns", ns);
    if (event[Field::SourceId] != NoStr)
        json.field("id", batch.text(event, Field::SourceId));
    json.endObject();
}

Result<std::string> Karma::write(const Batch &batch, const Event &event, LossReport &loss) const
{
    const std::string ts = eventTimeText(batch, event);
    if (ts.empty())
        return Error{Error::Code::InvalidInput, "the envelope requires a time and the event has none"};
    const std::string_view extra = batch.text(event, Field::Headers);
    const std::string_view type = batch.text(event, Field::Type);
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("ts", ts);
    const std::string_view schema = batch.text(event, Field::SchemaName);
    json.field("event_type", !type.empty() ? type : !schema.empty() ? schema : "event");
    json.field("entity_id", batch.text(event, Field::EntityId));
    json.field("correlation_id", batch.text(event, Field::CorrelationId));
    writeTags(json, batch, event, loss);
    writeAttrs(json, batch, event, loss);
    std::string key(batch.text(event, Field::IdempotencyKey));
    if (key.empty())
        key = batch.text(event, Field::EventId);
    if (key.empty()) // without any position: from the canonical bytes (X15)
        key = derivedEventId("", 0, hash64(out), event.emission);
    json.field("idempotency_key", key);
    writeSource(json, batch, event, extra);
    if (!extra.empty() && batch.text(event, Field::Codec) == Name) {
        JsonItems items(extra);
        std::string_view name, value;
        std::string scratch;
        while (items.next(name, value)) {
            if (name != "source")
                json.key(jsonUnescape(name, scratch)).raw(value);
        }
    } else if (!extra.empty()) {
        loss.items.push_back({"headers", "dropped"});
    }
    if (m_legacyTopLevel && type == DeviationType) {
        for (const std::string_view figure : DeviationFigures) {
            const std::string_view attrs = batch.text(event, Field::Attrs);
            if (const auto value = attrs.empty() ? std::nullopt : jsonMember(attrs, figure))
                json.key(figure).raw(*value);
        }
    }
    json.endObject();
    reportDropped(event, {Field::Entities, Field::Links}, loss);
    return out;
}

} // namespace

bool looksLikeKarma(const JsonReader &json)
{
    return json.find("ts") != nullptr && json.find("event_type") != nullptr
        && (json.find("entity_id") != nullptr || json.find("idempotency_key") != nullptr
            || json.find("attrs") != nullptr
            || json.find("correlation_id") != nullptr);
}

std::unique_ptr<JsonEnvelope> makeKarmaEnvelope()
{
    return std::make_unique<KarmaEnvelope>();
}

const Codec &karmaCodec()
{
    static const Karma codec(false);
    return codec;
}

Result<std::shared_ptr<const Codec>> makeKarmaCodec(const Value &settings)
{
    const Value *legacy = settings.find("legacy_top_level");
    const bool mirror = legacy != nullptr && !legacy->isNull() && EVENTOPS_TRY(legacy->boolean());
    return std::shared_ptr<const Codec>(std::make_shared<Karma>(mirror));
}

} // namespace eventops
