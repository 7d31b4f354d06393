// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

namespace eventops {

/// What an OTLP request carries.
enum class OtlpSignal : unsigned char { Traces, Logs };

/// The path below a collector's endpoint that takes it: "/v1/traces".
const char *otlpPath(OtlpSignal signal);

/// @p items, the JSON texts of spans or log records with commas between, as the body of an OTLP/HTTP request in JSON
/// (opentelemetry-proto 1.0) from one resource and one scope. Thread: any. O(length).
std::string otlpRequest(OtlpSignal signal, std::string_view serviceName, std::string_view serviceVersion,
                        std::string_view items);

} // namespace eventops
