// SPDX-License-Identifier: MIT
#pragma once

#include "core/queue/raw_event_queue.h"
#include "core/store/transform_store.h"

namespace eventops {

/// The ledger as the queue: what waits there is what there is to take. That an event is done is noted with what was
/// made of it, so there is nothing to announce and nothing to acknowledge.
class LedgerEventQueue final : public RawEventQueue
{
public:
    /// @p store must outlive it.
    explicit LedgerEventQueue(TransformStore &store) : m_store(store) {}

    std::string name() const override { return "ledger"; }
    Status publish(std::span<const WaitingEvent>) override { return Ok{}; }
    Result<std::vector<TakenEvent>> take(std::size_t max, std::chrono::milliseconds) override
    {
        std::vector<TakenEvent> out;
        for (const std::int64_t id : EVENTOPS_TRY(m_store.waitingIds(max)))
            out.push_back({id, {}});
        return out;
    }
    Status acknowledge(std::span<const TakenEvent>) override { return Ok{}; }
    void release(std::span<const TakenEvent>) override {}
    Status deadLetter(std::span<const FailedEvent>) override { return Ok{}; } // they are the ledger's

private:
    TransformStore &m_store;
};

} // namespace eventops
