// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace eventops {

/// Where our own telemetry goes, by the environment variables of the OpenTelemetry specification (1.30, "OTLP Exporter
/// Configuration"). No endpoint: nowhere, which is the default.
struct TelemetrySettings {
    std::string endpoint;                 ///< OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:4318", without /v1/traces.
    std::vector<std::string> headers;     ///< OTEL_EXPORTER_OTLP_HEADERS, "name: value" each.
    std::string serviceName = "eventops"; ///< OTEL_SERVICE_NAME.
    std::string serviceVersion;           ///< The program's to set.

    using Environment = std::function<const char *(const char *name)>; ///< getenv.
    /// InvalidConfig names the variable.
    static Result<TelemetrySettings> fromEnvironment(const Environment &environment);
};

/// This program's own spans and log records as OTLP/HTTP with JSON bodies (contract C24). Never in anybody's way: what
/// is handed over waits in a bounded queue, what does not fit or cannot be delivered is dropped and counted.
/// Thread: any; it sends on one of its own, at most once a second.
class Telemetry
{
public:
    using Attribute = std::pair<std::string, std::variant<std::string, std::int64_t>>;
    enum class SpanKind : std::uint8_t { Internal = 1, Server = 2 }; ///< As OTLP numbers them.

    struct Span {
        std::string name;
        SpanKind kind = SpanKind::Internal;
        std::string parent; ///< The traceparent that came along (W3C Trace Context); empty or bad: a new trace.
        WallNs start = NoTime, end = NoTime;
        std::vector<Attribute> attributes;
        std::string error; ///< Empty: it went well.
    };
    struct LogRecord {
        WallNs time = NoTime;
        int severityNumber = 9; ///< OpenTelemetry's: 9 info, 13 warn, 17 error.
        std::string body;
        std::vector<Attribute> attributes;
    };
    struct Counts {
        std::uint64_t delivered = 0, dropped = 0;
    };

    static constexpr std::size_t QueueMax = 2'048;

    explicit Telemetry(TelemetrySettings settings);
    ~Telemetry(); ///< Sends what waits, for at most two seconds.
    Telemetry(const Telemetry &) = delete;
    Telemetry &operator=(const Telemetry &) = delete;

    void span(Span span);
    void log(LogRecord record);
    Counts counts() const;

private:
    struct Parts;
    const std::unique_ptr<Parts> m_parts;
};

} // namespace eventops
