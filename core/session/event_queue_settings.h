// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_settings.h"
#include "core/model/value.h"
#include "core/queue/raw_event_queue.h"
#include "core/session/workspace.h"
#include "core/store/transform_store.h"

#include <functional>
#include <memory>
#include <string>

namespace eventops {

/// Which queue a workspace's raw events wait in for their transformers: `queue.json` in it; without that file the
/// ledger itself. Holds no secret. Every member may be set by its name. Thread: immutable once it is handed on, any.
class EventQueueSettings
{
public:
    enum class Kind : std::uint8_t { Ledger, Kafka, Sqs };
    static std::string file(const Workspace &workspace) { return workspace.directory + "/queue.json"; }

    EventQueueSettings();
    /// The ledger's, where there is no file. InvalidConfig names the member.
    static Result<EventQueueSettings> read(const Workspace &workspace);
    Status write(const Workspace &workspace) const;

    void set(std::string name, std::string text); ///< @p name: a member; an unknown one is an assertion.
    /// InvalidConfig: what is missing or does not go together.
    Status check() const;

    Kind kind() const;
    std::int64_t announceAgainNs() const; ///< What is not done by then is announced again.
    std::string text(std::string_view name) const;
    KafkaSettings kafka() const; ///< Of what `check` found right; its address may be the environment's.

    /// Connects to nothing yet. @p store: the ledger's, which must outlive the queue. @p mustStop: asked often; once
    /// true, what is under way ends with Cancelled or with nothing.
    Result<std::unique_ptr<RawEventQueue>> open(TransformStore &store, std::function<bool()> mustStop) const;

private:
    Value m_values; ///< Every member, checked.
};

} // namespace eventops
