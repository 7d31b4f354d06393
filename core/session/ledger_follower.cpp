// SPDX-License-Identifier: MIT
#include "core/session/ledger_follower.h"

#include <sys/resource.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds LookTime{500};
constexpr int Niceness = 10;
constexpr std::chrono::seconds AwayTime{5}; ///< Between two looks for what is away.

} // namespace

Projection::~Projection() = default;

Status RetryingProjection::step()
{
    if (std::chrono::steady_clock::now() < m_nextTry)
        return Ok{};
    const Status done = tryStep();
    if (done || done.error().code != Error::Code::Unavailable)
        return done;
    told(false, done);
    m_nextTry = std::chrono::steady_clock::now() + AwayTime;
    m_changes = 0;
    return Ok{};
}

Status RetryingProjection::finish()
{
    EVENTOPS_TRY(open());
    EVENTOPS_TRY(catchUp());
    EVENTOPS_TRY(attend(true));
    told(false, Ok{});
    return Ok{};
}

void RetryingProjection::told(bool, const Status &) {}

Status RetryingProjection::attend(bool)
{
    return Ok{};
}

Status RetryingProjection::tryStep()
{
    EVENTOPS_TRY(open());
    EVENTOPS_TRY(attend(false));
    const std::uint64_t counter = EVENTOPS_TRY(changeCounter());
    if (counter == m_changes)
        return Ok{};
    EVENTOPS_TRY(catchUp());
    m_changes = counter;
    told(true, Ok{});
    return Ok{};
}

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
