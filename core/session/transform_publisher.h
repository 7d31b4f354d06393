// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/event_queue_settings.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace eventops {

/// Announces raw events that wait in the ledger to a queue outside of it, once they are stored: what was stored and not
/// announced when a process died is announced by the next one, and what was announced and is not transformed for long
/// is announced again. So the queue may lose whatever it likes.
class TransformPublisher
{
public:
    /// @p told: hears on its thread of each trouble, once; null: nobody does.
    TransformPublisher(Workspace workspace, EventQueueSettings settings, const Clock *clock,
                       std::function<void(const std::string &)> told);
    ~TransformPublisher(); ///< What is not announced is so by whoever comes next.
    void wake();

private:
    void work();
    Result<bool> step();
    Status announce(std::span<const TransformStore::Announced> events);
    bool ended() const;

    const Workspace m_workspace;
    const EventQueueSettings m_settings;
    const Clock *const m_clock;
    const std::function<void(const std::string &)> m_told;
    std::unique_ptr<TransformStore> m_store;
    std::unique_ptr<RawEventQueue> m_queue; ///< Null: not opened, or not since it failed.
    std::string m_trouble;                  ///< What was told last.
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_woken = true;
    bool m_ended = false;
    std::thread m_thread; ///< Last: it uses the others.
};

} // namespace eventops
