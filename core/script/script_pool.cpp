// SPDX-License-Identifier: MIT
#include "core/script/script_pool.h"

#include <algorithm>
#include <iterator>

namespace eventops {

ScriptPool::ScriptPool(const ScriptSpec &spec, unsigned workers)
{
    for (unsigned i = 0; i < std::clamp(workers, 1u, WorkersMax); ++i)
        m_lanes.push_back(std::make_unique<Lane>(spec));
    for (const auto &lane : m_lanes)
        lane->thread = std::thread([this, &lane = *lane] { work(lane); });
}

ScriptPool::~ScriptPool()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_changed.notify_all();
    for (const auto &lane : m_lanes)
        lane->thread.join();
}

void ScriptPool::work(Lane &lane)
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_changed.wait(lock, [&] { return m_stop || lane.busy; });
        if (m_stop)
            return;
        lock.unlock();
        std::vector<ScriptOutput> outputs = lane.worker.transform(lane.piece);
        lock.lock();
        lane.outputs = std::move(outputs);
        lane.busy = false;
        m_changed.notify_all();
    }
}

std::vector<ScriptOutput> ScriptPool::transform(std::span<const ScriptInput> inputs)
{
    const std::size_t pieces =
        std::clamp<std::size_t>(inputs.size() / PieceMin, inputs.empty() ? 0 : 1, m_lanes.size());
    std::unique_lock lock(m_mutex);
    for (std::size_t i = 0; i < pieces; ++i) {
        const std::size_t from = inputs.size() * i / pieces;
        m_lanes[i]->piece = inputs.subspan(from, inputs.size() * (i + 1) / pieces - from);
        m_lanes[i]->busy = true;
    }
    m_changed.notify_all();
    std::vector<ScriptOutput> outputs;
    outputs.reserve(inputs.size());
    for (std::size_t i = 0; i < pieces; ++i) {
        m_changed.wait(lock, [&] { return !m_lanes[i]->busy; });
        std::move(m_lanes[i]->outputs.begin(), m_lanes[i]->outputs.end(), std::back_inserter(outputs));
        m_lanes[i]->outputs.clear();
    }
    return outputs;
}

void ScriptPool::cancel()
{
    for (const auto &lane : m_lanes)
        lane->worker.cancel();
}

ScriptCounters ScriptPool::counters() const
{
    ScriptCounters sum;
    for (const auto &lane : m_lanes) {
        const ScriptCounters &one = lane->worker.counters();
        sum.events += one.events;
        sum.notApplicable += one.notApplicable;
        sum.failed += one.failed;
        sum.timedOut += one.timedOut;
        sum.restarts += one.restarts;
    }
    return sum;
}

} // namespace eventops
