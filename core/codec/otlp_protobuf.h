// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>
#include <string_view>

namespace eventops {

/// The export requests of OpenTelemetry's protocol (opentelemetry-proto 1.x).
enum class OtlpExport : unsigned char { Logs, Metrics, Traces };

/// @p message, such a request in Protocol Buffers, in the JSON that OTLP gives it: the form in which the formats
/// otlp.logs, otlp.metrics and otlp.traces read it. Ids become hexadecimal, integers of 64 bits texts; fields that are
/// not known are passed over, as the protocol wants it. InvalidInput names the message that is cut, damaged, holds text
/// that is not UTF-8, or nests deeper than 100 levels. Thread: any. O(length × fields of a message).
Result<std::string> otlpJson(OtlpExport signal, std::string_view message);

/// A google.rpc.Status as Protocol Buffers.
std::string rpcStatus(int code, std::string_view message);

} // namespace eventops
