// SPDX-License-Identifier: MIT
#include "core/pipeline/runner.h"

#include "core/pipeline/commit_writer.h"
#include "core/pipeline/source_place.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <tuple>

namespace eventops {
namespace {

constexpr std::string_view CheckpointVersion = "stages-5"; ///< Of the form of all stages' state.
constexpr std::chrono::milliseconds PollTime{20};    ///< Between two looks at an idle live source.
constexpr std::chrono::milliseconds MergeWait{1'000};///< One wait for a capture's next batch; repeated until it comes.
constexpr std::chrono::milliseconds TellEvery{200};  ///< Between two looks at what holds the ledger back.
constexpr std::chrono::milliseconds AlikeWait{3'000}; ///< For a source that is the same as one that is being read.
constexpr std::size_t MergedRecordsMax = 8'192;
constexpr std::chrono::milliseconds PlaybackCommitDelay{100}; ///< So long may what has passed wait for its commit.
constexpr std::chrono::milliseconds PlaybackWait{50};         ///< Between two looks at whether to stop.
constexpr std::chrono::milliseconds ViewEvery{1'000};         ///< Between two views of the stages' state, at least …
constexpr int ViewShare = 50;                                 ///< … and so many times as long as one takes.

std::size_t rawBytes(const Batch &batch)
{
    std::size_t bytes = 0;
    for (const auto &chunk : batch.chunks)
        bytes += chunk->bytes.size();
    for (const OversizePart &part : batch.oversize)
        bytes += part.bytes.size();
    return bytes;
}

/// What people see of a source; anything new in it is told.
auto shown(const SourceHealth &source)
{
    return std::tie(source.trouble, source.notice, source.lag, source.missed, source.errors, source.rebalances);
}

} // namespace

/// A source of this run and how far it has been admitted.
struct PipelineRunner::Lane {
    std::unique_ptr<Source> source;
    SourceProgress progress;              ///< `added`: since the last commit handed over.
    bool changed = false;                 ///< Something to write at the next commit.
    bool ended = false;
    std::unique_ptr<SourceLane> reader;

    // Merging: the batch being taken apart.
    SourceLane::Item item;
    std::uint32_t record = 0;
    std::size_t event = 0;
    std::size_t deadLetter = 0;

    bool hasRecord() const { return item.batch && record < item.batch->records.size(); }

    /// Event time of the next record; a record without one goes where its predecessor went.
    WallNs headTime() const
    {
        const Batch &batch = *item.batch;
        if (event < batch.events.size() && batch.events[event].record == record
            && batch.events[event].tsEvent != NoTime)
            return batch.events[event].tsEvent;
        return progress.mergeTime;
    }
    Seq headSeq() const { return item.batch->records[record].seq; }
};

PipelineRunner::PipelineRunner(const PipelineSpec &spec, CommitSink &sink, RunnerOptions options)
    : m_spec(spec), m_sink(sink), m_options(std::move(options))
{
    if (m_options.clock == nullptr)
        m_options.clock = &m_systemClock;
}

PipelineRunner::~PipelineRunner() = default;

Result<std::unique_ptr<PipelineRunner>> PipelineRunner::make(const PipelineSpec &spec, CommitSink &sink,
                                                             RunnerOptions options)
{
    std::unique_ptr<PipelineRunner> runner(new PipelineRunner(spec, sink, std::move(options)));
    for (unsigned i = 0; i < runner->m_options.workers; ++i)
        runner->m_phases.push_back(EVENTOPS_TRY(DecodePhase::make(spec.stages)));
    runner->m_engine = EVENTOPS_TRY(StageEngine::make(spec.stages, spec.latenessNs));
    runner->m_pool = std::make_unique<WorkerPool>(runner->m_options.workers);
    return runner;
}

Status PipelineRunner::restore(Seq lastSeq, WallNs watermark, const std::optional<Checkpoint> &checkpoint,
                               std::span<const std::string> storedSourceKeys, const Replay &replay)
{
    m_lastSeq = lastSeq;
    m_newest = watermark == NoTime ? NoTime : watermark + m_spec.latenessNs;
    Seq from = 0;
    if (checkpoint) {
        // State of another version is left alone: the stored events bring the stages up to date, which takes longer.
        StateReader in(checkpoint->bytes);
        if (in.text() == CheckpointVersion) {
            m_lastTime = WallNs{in.i64()};
            EVENTOPS_TRY(m_engine->load(in));
            if (m_options.keys != nullptr)
                EVENTOPS_TRY(m_options.keys->load(in));
            from = checkpoint->seq;
        }
    }
    m_checkpointSeq = from;
    m_viewSeq = lastSeq; // that of the last run is there
    if (from == lastSeq)
        return Ok{};
    StageEngine::Output discarded;
    return replay(from, [&](Batch &batch) -> Status {
        DecodePhase::setEntityKeys(batch);
        m_engine->process(batch, storedSourceKeys, m_pool.get(), discarded);
        if (!batch.events.empty())
            m_lastTime = batch.events.back().tsEvent;
        discarded.clear();
        return Ok{};
    });
}

Status PipelineRunner::run(std::vector<RunnerSource> sources, std::vector<SourceProgress> known)
{
    m_progress = {};
    m_known = std::move(known);
    m_coming.clear();
    m_incomplete.reset();
    m_sourceKeys.clear();
    CommitWriter writer(m_sink, m_batches, {m_options.holdBackMax, m_options.stop}, m_bell);
    m_writer = &writer;
    const Status outcome = runLanes(sources);
    // What was admitted is complete up to the cursors, so it is committed even when a source has failed.
    const Status flushed = flush(true);
    const Status drained = drain();
    m_lanes.clear();
    m_writer = nullptr;
    if (!outcome)
        return outcome;
    if (!flushed)
        return flushed;
    if (!drained)
        return drained;
    return m_incomplete ? Status(*std::exchange(m_incomplete, {})) : Status(Ok{});
}

Status PipelineRunner::runLanes(std::vector<RunnerSource> &sources)
{
    EVENTOPS_TRY(openLanes(sources));
    const bool finite = std::all_of(m_lanes.begin(), m_lanes.end(), [](const auto &l) { return l->source->finite(); });
    if (m_options.playback == nullptr)
        return finite && m_lanes.size() > 1 ? runMerged() : runInOrderOfArrival();
    if (!finite)
        return Error{Error::Code::InvalidArgument, "a source without an end cannot be played by a virtual clock", {},
                     "name captures, or leave the speed away"};
    const Status played = runMerged();
    m_options.playback->end();
    return played;
}

Result<std::unique_ptr<PipelineRunner::Lane>> PipelineRunner::openLane(RunnerSource &given)
{
    auto lane = std::make_unique<Lane>();
    lane->source = std::move(given.source);
    lane->progress = std::move(given.progress);
    if (lane->progress.key.empty())
        lane->progress.key = lane->source->key();
    lane->progress.title = lane->source->title();
    lane->progress.retention = given.retention.value_or(lane->source->retention());
    lane->progress.added = {};
    // A finished source is read again from the start, to count its records as duplicates.
    if (lane->source->grows())
        lane->progress.finished = false;
    EVENTOPS_TRY(lane->source->open(lane->progress.finished ? 0 : lane->progress.cursor));
    m_progress.bytesTotal += lane->source->sizeBytes();
    return lane;
}

void PipelineRunner::startReader(std::size_t index)
{
    Lane &lane = *m_lanes[index];
    lane.reader = std::make_unique<SourceLane>(
        *lane.source, static_cast<std::uint32_t>(index), lane.progress.cursor, *m_pool, m_batches, m_bell,
        [this](unsigned worker) -> DecodePhase & { return *m_phases[worker]; });
}

Status PipelineRunner::openLanes(std::vector<RunnerSource> &sources)
{
    for (RunnerSource &given : sources) {
        m_lanes.push_back(EVENTOPS_TRY(openLane(given)));
        m_sourceKeys.push_back(m_lanes.back()->progress.key);
    }
    for (std::size_t i = 0; i < m_lanes.size(); ++i)
        startReader(i);
    return Ok{};
}

/// Takes the lane's next item. False: none came within @p wait.
Result<bool> PipelineRunner::refill(Lane &lane, std::chrono::milliseconds wait)
{
    auto item = lane.reader->next(wait);
    if (!item)
        return false;
    if (item->error)
        return *item->error;
    if (!item->batch) {
        lane.ended = true;
        lane.reader.reset(); // its thread has ended; files may come and go for as long as a run lasts
        const Status complete = item->ended ? lane.source->complete() : Status(Ok{});
        if (!complete && !m_incomplete)
            m_incomplete = complete.error();
        if (item->ended && complete && !lane.progress.finished && !lane.source->grows()) {
            lane.progress.finished = true;
            lane.changed = true;
        }
        return true;
    }
    lane.progress.added.received += item->duplicates;
    lane.progress.added.duplicate += item->duplicates;
    m_progress.counters.received += item->duplicates;
    m_progress.counters.duplicate += item->duplicates;
    m_progress.bytesRead += item->bytes;
    lane.changed = lane.changed || item->duplicates > 0;
    lane.item = std::move(*item);
    lane.item.batch->tsIngest = m_options.clock->now();
    lane.record = 0;
    lane.event = 0;
    lane.deadLetter = 0;
    return true;
}

Status PipelineRunner::runInOrderOfArrival()
{
    auto flushedAt = std::chrono::steady_clock::now();
    for (;;) {
        bool open = false;
        bool heard = false; // of some lane, be it that there is nothing just now
        bool took = false;
        for (const auto &lane : m_lanes) {
            if (lane->ended)
                continue;
            if (stopped())
                lane->reader->stop();
            open = true;
            if (!EVENTOPS_TRY(refill(*lane, {})))
                continue;
            heard = true;
            if (lane->ended)
                continue;
            SourceProgress &progress = lane->progress;
            const bool empty = lane->item.batch->records.empty() && lane->item.batch->oversize.empty();
            took = took || !empty;
            if (empty && lane->item.positionEnd == progress.cursor && !lane->source->finite()) {
                m_batches.give(std::move(lane->item.batch)); // a live source that has nothing just now
                continue;
            }
            if (lane->item.positionEnd >= progress.cursor) {
                progress.cursor = lane->item.positionEnd;
                progress.hashedTo = lane->item.positionEnd;
                progress.prefixHash = lane->item.prefixHash;
            }
            lane->changed = true;
            if (empty) {
                m_batches.give(std::move(lane->item.batch));
                continue;
            }
            progress.finished = false; // a finished capture may have grown
            EVENTOPS_TRY(admit(std::move(lane->item.batch)));
        }
        if (!open)
            return Ok{};
        const bool onlyCompanions = std::all_of(
            m_lanes.begin(), m_lanes.end(), [](const auto &l) { return l->ended || l->source->companion(); });
        for (const auto &lane : m_lanes) {
            if (onlyCompanions && !lane->ended)
                lane->reader->stop();
        }
        lookAtSources();
        tellTrouble();
        const auto now = std::chrono::steady_clock::now();
        // A live stream may trickle without a pause, and a cursor may move without a record.
        const bool live = std::any_of(m_lanes.begin(), m_lanes.end(),
                                      [](const auto &l) { return !l->ended && l->changed && !l->source->finite(); });
        const bool due =
            (!took || live) && (m_groupRecords > 0 || live || viewDue()) && now - flushedAt >= m_options.commitDelay;
        if (due || hurried()) {
            EVENTOPS_TRY(flush(false));
            flushedAt = now;
        }
        if (!heard)
            m_bell.wait(PollTime);
    }
}

/// Somebody waits for what would be committed, and the writer has nothing else to do: what comes meanwhile is the next
/// group.
bool PipelineRunner::hurried() const
{
    return std::any_of(m_lanes.begin(), m_lanes.end(),
                       [](const auto &lane) { return lane->changed && lane->source->wantsReceipts(); })
           && m_writer->underWay() == 0;
}

/// What is to be told when @p group is committed; null: nobody wants to hear. It names sources, which stay until
/// the writer is idle, and no lanes, of which others may come meanwhile.
std::function<void()> PipelineRunner::receiptsOf(const CommitGroup &group) const
{
    std::vector<std::pair<Source *, std::vector<Receipt>>> told;
    std::vector<std::size_t> places(m_lanes.size(), 0); // in `told`, from 1
    for (std::size_t i = 0; i < m_lanes.size(); ++i) {
        if (!m_lanes[i]->source->wantsReceipts())
            continue;
        told.emplace_back(m_lanes[i]->source.get(), std::vector<Receipt>());
        places[i] = told.size();
    }
    if (told.empty())
        return m_options.committed;
    for (const auto &batch : group.batches) {
        auto letter = batch->deadLetters.begin();
        for (std::uint32_t i = 0; i < batch->records.size(); ++i) {
            const RawRecord &record = batch->records[i];
            while (letter != batch->deadLetters.end() && letter->record < i)
                ++letter;
            if (places[record.source] == 0)
                continue;
            Receipt receipt{record.position, record.outcome, {}, {}};
            if (letter != batch->deadLetters.end() && letter->record == i) {
                receipt.reason = batch->text(letter->reason);
                receipt.detail = batch->text(letter->detail);
            }
            told[places[record.source] - 1].second.push_back(std::move(receipt));
        }
    }
    return [told = std::move(told), andMore = m_options.committed] {
        for (const auto &[source, list] : told)
            source->committed(list);
        if (andMore)
            andMore();
    };
}

/// The lane whose record comes next, by number or by time; null: all have ended.
Result<PipelineRunner::Lane *> PipelineRunner::firstLane(bool numbered, Batch &merged, std::size_t &bytes)
{
    const auto before = [numbered](const Lane &a, const Lane &b) {
        return numbered ? a.headSeq() < b.headSeq() : a.headTime() < b.headTime();
    };
    Lane *first = nullptr;
    for (const auto &lane : m_lanes) {
        while (!lane->ended && !lane->hasRecord()) {
            if (stopped())
                lane->reader->stop();
            if (!EVENTOPS_TRY(refill(*lane, MergeWait)) || lane->ended) {
                lookAtSources();
                tellTrouble();
                continue;
            }
            for (OversizePart &part : lane->item.batch->oversize) {
                bytes += part.bytes.size();
                merged.oversize.push_back(std::move(part));
            }
        }
        if (lane->hasRecord() && (first == nullptr || before(*lane, *first)))
            first = lane.get();
    }
    return first;
}

void PipelineRunner::takeRecord(Lane &lane, Batch &merged)
{
    lane.progress.mergeTime = lane.headTime();
    lane.progress.finished = false;
    appendRecord(merged, *lane.item.batch, lane.record, lane.event, lane.deadLetter);
    ++lane.record;
    lane.changed = true;
    const Batch &source = *lane.item.batch;
    if (lane.record < source.records.size()) {
        lane.progress.cursor = source.records[lane.record].position;
    } else if (lane.item.positionEnd >= lane.progress.cursor) {
        lane.progress.cursor = lane.item.positionEnd;
        lane.progress.hashedTo = lane.item.positionEnd;
        lane.progress.prefixHash = lane.item.prefixHash;
        m_batches.give(std::move(lane.item.batch));
    }
}

/// Whether the next record may be taken (Full: yes).
PipelineRunner::Stretch PipelineRunner::pace(const Lane &next) const
{
    if (m_options.playback == nullptr)
        return Stretch::Full;
    switch (m_options.playback->admit(std::max(m_newest, next.headTime()))) {
    case Playback::Verdict::Pass: return Stretch::Full;
    case Playback::Verdict::Wait: return Stretch::Held;
    case Playback::Verdict::End: return Stretch::Ended;
    }
    return Stretch::Ended;
}

Status PipelineRunner::runMerged()
{
    if (m_lanes.empty())
        return Ok{};
    const std::string numbering = m_lanes.front()->source->numbering();
    const bool numbered = !numbering.empty() && std::all_of(m_lanes.begin(), m_lanes.end(), [&](const auto &l) {
        return l->source->numbering() == numbering;
    });
    for (;;) {
        auto merged = m_batches.take();
        merged->tsIngest = m_options.clock->now();
        std::size_t bytes = 0;
        Stretch stretch = Stretch::Full;
        const std::size_t recordsMax =
            m_options.playback != nullptr && m_options.playback->oneByOne() ? 1 : MergedRecordsMax;
        while (merged->records.size() < recordsMax && bytes < m_options.commitBytesMax) {
            Lane *const first = EVENTOPS_TRY(firstLane(numbered, *merged, bytes));
            stretch = first == nullptr ? Stretch::Ended : pace(*first);
            if (stretch != Stretch::Full)
                break;
            bytes += first->item.batch->records[first->record].size;
            takeRecord(*first, *merged);
        }
        if (!merged->records.empty() || !merged->oversize.empty()) {
            const std::uint64_t findings = m_progress.findings;
            EVENTOPS_TRY(admit(std::move(merged)));
            if (m_options.playback != nullptr && m_progress.findings > findings)
                m_options.playback->found();
        } else {
            m_batches.give(std::move(merged));
        }
        if (stretch == Stretch::Ended)
            return Ok{};
        if (stretch == Stretch::Held) {
            EVENTOPS_TRY(waitForPlayback());
            if (stopped())
                return Ok{}; // what is under way has not passed yet
        }
    }
}

/// What has passed is committed soon, for people to see.
Status PipelineRunner::waitForPlayback()
{
    const auto now = std::chrono::steady_clock::now();
    const bool stands = m_options.playback->state().mode == Playback::Mode::Paused;
    if ((m_groupRecords > 0 || viewDue()) && (stands || now - m_flushedAt >= PlaybackCommitDelay)) {
        EVENTOPS_TRY(flush(false));
        m_flushedAt = now;
    }
    tellTrouble();
    m_options.playback->wait(PlaybackWait);
    return Ok{};
}

Status PipelineRunner::admit(std::unique_ptr<Batch> batch)
{
    // A record that brings its number along keeps it where it can: gaps and epochs are then as they were.
    for (RawRecord &record : batch->records)
        m_lastSeq = record.seq = std::max(m_lastSeq + 1, record.seq);
    dropSeen(*batch);
    giveTimes(*batch);
    countOutcomes(*batch);
    m_engine->process(*batch, m_sourceKeys, m_pool.get(), m_output);

    m_progress.findings += m_output.findings.size();
    m_progress.suggestions += m_output.global.suggestions.size();
    const auto move = [](auto &from, auto &to) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    move(m_output.findings, m_group.findings);
    move(m_output.features, m_group.features);
    move(m_output.global.entities, m_group.entities);
    move(m_output.global.links, m_group.links);
    move(m_output.global.suggestions, m_group.suggestions);
    m_output.clear();

    m_groupRecords += batch->records.size();
    m_groupBytes += rawBytes(*batch);
    m_group.batches.push_back(std::move(batch));
    if (m_groupRecords >= m_options.commitRecordsMax || m_groupBytes >= m_options.commitBytesMax)
        return flush(false);
    return Ok{};
}

void PipelineRunner::dropSeen(Batch &batch)
{
    std::vector<std::size_t> events; // that have a key
    std::vector<std::uint64_t> keys;
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        const Event &event = batch.events[i];
        const StrId key = event[Field::IdempotencyKey] != NoStr ? event[Field::IdempotencyKey] : event[Field::EventId];
        if (key == NoStr)
            continue;
        events.push_back(i);
        keys.push_back(dedupeKeyHash(batch.text(event, Field::Tenant), batch.text(key)));
    }
    if (keys.empty())
        return;
    const std::vector<bool> isFresh = fresh(batch, events, keys);
    std::vector<bool> drop;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (isFresh[i])
            continue;
        drop.resize(batch.events.size(), false);
        drop[events[i]] = true;
    }
    if (!drop.empty())
        DecodePhase::removeEvents(batch, drop, Outcome::Duplicate);
}

/// Which of @p keys come for the first time, each that of the event beside it in @p events; from now on they are known.
std::vector<bool> PipelineRunner::fresh(const Batch &batch, std::span<const std::size_t> events,
                                        std::span<const std::uint64_t> keys)
{
    std::vector<bool> out(keys.size(), false);
    if (m_options.keys != nullptr) {
        for (std::size_t i = 0; i < keys.size(); ++i)
            out[i] = m_options.keys->admit(keys[i], batch.records[batch.events[events[i]].record].seq);
        return out;
    }
    const std::vector<bool> seen = m_writer->seen(keys);
    for (std::size_t i = 0; i < keys.size(); ++i)
        out[i] = !seen[i] && m_groupKeys.insert(keys[i]).second;
    return out;
}

void PipelineRunner::giveTimes(Batch &batch)
{
    for (Event &event : batch.events) {
        if (event.tsEvent == NoTime) {
            const Lane &lane = *m_lanes[batch.records[event.record].source];
            const bool byClock = !lane.source->finite() && m_options.keys == nullptr;
            event.tsEvent = byClock ? batch.tsIngest : m_lastTime != NoTime ? m_lastTime : WallNs{0};
        }
        m_lastTime = event.tsEvent;
        m_newest = std::max(m_newest, event.tsEvent);
    }
}

void PipelineRunner::countOutcomes(const Batch &batch)
{
    const auto count = [](Counters &counters, Outcome outcome) {
        ++counters.received;
        switch (outcome) {
        case Outcome::Stored: ++counters.stored; return;
        case Outcome::Skipped: ++counters.skipped; return;
        case Outcome::Duplicate: ++counters.duplicate; return;
        case Outcome::DeadLettered: ++counters.deadLettered; return;
        case Outcome::Pending: assert(false); return;
        }
    };
    for (const RawRecord &record : batch.records) {
        count(m_lanes[record.source]->progress.added, record.outcome);
        count(m_progress.counters, record.outcome);
    }
    for (const Event &event : batch.events)
        ++m_lanes[batch.records[event.record].source]->progress.added.events;
    m_progress.counters.events += batch.events.size();
}

Checkpoint PipelineRunner::makeCheckpoint() const
{
    StateWriter out;
    out.text(CheckpointVersion);
    out.i64(raw(m_lastTime));
    m_engine->save(out);
    if (m_options.keys != nullptr)
        m_options.keys->save(out);
    return {m_lastSeq, m_spec.hash, out.take()};
}

bool PipelineRunner::viewDue() const
{
    return m_lastSeq > m_viewSeq && m_engine->hasState() && std::chrono::steady_clock::now() >= m_viewAfter;
}

/// Only how often people get to see it goes by the clock; what they see is a function of the input.
void PipelineRunner::takeView(bool final)
{
    if (!viewDue() && !(final && m_lastSeq > m_viewSeq && m_engine->hasState()))
        return;
    const auto begun = std::chrono::steady_clock::now();
    m_group.view = m_engine->view();
    m_viewSeq = m_lastSeq;
    const auto ended = std::chrono::steady_clock::now();
    m_viewAfter = ended + std::max<std::chrono::steady_clock::duration>(ViewEvery, (ended - begun) * ViewShare);
}

Status PipelineRunner::flush(bool final)
{
    // All sources of the run, in its order: records name theirs by index.
    bool changed = false;
    for (const auto &lane : m_lanes) {
        m_group.sources.push_back(lane->progress);
        lane->progress.added = {};
        changed = changed || lane->changed;
        lane->changed = false;
    }
    const bool due = m_lastSeq - m_checkpointSeq >= m_options.checkpointRecords;
    const bool hasState = m_engine->hasState() || m_options.keys != nullptr;
    if (hasState && m_lastSeq > m_checkpointSeq && (due || final)) {
        m_group.checkpoint = makeCheckpoint();
        m_checkpointSeq = m_lastSeq;
    }
    takeView(final);
    if (!changed && !m_group.checkpoint && !m_group.view) {
        m_group.sources.clear();
        return Ok{};
    }
    m_group.lastSeq = m_lastSeq;
    m_group.watermark = m_newest == NoTime ? NoTime : m_newest + -m_spec.latenessNs;
    m_progress.watermark = m_group.watermark;
    EVENTOPS_TRY(handOver());
    m_group = {};
    m_groupKeys.clear();
    m_groupBytes = 0;
    m_groupRecords = 0;
    m_progress.chunks = {};
    for (const auto &lane : m_lanes) {
        m_progress.chunks.items += lane->reader != nullptr ? lane->reader->queued() : 0;
        m_progress.chunks.itemsMax += SourceLane::QueuedMax;
    }
    m_progress.commits = {m_writer->underWay(), CommitWriter::UnderWayMax};
    m_progress.trouble = trouble();
    if (m_options.progress)
        m_options.progress(m_progress);
    return Ok{};
}

/// Gives the group to the writer, however long it is held back.
Status PipelineRunner::handOver()
{
    std::function<void()> committed = receiptsOf(m_group);
    while (!EVENTOPS_TRY(m_writer->push(m_group, m_groupKeys, committed, TellEvery)))
        tellTrouble();
    return Ok{};
}

Status PipelineRunner::drain()
{
    while (!EVENTOPS_TRY(m_writer->drain(TellEvery)))
        tellTrouble();
    tellTrouble(); // that it is over
    return Ok{};
}

/// The ledger's trouble, else that of the first source that has any.
std::string PipelineRunner::trouble() const
{
    std::string trouble = m_writer->trouble();
    for (const SourceHealth &source : m_progress.sources) {
        if (!trouble.empty())
            break;
        trouble = source.trouble;
    }
    return trouble;
}

/// Also takes in streams that came up beside one that is read, as a topic's new partition. One that cannot be opened is
/// told at the end of the run, like all that a source says to be missing.
void PipelineRunner::lookAtSources()
{
    const auto now = std::chrono::steady_clock::now();
    if (now - m_lookedAt < TellEvery)
        return;
    m_lookedAt = now;
    bool told = false;
    m_progress.sources.resize(m_lanes.size());
    for (std::size_t i = 0; i < m_lanes.size(); ++i) {
        const Lane &lane = *m_lanes[i];
        SourceHealth health = lane.source->health();
        told = told || shown(health) != shown(m_progress.sources[i]);
        m_progress.sources[i] = std::move(health);
        if (lane.source->finite() || lane.ended)
            continue;
        for (auto &other : lane.source->takeOthers())
            m_coming.push_back({{std::move(other), {}, lane.progress.retention}, now});
    }
    addSources();
    if (told && m_options.progress)
        m_options.progress(m_progress);
}

void PipelineRunner::addSources()
{
    std::vector<Coming> waiting;
    for (Coming &one : std::exchange(m_coming, {})) {
        const auto added = addSource(one);
        if (!added && !m_incomplete)
            m_incomplete = added.error();
        if (added && !added.value())
            waiting.push_back(std::move(one));
    }
    m_coming = std::move(waiting);
}

/// A lane of its own for @p coming, there with its reader or not at all. False: what it reads is being read, which may
/// end soon; if it does not, they only begin alike.
Result<bool> PipelineRunner::addSource(Coming &coming)
{
    std::vector<SourceProgress> known = m_known;
    std::vector<std::string> beingRead;
    for (const auto &lane : m_lanes) {
        known.push_back(lane->progress);
        if (!lane->ended)
            beingRead.push_back(lane->progress.key);
    }
    RunnerSource &source = coming.source;
    source.progress = EVENTOPS_TRY(placeOf(*source.source, known));
    if (std::find(beingRead.begin(), beingRead.end(), source.progress.key) != beingRead.end()) {
        if (std::chrono::steady_clock::now() - coming.since < AlikeWait)
            return false;
        source.progress = EVENTOPS_TRY(placeOf(*source.source, known, beingRead));
    }
    auto lane = EVENTOPS_TRY(openLane(source));
    const std::size_t slot = EVENTOPS_TRY(freeSlot(lane->progress.key));
    m_sourceKeys[slot] = lane->progress.key;
    m_lanes[slot] = std::move(lane);
    startReader(slot);
    return true;
}

/// The place of a lane that has ended and of which nothing is under way, or one more: files may come and go for as long
/// as a run lasts. One of @p key is its place, so that no key has two.
Result<std::size_t> PipelineRunner::freeSlot(const std::string &key)
{
    const auto ended = [](const auto &lane) { return lane->ended && !lane->source->wantsReceipts(); };
    auto found = std::find_if(m_lanes.begin(), m_lanes.end(),
                              [&](const auto &lane) { return ended(lane) && lane->progress.key == key; });
    if (found == m_lanes.end())
        found = std::find_if(m_lanes.begin(), m_lanes.end(), ended);
    if (found == m_lanes.end()) {
        m_lanes.emplace_back();
        m_sourceKeys.emplace_back();
        return m_lanes.size() - 1;
    }
    EVENTOPS_TRY(flush(false)); // records of the group name their source by its place
    std::erase_if(m_known, [&](const SourceProgress &one) { return one.key == (*found)->progress.key; });
    m_known.push_back((*found)->progress);
    return static_cast<std::size_t>(found - m_lanes.begin());
}

void PipelineRunner::tellTrouble()
{
    std::string now = trouble();
    if (now == m_progress.trouble)
        return;
    m_progress.trouble = std::move(now);
    if (m_options.progress)
        m_options.progress(m_progress);
}

} // namespace eventops
