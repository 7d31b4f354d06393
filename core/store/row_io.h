// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/filter.h"
#include "core/model/action.h"
#include "core/model/entity.h"
#include "core/model/finding.h"
#include "core/store/sqlite.h"

#include <string>
#include <string_view>

namespace eventops {

// Rows of the ledger as values, and their fields as filters see them. Thread: any; each reader has its own statement.

extern const char *const FindingColumns; ///< In the order that readFinding expects.
extern const char *const EntityColumns;
extern const char *const LinkColumns;
extern const char *const ActionColumns;
Finding readFinding(const sqlite::Statement &row);
Entity readEntity(const sqlite::Statement &row);
Link readLink(const sqlite::Statement &row);
Action readAction(const sqlite::Statement &row);

/// The terms of a finding as a JSON array; reading gives them back exactly.
std::string termsToJson(const std::vector<BitsTerm> &terms);
std::vector<BitsTerm> termsFromJson(std::string_view json);

/// What a person approves: SHA-256 over command, arguments, target, evidence and expiry.
std::string actionDigest(const Suggestion &suggestion);

/// Filter fields: the names of NDJSON output. Texts given as "" where a kind has nothing are absent.
class FindingFields final : public FilterRow
{
public:
    explicit FindingFields(const Finding &finding) : m_finding(finding) {}
    FilterValue field(std::string_view name) const override;

private:
    const Finding &m_finding;
    mutable std::string m_scratch;
};

class EntityFields final : public FilterRow
{
public:
    explicit EntityFields(const Entity &entity) : m_entity(entity) {}
    FilterValue field(std::string_view name) const override;

private:
    const Entity &m_entity;
};

class LinkFields final : public FilterRow
{
public:
    explicit LinkFields(const Link &link) : m_link(link) {}
    FilterValue field(std::string_view name) const override;

private:
    const Link &m_link;
};

class ActionFields final : public FilterRow
{
public:
    explicit ActionFields(const Action &action) : m_action(action) {}
    FilterValue field(std::string_view name) const override;

private:
    const Action &m_action;
    mutable std::string m_scratch;
};

} // namespace eventops
