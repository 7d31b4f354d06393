// SPDX-License-Identifier: MIT
#include "core/session/lake_feed.h"

#include "core/session/retention_run.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

namespace eventops {
namespace {

constexpr std::uint64_t CommitRowsMax = 131'072;     ///< Events looked at by one transaction of the lake.
constexpr std::uint64_t PartRowsWanted = 250'000;    ///< While sources are read: rather few large parts.
constexpr std::chrono::seconds PublishTime{5};
constexpr std::chrono::seconds PartTime{60};
constexpr int PublishShare = 20;

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
    auto writer = EVENTOPS_TRY(lake::LakeWriter::open(lakePaths(workspace), last, {}));
    std::string notice = writer->notice();
    const std::string missed = EVENTOPS_TRY(missedByRetention(*ledger, writer->mark().events, "the lake"));
    notice += (notice.empty() || missed.empty() ? "" : "; ") + missed;
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

/// What the projector does at each look.
class LakeProjector::Steps final : public Projection
{
public:
    static Result<std::unique_ptr<Projection>> open(const LakeProjector &projector, const LedgerFollower &follower)
    {
        auto feed = EVENTOPS_TRY(LakeFeed::open(projector.m_workspace));
        std::unique_ptr<Steps> steps(new Steps(projector, follower, std::move(feed)));
        steps->m_nextPublish = std::chrono::steady_clock::now();
        steps->m_nextParts = steps->m_nextPublish + PartTime;
        steps->tell(true);
        return std::unique_ptr<Projection>(std::move(steps));
    }

    Status step() override
    {
        const std::uint64_t counter = EVENTOPS_TRY(m_feed->changeCounter());
        if (counter != m_counter) {
            EVENTOPS_TRY(catchUp());
            m_counter = counter;
            m_dirty = true;
            tell(true);
        }
        const auto now = std::chrono::steady_clock::now();
        if (!m_dirty || now < m_nextPublish)
            return Ok{};
        const bool withParts = m_feed->rowsWithoutParts() >= PartRowsWanted || now >= m_nextParts;
        EVENTOPS_TRY(m_feed->publish(withParts));
        m_dirty = false;
        const auto end = std::chrono::steady_clock::now();
        if (withParts)
            m_nextParts = end + PartTime;
        m_nextPublish = end + std::max<std::chrono::steady_clock::duration>(PublishTime, PublishShare * (end - now));
        tell(true);
        return Ok{};
    }

    Status finish() override
    {
        EVENTOPS_TRY(catchUp());
        EVENTOPS_TRY(m_feed->publish(true));
        tell(false);
        return Ok{};
    }

private:
    Steps(const LakeProjector &projector, const LedgerFollower &follower, std::unique_ptr<LakeFeed> feed)
        : m_projector(projector), m_follower(follower), m_feed(std::move(feed))
    {
    }
    Status catchUp()
    {
        return m_feed->catchUp([this] { return m_follower.mustStop(); });
    }
    void tell(bool working)
    {
        if (m_projector.m_changed)
            m_projector.m_changed({working, m_feed->notice(), m_feed->mark()});
    }

    const LakeProjector &m_projector;
    const LedgerFollower &m_follower;
    const std::unique_ptr<LakeFeed> m_feed;
    std::uint64_t m_counter = 0;
    bool m_dirty = false;
    std::chrono::steady_clock::time_point m_nextPublish, m_nextParts;
};

LakeProjector::LakeProjector(Workspace workspace, const std::atomic<bool> *stop,
                             std::function<void(const State &)> changed)
    : m_workspace(std::move(workspace)),
      m_changed(std::move(changed)),
      m_follower([this](const LedgerFollower &follower) { return Steps::open(*this, follower); }, stop,
                 [this](const Error &error) {
                     if (m_changed)
                         m_changed({false, "the lake stands still: " + error.text(), {}});
                 })
{
}

LakeProjector::~LakeProjector() = default;

} // namespace eventops
