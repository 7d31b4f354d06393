// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace eventops {

/// A thread that takes one step after the other for as long as there is something to do, and looks again when it is
/// woken or after a while. A step that failed is tried again after that while, whoever wakes. Make it the last member
/// of its owner: it uses the others. Thread: any.
class StepThread
{
public:
    static constexpr std::chrono::milliseconds LookTime{500};

    /// @p step: true: there may be more to do; called on the thread alone, for the first time at once.
    explicit StepThread(std::function<Result<bool>()> step);
    ~StepThread(); ///< Waits for the step under way, which asks ended().
    StepThread(const StepThread &) = delete;
    StepThread &operator=(const StepThread &) = delete;

    void wake();
    bool ended() const;

private:
    void work();

    const std::function<Result<bool>()> m_step;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_woken = false;
    bool m_ended = false;
    std::thread m_thread;
};

} // namespace eventops
