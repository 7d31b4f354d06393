// SPDX-License-Identifier: MIT
#include "core/lake/clickhouse_rows.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/base/time.h"
#include "core/codec/codec.h"
#include "core/lake/utf8.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace eventops::lake {
namespace {

/// A document as a JSON column takes it, or as text.
void writeDocument(JsonWriter &out, std::string_view document, bool json)
{
    if (!json) {
        out.string(document);
    } else if (!document.empty() && document.front() == '{') {
        out.raw(document);
    } else { // the JSON type holds objects only
        out.beginObject();
        if (!document.empty())
            out.key("value").raw(document);
        out.endObject();
    }
}

std::string unescaped(std::string_view contents)
{
    std::string out;
    appendJsonUnescaped(out, contents);
    return out;
}

void writeTime(JsonWriter &out, std::string_view name, WallNs time)
{
    out.key(name).unsignedInteger(clickHouseSeconds(time));
}

std::string valid(std::string_view text)
{
    std::string scratch;
    return std::string(validUtf8(text, scratch));
}

} // namespace

std::uint32_t clickHouseSeconds(WallNs time)
{
    if (raw(time) <= 0)
        return 0;
    constexpr std::int64_t Last = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::min(raw(time) / NsPerSecond, Last));
}

Result<ClickHouseRow> clickHouseEventRow(const Batch &batch, const Event &event, bool json)
{
    Event dated = event;
    if (dated.tsEvent == NoTime)
        dated.tsEvent = WallNs{0}; // rather at the beginning of time than not there
    LossReport loss;
    const std::string envelope = EVENTOPS_TRY(eventsRawCodec().write(batch, dated, loss));
    ClickHouseRow row;
    row.ts = clickHouseSeconds(event.tsEvent);
    std::string entity, type;
    JsonWriter out(row.json);
    out.beginObject().key("ts").unsignedInteger(row.ts);
    std::size_t at = 0;
    while (const auto member = jsonNext(envelope, at)) {
        const std::string_view key = member->key;
        if (key == "event_type" || key == "entity_id" || key == "correlation_id" || key == "idempotency_key") {
            std::string text = unescaped(member->value.text);
            out.field(key, text);
            if (key == "idempotency_key")
                row.key = std::move(text);
            else if (key == "entity_id")
                entity = std::move(text);
            else if (key == "event_type")
                type = std::move(text);
        } else if (key == "tags" || key == "attrs" || key == "source") {
            out.key(key);
            std::string quoted;
            if (member->value.kind == JsonSlice::Kind::String)
                quoted = '"' + std::string(member->value.text) + '"';
            writeDocument(out, quoted.empty() ? member->value.text : std::string_view(quoted), json);
        } // what the envelope carries beyond the eight has no column
    }
    out.endObject();
    row.more = entity + '\t' + type;
    return row;
}

std::optional<ClickHouseTable> clickHouseTableOf(const Finding &finding)
{
    switch (finding.origin) {
    case FindingOrigin::Rule: return ClickHouseTable::Alerts;
    case FindingOrigin::Entropy:
    case FindingOrigin::Absence: return ClickHouseTable::Scores;
    case FindingOrigin::External: break;
    }
    return std::nullopt;
}

ClickHouseRow clickHouseScoreRow(const Finding &finding, bool json)
{
    std::string details;
    JsonWriter(details)
        .beginObject()
        .field("finding_id", finding.id)
        .field("origin", toString(finding.origin))
        .field("name", finding.name)
        .field("tenant", finding.tenant)
        .field("entity_type", finding.entityType)
        .field("metric", finding.metric)
        .field("severity", severityName(static_cast<std::uint8_t>(finding.severity)))
        .field("message", finding.message)
        .key("bits")
        .number(finding.bits)
        .key("terms")
        .raw(termsToJson(finding.terms))
        .key("evidence")
        .raw(finding.evidence.empty() ? "[]" : finding.evidence)
        .endObject();
    ClickHouseRow row;
    row.key = finding.id;
    row.ts = clickHouseSeconds(finding.ts);
    JsonWriter out(row.json);
    out.beginObject().key("ts").unsignedInteger(row.ts);
    out.field("entity_id", finding.entityId).field("step", finding.step).field("kind", "deviation");
    out.key("score").number(finding.bits).key("eta").unsignedInteger(0).key("details");
    writeDocument(out, details, json);
    out.endObject();
    return row;
}

ClickHouseRow clickHouseFeatureRow(const FeatureWindow &window)
{
    const std::string &step = !window.step.empty() ? window.step : !window.metric.empty() ? window.metric : window.rule;
    ClickHouseRow row;
    row.key = valid(window.entityId);
    row.ts = clickHouseSeconds(window.start);
    const auto count = std::min<std::uint64_t>(window.count, std::numeric_limits<std::uint32_t>::max());
    row.more = valid(step) + '\t' + std::to_string(count);
    const CivilTime civil = civilTime(WallNs{static_cast<std::int64_t>(row.ts) * NsPerSecond});
    JsonWriter out(row.json);
    out.beginObject().key("ts").unsignedInteger(row.ts);
    out.field("entity_id", window.entityId).field("step", step).key("count").unsignedInteger(count);
    out.key("p50").number(window.p50).key("p95").number(window.p95).key("avg").number(window.avg);
    out.key("stddev").number(window.stddev).key("day_of_week").unsignedInteger(civil.weekday + 1);
    out.key("hour").unsignedInteger(civil.hour).endObject();
    return row;
}

ClickHouseRow clickHouseAlertRow(const Finding &finding, bool json)
{
    ClickHouseRow row;
    row.key = finding.id;
    row.ts = clickHouseSeconds(finding.ts);
    JsonWriter out(row.json);
    out.beginObject().key("ts").unsignedInteger(row.ts);
    out.field("tenant", finding.tenant).field("source_id", finding.sourceId).field("metric", finding.metric);
    out.field("severity", severityName(static_cast<std::uint8_t>(finding.severity))).field("rule", finding.name);
    if (finding.hasValue && std::isfinite(finding.value))
        out.key("value").number(finding.value);
    out.field("message", finding.message).key("tags");
    writeDocument(out, finding.tags.empty() ? "{}" : finding.tags, json);
    out.field("finding_id", finding.id).endObject();
    return row;
}

ClickHouseRow clickHouseHistoryRow(const AuditRow &step, const Action &action)
{
    const Suggestion &suggestion = action.suggestion;
    ClickHouseRow row;
    row.key = valid(step.hash);
    row.ts = clickHouseSeconds(step.at);
    JsonWriter out(row.json);
    out.beginObject().key("number").unsignedInteger(step.number).key("ts").unsignedInteger(row.ts);
    out.field("actor", step.actor).field("state", step.verb).field("suggestion_id", suggestion.id);
    out.key("version").unsignedInteger(action.version).field("command", suggestion.command);
    out.field("args", suggestion.args).field("tenant", suggestion.tenant).field("entity_type", suggestion.entityType);
    out.field("entity_id", suggestion.entityId).field("correlation_id", suggestion.correlationId);
    writeTime(out, "proposed_at", suggestion.proposedAt);
    writeTime(out, "expires_at", suggestion.expiresAt);
    out.field("approver", action.approver).key("attempts").unsignedInteger(action.attempts);
    out.field("output", action.output).field("idempotency_key", action.idempotencyKey);
    out.field("detail", step.detail).field("hash", step.hash).endObject();
    return row;
}

std::optional<std::string> wrapClickHouseDocuments(std::string_view json)
{
    std::string out;
    JsonWriter writer(out);
    writer.beginObject();
    bool found = false;
    std::size_t at = 0;
    while (const auto member = jsonNext(json, at)) {
        writer.key(unescaped(member->key));
        if (member->value.kind == JsonSlice::Kind::Object) {
            found = true;
            writer.beginObject().field("_json", member->value.text).endObject();
        } else if (member->value.kind == JsonSlice::Kind::String) {
            writer.string(unescaped(member->value.text));
        } else {
            writer.raw(member->value.text);
        }
    }
    writer.endObject();
    return found ? std::optional(std::move(out)) : std::nullopt;
}

} // namespace eventops::lake
