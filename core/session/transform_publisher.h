// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/event_queue_settings.h"
#include "core/session/step_thread.h"

#include <functional>
#include <memory>
#include <string>

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
    void wake() { m_steps.wake(); }

private:
    Result<bool> step();
    Result<bool> tell(Result<bool> more);
    Status announce(std::span<const TransformStore::Announced> events);

    const Workspace m_workspace;
    const EventQueueSettings m_settings;
    const Clock *const m_clock;
    const std::function<void(const std::string &)> m_told;
    std::unique_ptr<TransformStore> m_store;
    std::unique_ptr<RawEventQueue> m_queue; ///< Null: not opened, or not since it failed.
    std::string m_trouble;                  ///< What was told last.
    StepThread m_steps;
};

} // namespace eventops
