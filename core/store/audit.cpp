// SPDX-License-Identifier: MIT
//
// The audit chain: each row holds the hash of the one before, the ledger the number and hash of the last.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t AuditPageRows = 1'024;
constexpr const char *AuditColumns = "number, at, actor, verb, subject, detail, previous_hash, hash";

AuditRow readAudit(const sqlite::Statement &row)
{
    return {row.unsignedInteger(0), WallNs{row.integer(1)}, row.string(2), row.string(3),
            row.string(4),          row.string(5),          row.string(6), row.string(7)};
}

Error tampered(const std::string &what)
{
    return Error{Error::Code::Corrupt, "audit: " + what, {}, "compare with a copy of the ledger"};
}

} // namespace

Status SqliteLedger::appendAudit(AuditRow row)
{
    row.number = 1;
    row.previousHash.clear();
    sqlite::Statement &last = *EVENTOPS_TRY(cached("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1"));
    if (EVENTOPS_TRY(last.step())) {
        row.number = last.unsignedInteger(0) + 1;
        row.previousHash = last.string(1);
    }
    last.reset();
    row.hash = row.computeHash();
    sqlite::Statement &put = *EVENTOPS_TRY(cached("INSERT INTO audit(number, at, actor, verb, subject, detail, "
                                                  "previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"));
    EVENTOPS_TRY(put.bindAll(row.number, raw(row.at), row.actor, row.verb, row.subject, row.detail, row.previousHash,
                             row.hash).run());
    sqlite::Statement &head = *EVENTOPS_TRY(cached("INSERT OR REPLACE INTO meta(key, value) VALUES ('audit_head', ?)"));
    const std::string value = std::to_string(row.number) + ' ' + row.hash;
    return head.bind(1, value).run();
}

Status SqliteLedger::audit(QueryBounds bounds, const std::function<bool(const AuditRow &)> &row)
{
    const std::int64_t newest = EVENTOPS_TRY(m_database.integer("SELECT max(number) FROM audit"));
    sqlite::Statement rows = EVENTOPS_TRY(m_database.prepare(
        std::string("SELECT ") + AuditColumns + " FROM audit WHERE number <= ?1 AND number "
        + (bounds.oldestFirst ? "> ?2 ORDER BY number" : "< ?2 ORDER BY number DESC") + " LIMIT ?3"));
    std::int64_t cursor = bounds.oldestFirst ? 0 : INT64_MAX;
    std::uint64_t left = bounds.rowsMax;
    std::vector<AuditRow> page;
    do {
        page.clear();
        rows.bind(1, newest).bind(2, cursor).bindUnsigned(3, std::min<std::uint64_t>(AuditPageRows, left));
        while (EVENTOPS_TRY(rows.step()))
            page.push_back(readAudit(rows));
        rows.reset(); // no snapshot while the consumer works
        for (const AuditRow &one : page) {
            if (!row(one))
                return Ok{};
            cursor = static_cast<std::int64_t>(one.number);
        }
        left -= page.size();
    } while (left > 0 && page.size() == AuditPageRows);
    return Ok{};
}

Status SqliteLedger::auditAfter(std::uint64_t after,
                                const std::function<bool(const AuditRow &, const Action &)> &row)
{
    sqlite::Statement steps = EVENTOPS_TRY(m_database.prepare(std::string("SELECT ") + AuditColumns
                                                              + " FROM audit WHERE number > ? ORDER BY number"));
    sqlite::Statement actions = EVENTOPS_TRY(m_database.prepare(
        std::string("SELECT ") + ActionColumns + " FROM action WHERE id = ?1 AND version = CAST(?2 AS INTEGER)"));
    steps.bindUnsigned(1, after);
    while (EVENTOPS_TRY(steps.step())) {
        const AuditRow step = readAudit(steps);
        const std::size_t dot = std::min(step.subject.rfind('.'), step.subject.size());
        const std::string_view subject = step.subject;
        actions.reset();
        actions.bind(1, subject.substr(0, dot)).bind(2, subject.substr(std::min(dot + 1, subject.size())));
        Action action;
        if (EVENTOPS_TRY(actions.step()))
            action = readAction(actions);
        else
            action.suggestion.id = step.subject;
        if (!row(step, action))
            break;
    }
    return Ok{};
}

namespace {

/// What the chain says of one action so far.
struct Trace {
    std::string lastVerb;
    std::string proposedDetail;
    std::uint64_t lastNumber = 0;
};

Status verifyActions(sqlite::Database &database)
{
    sqlite::Statement actions =
        EVENTOPS_TRY(database.prepare(std::string("SELECT ") + ActionColumns + " FROM action ORDER BY number"));
    sqlite::Statement trail =
        EVENTOPS_TRY(database.prepare("SELECT number, verb, detail FROM audit WHERE subject = ? ORDER BY number"));
    while (EVENTOPS_TRY(actions.step())) {
        const Action action = readAction(actions);
        const std::string id = action.displayId();
        Trace trace;
        trail.bind(1, id);
        while (EVENTOPS_TRY(trail.step())) {
            trace.lastNumber = trail.unsignedInteger(0);
            trace.lastVerb = trail.string(1);
            if (trace.proposedDetail.empty())
                trace.proposedDetail = trail.string(2);
        }
        if (trace.lastNumber == 0)
            return tampered("action " + id + " has no row");
        if (trace.lastVerb != actions.text(17))
            return tampered("action " + id + " is " + actions.string(17) + " but row "
                            + std::to_string(trace.lastNumber) + " says " + trace.lastVerb);
        if (action.digest != actionDigest(action.suggestion)
            || trace.proposedDetail.find(action.digest) == std::string::npos)
            return tampered("action " + id + " is not what was proposed");
    }
    return Ok{};
}

} // namespace

Result<std::uint64_t> SqliteLedger::verifyAudit()
{
    // One snapshot: an engine may append meanwhile.
    struct Snapshot {
        sqlite::Database &database;
        ~Snapshot() { static_cast<void>(bool(database.execute("ROLLBACK"))); }
    };
    EVENTOPS_TRY(m_database.execute("BEGIN"));
    const Snapshot snapshot{m_database};
    sqlite::Statement rows =
        EVENTOPS_TRY(m_database.prepare(std::string("SELECT ") + AuditColumns + " FROM audit ORDER BY number"));
    std::uint64_t number = 0;
    std::string previous;
    while (EVENTOPS_TRY(rows.step())) {
        const AuditRow row = readAudit(rows);
        ++number;
        if (row.number != number)
            return tampered("row " + std::to_string(number) + " is missing");
        if (row.previousHash != previous)
            return tampered("row " + std::to_string(number) + " does not follow the row before it");
        if (row.computeHash() != row.hash)
            return tampered("row " + std::to_string(number) + " was changed");
        previous = row.hash;
    }
    sqlite::Statement &head = *EVENTOPS_TRY(cached("SELECT value FROM meta WHERE key = 'audit_head'"));
    const std::string stored = EVENTOPS_TRY(head.step()) ? head.string(0) : std::string();
    head.reset();
    const std::string found = number == 0 ? std::string() : std::to_string(number) + ' ' + previous;
    if (stored != found)
        return tampered("row " + std::to_string(number + 1) + " is missing or the last row was changed");
    EVENTOPS_TRY(verifyActions(m_database));
    return number;
}

} // namespace eventops
