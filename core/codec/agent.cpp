// SPDX-License-Identifier: MIT
#include "core/codec/agent.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/ascii.h"

#include <algorithm>
#include <utility>

namespace eventops {
namespace {

constexpr std::string_view Name = "eventops.agent";
constexpr std::string_view SignalName = "signals.metric";
constexpr std::string_view Known[] = {"tenant_id", "host", "source_id", "metric", "value", "unit", "ts_event", "tags",
                                      "event_id", "idempotency_key", "correlation_id"};

} // namespace

AgentEnvelope::AgentEnvelope(AgentRules rules) : m_rules(rules) {}
AgentEnvelope::~AgentEnvelope() = default;

DecodeFailure AgentEnvelope::decode(Batch &batch, std::uint32_t record, const JsonReader &json)
{
    if (json.kind() != JsonKind::Object)
        return lose(loss::NotAnObject, "an agent's line is a JSON object");
    Event &event = appendEvent(batch, record, Name);
    DecodeFailure failure = identity(batch, event, json);
    if (!failure)
        failure = measurement(batch, event, json);
    if (!failure)
        failure = rest(batch, event, json);
    if (failure)
        batch.events.pop_back();
    else
        m_shape.learn(batch, event);
    return failure;
}

DecodeFailure AgentEnvelope::identity(Batch &batch, Event &event, const JsonReader &json)
{
    StringTable &strings = batch.strings;
    /// A text that may be required. Its trimmed form goes to @p out, which stays empty when it is absent.
    const auto text = [&](const JsonEntry *member, std::string_view name, bool required, std::string &out) {
        out.clear();
        if (!isAbsent(member)) {
            if (jsonKind(member->value) != JsonKind::String)
                return loseField(loss::BadField, name, member->value, "a text");
            out = trimmed(jsonText(member->value, m_scratch), " ");
        }
        return out.empty() && required ? loseMissing(name) : DecodeFailure{};
    };

    if (DecodeFailure failure = text(json.find("tenant_id"), "tenant_id", m_rules.tenant, m_text))
        return failure;
    event[Field::Tenant] = strings.intern(m_text.empty() ? "default" : m_text);

    if (DecodeFailure failure = text(json.find("host"), "host", false, m_text))
        return failure;
    if (m_text.empty()) {
        if (DecodeFailure failure = text(json.find("source_id"), "source_id", false, m_text))
            return failure;
    }
    if (m_text.empty() && m_rules.host)
        return loseMissing("host");
    const std::string host = m_text.empty() ? "unknown" : lowered(m_text);
    event[Field::SourceType] = strings.intern("host");
    event[Field::SourceId] = strings.intern(host);
    event[Field::EntityType] = strings.intern("Host");
    event[Field::EntityId] = strings.intern("host:" + host);

    if (DecodeFailure failure = text(json.find("metric"), "metric", m_rules.metric, m_text))
        return failure;
    event[Field::Metric] = strings.intern(m_text.empty() ? "unknown" : m_text);
    if (DecodeFailure failure = text(json.find("unit"), "unit", false, m_text))
        return failure;
    if (!m_text.empty())
        event[Field::Unit] = strings.intern(lowered(m_text));
    event[Field::SchemaName] = event[Field::Type] = strings.intern(SignalName);
    event[Field::SchemaVersion] = strings.intern("1");
    return {};
}

DecodeFailure AgentEnvelope::measurement(Batch &batch, Event &event, const JsonReader &json)
{
    const JsonEntry *value = json.find("value");
    if (isAbsent(value)) {
        if (m_rules.value)
            return loseMissing("value");
        event.hasValue = true; // upstream's default is 0
    } else if (!setValue(batch, event, value->value, m_scratch)) {
        return loseField(loss::BadValue, "value", value->value, "a finite number");
    }
    if (!m_rules.ts && isAbsent(json.find("ts_event")))
        return {};
    return readEventTime(batch, event, json, "ts_event", m_scratch);
}

DecodeFailure AgentEnvelope::rest(Batch &batch, Event &event, const JsonReader &json)
{
    if (DecodeFailure failure = readObject(batch, event, json, {"tags", Field::Tags}, internRawJson))
        return failure;
    constexpr std::pair<std::string_view, Field> Keys[] = {{"event_id", Field::EventId},
                                                           {"idempotency_key", Field::IdempotencyKey},
                                                           {"correlation_id", Field::CorrelationId}};
    for (const auto &[name, field] : Keys) {
        if (const JsonEntry *member = json.find(name))
            event[field] = internScalar(batch, member->value, m_scratch);
    }
    // What the envelope does not know is kept as written: forward-compatible (contract E22).
    m_text.clear();
    for (const JsonEntry &member : json.members()) {
        if (std::find(std::begin(Known), std::end(Known), member.name) != std::end(Known))
            continue;
        m_text += m_text.empty() ? '{' : ',';
        appendJsonString(m_text, member.name);
        m_text += ':';
        m_text += member.value;
    }
    if (!m_text.empty())
        event[Field::Attrs] = appendRawJson(batch, m_text += '}');
    return {};
}

bool AgentEnvelope::decodeUsualShape(Batch &batch, std::uint32_t record)
{
    return m_shape.decode(batch, record);
}

bool looksLikeAgent(const JsonReader &json)
{
    // Three of the four: a line that lost one of them is an agent's line with a field missing, not some other JSON.
    const int found = (json.find("tenant_id") != nullptr) + (json.find("metric") != nullptr)
                    + (json.find("value") != nullptr)
                    + (json.find("host") != nullptr || json.find("source_id") != nullptr);
    return found >= 3;
}

namespace {

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(AgentRules rules) : m_envelope(rules) {}
    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        if (m_envelope.decodeUsualShape(batch, record))
            return {};
        const JsonFailure failure = m_reader.read(batch.raw(batch.records[record]));
        return failure ? lose(failure) : m_envelope.decode(batch, record, m_reader);
    }

private:
    JsonReader m_reader;
    AgentEnvelope m_envelope;
};

class Agent final : public Codec
{
public:
    explicit Agent(AgentRules rules) : m_rules(rules) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Metrics as agents send them: {tenant_id, host, metric, value, ts_event, unit, tags}.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_rules); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override;

private:
    AgentRules m_rules;
};

Result<std::string> Agent::write(const Batch &batch, const Event &event, LossReport &loss) const
{
    if (event[Field::Metric] == NoStr || !event.hasValue)
        return Error{Error::Code::InvalidInput,
                     "only a measurement has an agent's form; the event has no metric and value"};
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("tenant_id", batch.text(event, Field::Tenant));
    json.field("host", batch.text(event, Field::SourceId)).field("metric", batch.text(event, Field::Metric));
    std::string value;
    appendEventValue(value, batch, event);
    json.key("value").raw(value);
    const std::string_view written = batch.text(event, Field::TsText);
    const std::string ts = eventTimeText(batch, event);
    if (ts != written && !written.empty() && timestampFromEpochText(written) == std::optional(event.tsEvent))
        json.key("ts_event").raw(written);
    else if (!ts.empty())
        json.field("ts_event", ts);
    if (event[Field::Unit] != NoStr)
        json.field("unit", batch.text(event, Field::Unit));
    if (event[Field::Tags] != NoStr)
        json.key("tags").raw(batch.text(event, Field::Tags));
    constexpr std::pair<Field, std::string_view> Keys[] = {{Field::EventId, "event_id"},
                                                           {Field::IdempotencyKey, "idempotency_key"},
                                                           {Field::CorrelationId, "correlation_id"}};
    for (const auto &[field, key] : Keys) {
        if (event[field] != NoStr)
            json.field(key, batch.text(event, field));
    }
    if (event[Field::Attrs] != NoStr) {
        JsonItems items(batch.text(event, Field::Attrs));
        std::string_view name, member;
        std::string scratch;
        while (items.next(name, member))
            json.key(jsonUnescape(name, scratch)).raw(member);
    }
    json.endObject();
    reportDropped(event, {Field::Step, Field::CausationId, Field::TraceId, Field::SpanId, Field::Message,
                          Field::SeverityText, Field::Entities, Field::Links, Field::Headers}, loss);
    return out;
}

} // namespace

const Codec &agentCodec()
{
    static const Agent codec{AgentRules{}};
    return codec;
}

Result<AgentRules> agentRules(const Value &settings)
{
    AgentRules rules;
    const Value *require = settings.find("require");
    if (require == nullptr || require->isNull())
        return rules;
    if (!require->isList())
        return require->error("require: expected a list of fields", "write require: [tenant_id, value]");
    rules = {false, false, false, false, false};
    for (const Value &item : require->items()) {
        const Result<std::string> text = item.text();
        if (!text)
            return text.error();
        const std::string &name = text.value();
        bool *rule = name == "tenant_id" ? &rules.tenant : name == "host" ? &rules.host
                   : name == "metric" ? &rules.metric : name == "value" ? &rules.value
                   : name == "ts_event" ? &rules.ts : nullptr;
        if (rule == nullptr)
            return item.error("require: an agent's line has no field \"" + name + '"',
                              "use tenant_id, host, metric, value or ts_event");
        *rule = true;
    }
    return rules;
}

Result<std::shared_ptr<const Codec>> makeAgentCodec(const Value &settings)
{
    const AgentRules rules = EVENTOPS_TRY(agentRules(settings));
    return std::shared_ptr<const Codec>(std::make_shared<Agent>(rules));
}

} // namespace eventops
