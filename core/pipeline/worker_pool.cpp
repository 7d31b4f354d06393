// SPDX-License-Identifier: MIT
#include "core/pipeline/worker_pool.h"

#include "core/base/limits.h"

#include <atomic>
#include <cassert>
#include <memory>

namespace eventops {

WorkerPool::WorkerPool(unsigned workers)
{
    assert(workers >= 1 && workers <= WorkersMax);
    m_threads.reserve(workers);
    for (unsigned i = 0; i < workers; ++i)
        m_threads.emplace_back([this, i] { work(i); });
}

WorkerPool::~WorkerPool()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    for (std::thread &thread : m_threads)
        thread.join();
}

void WorkerPool::submit(Task task)
{
    {
        const std::lock_guard lock(m_mutex);
        m_tasks.push_back(std::move(task));
    }
    m_wake.notify_one();
}

void WorkerPool::work(unsigned worker)
{
    for (;;) {
        Task task;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [&] { return m_stop || !m_tasks.empty(); });
            if (m_tasks.empty())
                return;
            task = std::move(m_tasks.front());
            m_tasks.pop_front();
        }
        task(worker);
    }
}

void WorkerPool::forEach(std::size_t count, const std::function<void(std::size_t)> &body)
{
    struct Shared {
        std::atomic<std::size_t> next{0};
        std::atomic<std::size_t> done{0};
        std::mutex mutex;
        std::condition_variable finished;
    };
    // Helpers may start after everything is done, so what they touch outlives this call.
    const auto shared = std::make_shared<Shared>();
    const auto run = [shared, count](const std::function<void(std::size_t)> *work) {
        for (std::size_t i = shared->next++; i < count; i = shared->next++) {
            (*work)(i);
            if (++shared->done == count) {
                const std::lock_guard lock(shared->mutex);
                shared->finished.notify_all();
            }
        }
    };
    const std::size_t helpers = count > 1 ? std::min<std::size_t>(workers(), count - 1) : 0;
    for (std::size_t i = 0; i < helpers; ++i)
        submit([run, work = &body](unsigned) { run(work); });
    run(&body);
    std::unique_lock lock(shared->mutex);
    shared->finished.wait(lock, [&] { return shared->done == count; });
}

} // namespace eventops
