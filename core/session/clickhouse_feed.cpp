// SPDX-License-Identifier: MIT
#include "core/session/clickhouse_feed.h"

#include "core/model/event_id.h"
#include "core/session/retention_run.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace eventops {
namespace {

using lake::ClickHouseRow;
using lake::ClickHouseStream;
using lake::ClickHouseTable;
using lake::ClickHouseWriter;

constexpr unsigned AttemptsBesideARun = 2;

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; the projection goes on from here next time"};
}

/// Rows of one push.
struct Collected {
    std::size_t rows = 0, bytes = 0;
    bool isFull() const { return rows >= ClickHouseWriter::BatchRowsMax || bytes >= ClickHouseWriter::BatchBytesMax; }
    void add(ClickHouseWriter::Rows &part, ClickHouseRow row)
    {
        ++rows;
        bytes += row.bytes();
        part.rows.push_back(std::move(row));
    }
};

/// An event that came without an id or key gets the id that the ledger shows.
void setEventId(Batch &batch, Event &event, const std::vector<SourceRow> &sources)
{
    if (event[Field::EventId] != NoStr || event[Field::IdempotencyKey] != NoStr)
        return;
    const RawRecord &record = batch.records[event.record];
    const std::string key = record.source < sources.size() ? sources[record.source].progress.key : std::string();
    event[Field::EventId] =
        batch.strings.append(derivedEventId(key, record.position, record.hash, event.emission));
}

} // namespace

Result<std::unique_ptr<ClickHouseFeed>> ClickHouseFeed::open(const Workspace &workspace,
                                                             const ClickHouseSettings &settings,
                                                             const Options &options, std::function<bool()> mustStop)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "clickhouse"));
    auto ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Read, {}));
    const LedgerEnds ends = EVENTOPS_TRY(ledger->ends());
    lake::ClickHouseAddress address = EVENTOPS_TRY(settings.address());
    auto client = EVENTOPS_TRY(lake::ClickHouseClient::open(std::move(address), mustStop));
    ClickHouseWriter::Options writing;
    writing.schema.ttlDays = settings.ttlDays;
    writing.forget = options.forget;
    writing.attemptsMax = options.attemptsMax;
    auto writer = EVENTOPS_TRY(ClickHouseWriter::open(std::move(client), ClickHouseSettings::markFile(workspace),
                                                      {ends.record, ends.finding, ends.audit, ends.record}, writing));
    std::string notice = writer->notice();
    const std::string missed =
        EVENTOPS_TRY(missedByRetention(*ledger, writer->mark()[ClickHouseStream::Events].done, "ClickHouse"));
    notice += (notice.empty() || missed.empty() ? "" : "; ") + missed;
    return std::unique_ptr<ClickHouseFeed>(new ClickHouseFeed(std::move(lock), std::move(ledger), std::move(writer),
                                                              std::move(notice), std::move(mustStop)));
}

Status ClickHouseFeed::catchUp()
{
    // Read first: what is committed by now is all seen below, also records that gave no event.
    const Seq last = EVENTOPS_TRY(m_ledger->lastSeq());
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushEvents(last));
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushFindings());
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushHistory());
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushFeatures(last));
    return m_writer->save();
}

/// Events of whole records, as many as one push takes; true: there are more. The ledger is let go before the network is
/// waited for.
Result<bool> ClickHouseFeed::pushEvents(Seq last)
{
    const Seq after = m_writer->mark()[ClickHouseStream::Events].done;
    if (after >= last)
        return false;
    const std::vector<SourceRow> sources = EVENTOPS_TRY(m_ledger->sources());
    ClickHouseWriter::Rows part{ClickHouseTable::Events, {}};
    Collected collected;
    Seq upTo = after;
    bool more = false;
    const Status read = m_ledger->replay(after, [&](Batch &batch) -> Status {
        for (Event &event : batch.events) {
            const Seq seq = batch.records[event.record].seq;
            more = seq != upTo && collected.isFull();
            if (more || m_mustStop())
                return stopped(); // enough for now
            upTo = seq;
            setEventId(batch, event, sources);
            collected.add(part, EVENTOPS_TRY(lake::clickHouseEventRow(batch, event, m_writer->server().jsonEvents)));
        }
        return Ok{};
    });
    if (!read && !more)
        return read.error();
    if (!more)
        upTo = std::max(upTo, last);
    EVENTOPS_TRY(m_writer->push(ClickHouseStream::Events, upTo, {&part, 1}));
    return more;
}

Result<bool> ClickHouseFeed::pushFindings()
{
    std::array<ClickHouseWriter::Rows, 2> parts{
        {{ClickHouseTable::Scores, {}}, {ClickHouseTable::Alerts, {}}}};
    Collected collected;
    std::uint64_t upTo = m_writer->mark()[ClickHouseStream::Findings].done;
    EVENTOPS_TRY(m_ledger->findingsAfter(upTo, [&](std::uint64_t number, const Finding &finding) {
        upTo = number;
        const auto table = lake::clickHouseTableOf(finding);
        if (table == ClickHouseTable::Scores)
            collected.add(parts[0], lake::clickHouseScoreRow(finding, m_writer->server().jsonScores));
        else if (table == ClickHouseTable::Alerts)
            collected.add(parts[1], lake::clickHouseAlertRow(finding, m_writer->server().jsonAlerts));
        return !collected.isFull() && !m_mustStop();
    }));
    if (m_mustStop())
        return stopped();
    EVENTOPS_TRY(m_writer->push(ClickHouseStream::Findings, upTo, parts));
    return collected.isFull();
}

Result<bool> ClickHouseFeed::pushHistory()
{
    ClickHouseWriter::Rows part{ClickHouseTable::History, {}};
    Collected collected;
    std::uint64_t upTo = m_writer->mark()[ClickHouseStream::History].done;
    EVENTOPS_TRY(m_ledger->auditAfter(upTo, [&](const AuditRow &step, const Action &action) {
        upTo = step.number;
        collected.add(part, lake::clickHouseHistoryRow(step, action));
        return !collected.isFull() && !m_mustStop();
    }));
    if (m_mustStop())
        return stopped();
    EVENTOPS_TRY(m_writer->push(ClickHouseStream::History, upTo, {&part, 1}));
    return collected.isFull();
}

/// The windows that whole records closed, as many as one push takes; true: there are more.
Result<bool> ClickHouseFeed::pushFeatures(Seq last)
{
    const Seq after = m_writer->mark()[ClickHouseStream::Features].done;
    if (after >= last)
        return false;
    ClickHouseWriter::Rows part{ClickHouseTable::Features, {}};
    Collected collected;
    Seq upTo = after;
    bool more = false;
    EVENTOPS_TRY(m_ledger->featuresAfter(after, [&](const FeatureWindow &window) {
        more = window.seq != upTo && collected.isFull();
        if (more || m_mustStop() || window.seq > last)
            return false;
        upTo = window.seq;
        collected.add(part, lake::clickHouseFeatureRow(window));
        return true;
    }));
    if (m_mustStop())
        return stopped();
    EVENTOPS_TRY(m_writer->push(ClickHouseStream::Features, more ? upTo : last, {&part, 1}));
    return more;
}

/// What the projector does at each look.
class ClickHouseProjector::Steps final : public RetryingProjection
{
public:
    Steps(const ClickHouseProjector &projector, const LedgerFollower &follower, ClickHouseSettings settings)
        : m_projector(projector), m_follower(follower), m_settings(std::move(settings))
    {
    }

private:
    Status open() override
    {
        if (m_feed != nullptr)
            return Ok{};
        ClickHouseFeed::Options options;
        options.attemptsMax = AttemptsBesideARun;
        m_feed = EVENTOPS_TRY(ClickHouseFeed::open(m_projector.m_workspace, m_settings, options,
                                                   [follower = &m_follower] { return follower->mustStop(); }));
        return Ok{};
    }
    Result<std::uint64_t> changeCounter() override { return m_feed->changeCounter(); }
    Status catchUp() override { return m_feed->catchUp(); }
    void told(bool working, const Status &outcome) override
    {
        if (!m_projector.m_changed)
            return;
        std::string notice = outcome ? m_feed->notice() : "ClickHouse is fed later: " + outcome.error().text();
        m_projector.m_changed(
            {working, std::move(notice), m_feed == nullptr ? lake::ClickHouseMark() : m_feed->mark()});
    }

    const ClickHouseProjector &m_projector;
    const LedgerFollower &m_follower;
    const ClickHouseSettings m_settings;
    std::unique_ptr<ClickHouseFeed> m_feed;
};

ClickHouseProjector::ClickHouseProjector(Workspace workspace, const std::atomic<bool> *stop,
                                         std::function<void(const State &)> changed)
    : m_workspace(std::move(workspace)),
      m_changed(std::move(changed)),
      m_follower(
          [this](const LedgerFollower &follower) -> Result<std::unique_ptr<Projection>> {
              ClickHouseSettings settings = EVENTOPS_TRY(ClickHouseSettings::read(m_workspace));
              return std::unique_ptr<Projection>(std::make_unique<Steps>(*this, follower, std::move(settings)));
          },
          stop,
          [this](const Error &error) {
              if (m_changed)
                  m_changed({false, "ClickHouse is not fed: " + error.text(), {}});
          })
{
}

ClickHouseProjector::~ClickHouseProjector() = default;

} // namespace eventops
