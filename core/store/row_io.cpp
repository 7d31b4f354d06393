// SPDX-License-Identifier: MIT
#include "core/store/row_io.h"

#include "core/base/hash.h"
#include "core/base/json.h"

#include <simdjson.h>

#include <algorithm>

namespace eventops {

const char *const FindingColumns =
    "id, seq, emission, origin, state, severity, ts, ts_text, tenant, entity_type, entity_id, source_id, name, metric, unit, "
    "value, step, message, tags, bits, terms, evidence, alert";
const char *const EntityColumns = "tenant, type, id, first_seen, last_seen, first_seq, events, last_step";
const char *const LinkColumns =
    "tenant, source_type, source_id, target_type, target_id, type, first_seen, last_seen, first_seq, events";
const char *const ActionColumns =
    "id, seq, emission, finding_id, policy, tenant, entity_type, entity_id, correlation_id, command, args, reason, proposed_at, "
    "expires_at, ttl_seconds, approvals_required, version, state, digest, idempotency_key, approver, decision_reason, attempts, "
    "output";

namespace {

template <typename Enum>
Enum byName(std::string_view name, Enum last)
{
    for (int i = 0; i < static_cast<int>(last); ++i) {
        if (toString(static_cast<Enum>(i)) == name)
            return static_cast<Enum>(i);
    }
    return last;
}

FilterValue textOrAbsent(std::string_view text)
{
    return text.empty() ? FilterValue::absent() : FilterValue::ofText(text);
}

FilterValue timeOrAbsent(WallNs time)
{
    return time == NoTime ? FilterValue::absent() : FilterValue::ofTime(time);
}

FilterValue count(std::uint64_t n)
{
    return FilterValue::ofNumber(static_cast<double>(n));
}

/// A member of a JSON object; @p scratch holds its text.
FilterValue member(std::string_view json, std::string_view name, std::string &scratch)
{
    simdjson::dom::parser parser;
    simdjson::dom::object object;
    simdjson::dom::element element;
    if (parser.parse(simdjson::padded_string(json)).get(object) != simdjson::SUCCESS
        || object.at_key(name).get(element) != simdjson::SUCCESS)
        return FilterValue::absent();
    std::string_view text;
    if (element.get(text) == simdjson::SUCCESS) {
        scratch = text;
        return FilterValue::ofText(scratch);
    }
    scratch = simdjson::to_string(element);
    double number = 0;
    FilterValue value = element.get(number) == simdjson::SUCCESS ? FilterValue::ofNumber(number) : FilterValue{};
    if (value.kind == FilterValue::Kind::Absent)
        return FilterValue::ofText(scratch);
    value.text = scratch;
    return value;
}

FilterValue severity(Severity value)
{
    FilterValue out = FilterValue::ofNumber(static_cast<double>(value));
    out.text = severityName(static_cast<std::uint8_t>(value));
    return out;
}

} // namespace

std::string termsToJson(const std::vector<BitsTerm> &terms)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const BitsTerm &term : terms) {
        json.beginObject().field("name", term.name).key("bits").number(term.bits).field("context", term.context);
        json.field("observed", term.observed).field("expected", term.expected);
        json.key("samples").unsignedInteger(term.samples).endObject();
    }
    json.endArray();
    return out;
}

std::vector<BitsTerm> termsFromJson(std::string_view text)
{
    std::vector<BitsTerm> terms;
    simdjson::dom::parser parser;
    simdjson::dom::array array;
    if (parser.parse(simdjson::padded_string(text)).get(array) != simdjson::SUCCESS)
        return terms;
    for (const simdjson::dom::element item : array) {
        BitsTerm term;
        const auto string = [&](const char *name, std::string &to) {
            std::string_view view;
            if (item[name].get(view) == simdjson::SUCCESS)
                to = view;
        };
        string("name", term.name);
        string("context", term.context);
        string("observed", term.observed);
        string("expected", term.expected);
        if (item["bits"].get(term.bits) != simdjson::SUCCESS)
            term.bits = 0.0;
        std::uint64_t samples = 0;
        if (item["samples"].get(samples) == simdjson::SUCCESS)
            term.samples = samples;
        terms.push_back(std::move(term));
    }
    return terms;
}

std::string actionDigest(const Suggestion &suggestion)
{
    Sha256 sha;
    const auto add = [&](std::string_view text) {
        sha.update(std::to_string(text.size()) + ':');
        sha.update(text);
    };
    add(suggestion.command);
    add(suggestion.args);
    add(suggestion.tenant);
    add(suggestion.entityType);
    add(suggestion.entityId);
    add(suggestion.findingId);
    add(std::to_string(raw(suggestion.expiresAt)));
    return sha.hex();
}

Finding readFinding(const sqlite::Statement &row)
{
    Finding f;
    f.id = row.string(0);
    f.seq = row.unsignedInteger(1);
    f.emission = static_cast<std::uint32_t>(row.integer(2));
    f.origin = byName(row.text(3), FindingOrigin::External);
    f.state = byName(row.text(4), FindingState::Resolved);
    f.severity = static_cast<Severity>(row.integer(5));
    f.ts = WallNs{row.integer(6)};
    f.tsText = row.string(7);
    f.tenant = row.string(8);
    f.entityType = row.string(9);
    f.entityId = row.string(10);
    f.sourceId = row.string(11);
    f.name = row.string(12);
    f.metric = row.string(13);
    f.unit = row.string(14);
    f.hasValue = !row.isNull(15);
    f.value = row.number(15);
    f.step = row.string(16);
    f.message = row.string(17);
    f.tags = row.string(18);
    f.bits = row.number(19);
    f.terms = termsFromJson(row.text(20));
    f.evidence = row.string(21);
    f.alert = row.string(22);
    return f;
}

Entity readEntity(const sqlite::Statement &row)
{
    return {row.string(0), row.string(1), row.string(2), WallNs{row.integer(3)}, WallNs{row.integer(4)},
            row.unsignedInteger(5), row.unsignedInteger(6), row.string(7)};
}

Link readLink(const sqlite::Statement &row)
{
    return {row.string(0), row.string(1), row.string(2), row.string(3), row.string(4), row.string(5),
            WallNs{row.integer(6)}, WallNs{row.integer(7)}, row.unsignedInteger(8), row.unsignedInteger(9)};
}

Action readAction(const sqlite::Statement &row)
{
    Action a;
    Suggestion &s = a.suggestion;
    s.id = row.string(0);
    s.seq = row.unsignedInteger(1);
    s.emission = static_cast<std::uint32_t>(row.integer(2));
    s.findingId = row.string(3);
    s.policy = row.string(4);
    s.tenant = row.string(5);
    s.entityType = row.string(6);
    s.entityId = row.string(7);
    s.correlationId = row.string(8);
    s.command = row.string(9);
    s.args = row.string(10);
    s.reason = row.string(11);
    s.proposedAt = WallNs{row.integer(12)};
    s.expiresAt = WallNs{row.integer(13)};
    s.ttlSeconds = row.number(14);
    s.approvalsRequired = static_cast<std::uint32_t>(row.integer(15));
    a.version = static_cast<std::uint32_t>(row.integer(16));
    a.state = actionStateByName(row.text(17)).value_or(ActionState::Failed);
    a.digest = row.string(18);
    a.idempotencyKey = row.string(19);
    a.approver = row.string(20);
    a.decisionReason = row.string(21);
    a.attempts = static_cast<std::uint32_t>(row.integer(22));
    a.output = row.string(23);
    return a;
}

FilterValue FindingFields::field(std::string_view name) const
{
    const Finding &f = m_finding;
    if (name == "id") return FilterValue::ofText(f.id);
    if (name == "seq") return count(f.seq);
    if (name == "origin") return FilterValue::ofText(toString(f.origin));
    if (name == "state") return FilterValue::ofText(toString(f.state));
    if (name == "severity") return severity(f.severity);
    if (name == "ts" || name == "ts_event") return timeOrAbsent(f.ts);
    if (name == "ts_text") return textOrAbsent(f.tsText);
    if (name == "tenant") return FilterValue::ofText(f.tenant);
    if (name == "entity.type") return textOrAbsent(f.entityType);
    if (name == "entity.id" || name == "entity") return textOrAbsent(f.entityId);
    if (name == "source.id" || name == "source_id") return textOrAbsent(f.sourceId);
    if (name == "name" || name == "rule") return textOrAbsent(f.name);
    if (name == "metric") return textOrAbsent(f.metric);
    if (name == "unit") return textOrAbsent(f.unit);
    if (name == "value") return f.hasValue ? FilterValue::ofNumber(f.value) : FilterValue::absent();
    if (name == "step") return textOrAbsent(f.step);
    if (name == "message") return textOrAbsent(f.message);
    if (name == "bits") return FilterValue::ofNumber(f.bits);
    if (name == "tags") return textOrAbsent(f.tags);
    if (name == "evidence") return textOrAbsent(f.evidence);
    if (name.starts_with("tags.")) return member(f.tags, name.substr(5), m_scratch);
    return FilterValue::absent();
}

FilterValue EntityFields::field(std::string_view name) const
{
    const Entity &e = m_entity;
    if (name == "tenant") return FilterValue::ofText(e.tenant);
    if (name == "type" || name == "entity.type") return FilterValue::ofText(e.type);
    if (name == "id" || name == "entity.id") return FilterValue::ofText(e.id);
    if (name == "first_seen") return timeOrAbsent(e.firstSeen);
    if (name == "last_seen" || name == "ts" || name == "ts_event") return timeOrAbsent(e.lastSeen);
    if (name == "first_seq") return count(e.firstSeq);
    if (name == "events") return count(e.events);
    if (name == "last_step" || name == "step") return textOrAbsent(e.lastStep);
    return FilterValue::absent();
}

FilterValue LinkFields::field(std::string_view name) const
{
    const Link &l = m_link;
    if (name == "tenant") return FilterValue::ofText(l.tenant);
    if (name == "type") return FilterValue::ofText(l.type);
    if (name == "source.type") return FilterValue::ofText(l.sourceType);
    if (name == "source.id" || name == "source") return FilterValue::ofText(l.sourceId);
    if (name == "target.type") return FilterValue::ofText(l.targetType);
    if (name == "target.id" || name == "target") return FilterValue::ofText(l.targetId);
    if (name == "first_seen") return timeOrAbsent(l.firstSeen);
    if (name == "last_seen" || name == "ts" || name == "ts_event") return timeOrAbsent(l.lastSeen);
    if (name == "first_seq") return count(l.firstSeq);
    if (name == "events") return count(l.events);
    return FilterValue::absent();
}

FilterValue ActionFields::field(std::string_view name) const
{
    const Suggestion &s = m_action.suggestion;
    const auto scratch = [&](std::string text) {
        m_scratch = std::move(text);
        return FilterValue::ofText(m_scratch);
    };
    if (name == "id") return scratch(m_action.displayId());
    if (name == "suggestion_id") return FilterValue::ofText(s.id);
    if (name == "version") return count(m_action.version);
    if (name == "state") return FilterValue::ofText(toString(m_action.state));
    if (name == "seq") return count(s.seq);
    if (name == "finding_id") return textOrAbsent(s.findingId);
    if (name == "policy") return textOrAbsent(s.policy);
    if (name == "tenant") return FilterValue::ofText(s.tenant);
    if (name == "entity.type") return textOrAbsent(s.entityType);
    if (name == "entity.id" || name == "entity") return textOrAbsent(s.entityId);
    if (name == "correlation_id") return textOrAbsent(s.correlationId);
    if (name == "command") return textOrAbsent(s.command);
    if (name == "reason") return textOrAbsent(s.reason);
    if (name == "proposed_at" || name == "ts" || name == "ts_event") return timeOrAbsent(s.proposedAt);
    if (name == "expires_at") return timeOrAbsent(s.expiresAt);
    if (name == "approver") return textOrAbsent(m_action.approver);
    if (name == "decision_reason") return textOrAbsent(m_action.decisionReason);
    if (name == "attempts") return count(m_action.attempts);
    if (name == "output") return textOrAbsent(m_action.output);
    if (name == "args") return textOrAbsent(s.args);
    if (name.starts_with("args.")) return member(s.args, name.substr(5), m_scratch);
    return FilterValue::absent();
}

} // namespace eventops
