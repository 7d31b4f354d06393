// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace eventops {

/// Reads and writes files for the UI thread, which must not: one job after the other, on a thread that starts with the
/// first. Results come back through the UiBridge, which must outlive it. Thread: `run` any.
class FileWorker
{
public:
    FileWorker() = default;
    ~FileWorker(); ///< Waits for the job under way; those that wait are dropped.
    FileWorker(const FileWorker &) = delete;
    FileWorker &operator=(const FileWorker &) = delete;

    void run(std::function<void()> job);

private:
    void work();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<std::function<void()>> m_jobs;
    bool m_stop = false;
    std::thread m_thread;
};

} // namespace eventops
