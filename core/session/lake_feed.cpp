// SPDX-License-Identifier: MIT
#include "core/session/lake_feed.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::uint64_t CommitRowsMax = 131'072;     ///< Events looked at by one transaction of the lake.
constexpr std::uint64_t PartRowsWanted = 250'000;    ///< While sources are read: rather few large parts.
constexpr std::chrono::milliseconds LookTime{500};
constexpr std::chrono::seconds PublishTime{5};
constexpr std::chrono::seconds PartTime{60};
constexpr int PublishShare = 20;
constexpr int Niceness = 10;

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; the lake goes on from here next time"};
}

} // namespace

lake::LakePaths lakePaths(const Workspace &workspace)
{
    return {workspace.directory + "/data"};
}

bool hasLake(const Workspace &workspace)
{
    std::error_code failed;
    return std::filesystem::exists(lakePaths(workspace).working(), failed)
           || std::filesystem::exists(lakePaths(workspace).published(), failed);
}

Result<std::unique_ptr<LakeFeed>> LakeFeed::open(const Workspace &workspace)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "lake"));
    auto ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Read, {}));
    const Seq last = EVENTOPS_TRY(ledger->lastSeq());
    const DroppedHistory gone = EVENTOPS_TRY(ledger->droppedHistory());
    auto writer = EVENTOPS_TRY(lake::LakeWriter::open(lakePaths(workspace), last, {}));
    std::string notice = writer->notice();
    if (gone.beginsAfter > writer->mark().events)
        notice += (notice.empty() ? "" : "; ") + ("retention dropped events up to record "
                  + std::to_string(gone.beginsAfter)) + " of the ledger before the lake took them in";
    return std::unique_ptr<LakeFeed>(
        new LakeFeed(std::move(lock), std::move(ledger), std::move(writer), std::move(notice)));
}

Status LakeFeed::catchUp(const std::function<bool()> &mustStop)
{
    const lake::LakeMark before = m_writer->mark();
    Seq events = before.events;
    std::uint64_t findings = before.findings;
    std::uint64_t rows = 0;
    // Read first: what is committed by now is all seen below, also records that gave no event.
    const Seq last = EVENTOPS_TRY(m_ledger->lastSeq());
    EVENTOPS_TRY(m_ledger->replay(before.events, [&](Batch &batch) -> Status {
        if (mustStop())
            return stopped();
        EVENTOPS_TRY(m_writer->append(batch));
        if (!batch.records.empty())
            events = std::max(events, batch.records[batch.events.back().record].seq);
        rows += batch.events.size();
        if (rows < CommitRowsMax)
            return Ok{};
        rows = 0;
        return m_writer->commit(events, findings);
    }));
    Status failed = Ok{};
    EVENTOPS_TRY(m_ledger->findingsAfter(before.findings, [&](std::uint64_t number, const Finding &finding) {
        failed = mustStop() ? Status(stopped()) : m_writer->append(finding);
        findings = number;
        return bool(failed);
    }));
    EVENTOPS_TRY(std::move(failed));
    events = std::max(events, last);
    if (events == m_writer->mark().events && findings == m_writer->mark().findings)
        return Ok{};
    return m_writer->commit(events, findings);
}

Status LakeFeed::publish(bool withParts)
{
    if (withParts)
        EVENTOPS_TRY(m_writer->exportParts());
    return m_writer->publish();
}

Result<lake::LakeMark> buildLake(const Workspace &workspace, bool anew, const std::atomic<bool> *stop,
                                 std::string &notice)
{
    if (anew) {
        const FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "lake"));
        const lake::LakePaths paths = lakePaths(workspace);
        EVENTOPS_TRY(lake::removeLake(paths));
    }
    const auto feed = EVENTOPS_TRY(LakeFeed::open(workspace));
    notice = feed->notice();
    EVENTOPS_TRY(feed->catchUp([stop] { return stop != nullptr && stop->load(); }));
    EVENTOPS_TRY(feed->publish(true));
    return feed->mark();
}

LakeProjector::LakeProjector(Workspace workspace, const std::atomic<bool> *stop,
                             std::function<void(const State &)> changed)
    : m_workspace(std::move(workspace)), m_stop(stop), m_changed(std::move(changed)), m_thread([this] { work(); })
{
}

LakeProjector::~LakeProjector()
{
    if (!m_thread.joinable())
        return;
    m_abandoned = true;
    static_cast<void>(finish());
}

Status LakeProjector::finish()
{
    {
        const std::lock_guard lock(m_mutex);
        m_finish = true;
    }
    m_wake.notify_all();
    m_thread.join();
    return m_outcome;
}

void LakeProjector::work()
{
    // Of this thread only: on Linux priorities belong to threads. It may fail; then the kernel shares evenly.
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), Niceness));
    m_outcome = run();
    if (!m_outcome && m_outcome.error().code != Error::Code::Cancelled)
        tell(false, {}, "the lake stands still: " + m_outcome.error().text());
}

void LakeProjector::tell(bool working, const lake::LakeMark &mark, std::string notice)
{
    if (m_changed)
        m_changed({working, std::move(notice), mark});
}

Status LakeProjector::run()
{
    const auto feed = EVENTOPS_TRY(LakeFeed::open(m_workspace));
    m_nextPublish = std::chrono::steady_clock::now();
    m_nextParts = m_nextPublish + PartTime;
    tell(true, feed->mark(), feed->notice());
    for (;;) {
        {
            std::unique_lock lock(m_mutex);
            m_wake.wait_for(lock, LookTime, [this] { return m_finish; });
            if (m_finish)
                break;
        }
        EVENTOPS_TRY(step(*feed));
    }
    if (mustStop())
        return stopped();
    EVENTOPS_TRY(feed->catchUp([this] { return mustStop(); }));
    EVENTOPS_TRY(feed->publish(true));
    tell(false, feed->mark(), feed->notice());
    return Ok{};
}

Status LakeProjector::step(LakeFeed &feed)
{
    const std::uint64_t counter = EVENTOPS_TRY(feed.changeCounter());
    if (counter != m_counter) {
        EVENTOPS_TRY(feed.catchUp([this] { return mustStop(); }));
        m_counter = counter;
        m_dirty = true;
        tell(true, feed.mark(), feed.notice());
    }
    const auto now = std::chrono::steady_clock::now();
    if (!m_dirty || now < m_nextPublish)
        return Ok{};
    const bool withParts = feed.rowsWithoutParts() >= PartRowsWanted || now >= m_nextParts;
    EVENTOPS_TRY(feed.publish(withParts));
    m_dirty = false;
    const auto end = std::chrono::steady_clock::now();
    if (withParts)
        m_nextParts = end + PartTime;
    m_nextPublish = end + std::max<std::chrono::steady_clock::duration>(PublishTime, PublishShare * (end - now));
    tell(true, feed.mark(), feed.notice());
    return Ok{};
}

} // namespace eventops
