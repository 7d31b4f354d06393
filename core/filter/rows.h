// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/filter.h"
#include "core/model/action.h"
#include "core/model/entity.h"
#include "core/model/finding.h"

#include <string>

namespace eventops {

// Findings, entities, links and actions as a filter sees them: field names are those of their NDJSON (see
// core/model/row_json.h). Each refers to the struct given, which must outlive it. Thread: one.

/// id, seq, ts (or ts_event), tenant, origin, state, severity, severity_number, name, entity.type, entity.id,
/// source_id, metric, value, unit, step, message, bits, tags, tags.X, evidence, pattern, alert, alert.X.
class FindingRow final : public FilterRow
{
public:
    explicit FindingRow(const Finding &finding) : m_finding(finding) {}
    FilterValue field(std::string_view name) const override;
    bool containsText(std::string_view needle) const override;

private:
    const Finding &m_finding;
    mutable std::string m_scratch;
};

/// True when FindingRow knows @p name. For telling a typing error in a policy or query from a field that is absent.
bool findingHasField(std::string_view name);

/// tenant, type, id, first_seen, last_seen, events, last_step; entity.type and entity.id as aliases.
class EntityRow final : public FilterRow
{
public:
    explicit EntityRow(const Entity &entity) : m_entity(entity) {}
    FilterValue field(std::string_view name) const override;
    bool containsText(std::string_view needle) const override;

private:
    const Entity &m_entity;
};

/// tenant, source.type, source.id, target.type, target.id, type, first_seen, last_seen, events.
class LinkRow final : public FilterRow
{
public:
    explicit LinkRow(const Link &link) : m_link(link) {}
    FilterValue field(std::string_view name) const override;
    bool containsText(std::string_view needle) const override;

private:
    const Link &m_link;
};

/// id (with its version), state, version, policy, command, args, args.X, tenant, entity.type, entity.id, finding_id,
/// correlation_id, reason, proposed_at, expires_at, ttl_sec, approvals_required, digest, approver, decision_reason,
/// attempts, output.
class ActionRow final : public FilterRow
{
public:
    explicit ActionRow(const Action &action);
    FilterValue field(std::string_view name) const override;
    bool containsText(std::string_view needle) const override;

private:
    const Action &m_action;
    std::string m_displayId;
    mutable std::string m_scratch;
};

} // namespace eventops
