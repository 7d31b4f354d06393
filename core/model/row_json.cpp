// SPDX-License-Identifier: MIT
#include "core/model/row_json.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/base/time.h"

namespace eventops {
namespace {

/// A JSON text inside a row: valid and on one line.
void embed(JsonWriter &json, std::string_view name, std::string_view text, JsonShape shape)
{
    std::string line;
    appendJsonLine(line, text, shape);
    json.key(name).raw(line);
}

void time(JsonWriter &json, std::string_view name, WallNs at)
{
    json.key(name);
    if (at == NoTime)
        json.null();
    else
        json.string(formatTimestamp(at));
}

void optional(JsonWriter &json, std::string_view name, std::string_view text)
{
    if (!text.empty())
        json.field(name, text);
}

void reference(JsonWriter &json, std::string_view name, std::string_view type, std::string_view id)
{
    json.key(name).beginObject().field("type", type).field("id", id).endObject();
}

/// The fields of one event by name, absent ones left out.
class EventWriter
{
public:
    EventWriter(JsonWriter &json, const Batch &batch, const Event &event)
        : m_json(json), m_batch(batch), m_event(event)
    {
    }

    bool has(Field field) const { return m_event[field] != NoStr; }
    void required(std::string_view name, Field field) { m_json.field(name, m_batch.text(m_event, field)); }
    void text(std::string_view name, Field field)
    {
        if (has(field))
            required(name, field);
    }
    void document(std::string_view name, Field field, JsonShape shape, std::string_view absent = {})
    {
        if (has(field))
            embed(m_json, name, m_batch.text(m_event, field), shape);
        else if (!absent.empty())
            m_json.key(name).raw(absent);
    }
    void group(std::string_view name, std::initializer_list<std::pair<std::string_view, Field>> members)
    {
        bool open = false;
        for (const auto &[member, field] : members) {
            if (!has(field))
                continue;
            if (!open)
                m_json.key(name).beginObject();
            open = true;
            required(member, field);
        }
        if (open)
            m_json.endObject();
    }
    void value()
    {
        if (!m_event.hasValue)
            return;
        const std::string_view written = m_batch.text(m_event, Field::ValueText);
        const auto slice = jsonIsValid(written) ? jsonFind(written, "") : std::nullopt;
        m_json.key("value");
        if (has(Field::ValueText) && slice && slice->kind == JsonSlice::Kind::Number)
            m_json.raw(slice->text);
        else
            m_json.number(m_event.value);
    }
    void raw()
    {
        m_json.key("raw").beginObject();
        if (m_event.record < m_batch.records.size()) {
            const RawRecord &record = m_batch.records[m_event.record];
            m_json.key("position").unsignedInteger(record.position);
            m_json.key("seq").unsignedInteger(record.seq);
        }
        text("codec", Field::Codec);
        text("content_type", Field::ContentType);
        text("ts_text", Field::TsText);
        document("headers", Field::Headers, JsonShape::Object);
        m_json.endObject();
    }

private:
    JsonWriter &m_json;
    const Batch &m_batch;
    const Event &m_event;
};

void appendTerms(JsonWriter &json, const std::vector<BitsTerm> &terms)
{
    if (terms.empty())
        return;
    json.key("terms").beginArray();
    for (const BitsTerm &term : terms) {
        json.beginObject().field("name", term.name).key("bits").number(term.bits);
        json.field("context", term.context).field("observed", term.observed).field("expected", term.expected);
        json.key("samples").unsignedInteger(term.samples).endObject();
    }
    json.endArray();
}

} // namespace

void appendEventJson(std::string &out, const Batch &batch, const Event &event)
{
    JsonWriter json(out);
    EventWriter fields(json, batch, event);
    json.beginObject();
    fields.required("id", Field::EventId);
    time(json, "ts_event", event.tsEvent);
    if (batch.tsIngest != NoTime)
        time(json, "ts_ingest", batch.tsIngest);
    fields.required("tenant", Field::Tenant);
    fields.group("source",
                 {{"type", Field::SourceType}, {"id", Field::SourceId}, {"namespace", Field::SourceNamespace}});
    fields.group("schema", {{"name", Field::SchemaName}, {"version", Field::SchemaVersion}});
    fields.required("type", Field::Type);
    fields.group("entity", {{"type", Field::EntityType}, {"id", Field::EntityId}});
    fields.text("step", Field::Step);
    fields.text("correlation_id", Field::CorrelationId);
    fields.text("causation_id", Field::CausationId);
    fields.text("trace_id", Field::TraceId);
    fields.text("span_id", Field::SpanId);
    fields.text("idempotency_key", Field::IdempotencyKey);
    if (event.severity != Severity::Unset)
        json.key("severity").unsignedInteger(static_cast<std::uint64_t>(event.severity));
    fields.text("severity_text", Field::SeverityText);
    fields.text("message", Field::Message);
    fields.text("metric", Field::Metric);
    fields.value();
    fields.text("unit", Field::Unit);
    fields.document("tags", Field::Tags, JsonShape::Object, "{}");
    fields.document("attrs", Field::Attrs, JsonShape::Object, "{}");
    fields.document("entities", Field::Entities, JsonShape::Array);
    fields.document("links", Field::Links, JsonShape::Array);
    fields.raw();
    json.endObject();
}

void appendFindingJson(std::string &out, const Finding &finding)
{
    JsonWriter json(out);
    json.beginObject().field("id", finding.id);
    time(json, "ts", finding.ts);
    json.field("tenant", finding.tenant);
    json.field("origin", toString(finding.origin)).field("state", toString(finding.state));
    const auto severity = static_cast<std::uint8_t>(finding.severity);
    json.field("severity", severityName(severity)).key("severity_number").unsignedInteger(severity);
    json.field("name", finding.name);
    if (!finding.entityType.empty() || !finding.entityId.empty())
        reference(json, "entity", finding.entityType, finding.entityId);
    optional(json, "source_id", finding.sourceId);
    optional(json, "metric", finding.metric);
    if (finding.hasValue)
        json.key("value").number(finding.value);
    optional(json, "unit", finding.unit);
    optional(json, "step", finding.step);
    json.field("message", finding.message).key("bits").number(finding.bits);
    appendTerms(json, finding.terms);
    embed(json, "tags", finding.tags, JsonShape::Object);
    embed(json, "evidence", finding.evidence, JsonShape::Array);
    optional(json, "pattern", finding.pattern);
    if (!finding.alert.empty())
        embed(json, "alert", finding.alert, JsonShape::Object);
    json.endObject();
}

void appendEntityJson(std::string &out, const Entity &entity)
{
    JsonWriter json(out);
    json.beginObject().field("tenant", entity.tenant).field("type", entity.type).field("id", entity.id);
    time(json, "first_seen", entity.firstSeen);
    time(json, "last_seen", entity.lastSeen);
    json.key("events").unsignedInteger(entity.events);
    optional(json, "last_step", entity.lastStep);
    json.endObject();
}

void appendLinkJson(std::string &out, const Link &link)
{
    JsonWriter json(out);
    json.beginObject().field("tenant", link.tenant);
    reference(json, "source", link.sourceType, link.sourceId);
    reference(json, "target", link.targetType, link.targetId);
    json.field("type", link.type);
    time(json, "first_seen", link.firstSeen);
    time(json, "last_seen", link.lastSeen);
    json.key("events").unsignedInteger(link.events).endObject();
}

void appendActionJson(std::string &out, const Action &action)
{
    const Suggestion &s = action.suggestion;
    JsonWriter json(out);
    json.beginObject().field("id", action.displayId()).field("state", toString(action.state));
    json.key("version").unsignedInteger(action.version);
    json.field("policy", s.policy).field("command", s.command);
    embed(json, "args", s.args, JsonShape::Object);
    json.field("tenant", s.tenant);
    reference(json, "entity", s.entityType, s.entityId);
    json.field("finding_id", s.findingId);
    optional(json, "correlation_id", s.correlationId);
    json.field("reason", s.reason);
    time(json, "proposed_at", s.proposedAt);
    time(json, "expires_at", s.expiresAt);
    json.key("ttl_sec").number(s.ttlSeconds).key("approvals_required").unsignedInteger(s.approvalsRequired);
    json.field("digest", action.digest);
    optional(json, "approver", action.approver);
    optional(json, "decision_reason", action.decisionReason);
    json.key("attempts").unsignedInteger(action.attempts);
    optional(json, "output", action.output);
    json.endObject();
}

} // namespace eventops
