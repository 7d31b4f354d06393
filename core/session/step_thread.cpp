// SPDX-License-Identifier: MIT
#include "core/session/step_thread.h"

namespace eventops {

StepThread::StepThread(std::function<Result<bool>()> step) : m_step(std::move(step)), m_thread([this] { work(); }) {}

StepThread::~StepThread()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void StepThread::wake()
{
    const std::lock_guard lock(m_mutex);
    m_woken = true;
    m_wake.notify_all();
}

bool StepThread::ended() const
{
    const std::lock_guard lock(m_mutex);
    return m_ended;
}

void StepThread::work()
{
    for (;;) {
        const auto more = m_step();
        std::unique_lock lock(m_mutex);
        if (!more)
            m_wake.wait_for(lock, LookTime, [this] { return m_ended; });
        else if (!more.value())
            m_wake.wait_for(lock, LookTime, [this] { return m_ended || m_woken; });
        m_woken = false;
        if (m_ended)
            return;
    }
}

} // namespace eventops
