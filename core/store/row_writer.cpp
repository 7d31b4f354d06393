// SPDX-License-Identifier: MIT
//
// What the stages found, as ordinary rows.
#include "core/store/row_io.h"
#include "core/store/sqlite_ledger.h"

#include "core/base/hash.h"
#include "core/base/json.h"

#include <algorithm>
#include <unordered_map>

namespace eventops {
namespace {

std::uint64_t identityHash(const Entity &e)
{
    return entityKey(e.tenant, e.type, e.id);
}

std::uint64_t identityHash(const Link &l)
{
    const std::uint64_t ends[] = {entityKey(l.tenant, l.sourceType, l.sourceId),
                                  entityKey(l.type, l.targetType, l.targetId)};
    return hash64({reinterpret_cast<const char *>(ends), sizeof ends});
}

bool isSame(const Entity &a, const Entity &b)
{
    return a.id == b.id && a.type == b.type && a.tenant == b.tenant;
}

bool isSame(const Link &a, const Link &b)
{
    return a.sourceId == b.sourceId && a.targetId == b.targetId && a.type == b.type && a.sourceType == b.sourceType
        && a.targetType == b.targetType && a.tenant == b.tenant;
}

/// The changes of a group, one a thing: a busy host is in every batch of it, and a row costs more than a merge. What is
/// merged here is merged again in the row, by the same rules. O(changes).
template <typename Change, typename Merge>
std::vector<Change> mergedChanges(std::span<const Change> changes, Merge mergeMore)
{
    std::vector<Change> merged;
    std::unordered_map<std::uint64_t, std::size_t> known;
    for (const Change &change : changes) {
        const auto [at, isNew] = known.try_emplace(identityHash(change), merged.size());
        if (isNew || !isSame(merged[at->second], change)) {
            merged.push_back(change); // two things of one hash stay two
            continue;
        }
        Change &into = merged[at->second];
        if (into.firstSeen == NoTime || (change.firstSeen != NoTime && change.firstSeen < into.firstSeen))
            into.firstSeen = change.firstSeen;
        into.lastSeen = std::max(into.lastSeen, change.lastSeen);
        into.firstSeq = std::min(into.firstSeq, change.firstSeq);
        into.events += change.events;
        mergeMore(into, change);
    }
    return merged;
}

} // namespace

Status SqliteLedger::writeFindings(const CommitGroup &group)
{
    for (const Finding &f : group.findings) {
        // The same finding again (a re-run after a crash) is ignored: ids follow from content and position.
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT OR IGNORE INTO finding(id, seq, emission, origin, state, severity, ts, ts_text, tenant, "
            "entity_type, "
            "entity_id, source_id, name, metric, unit, value, step, message, tags, bits, terms, evidence, alert, "
            "pattern) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        const std::string terms = termsToJson(f.terms);
        put.bindAll(f.id, f.seq, f.emission, toString(f.origin), toString(f.state), static_cast<unsigned>(f.severity),
                    raw(f.ts), f.tsText, f.tenant, f.entityType, f.entityId, f.sourceId, f.name, f.metric, f.unit,
                    f.value, f.step, f.message, f.tags, f.bits, terms, f.evidence, f.alert, f.pattern);
        if (!f.hasValue)
            put.bindNull(16);
        EVENTOPS_TRY(put.run());
    }
    return Ok{};
}

Status SqliteLedger::writeFeatures(const CommitGroup &group)
{
    for (const FeatureWindow &w : group.features) {
        sqlite::Statement &put = *EVENTOPS_TRY(cached(
            "INSERT OR IGNORE INTO feature_window(seq, emission, ts_start, ts_end, tenant, entity_type, entity_id, "
            "source_id, rule, metric, unit, step, count, late, p50, p95, avg, stddev) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
        EVENTOPS_TRY(put.bindAll(w.seq, w.emission, raw(w.start), raw(w.end), w.tenant, w.entityType, w.entityId,
                                 w.sourceId, w.rule, w.metric, w.unit, w.step, w.count, w.late, w.p50, w.p95, w.avg,
                                 w.stddev).run());
    }
    return Ok{};
}

Status SqliteLedger::writeEntities(const CommitGroup &group)
{
    // NoTime is the smallest number: max() prefers real times by itself, min() must leave it out.
    const auto keepLastStep = [](Entity &into, const Entity &change) {
        if (!change.lastStep.empty())
            into.lastStep = change.lastStep;
    };
    for (const Entity &e : mergedChanges<Entity>(group.entities, keepLastStep)) {
        sqlite::Statement &put = *EVENTOPS_TRY(
            cached("INSERT INTO entity(tenant, type, id, first_seen, last_seen, first_seq, events, last_step) "
                   "VALUES (?, ?, ?, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO UPDATE SET "
                   "first_seen = CASE WHEN ?4 = -9223372036854775807 - 1 THEN first_seen "
                   "WHEN first_seen = -9223372036854775807 - 1 THEN ?4 ELSE min(first_seen, ?4) END, "
                   "last_seen = max(last_seen, ?5), first_seq = min(first_seq, ?6), events = events + ?7, "
                   "last_step = CASE WHEN ?8 = '' THEN last_step ELSE ?8 END"));
        EVENTOPS_TRY(put.bindAll(e.tenant, e.type, e.id, raw(e.firstSeen), raw(e.lastSeen), e.firstSeq, e.events,
                                 e.lastStep).run());
    }
    return Ok{};
}

Status SqliteLedger::writeLinks(const CommitGroup &group)
{
    for (const Link &l : mergedChanges<Link>(group.links, [](Link &, const Link &) {})) {
        sqlite::Statement &put = *EVENTOPS_TRY(
            cached("INSERT INTO link(tenant, source_type, source_id, target_type, target_id, type, first_seen, "
                   "last_seen, first_seq, "
                   "events) VALUES (?, ?, ?, ?, ?, ?, ?7, ?8, ?9, ?10) ON CONFLICT DO UPDATE SET "
                   "first_seen = CASE WHEN ?7 = -9223372036854775807 - 1 THEN first_seen "
                   "WHEN first_seen = -9223372036854775807 - 1 THEN ?7 ELSE min(first_seen, ?7) END, "
                   "last_seen = max(last_seen, ?8), first_seq = min(first_seq, ?9), events = events + ?10"));
        EVENTOPS_TRY(put.bindAll(l.tenant, l.sourceType, l.sourceId, l.targetType, l.targetId, l.type,
                                 raw(l.firstSeen), raw(l.lastSeen), l.firstSeq, l.events).run());
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
        sqlite::Statement &put = *EVENTOPS_TRY(
            cached("INSERT OR IGNORE INTO action(id, version, seq, emission, finding_id, policy, tenant, entity_type, "
                   "entity_id, "
                   "correlation_id, command, args, reason, proposed_at, expires_at, ttl_seconds, approvals_required, "
                   "state, digest, "
                   "idempotency_key, approver, decision_reason, attempts, output, changed_at) "
                   "VALUES (?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'proposed', ?, ?, '', '', 0, '', ?)"));
        EVENTOPS_TRY(put.bindAll(s.id, s.seq, s.emission, s.findingId, s.policy, s.tenant, s.entityType, s.entityId,
                                 s.correlationId, s.command, s.args, s.reason, raw(s.proposedAt), raw(s.expiresAt),
                                 s.ttlSeconds, s.approvalsRequired, digest, key, raw(now)).run());
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
