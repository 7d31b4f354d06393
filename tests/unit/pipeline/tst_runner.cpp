// SPDX-License-Identifier: MIT
//
// The runner alone: order, conservation, dedupe, epochs, recovery. Sources and stages are the test's own.
#include "core/base/hash.h"
#include "core/pipeline/runner.h"
#include "tests/support/memory_sink.h"
#include "tests/support/test_main.h"

#include <charconv>
#include <future>
#include <thread>

using namespace eventops;
using eventops::test::MemorySink;

namespace {

/// Records are "time tenant entity [key]"; "bad…" goes to the dead letters, "skip" gives no event.
class LineDecoder final : public RecordDecoder
{
public:
    void decode(Batch &batch) override
    {
        for (std::uint32_t r = 0; r < batch.records.size(); ++r) {
            RawRecord &record = batch.records[r];
            const std::string_view text = batch.raw(record);
            record.hash = hash64(text);
            if (text.starts_with("bad")) {
                record.outcome = Outcome::DeadLettered;
                batch.deadLetters.push_back({r, batch.strings.intern("bad_line"), batch.strings.append(text)});
                continue;
            }
            if (text == "skip") {
                record.outcome = Outcome::Skipped;
                continue;
            }
            record.outcome = Outcome::Stored;
            Event &event = batch.events.emplace_back();
            event.record = r;
            const std::size_t a = text.find(' '), b = text.find(' ', a + 1), c = text.find(' ', b + 1);
            std::int64_t time = 0;
            if (std::from_chars(text.data(), text.data() + a, time).ec == std::errc())
                event.tsEvent = WallNs{time};
            event[Field::Tenant] = batch.strings.intern(text.substr(a + 1, b - a - 1));
            event[Field::EntityId] = batch.strings.intern(text.substr(b + 1, c - b - 1));
            if (c != std::string_view::npos)
                event[Field::IdempotencyKey] = batch.strings.intern(text.substr(c + 1));
        }
    }
};

/// Lines of a text, a few records a chunk.
class TextSource final : public Source
{
public:
    TextSource(std::string name, std::string text, std::size_t recordsPerChunk, std::size_t failAfter = SIZE_MAX)
        : m_name(std::move(name)), m_text(std::move(text)), m_recordsPerChunk(recordsPerChunk), m_failAfter(failAfter)
    {
    }
    std::string key() const override { return m_name; }
    std::string title() const override { return m_name; }
    Status open(std::uint64_t cursor) override
    {
        m_at = cursor;
        return Ok{};
    }
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override
    {
        return hash64(std::string_view(m_text).substr(0, position)) == hash;
    }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &) override
    {
        if (m_chunks++ == m_failAfter)
            return Error{Error::Code::Io, "the test's disk failed"};
        if (m_at >= m_text.size())
            return false;
        chunk.position = m_at;
        while (chunk.records.size() < m_recordsPerChunk && m_at < m_text.size()) {
            const std::size_t end = m_text.find('\n', m_at);
            chunk.records.push_back(
                {static_cast<std::uint32_t>(m_at - chunk.position), static_cast<std::uint32_t>(end - m_at)});
            m_at = end + 1;
        }
        chunk.bytes = m_text.substr(chunk.position, m_at - chunk.position);
        chunk.positionEnd = m_at;
        chunk.prefixHash = hash64(std::string_view(m_text).substr(0, m_at));
        return true;
    }
    std::unique_ptr<RecordDecoder> makeDecoder() const override { return std::make_unique<LineDecoder>(); }

private:
    std::string m_name, m_text;
    std::size_t m_recordsPerChunk, m_failAfter;
    std::size_t m_at = 0, m_chunks = 0;
};

/// Says how often an entity was seen, and how many events the shared model knew at the last epoch.
class CountPartition final : public KeyedStage
{
public:
    explicit CountPartition(const std::uint64_t &shared) : m_shared(shared) {}
    void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &,
                 Emitter &emitter) override
    {
        for (const std::uint32_t index : events) {
            Finding finding;
            finding.name = "count";
            finding.message = std::string(batch.text(batch.events[index], Field::EntityId)) + " "
                              + std::to_string(++m_counts[batch.events[index].entityKey]) + " of "
                              + std::to_string(m_shared);
            ++delta;
            emitter.emit(index, std::move(finding));
        }
    }
    void save(StateWriter &out) const override
    {
        out.u64(delta);
        out.u64(m_counts.size());
        for (const auto &[key, count] : m_counts) {
            out.u64(key);
            out.u64(count);
        }
    }
    Status load(StateReader &in) override
    {
        delta = in.u64();
        for (std::uint64_t n = in.u64(); n > 0 && !in.failed(); --n) {
            const std::uint64_t key = in.u64();
            m_counts[key] = in.u64();
        }
        return Ok{};
    }
    std::uint64_t delta = 0;

private:
    const std::uint64_t &m_shared;
    std::map<std::uint64_t, std::uint64_t> m_counts;
};

class CountOperator final : public KeyedOperator
{
public:
    std::unique_ptr<KeyedStage> makePartition(unsigned) override { return std::make_unique<CountPartition>(m_known); }
    void mergeEpoch(std::span<const std::unique_ptr<KeyedStage>> partitions) override
    {
        for (const auto &partition : partitions) {
            auto &count = static_cast<CountPartition &>(*partition);
            m_known += count.delta;
            count.delta = 0;
        }
    }
    void save(StateWriter &out) const override { out.u64(m_known); }
    Status load(StateReader &in) override
    {
        m_known = in.u64();
        return Ok{};
    }

private:
    std::uint64_t m_known = 0;
};

Result<std::unique_ptr<KeyedOperator>> makeCount(const Value &)
{
    return std::unique_ptr<KeyedOperator>(std::make_unique<CountOperator>());
}
const StageSpec CountStage{"count", "Counts.", {}, {}, nullptr, makeCount, nullptr};

PipelineSpec spec()
{
    PipelineSpec pipeline;
    pipeline.stages.push_back({&CountStage, {}});
    pipeline.hash = "configuration";
    return pipeline;
}

std::string manyLines(std::size_t count)
{
    std::string text;
    for (std::size_t i = 0; i < count; ++i) {
        if (i % 97 == 13)
            text += "bad " + std::to_string(i) + '\n';
        else if (i % 101 == 7)
            text += "skip\n";
        else
            text += std::to_string(i * 10) + " acme host-" + std::to_string(i % 23) + '\n';
    }
    return text;
}

/// Hands out one record, and the end only when that one is committed.
class PatientSource final : public Source
{
public:
    explicit PatientSource(std::shared_future<void> committed, bool &seen)
        : m_committed(std::move(committed)), m_seen(seen)
    {
    }
    std::string key() const override { return "patient"; }
    std::string title() const override { return "patient"; }
    Status open(std::uint64_t) override { return Ok{}; }
    Result<bool> hasPrefix(std::uint64_t, std::uint64_t) const override { return true; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &) override
    {
        if (m_begun) {
            m_seen = m_committed.wait_for(std::chrono::seconds(20)) == std::future_status::ready;
            return false;
        }
        m_begun = true;
        chunk.bytes = "10 acme host-1";
        chunk.records.push_back({0, static_cast<std::uint32_t>(chunk.bytes.size())});
        chunk.positionEnd = chunk.bytes.size();
        return true;
    }
    std::unique_ptr<RecordDecoder> makeDecoder() const override { return std::make_unique<LineDecoder>(); }

private:
    std::shared_future<void> m_committed;
    bool &m_seen;
    bool m_begun = false;
};

/// Says when the first commit came.
class FirstCommit final : public CommitSink
{
public:
    Status commit(CommitGroup &) override
    {
        if (m_commits++ == 0)
            first.set_value();
        return Ok{};
    }
    std::vector<bool> seen(std::span<const std::uint64_t> keys) override { return std::vector<bool>(keys.size()); }
    std::promise<void> first;

private:
    std::size_t m_commits = 0;
};

struct Ran {
    MemorySink sink;
    Status status = Ok{};
};

void run(Ran &ran, const PipelineSpec &pipeline, std::vector<RunnerSource> sources, RunnerOptions options = {},
         const PipelineRunner::Replay &replay = {})
{
    auto runner = PipelineRunner::make(pipeline, ran.sink, std::move(options));
    QVERIFY(bool(runner));
    if (ran.sink.lastSeq > 0) {
        const std::vector<std::string> keys;
        QVERIFY(bool(runner.value()->restore(ran.sink.lastSeq, ran.sink.watermark, ran.sink.checkpoint, keys, replay)));
    }
    ran.status = runner.value()->run(std::move(sources));
}

std::vector<RunnerSource> one(std::string name, std::string text, std::size_t recordsPerChunk,
                              SourceProgress progress = {})
{
    std::vector<RunnerSource> sources(1);
    sources[0].source = std::make_unique<TextSource>(std::move(name), std::move(text), recordsPerChunk);
    sources[0].progress = std::move(progress);
    return sources;
}

} // namespace

class TestRunner : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void conservesEveryRecord()
    {
        const PipelineSpec pipeline = spec();
        Ran ran;
        run(ran, pipeline, one("a", manyLines(1000), 64));
        QVERIFY(bool(ran.status));
        const Counters totals = ran.sink.totals();
        QVERIFY(totals.conserved());
        QCOMPARE(totals.received, 1000u);
        QCOMPARE(totals.deadLettered, 11u);
        QCOMPARE(totals.skipped, 10u);
        QCOMPARE(totals.stored, 979u);
        QCOMPARE(ran.sink.events.size(), 979u);
        QCOMPARE(ran.sink.deadLetters.size(), 11u);
        QCOMPARE(ran.sink.lastSeq, Seq{1000});
        QVERIFY(ran.sink.sources["a"].finished);
    }

    void queuesAreMeasuredAndBounded()
    {
        const PipelineSpec pipeline = spec();
        Ran ran;
        RunnerOptions options;
        options.commitRecordsMax = 100;
        std::size_t looks = 0;
        bool bounded = true;
        options.progress = [&](const RunProgress &progress) {
            ++looks;
            bounded = bounded && progress.chunks.itemsMax > 0 && progress.chunks.items <= progress.chunks.itemsMax
                      && progress.commits.itemsMax > 0 && progress.commits.items <= progress.commits.itemsMax;
        };
        run(ran, pipeline, one("a", manyLines(5'000), 20), std::move(options));
        QVERIFY(bool(ran.status));
        QVERIFY(looks >= 50);
        QVERIFY(bounded);
    }

    void threadsAndChunksNeverShow()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(20'000); // crosses two epochs
        Ran reference;
        run(reference, pipeline, one("a", text, 8192));
        QVERIFY(bool(reference.status));
        std::size_t eventsInTwoEpochs = 0;
        for (std::size_t i = 0; i < 16'384; ++i)
            eventsInTwoEpochs += i % 97 != 13 && i % 101 != 7;
        QVERIFY(reference.sink.findings.back().ends_with(" of " + std::to_string(eventsInTwoEpochs)));
        for (const unsigned workers : {1u, 2u, 8u}) {
            for (const std::size_t records : {1u, 77u, 5000u}) {
                if (records == 1 && workers != 2)
                    continue;
                Ran ran;
                RunnerOptions options;
                options.workers = workers;
                options.commitRecordsMax = records * 3;
                run(ran, pipeline, one("a", text, records), std::move(options));
                QVERIFY(bool(ran.status));
                QCOMPARE(ran.sink.events, reference.sink.events);
                QCOMPARE(ran.sink.findings, reference.sink.findings);
                QCOMPARE(ran.sink.deadLetters, reference.sink.deadLetters);
                QVERIFY(ran.sink.checkpoint->bytes == reference.sink.checkpoint->bytes);
            }
        }
    }

    void resumesWhereItStopped()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(12'000);
        Ran reference;
        run(reference, pipeline, one("a", text, 500));
        Ran ran;
        RunnerOptions options;
        options.commitRecordsMax = 1000;
        std::vector<RunnerSource> failing(1);
        failing[0].source = std::make_unique<TextSource>("a", text, 500, 9);
        run(ran, pipeline, std::move(failing), std::move(options));
        QVERIFY(!ran.status);
        QCOMPARE(ran.status.error().code, Error::Code::Io);
        QCOMPARE(ran.sink.lastSeq, Seq{4500});
        QVERIFY(!ran.sink.sources["a"].finished);
        run(ran, pipeline, one("a", text, 500, ran.sink.sources["a"]));
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.events, reference.sink.events);
        QCOMPARE(ran.sink.findings, reference.sink.findings);
        QVERIFY(ran.sink.totals().conserved());
        QCOMPARE(ran.sink.totals().received, 12'000u);
    }

    void aFullLedgerLosesNothing()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(6'000);
        Ran ran;
        ran.sink.failAtCommit = 2;
        RunnerOptions options;
        options.commitRecordsMax = 1000;
        options.checkpointRecords = 1000;
        run(ran, pipeline, one("a", text, 500), options);
        QVERIFY(!ran.status);
        QCOMPARE(ran.status.error().code, Error::Code::Full);
        QCOMPARE(ran.sink.lastSeq, Seq{2000});
        ran.sink.failAtCommit = SIZE_MAX;
        run(ran, pipeline, one("a", text, 500, ran.sink.sources["a"]), options);
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.lastSeq, Seq{6000});
        QVERIFY(ran.sink.totals().conserved());
        QCOMPARE(ran.sink.totals().received, 6000u);
    }

    void aFullLedgerIsTriedAgain()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(6'000);
        Ran reference;
        RunnerOptions options;
        options.commitRecordsMax = 1000;
        run(reference, pipeline, one("a", text, 500), options);
        Ran ran;
        ran.sink.failAtCommit = 2;
        options.holdBackMax = std::chrono::seconds(60);
        std::vector<std::string> troubles;
        options.progress = [&](const RunProgress &progress) {
            if (troubles.empty() || troubles.back() != progress.trouble)
                troubles.push_back(progress.trouble);
        };
        run(ran, pipeline, one("a", text, 500), options);
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.events, reference.sink.events);
        QCOMPARE(ran.sink.commits, reference.sink.commits + 1);
        QCOMPARE(troubles.size(), std::size_t{3});
        QVERIFY2(troubles[1].find("no room") != std::string::npos, troubles[1].c_str());
        QVERIFY(troubles[2].empty());
    }

    void aFinishedCaptureCountsAsDuplicates()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(500);
        Ran ran;
        run(ran, pipeline, one("a", text, 100));
        const auto events = ran.sink.events;
        run(ran, pipeline, one("a", text, 33, ran.sink.sources["a"]));
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.events, events);
        QCOMPARE(ran.sink.totals().received, 1000u);
        QCOMPARE(ran.sink.totals().duplicate, 500u);
        QVERIFY(ran.sink.totals().conserved());
        // It has grown: only the rest is new.
        run(ran, pipeline, one("a", text + "99999 acme new\n", 33, ran.sink.sources["a"]));
        QCOMPARE(ran.sink.events.size(), events.size() + 1);
        QCOMPARE(ran.sink.totals().duplicate, 1000u);
    }

    void capturesMergeByEventTime()
    {
        const PipelineSpec pipeline = spec();
        std::vector<RunnerSource> sources(2);
        sources[0].source = std::make_unique<TextSource>("first", "10 t a\n30 t b\nbad x\n30 t c\n50 t d\n", 2);
        sources[1].source = std::make_unique<TextSource>("second", "bad y\n20 t e\n30 t f\n40 t g\n", 1);
        Ran ran;
        run(ran, pipeline, std::move(sources));
        QVERIFY(bool(ran.status));
        std::string order;
        for (const std::string &event : ran.sink.events)
            order += event.substr(event.find("entity.id=") + 10);
        QCOMPARE(order, std::string("aebcfgd")); // ties by the order of the arguments
        QCOMPARE(ran.sink.deadLetters.size(), 2u);
        QVERIFY(ran.sink.deadLetters[0].starts_with("1 ")); // without a time it stays where it stands in its capture
        QVERIFY(ran.sink.sources["first"].finished && ran.sink.sources["second"].finished);
        QVERIFY(ran.sink.totals().conserved());
    }

    void aRepeatedKeyIsADuplicate()
    {
        const PipelineSpec pipeline = spec();
        Ran ran;
        RunnerOptions options;
        options.commitRecordsMax = 2; // the repeat lies in a later commit
        run(ran, pipeline, one("a", "1 t a k1\n2 t a k2\n3 u a k1\n4 t b k1\n5 t b k2\n6 t c\n", 1),
            std::move(options));
        QCOMPARE(ran.sink.totals().stored, 4u);
        QCOMPARE(ran.sink.totals().duplicate, 2u); // a key counts within its tenant
        QVERIFY(ran.sink.totals().conserved());
    }

    void aMissingTimeIsThePredecessors()
    {
        const PipelineSpec pipeline = spec();
        Ran ran;
        run(ran, pipeline, one("a", "x t a\n70 t b\nx t c\n", 1));
        QVERIFY(ran.sink.events[0].starts_with("1/0 0 "));
        QVERIFY(ran.sink.events[2].starts_with("3/0 70 "));
        QCOMPARE(raw(ran.sink.watermark), 70);
    }

    void aSlowSourceIsCommittedMeanwhile()
    {
        FirstCommit sink;
        bool seen = false;
        const PipelineSpec pipeline = spec();
        auto runner = PipelineRunner::make(pipeline, sink, {});
        QVERIFY(bool(runner));
        std::vector<RunnerSource> sources(1);
        sources[0].source = std::make_unique<PatientSource>(sink.first.get_future().share(), seen);
        QVERIFY(bool(runner.value()->run(std::move(sources))));
        QVERIFY(seen);
    }

    /// Whatever a person does with the virtual clock, the ledger holds the same in the end.
    void playingNeverShows()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = manyLines(400);
        Ran reference;
        run(reference, pipeline, one("a", text, 64));
        for (const bool hasty : {false, true}) {
            Ran ran;
            Playback::Options begin;
            begin.paused = true;
            begin.speed = hasty ? PlaybackSpeedMax : 1e6;
            Playback playback(std::move(begin));
            RunnerOptions options;
            options.playback = &playback;
            std::thread person([&] {
                for (int i = 0; i < 20; ++i) {
                    playback.step(static_cast<std::uint64_t>(i));
                    playback.findNext();
                    playback.pause();
                }
                playback.play();
                while (playback.state().mode != Playback::Mode::Ended) {
                    playback.findNext();
                    playback.play();
                    std::this_thread::yield();
                }
            });
            run(ran, pipeline, one("a", text, 64), std::move(options));
            person.join();
            QVERIFY(bool(ran.status));
            QCOMPARE(ran.sink.events, reference.sink.events);
            QCOMPARE(ran.sink.findings, reference.sink.findings);
            QCOMPARE(ran.sink.deadLetters, reference.sink.deadLetters);
            QCOMPARE(ran.sink.totals().stored, reference.sink.totals().stored);
            QVERIFY(ran.sink.totals().conserved());
            QVERIFY(ran.sink.sources["a"].finished);
        }
    }

    /// A playback that ends early leaves the cursor at the first record that did not pass.
    void playingStopsAtATimeAndGoesOn()
    {
        const PipelineSpec pipeline = spec();
        const std::string text = "10 t a\n20 t b\n30 t c\n25 t d\n40 t e\n";
        Ran ran;
        Playback::Options early;
        early.speed = PlaybackSpeedMax;
        early.until = WallNs{30};
        Playback playback(std::move(early));
        RunnerOptions options;
        options.playback = &playback;
        run(ran, pipeline, one("a", text, 3), std::move(options));
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.events.size(), std::size_t{2});
        QVERIFY(!ran.sink.sources["a"].finished);
        QCOMPARE(ran.sink.sources["a"].cursor, std::uint64_t{14});
        run(ran, pipeline, one("a", text, 3, ran.sink.sources["a"]));
        QCOMPARE(ran.sink.events.size(), std::size_t{5});
        QVERIFY(ran.sink.totals().conserved());
        QCOMPARE(ran.sink.totals().duplicate, 0u);
    }

    void aStepIsARecordAndIsCommitted()
    {
        const PipelineSpec pipeline = spec();
        Ran ran;
        Playback::Options paused;
        paused.paused = true;
        Playback playback(std::move(paused));
        std::atomic<bool> stop{false};
        std::atomic<std::uint64_t> committed{0};
        RunnerOptions options;
        options.playback = &playback;
        options.stop = &stop;
        options.progress = [&](const RunProgress &progress) { committed = progress.counters.stored; };
        std::thread person([&] {
            for (std::uint64_t wanted = 1; wanted <= 3; ++wanted) {
                playback.step(1);
                while (committed < wanted)
                    std::this_thread::yield();
            }
            stop = true;
        });
        run(ran, pipeline, one("a", "10 t a\n20 t b\n900000 t c\n900001 t d\n", 100), std::move(options));
        person.join();
        QVERIFY(bool(ran.status));
        QCOMPARE(ran.sink.events.size(), std::size_t{3});
        QVERIFY(!ran.sink.sources["a"].finished);
    }
};

EVENTOPS_TEST(TestRunner)
#include "tst_runner.moc"
