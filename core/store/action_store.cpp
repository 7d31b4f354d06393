// SPDX-License-Identifier: MIT
//
// The approval queue: every change of state is one conditional UPDATE with its audit, outbox and input rows in the same
// transaction (design section 8).
#include "core/store/foreign_actions.h"
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include <charconv>

namespace eventops {
namespace {

/// "<suggestion id>.<version>" taken apart.
struct ActionName {
    std::string_view id;
    std::int64_t version = 0;
};

Result<ActionName> parseName(std::string_view displayId)
{
    const std::size_t dot = displayId.rfind('.');
    ActionName name;
    if (dot != std::string_view::npos) {
        name.id = displayId.substr(0, dot);
        const char *end = displayId.data() + displayId.size();
        const auto [at, failed] = std::from_chars(displayId.data() + dot + 1, end, name.version);
        if (failed == std::errc() && at == end && name.version > 0 && !name.id.empty())
            return name;
    }
    return Error{Error::Code::InvalidArgument,
                 '"' + std::string(displayId) + "\" is no action id",
                 {},
                 "ids look like 0123abcd.1; see the list of approvals"};
}

/// Proposals whose expiry lies at or before the bound time.
constexpr const char *DueActions =
    "SELECT id, version, expires_at FROM action WHERE state = 'proposed' AND expires_at <= ? "
    "AND expires_at <> -9223372036854775807 - 1 ORDER BY number";

} // namespace

Result<Action> SqliteLedger::action(std::string_view displayId)
{
    const ActionName name = EVENTOPS_TRY(parseName(displayId));
    sqlite::Statement row = EVENTOPS_TRY(m_database.prepare(
        std::string("SELECT ") + ActionColumns + " FROM action WHERE id = ? ORDER BY version DESC LIMIT 1"));
    if (!EVENTOPS_TRY(row.bind(1, name.id).step()))
        return Error{Error::Code::NotFound, "no action " + std::string(displayId), {}, {}};
    Action newest = readAction(row);
    if (newest.version != name.version)
        return Error{Error::Code::Refused,
                     "action " + std::string(displayId) + " is stale: version " + std::to_string(newest.version)
                         + " is the newest",
                     {},
                     "look at " + newest.displayId()};
    return newest;
}

Error SqliteLedger::whyRefused(const Transition &transition)
{
    const Result<Action> found = action(transition.actionId);
    if (!found)
        return found.error();
    const Action &now = found.value();
    Error refused{Error::Code::Refused, "", {}, {}};
    if (now.state != transition.from)
        refused.message = "action " + transition.actionId + " is " + std::string(toString(now.state)) + ", not "
                          + std::string(toString(transition.from));
    else
        refused.message = "action " + transition.actionId + " has expired on the workspace's clock";
    return refused;
}

Status SqliteLedger::transition(const Transition &transition)
{
    EVENTOPS_TRY(requireWriter());
    if (!mayFollow(transition.from, transition.to))
        return Error{Error::Code::Refused,
                     "an action cannot go from " + std::string(toString(transition.from)) + " to "
                         + std::string(toString(transition.to)),
                     {},
                     {}};
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(m_database));
    EVENTOPS_TRY(writeTransition(transition));
    return transaction.commit();
}

Status SqliteLedger::writeTransition(const Transition &transition)
{
    const ActionName name = EVENTOPS_TRY(parseName(transition.actionId));
    if (transition.to == ActionState::Approved) {
        const Action current = EVENTOPS_TRY(action(transition.actionId));
        const std::string proposer = "policy:" + current.suggestion.policy;
        if (transition.actor == proposer || transition.approver == proposer)
            return Error{Error::Code::Refused,
                         "action " + transition.actionId + " was proposed by " + proposer + ", which cannot approve it",
                         {},
                         {}};
    }
    const std::int64_t watermark = EVENTOPS_TRY(metaInteger("watermark", raw(NoTime)));
    const WallNs now = m_clock->now();
    sqlite::Statement &update =
        *EVENTOPS_TRY(cached("UPDATE action SET state = ?4, changed_at = ?5, "
                             "approver = CASE WHEN ?6 = '' THEN approver ELSE ?6 END, "
                             "decision_reason = CASE WHEN ?7 = '' THEN decision_reason ELSE ?7 END, "
                             "output = CASE WHEN ?8 = '' THEN output ELSE ?8 END, "
                             "attempts = CASE WHEN ?4 = 'started' THEN max(attempts, 1) ELSE attempts END "
                             "WHERE id = ?1 AND version = ?2 AND state = ?3 "
                             "AND version = (SELECT max(version) FROM action AS newest WHERE newest.id = ?1) "
                             "AND (?9 = 0 OR expires_at = -9223372036854775807 - 1 OR expires_at > ?10)"));
    EVENTOPS_TRY(update.bindAll(name.id, name.version, toString(transition.from), toString(transition.to), raw(now),
                                transition.approver, transition.reason, transition.output, transition.checkExpiry,
                                watermark).run());
    if (m_database.changes() != 1)
        return whyRefused(transition);
    AuditRow row;
    row.at = now;
    row.actor = transition.actor;
    row.verb = toString(transition.to);
    row.subject = transition.actionId;
    row.detail = transition.detail;
    EVENTOPS_TRY(appendAudit(std::move(row)));
    if (transition.outbox) {
        const OutboxRow &out = *transition.outbox;
        sqlite::Statement &put = *EVENTOPS_TRY(cached("INSERT INTO outbox(action_id, topic, key, document, state, "
                                                      "attempt, not_before) VALUES (?, ?, ?, ?, ?, ?, ?)"));
        const std::string_view state = out.state.empty() ? std::string_view("waiting") : std::string_view(out.state);
        EVENTOPS_TRY(put.bindAll(out.actionId.empty() ? transition.actionId : out.actionId, out.topic, out.key,
                                 out.document, state, out.attempt, raw(out.notBefore)).run());
    }
    if (transition.input)
        EVENTOPS_TRY(recordInput(*transition.input));
    return Ok{};
}

Result<std::uint64_t> SqliteLedger::expireActions(WallNs now)
{
    EVENTOPS_TRY(requireWriter());
    if (!m_expires)
        return std::uint64_t{0};
    sqlite::Statement &any = *EVENTOPS_TRY(cached(DueActions));
    const bool some = EVENTOPS_TRY(any.bind(1, raw(now)).step());
    any.reset();
    if (!some)
        return std::uint64_t{0}; // the usual case takes no write lock
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(m_database));
    const std::uint64_t expired = EVENTOPS_TRY(expireDue(now));
    EVENTOPS_TRY(transaction.commit());
    return expired;
}

Result<std::uint64_t> SqliteLedger::expireDue(WallNs now)
{
    if (!m_expires)
        return std::uint64_t{0};
    sqlite::Statement &rows = *EVENTOPS_TRY(cached(DueActions));
    rows.bind(1, raw(now));
    std::vector<Transition> all;
    while (EVENTOPS_TRY(rows.step())) {
        Transition expiry;
        expiry.actionId = rows.string(0) + '.' + std::to_string(rows.integer(1));
        expiry.to = ActionState::Expired;
        expiry.actor = "workspace";
        expiry.detail = "{\"expires_at_ns\":" + std::to_string(rows.integer(2)) + '}';
        all.push_back(std::move(expiry));
    }
    for (const Transition &expiry : all)
        EVENTOPS_TRY(writeTransition(expiry));
    return static_cast<std::uint64_t>(all.size());
}

void leaveExpiryToOwner(Ledger &ledger)
{
    static_cast<SqliteLedger &>(ledger).leaveExpiry();
}

Result<std::vector<OutboxRow>> SqliteLedger::outbox(std::string_view state)
{
    sqlite::Statement &rows = *EVENTOPS_TRY(cached("SELECT id, action_id, topic, key, document, state, attempt, "
                                                   "not_before FROM outbox WHERE state = ? ORDER BY id"));
    rows.bind(1, state);
    std::vector<OutboxRow> all;
    while (EVENTOPS_TRY(rows.step()))
        all.push_back({rows.integer(0), rows.string(1), rows.string(2), rows.string(3), rows.string(4), rows.string(5),
                       static_cast<std::uint32_t>(rows.integer(6)), WallNs{rows.integer(7)}});
    return all;
}

Status SqliteLedger::updateOutbox(const OutboxRow &row)
{
    EVENTOPS_TRY(requireWriter());
    sqlite::Transaction transaction = EVENTOPS_TRY(sqlite::Transaction::begin(m_database));
    sqlite::Statement &update = *EVENTOPS_TRY(cached("UPDATE outbox SET topic = ?2, key = ?3, document = ?4, state = "
                                                     "?5, attempt = ?6, not_before = ?7 WHERE id = ?1"));
    EVENTOPS_TRY(update.bindAll(row.id, row.topic, row.key, row.document, row.state, row.attempt,
                                raw(row.notBefore)).run());
    if (m_database.changes() == 0)
        return Error{Error::Code::NotFound, "no outbox row " + std::to_string(row.id), {}, {}};
    sqlite::Statement &attempts = *EVENTOPS_TRY(cached(
        "UPDATE action SET attempts = max(attempts, ?2) WHERE id || '.' || version = ?1 AND id = substr(?1, 1, ?3)"));
    const std::size_t dot = std::min(row.actionId.rfind('.'), row.actionId.size());
    EVENTOPS_TRY(attempts.bind(1, row.actionId).bind(2, std::int64_t{row.attempt}).bindUnsigned(3, dot).run());
    return transaction.commit();
}

} // namespace eventops
