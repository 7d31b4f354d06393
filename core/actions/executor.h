// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace eventops {

class Value;

/// A published request, as an executor gets it.
struct ActionRequest {
    std::string actionId;       ///< displayId of the action.
    std::string idempotencyKey; ///< The same for every retry; hand it on to the target.
    std::string command;
    std::string args;           ///< JSON object.
    std::string tenant, entityType, entityId;
    std::string correlationId;
    double ttlSeconds = 0.0;    ///< Give up after this time.
    std::uint32_t attempt = 1;
    std::string envelope;       ///< The whole request as published.
};

struct ActionOutcome {
    enum class Kind : std::uint8_t { Succeeded, Failed, Cancelled };
    Kind kind = Kind::Failed;
    bool retryable = false;   ///< Failed: trying again may help.
    std::string output;       ///< What the target said, at most ExecutorOutputBytesMax; untrusted text.
    std::string error;        ///< Failed: one sentence.
    std::int64_t durationMs = 0;
};
constexpr std::size_t ExecutorOutputBytesMax = 64 * 1024;

/// Does what a request asks. A role of its own (`eventops executor`), never part of the pipeline (K119).
/// Thread: the executor's; one request at a time. Must return within the request's ttl.
class Executor
{
public:
    using Progress = std::function<void(int percent, std::string_view note)>;
    virtual ~Executor();
    /// True when this executor carries out @p command.
    virtual bool accepts(std::string_view command) const = 0;
    virtual ActionOutcome execute(const ActionRequest &request, const Progress &progress) = 0;
};

/// A kind of executor: one constant beside its code in pipelines/executors/<noun>/.
struct ExecutorSpec {
    std::string_view name;    ///< "demo", "webhook", "command".
    std::string_view summary;
    Result<std::unique_ptr<Executor>> (*make)(const Value &settings);
};

} // namespace eventops
