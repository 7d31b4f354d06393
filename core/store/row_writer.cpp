// SPDX-License-Identifier: MIT
//
// What the stages found, as ordinary rows.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/base/json.h"

namespace eventops {

Status SqliteLedger::writeFindings(const CommitGroup &group)
{
    for (const Finding &f : group.findings) {
        // The same finding again (a re-run after a crash) is ignored: ids follow from content and position.
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT OR IGNORE INTO finding(id, seq, emission, origin, state, severity, ts, ts_text, tenant, entity_type, "
            "entity_id, source_id, name, metric, unit, value, step, message, tags, bits, terms, evidence, alert) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        const std::string terms = termsToJson(f.terms);
        put.bind(1, f.id).bindUnsigned(2, f.seq).bind(3, std::int64_t{f.emission}).bind(4, toString(f.origin))
            .bind(5, toString(f.state)).bind(6, static_cast<std::int64_t>(f.severity)).bind(7, raw(f.ts)).bind(8, f.tsText)
            .bind(9, f.tenant).bind(10, f.entityType).bind(11, f.entityId).bind(12, f.sourceId).bind(13, f.name)
            .bind(14, f.metric).bind(15, f.unit).bind(17, f.step).bind(18, f.message).bind(19, f.tags).bind(20, f.bits)
            .bind(21, terms).bind(22, f.evidence).bind(23, f.alert);
        f.hasValue ? put.bind(16, f.value) : put.bindNull(16);
        EVENTOPS_TRY(put.run());
    }
    return Ok{};
}

Status SqliteLedger::writeEntities(const CommitGroup &group)
{
    // NoTime is the smallest number: max() prefers real times by itself, min() must leave it out.
    for (const Entity &e : group.entities) {
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT INTO entity(tenant, type, id, first_seen, last_seen, first_seq, events, last_step) "
            "VALUES (?, ?, ?, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
            "first_seen = CASE WHEN ?4 = -9223372036854775807 - 1 THEN first_seen "
            "WHEN first_seen = -9223372036854775807 - 1 THEN ?4 ELSE min(first_seen, ?4) END, "
            "last_seen = max(last_seen, ?5), first_seq = min(first_seq, ?6), events = events + ?7, "
            "last_step = CASE WHEN ?8 = '' THEN last_step ELSE ?8 END"));
        EVENTOPS_TRY(put.bind(1, e.tenant).bind(2, e.type).bind(3, e.id).bind(4, raw(e.firstSeen)).bind(5, raw(e.lastSeen))
                         .bindUnsigned(6, e.firstSeq).bindUnsigned(7, e.events).bind(8, e.lastStep).run());
    }
    return Ok{};
}

Status SqliteLedger::writeLinks(const CommitGroup &group)
{
    for (const Link &l : group.links) {
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT INTO link(tenant, source_type, source_id, target_type, target_id, type, first_seen, last_seen, first_seq, "
            "events) VALUES (?, ?, ?, ?, ?, ?, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET "
            "first_seen = CASE WHEN ?7 = -9223372036854775807 - 1 THEN first_seen "
            "WHEN first_seen = -9223372036854775807 - 1 THEN ?7 ELSE min(first_seen, ?7) END, "
            "last_seen = max(last_seen, ?8), first_seq = min(first_seq, ?9), events = events + ?10"));
        EVENTOPS_TRY(put.bind(1, l.tenant).bind(2, l.sourceType).bind(3, l.sourceId).bind(4, l.targetType)
                         .bind(5, l.targetId).bind(6, l.type).bind(7, raw(l.firstSeen)).bind(8, raw(l.lastSeen))
                         .bindUnsigned(9, l.firstSeq).bindUnsigned(10, l.events).run());
    }
    return Ok{};
}

Status SqliteLedger::writeSuggestions(const CommitGroup &group, WallNs now)
{
    for (const Suggestion &s : group.suggestions) {
        Action action;
        action.suggestion = s;
        const std::string id = action.displayId();
        const std::string digest = actionDigest(s);
        const std::string key = "act:" + s.command + ':' + id;
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT OR IGNORE INTO action(id, version, seq, emission, finding_id, policy, tenant, entity_type, entity_id, "
            "correlation_id, command, args, reason, proposed_at, expires_at, ttl_seconds, approvals_required, state, digest, "
            "idempotency_key, approver, decision_reason, attempts, output, changed_at) "
            "VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', ?, ?, '', '', 0, '', ?)"));
        EVENTOPS_TRY(put.bind(1, s.id).bindUnsigned(2, s.seq).bind(3, std::int64_t{s.emission}).bind(4, s.findingId)
                         .bind(5, s.policy).bind(6, s.tenant).bind(7, s.entityType).bind(8, s.entityId)
                         .bind(9, s.correlationId).bind(10, s.command).bind(11, s.args).bind(12, s.reason)
                         .bind(13, raw(s.proposedAt)).bind(14, raw(s.expiresAt)).bind(15, s.ttlSeconds)
                         .bind(16, std::int64_t{s.approvalsRequired}).bind(17, digest).bind(18, key).bind(19, raw(now)).run());
        if (m_database.changes() == 0)
            continue; // proposed before a crash; the queue may have moved on since
        AuditRow row;
        row.at = now;
        row.actor = "policy:" + s.policy;
        row.verb = toString(ActionState::Proposed);
        row.subject = id;
        JsonWriter(row.detail).beginObject().field("digest", digest).field("finding_id", s.findingId).endObject();
        EVENTOPS_TRY(appendAudit(std::move(row)));
    }
    return Ok{};
}

} // namespace eventops
