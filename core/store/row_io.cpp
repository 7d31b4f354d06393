// SPDX-License-Identifier: MIT
#include "core/store/row_io.h"

#include "core/base/hash.h"
#include "core/codec/finding_document.h"

#include <algorithm>

namespace eventops {

const char *const FindingColumns = "id, seq, emission, origin, state, severity, ts, ts_text, tenant, entity_type, "
                                   "entity_id, source_id, name, metric, unit, "
                                   "value, step, message, tags, bits, terms, evidence, alert, pattern";
const char *const EntityColumns = "tenant, type, id, first_seen, last_seen, first_seq, events, last_step";
const char *const LinkColumns =
    "tenant, source_type, source_id, target_type, target_id, type, first_seen, last_seen, first_seq, events";
const char *const ActionColumns = "id, seq, emission, finding_id, policy, tenant, entity_type, entity_id, "
                                  "correlation_id, command, args, reason, proposed_at, "
                                  "expires_at, ttl_seconds, approvals_required, version, state, digest, "
                                  "idempotency_key, approver, decision_reason, attempts, "
                                  "output";

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
    f.origin = findingOriginByName(row.text(3)).value_or(FindingOrigin::External);
    f.state = findingStateByName(row.text(4)).value_or(FindingState::Resolved);
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
    f.pattern = row.string(23);
    return f;
}

Entity readEntity(const sqlite::Statement &row)
{
    return {row.string(0),          row.string(1),          row.string(2),          WallNs{row.integer(3)},
            WallNs{row.integer(4)}, row.unsignedInteger(5), row.unsignedInteger(6), row.string(7)};
}

Link readLink(const sqlite::Statement &row)
{
    return {row.string(0),          row.string(1),         row.string(2),          row.string(3),
            row.string(4),          row.string(5),         WallNs{row.integer(6)}, WallNs{row.integer(7)},
            row.unsignedInteger(8), row.unsignedInteger(9)};
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

} // namespace eventops
