// SPDX-License-Identifier: MIT
#pragma once

#include "core/graph/force_layout.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eventops {

/// What is to be laid out.
struct LayoutRequest {
    std::size_t nodes = 0;
    std::vector<LayoutEdge> edges;
    std::vector<LayoutStart> start; ///< Empty, or one a node.
};

using LayoutPlaces = std::shared_ptr<const std::vector<LayoutPoint>>;

/// Lays out graphs on a thread of its own, one at a time. Sleeps while there is nothing to do.
/// Thread: any may call; `make` and `done` run on the worker's thread.
class LayoutWorker
{
public:
    LayoutWorker() = default;
    ~LayoutWorker(); ///< Abandons what is under way within one step of it, and joins.
    LayoutWorker(const LayoutWorker &) = delete;
    LayoutWorker &operator=(const LayoutWorker &) = delete;

    /// Makes the request, lays it out and calls @p done, which must not throw. What was posted before and has not
    /// ended is abandoned; its @p done is not called.
    void post(std::function<LayoutRequest()> make, std::function<void(LayoutPlaces)> done);

private:
    struct Job {
        std::function<LayoutRequest()> make;
        std::function<void(LayoutPlaces)> done;
    };
    void run();
    bool outdated();

    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::unique_ptr<Job> m_next;
    bool m_stop = false;
    std::thread m_thread;
};

} // namespace eventops
