// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/action_events.h"
#include "core/model/batch.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

// Topics of signals (contracts E12, E28-E30). All documents have the envelope of E14 as JSON, a single line without a
// line end; the values of `attributes` are texts. Thread: any.

inline constexpr std::string_view MetricTopic = "signals.metric.v1";
inline constexpr std::string_view LogTopic = "signals.log.v1";
inline constexpr std::string_view TraceTopic = "signals.trace.v1";
inline constexpr std::string_view EnrichedTopic = "signals.enriched.v1";
inline constexpr std::string_view CommandTopic = "ctrl.command.v1";

/// Which signal an event is: a measurement, else a span (it has a span's id and says nothing), else a log (it says
/// something). Nothing: it is none, as a change of a document.
std::optional<std::string_view> signalTopic(const Batch &batch, const Event &event);

/// The event for @p topic, one of the first four. Measurements for MetricTopic are byte for byte what the upstream
/// normaliser writes (contracts 3.2). Logs and spans have in `attributes` what they say of themselves: type, severity,
/// message, trace_id, span_id, correlation_id and their own attributes. EnrichedTopic takes any signal, its measurement
/// among the attributes, and adds entity_type, entity_id and step, for joins. InvalidInput for an event without a time.
Result<std::string> encodeSignal(const Batch &batch, const Event &event, std::string_view topic);

/// The event in Karma's envelope (K6), whatever it is.
Result<std::string> encodeNormalized(const Batch &batch, const Event &event);

/// The command of a request, for a closed loop: attributes {command, args, action_id, entity_id, correlation_id,
/// ttl_sec}; its event_id is the request's key.
std::string encodeCommand(const ActionRequestMessage &request);

} // namespace eventops
