// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace eventops {

/// A fixed number of threads that run tasks in the order of their submission; joined on destruction.
/// The caller bounds how much it submits (lanes do it by credits). Thread: any may submit.
class WorkerPool
{
public:
    /// A task learns which worker runs it, 0 … workers() − 1, to use that worker's scratch memory.
    using Task = std::function<void(unsigned worker)>;

    explicit WorkerPool(unsigned workers);
    ~WorkerPool();
    WorkerPool(const WorkerPool &) = delete;
    WorkerPool &operator=(const WorkerPool &) = delete;

    unsigned workers() const { return static_cast<unsigned>(m_threads.size()); }
    void submit(Task task);
    /// Runs body(0) … body(count − 1) on the workers and the calling thread; returns when all are done.
    void forEach(std::size_t count, const std::function<void(std::size_t)> &body);

private:
    void work(unsigned worker);

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<Task> m_tasks;
    bool m_stop = false;
    std::vector<std::thread> m_threads;
};

} // namespace eventops
