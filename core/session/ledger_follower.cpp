// SPDX-License-Identifier: MIT
#include "core/session/ledger_follower.h"

#include <sys/resource.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds LookTime{500};
constexpr int Niceness = 10;

} // namespace

Projection::~Projection() = default;

LedgerFollower::LedgerFollower(std::function<Result<std::unique_ptr<Projection>>(const LedgerFollower &)> open,
                               const std::atomic<bool> *stop, std::function<void(const Error &)> failed)
    : m_open(std::move(open)), m_stop(stop), m_failed(std::move(failed)), m_thread([this] { work(); })
{
}

LedgerFollower::~LedgerFollower()
{
    if (!m_thread.joinable())
        return;
    m_abandoned = true;
    static_cast<void>(finish());
}

Status LedgerFollower::finish()
{
    {
        const std::lock_guard lock(m_mutex);
        m_finish = true;
    }
    m_wake.notify_all();
    m_thread.join();
    return m_outcome;
}

void LedgerFollower::work()
{
    // Of this thread only: on Linux priorities belong to threads. It may fail; then the kernel shares evenly.
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), Niceness));
    m_outcome = run();
    if (!m_outcome && m_outcome.error().code != Error::Code::Cancelled)
        m_failed(m_outcome.error());
}

Status LedgerFollower::run()
{
    const auto projection = EVENTOPS_TRY(m_open(*this));
    for (;;) {
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait_for(lock, LookTime, [this] { return m_finish; });
            if (m_finish)
                break;
        }
        EVENTOPS_TRY(projection->step());
    }
    if (mustStop())
        return Error{Error::Code::Cancelled, "stopped; the projection goes on from here next time"};
    return projection->finish();
}

} // namespace eventops
