// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/model/finding.h"

#include <memory>
#include <string>

namespace eventops {

/// Kafka topic of rule alerts (contract E13).
inline constexpr char AlertTopic[] = "ops.alert.v1";

/// The alert JSON of a rule's finding, byte for byte as the upstream rules service writes it (contracts 3.2):
/// {"ts": …, "tenant": …, "source_id": …, "metric": …, "severity": …, "rule": …, "value": 85.0, "message": …,
/// "tags": {…}} with Python's json.dumps defaults: ", " and ": ", also inside tags; floats as Python prints them;
/// ASCII only.
/// `ts` is the finding's tsText, or its time in RFC 3339; `value` is null when there is none. One line, no line end.
/// Thread: any. Complexity: O(length).
std::string encodeAlert(const Finding &finding);

/// The same as an event for other envelopes, appended to @p batch, which needs no record: of type ops.alert.v1 and with
/// the finding's id; severity, rule and message are attributes, as in the JSON.
void appendAlertEvent(Batch &batch, const Finding &finding);

class JsonEnvelope;
class JsonReader;
/// True: an object with what only an alert has.
bool looksLikeAlert(const JsonReader &json);
/// Reads alerts, whoever wrote them, as events of type ops.alert.v1. They are facts about findings, neither
/// measurements nor steps of an entity's life, so no stage finds anything in them (X20); see findingOf.
std::unique_ptr<JsonEnvelope> makeAlertEnvelope();

} // namespace eventops
