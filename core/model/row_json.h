// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/finding.h"

#include <string>

namespace eventops {

// One row of `eventops query … --json` each: a JSON object on one line, appended without a line end. The names are a
// contract with scripts (design section 4) and are those of core/filter's rows. Fields that the row does not have are
// left out, but for those said to be always there. Times are RFC 3339 in UTC, null when there is none. The result is
// valid JSON whatever the texts hold: what is no JSON where JSON belongs is given as a string, see appendJsonLine.
// Thread: any. Complexity: O(size of the row).

/// id, ts_event, ts_ingest, tenant, source{type,id,namespace}, schema{name,version}, type, entity{type,id}, step,
/// correlation_id, causation_id, trace_id, span_id, idempotency_key, severity (number), severity_text, message, metric,
/// value, unit, tags, attrs, entities, links, raw{position,seq,codec,content_type,ts_text,headers}.
/// Always there: id, ts_event, tenant, type, tags, attrs. The value is written as its source wrote it where a double
/// could not give it back.
void appendEventJson(std::string &out, const Batch &batch, const Event &event);

/// id, ts, tenant, origin, state, severity (name), severity_number, name, entity{type,id}, source_id, metric, value,
/// unit, step, message, bits, terms[{name,bits,context,observed,expected,samples}], tags, evidence, pattern, alert.
/// Left out when empty: entity, source_id, metric, value, unit, step, terms, alert.
void appendFindingJson(std::string &out, const Finding &finding);

/// tenant, type, id, first_seen, last_seen, events, last_step (left out when empty).
void appendEntityJson(std::string &out, const Entity &entity);

/// tenant, source{type,id}, target{type,id}, type, first_seen, last_seen, events.
void appendLinkJson(std::string &out, const Link &link);

/// id (with its version), state, version, policy, command, args, tenant, entity{type,id}, finding_id, correlation_id,
/// reason, proposed_at, expires_at, ttl_sec, approvals_required, digest, approver, decision_reason, attempts, output.
/// Left out when empty: correlation_id, approver, decision_reason, output.
void appendActionJson(std::string &out, const Action &action);

} // namespace eventops
