// SPDX-License-Identifier: MIT
#include "core/filter/rows.h"

#include "core/filter/values.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

namespace eventops {
namespace {

/// The model's empty text means absent.
FilterValue textValue(std::string_view text)
{
    return text.empty() ? FilterValue::absent() : FilterValue::ofText(text);
}

FilterValue countValue(std::uint64_t count)
{
    return FilterValue::ofNumber(static_cast<double>(count));
}

bool anyContains(std::string_view needle, std::initializer_list<std::string_view> texts)
{
    for (const std::string_view text : texts) {
        if (containsIgnoringCase(text, needle))
            return true;
    }
    return false;
}

/// What lies below @p prefix ("tags."), or nothing when @p name does not start with it.
std::optional<std::string_view> below(std::string_view name, std::string_view prefix)
{
    if (!name.starts_with(prefix))
        return std::nullopt;
    return name.substr(prefix.size());
}

FilterValue severityValue(Severity severity)
{
    if (severity == Severity::Unset)
        return FilterValue::absent();
    FilterValue out = FilterValue::ofNumber(static_cast<double>(severity));
    out.text = severityName(static_cast<std::uint8_t>(severity));
    return out;
}

} // namespace

FilterValue FindingRow::field(std::string_view name) const
{
    const Finding &f = m_finding;
    if (name == "id")
        return textValue(f.id);
    if (name == "seq")
        return countValue(f.seq);
    if (name == "ts" || name == "ts_event")
        return timeValue(f.ts);
    if (name == "tenant")
        return textValue(f.tenant);
    if (name == "origin")
        return FilterValue::ofText(toString(f.origin));
    if (name == "state")
        return FilterValue::ofText(toString(f.state));
    if (name == "severity")
        return severityValue(f.severity);
    if (name == "severity_number")
        return FilterValue::ofNumber(static_cast<double>(f.severity));
    if (name == "name")
        return textValue(f.name);
    if (name == "entity.type")
        return textValue(f.entityType);
    if (name == "entity.id")
        return textValue(f.entityId);
    if (name == "source_id")
        return textValue(f.sourceId);
    if (name == "metric")
        return textValue(f.metric);
    if (name == "value")
        return f.hasValue ? FilterValue::ofNumber(f.value) : FilterValue::absent();
    if (name == "unit")
        return textValue(f.unit);
    if (name == "step")
        return textValue(f.step);
    if (name == "message")
        return textValue(f.message);
    if (name == "bits")
        return FilterValue::ofNumber(f.bits);
    if (name == "tags")
        return textValue(f.tags);
    if (name == "evidence")
        return textValue(f.evidence);
    if (name == "pattern")
        return textValue(f.pattern);
    if (name == "alert")
        return textValue(f.alert);
    if (const auto path = below(name, "tags."))
        return jsonValue(f.tags, *path, m_scratch);
    if (const auto path = below(name, "alert."))
        return jsonValue(f.alert, *path, m_scratch);
    return FilterValue::absent();
}

bool findingHasField(std::string_view name)
{
    constexpr std::string_view Names[] = {
        "id", "seq", "ts", "ts_event", "tenant", "origin", "state", "severity", "severity_number", "name",
        "entity.type", "entity.id", "source_id", "metric", "value", "unit", "step", "message", "bits", "tags",
        "evidence", "pattern", "alert",
    };
    return std::find(std::begin(Names), std::end(Names), name) != std::end(Names)
           || (name.starts_with("tags.") && name.size() > 5) || (name.starts_with("alert.") && name.size() > 6);
}

bool FindingRow::containsText(std::string_view needle) const
{
    const Finding &f = m_finding;
    return anyContains(needle, {f.message, f.name, f.entityType, f.entityId, f.sourceId, f.metric, f.step, f.tags,
                                f.tenant, f.evidence, f.id});
}

FilterValue EntityRow::field(std::string_view name) const
{
    const Entity &e = m_entity;
    if (name == "tenant")
        return textValue(e.tenant);
    if (name == "type" || name == "entity.type")
        return textValue(e.type);
    if (name == "id" || name == "entity.id")
        return textValue(e.id);
    if (name == "first_seen")
        return timeValue(e.firstSeen);
    if (name == "last_seen")
        return timeValue(e.lastSeen);
    if (name == "events")
        return countValue(e.events);
    if (name == "last_step")
        return textValue(e.lastStep);
    return FilterValue::absent();
}

bool EntityRow::containsText(std::string_view needle) const
{
    return anyContains(needle, {m_entity.id, m_entity.type, m_entity.lastStep, m_entity.tenant});
}

FilterValue LinkRow::field(std::string_view name) const
{
    const Link &l = m_link;
    if (name == "tenant")
        return textValue(l.tenant);
    if (name == "source.type")
        return textValue(l.sourceType);
    if (name == "source.id")
        return textValue(l.sourceId);
    if (name == "target.type")
        return textValue(l.targetType);
    if (name == "target.id")
        return textValue(l.targetId);
    if (name == "type")
        return textValue(l.type);
    if (name == "first_seen")
        return timeValue(l.firstSeen);
    if (name == "last_seen")
        return timeValue(l.lastSeen);
    if (name == "events")
        return countValue(l.events);
    return FilterValue::absent();
}

bool LinkRow::containsText(std::string_view needle) const
{
    const Link &l = m_link;
    return anyContains(needle, {l.sourceId, l.targetId, l.type, l.sourceType, l.targetType, l.tenant});
}

ActionRow::ActionRow(const Action &action) : m_action(action), m_displayId(action.displayId()) {}

FilterValue ActionRow::field(std::string_view name) const
{
    const Action &a = m_action;
    const Suggestion &s = a.suggestion;
    if (name == "id")
        return FilterValue::ofText(m_displayId);
    if (name == "state")
        return FilterValue::ofText(toString(a.state));
    if (name == "version")
        return countValue(a.version);
    if (name == "policy")
        return textValue(s.policy);
    if (name == "command")
        return textValue(s.command);
    if (name == "args")
        return textValue(s.args);
    if (name == "tenant")
        return textValue(s.tenant);
    if (name == "entity.type")
        return textValue(s.entityType);
    if (name == "entity.id")
        return textValue(s.entityId);
    if (name == "finding_id")
        return textValue(s.findingId);
    if (name == "correlation_id")
        return textValue(s.correlationId);
    if (name == "reason")
        return textValue(s.reason);
    if (name == "proposed_at")
        return timeValue(s.proposedAt);
    if (name == "expires_at")
        return timeValue(s.expiresAt);
    if (name == "ttl_sec")
        return FilterValue::ofNumber(s.ttlSeconds);
    if (name == "approvals_required")
        return countValue(s.approvalsRequired);
    if (name == "digest")
        return textValue(a.digest);
    if (name == "approver")
        return textValue(a.approver);
    if (name == "decision_reason")
        return textValue(a.decisionReason);
    if (name == "attempts")
        return countValue(a.attempts);
    if (name == "output")
        return textValue(a.output);
    if (const auto path = below(name, "args."))
        return jsonValue(s.args, *path, m_scratch);
    return FilterValue::absent();
}

bool ActionRow::containsText(std::string_view needle) const
{
    const Suggestion &s = m_action.suggestion;
    return anyContains(needle, {s.reason, s.command, s.policy, s.entityType, s.entityId, s.args, s.tenant,
                                m_action.decisionReason, m_action.output, m_action.approver, m_displayId});
}

} // namespace eventops
