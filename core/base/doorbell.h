// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace eventops {

/// Wakes one thread that waits for any of several things: whoever has something for it rings. A ring while nobody waits
/// is not lost, and many of them are one. Thread: any rings, one waits.
class Doorbell
{
public:
    void ring()
    {
        const std::lock_guard lock(m_mutex);
        m_rung = true;
        m_wake.notify_one();
    }

    /// Returns at the next ring, at once when there was one since the last wait, or after @p wait.
    void wait(std::chrono::milliseconds wait)
    {
        std::unique_lock lock(m_mutex);
        m_wake.wait_for(lock, wait, [&] { return m_rung; });
        m_rung = false;
    }

private:
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_rung = false;
};

} // namespace eventops
