// SPDX-License-Identifier: MIT
#include "core/session/layout_worker.h"

namespace eventops {

LayoutWorker::~LayoutWorker()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stop = true;
    }
    m_wake.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

void LayoutWorker::post(std::function<LayoutRequest()> make, std::function<void(LayoutPlaces)> done)
{
    const std::lock_guard lock(m_mutex);
    m_next = std::make_unique<Job>(Job{std::move(make), std::move(done)});
    if (!m_thread.joinable())
        m_thread = std::thread([this] { run(); });
    m_wake.notify_all();
}

bool LayoutWorker::outdated()
{
    const std::lock_guard lock(m_mutex);
    return m_stop || m_next != nullptr;
}

void LayoutWorker::run()
{
    for (;;) {
        std::unique_ptr<Job> job;
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait(lock, [&] { return m_stop || m_next != nullptr; });
            if (m_stop)
                return;
            job = std::move(m_next);
        }
        const LayoutRequest request = job->make();
        ForceLayout layout(request.nodes, request.edges, request.start);
        bool abandoned = outdated();
        while (!abandoned && layout.step())
            abandoned = outdated();
        if (!abandoned)
            job->done(std::make_shared<const std::vector<LayoutPoint>>(layout.positions()));
    }
}

} // namespace eventops
