// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/limits.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QFileInfo>

#include <sqlite3.h>

#include <bit>
#include <cmath>
#include <map>

using namespace eventops;
using namespace eventops::test;

namespace {

/// All events of a ledger, each as one comparable text: place, numbers and every field with its presence.
std::vector<std::string> dump(Ledger &ledger, Seq after = 0)
{
    std::vector<std::string> out;
    const Status status = ledger.replay(after, [&](Batch &batch) -> Status {
        for (const Event &event : batch.events) {
            const RawRecord &record = batch.records[event.record];
            std::string line = std::to_string(record.seq) + '/' + std::to_string(event.emission) + '@'
                               + std::to_string(record.position) + '#' + std::to_string(record.hash) + " t"
                               + std::to_string(raw(event.tsEvent)) + " v"
                               + (event.hasValue ? std::to_string(std::bit_cast<std::uint64_t>(event.value)) : "-")
                               + " s" + std::to_string(static_cast<int>(event.severity)) + " k"
                               + std::to_string(event.entityKey);
            for (std::size_t f = 0; f < FieldCount; ++f) {
                if (event.text[f] != NoStr)
                    line += '|' + std::to_string(f) + '=' + std::string(batch.text(event.text[f]));
            }
            out.push_back(std::move(line));
        }
        return Ok{};
    });
    if (!status)
        out.push_back(status.error().text());
    return out;
}

std::string dumpOne(const Batch &batch, const Event &event)
{
    const RawRecord &record = batch.records[event.record];
    std::string line =
        std::to_string(record.seq) + '/' + std::to_string(event.emission) + '@' + std::to_string(record.position) + '#'
        + std::to_string(record.hash) + " t" + std::to_string(raw(event.tsEvent)) + " v"
        + (event.hasValue ? std::to_string(std::bit_cast<std::uint64_t>(event.value)) : "-") + " s"
        + std::to_string(static_cast<int>(event.severity)) + " k"
        + std::to_string(entityKey(batch.text(event, Field::Tenant), batch.text(event, Field::EntityType),
                                   batch.text(event, Field::EntityId)));
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if (event.text[f] != NoStr)
            line += '|' + std::to_string(f) + '=' + std::string(batch.text(event.text[f]));
    }
    return line;
}

std::vector<std::string> dump(const Batch &batch)
{
    std::vector<std::string> out;
    for (const Event &event : batch.events)
        out.push_back(dumpOne(batch, event));
    return out;
}

/// A deterministic stream with odd spots, @p count records from @p first on.
std::unique_ptr<Batch> sample(Seq first, std::size_t count)
{
    BatchMaker maker(first, (first - 1) * 40);
    const char *metrics[] = {"cpu_load", "mem_used", "disk_used"};
    for (std::size_t n = 0; n < count; ++n) {
        const std::uint64_t i = first + n;
        char bytes[40];
        std::snprintf(bytes, sizeof bytes, "{\"line\":%030llu}", static_cast<unsigned long long>(i));
        maker.record(std::string_view(bytes, 39));
        const std::string tenant = "tenant-" + std::to_string(i * 7 % 5);
        const std::string host = "host-" + std::to_string(i / 3 % 50);
        const WallNs ts{1'600'000'000'000'000'000 + static_cast<std::int64_t>(i / 4) * NsPerSecond};
        for (std::uint64_t e = 0; e < (i % 97 == 0 ? 3u : 1u); ++e) {
            Event &event = maker.event(tenant, {{Field::SourceId, host}, {Field::Metric, metrics[i % 3]}}, ts);
            event[Field::EntityType] = maker.batch().strings.intern("host");
            event[Field::EntityId] = event[Field::SourceId];
            event.value = static_cast<double>(i % 1000) / 10.0;
            event.hasValue = i % 5 != 0;
            if (i % 11 == 0)
                event[Field::Message] = maker.batch().strings.append("message " + std::to_string(i));
            if (i % 2 == 0)
                event[Field::IdempotencyKey] =
                    maker.batch().strings.append("key-" + std::to_string(i) + '-' + std::to_string(e));
            event.severity = i % 13 == 0 ? Severity::Warning : Severity::Unset;
        }
    }
    return maker.take();
}

std::vector<std::string> commitSample(Ledger &ledger, std::size_t records, std::size_t perBatch,
                                      std::size_t batchesPerGroup)
{
    std::vector<std::string> expected;
    CommitGroup group;
    for (std::size_t at = 0; at < records;) {
        const std::size_t count = std::min(perBatch, records - at);
        auto batch = sample(at + 1, count);
        for (std::string &line : dump(*batch))
            expected.push_back(std::move(line));
        at += count;
        CommitGroup one = groupOf(std::move(batch));
        if (group.batches.empty())
            group = std::move(one);
        else {
            group.batches.push_back(std::move(one.batches.front()));
            group.sources.front().added += one.sources.front().added;
            group.sources.front().cursor = one.sources.front().cursor;
            group.lastSeq = one.lastSeq;
        }
        if (group.batches.size() == batchesPerGroup || at == records) {
            const Status status = ledger.commit(group);
            if (!status)
                qFatal("%s", status.error().text().c_str());
            group = {};
        }
    }
    return expected;
}

bool isSeen(CommitSink &sink, std::uint64_t key)
{
    return sink.seen({&key, 1}).front();
}

} // namespace

class TestLedger : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void emptyLedger()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        QCOMPARE(ledger->lastSeq().value(), Seq{0});
        QCOMPARE(raw(ledger->watermark().value()), raw(NoTime));
        QVERIFY(ledger->sources().value().empty());
        QVERIFY(!ledger->checkpoint("x").value());
        QVERIFY(dump(*ledger).empty());
        QVERIFY(!isSeen(*ledger, 42));
        QCOMPARE(ledger->verifyAudit().value(), std::uint64_t{0});
        QCOMPARE(ledger->digest().value().size(), std::size_t{64});
    }

    void everyFieldComesBack()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("{\"a\":1}");
        Event &full = maker.event("t", {}, WallNs{-5});
        for (std::size_t f = 0; f < FieldCount; ++f)
            full.text[f] = maker.batch().strings.intern("text of " + std::string(toString(static_cast<Field>(f))));
        full[Field::ValueText] = maker.batch().strings.intern("9007199254740993");
        full.hasValue = true;
        full.value = 9007199254740992.0;
        full.severity = Severity::Critical;
        maker.record("second");
        Event &bare = maker.event("t", {{Field::Message, ""}}, NoTime);
        bare.value = 0.0;
        maker.record(std::string_view("nul\0inside", 10));
        maker.event("t", {{Field::Message, std::string_view("a\0b", 3)}, {Field::TsText, "2020-13-99"}},
                    WallNs{INT64_MAX});
        auto batch = maker.take();
        const auto expected = dump(*batch);
        CommitGroup group = groupOf(std::move(batch));
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(dump(*ledger), expected);
        QVERIFY(expected[1].find("|18=") != std::string::npos); // empty is not absent
        ledger.reset();
        QCOMPARE(dump(*workspace.open(LedgerMode::Read)), expected);
    }

    void doublesComeBackBitForBit()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        const double odd[] = {
            0.0,      -0.0,      0.1,        0.3,  1e300, -1e-300, 5e-324,   85.0, 92.25, 1.0 / 3.0, 9007199254740993.0,
            INFINITY, -INFINITY, 123456.789, 1e15, 1e16,  -17.5,   4034649.0};
        for (int round = 0; round < 20; ++round) {
            for (const double value : odd) {
                maker.record("r");
                Event &event = maker.event("t", {});
                event.value = value;
                event.hasValue = true;
            }
            for (int i = 0; i < (round < 10 ? 0 : 40); ++i) { // decimals with few odd ones among them
                maker.record("r");
                Event &event = maker.event("t", {});
                event.value = static_cast<double>(i) / 100.0;
                event.hasValue = true;
            }
        }
        auto batch = maker.take();
        const auto expected = dump(*batch);
        CommitGroup group = groupOf(std::move(batch));
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(dump(*ledger), expected);
    }

    void timeTextsComeBack()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        const char *texts[] = {
            "2020-09-13T12:26:40Z",      "2020-09-13T12:26:40.000Z", "2020-09-13 12:26:40", "yesterday", "",
            "2020-09-13T12:26:40+00:00", "2020-09-13T14:26:40+02:00"};
        for (int i = 0; i < 500; ++i) {
            maker.record("r");
            maker.event("regular", {{Field::TsText, "2020-09-13T12:26:40.5Z"}}, WallNs{1'600'000'000'500'000'000});
            maker.record("r");
            maker.event("mixed", {{Field::TsText, texts[i % 7]}}, WallNs{1'600'000'000'000'000'000});
            maker.record("r");
            Event &event = maker.event("rarely odd", {{Field::TsText, i % 50 == 3 ? "odd" : "2020-09-13T12:26:40Z"}});
            if (i % 70 == 5)
                event[Field::TsText] = NoStr;
        }
        auto batch = maker.take();
        const auto expected = dump(*batch);
        CommitGroup group = groupOf(std::move(batch));
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(dump(*ledger), expected);
    }

    void manyRowsAndTenants()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        const auto expected = commitSample(*ledger, 30'000, 5'000, 2);
        QCOMPARE(dump(*ledger), expected);
        QCOMPARE(ledger->lastSeq().value(), Seq{30'000});
        const std::size_t half = expected.size() / 2;
        const Seq after = std::stoull(expected[half]);
        std::vector<std::string> tail;
        for (const std::string &line : expected) {
            if (std::stoull(line) > after)
                tail.push_back(line);
        }
        QCOMPARE(dump(*ledger, after), tail);
        const Counters counters = ledger->counters().value();
        QVERIFY(counters.conserved());
        QCOMPARE(counters.stored, std::uint64_t{30'000});
        QCOMPARE(counters.events, std::uint64_t{expected.size()});
    }

    /// Told from within the log, it is what the file has once the log is folded into it.
    void sizeIsThatOfTheFileWithoutItsLog()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        commitSample(*ledger, 3'000, 100, 2);
        const QString file = workspace.directory.filePath(QStringLiteral("ledger.db"));
        const std::uint64_t told = workspace.open(LedgerMode::Read)->sizeBytes().value();
        QCOMPARE(ledger->sizeBytes().value(), told);
        QVERIFY(QFileInfo(file + QStringLiteral("-wal")).size() > 0);
        QVERIFY(static_cast<std::uint64_t>(QFileInfo(file).size()) < told);
        ledger.reset();
        QCOMPARE(static_cast<std::uint64_t>(QFileInfo(file).size()), told);
    }

    void digestDoesNotDependOnGroups()
    {
        std::string digests[4];
        const std::size_t shapes[4][2] = {{9'000, 1}, {1'000, 3}, {777, 2}, {4'097, 1}};
        for (int i = 0; i < 4; ++i) {
            Workspace workspace;
            workspace.clock.set(WallNs{i * 1000});
            auto ledger = workspace.open(LedgerMode::Engine, i % 2 == 0);
            commitSample(*ledger, 9'000, shapes[i][0], shapes[i][1]);
            digests[i] = ledger->digest().value();
        }
        QCOMPARE(digests[1], digests[0]);
        QCOMPARE(digests[2], digests[0]);
        QCOMPARE(digests[3], digests[0]);
        Workspace other;
        auto ledger = other.open();
        commitSample(*ledger, 8'999, 9'000, 1);
        QVERIFY(ledger->digest().value() != digests[0]);
    }

    void eventsStandAtPlaces()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        commitSample(*ledger, 10'000, 3'000, 2);
        struct Seen {
            std::string id, metric;
            Seq seq;
            std::uint16_t emission;
            bool operator==(const Seen &) const = default;
        };
        std::vector<Seen> all, some;
        const auto into = [](std::vector<Seen> &out) {
            return [&out](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t = 0) {
                for (const std::uint32_t row : rows) {
                    const Event &event = batch.events[row];
                    out.push_back({std::string(batch.text(event, Field::EventId)),
                                   std::string(batch.text(event, Field::Metric)), batch.records[event.record].seq,
                                   event.emission});
                }
                return true;
            };
        };
        EVENTOPS_OK(ledger->events(Filter(), {}, into(all)));
        QCOMPARE(ledger->eventCount().value(), std::uint64_t{all.size()});
        for (const auto &[first, count] : std::initializer_list<std::pair<std::size_t, std::size_t>>{
                 {0, 1}, {0, 5'000}, {2'999, 3}, {4'095, 2}, {9'000, 4'096}, {all.size() - 1, 10}, {0, all.size()}}) {
            some.clear();
            EVENTOPS_OK(ledger->eventsAt(first, count, AllFields, into(some)));
            const std::size_t end = std::min(all.size(), first + count);
            QCOMPARE(some.size(), end - first);
            QVERIFY(std::equal(some.begin(), some.end(), all.begin() + static_cast<std::ptrdiff_t>(first)));
        }
        some.clear();
        EVENTOPS_OK(ledger->eventsAt(all.size(), 1, AllFields, into(some)));
        QVERIFY(some.empty());
        for (const std::size_t place : {std::size_t{0}, std::size_t{97}, std::size_t{5'000}, all.size() - 1})
            QCOMPARE(ledger->placeOf(all[place].seq, all[place].emission).value(), std::uint64_t{place});
        QVERIFY(!ledger->placeOf(1'000'000, 0));

        // What is committed later stands behind, also for a ledger opened before.
        auto reader = workspace.open(LedgerMode::Read);
        QCOMPARE(reader->eventCount().value(), std::uint64_t{all.size()});
        BatchMaker more(10'001, 1'000'000);
        more.record("{}");
        more.event("later", {{Field::Metric, "swap"}});
        CommitGroup group = groupOf(more.take());
        EVENTOPS_OK(ledger->commit(group));
        some.clear();
        EVENTOPS_OK(reader->eventsAt(all.size(), 10, 1U << static_cast<unsigned>(Field::Metric), into(some)));
        QCOMPARE(some.size(), std::size_t{1});
        QCOMPARE(some.front().metric, std::string("swap"));
    }

    void eventsFilteredAndBounded()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        commitSample(*ledger, 10'000, 4'000, 1);
        const auto collect = [&](const Filter &filter, QueryBounds bounds) {
            std::vector<std::string> out;
            const Status status =
                ledger->events(filter, bounds, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
                    for (const std::uint32_t row : rows) {
                        const Event &event = batch.events[row];
                        const RawRecord &record = batch.records[event.record];
                        out.push_back(std::to_string(record.seq) + ' ' + std::string(batch.raw(record)) + ' '
                                      + std::string(batch.text(event, Field::Metric)));
                        if (batch.text(event, Field::EventId).size() != 36)
                            out.push_back("no event id");
                    }
                    return true;
                });
            return status ? out : std::vector<std::string>{status.error().text()};
        };
        const auto all = collect(Filter(), {});
        QCOMPARE(all.size(), std::size_t{10'000 + 2 * (10'000 / 97)});
        QCOMPARE(all.front(), std::string("1 {\"line\":000000000000000000000000000001} mem_used"));
        auto reversed = collect(Filter(), {.oldestFirst = false});
        std::reverse(reversed.begin(), reversed.end());
        QCOMPARE(reversed, all);
        const auto newest = collect(Filter(), {.rowsMax = 3, .oldestFirst = false});
        QCOMPARE(newest.size(), std::size_t{3});
        QCOMPARE(newest.front(), all.back());
        const Filter filter = Filter::parse("metric = cpu_load").value();
        std::vector<std::string> expected;
        for (const std::string &line : all) {
            if (line.ends_with(" cpu_load"))
                expected.push_back(line);
        }
        QCOMPARE(collect(filter, {}), expected);
        QVERIFY(collect(Filter::parse("metric = nothing_like_it").value(), {}).empty());
        QCOMPARE(collect(Filter::parse("idempotency_key = key-5002-0").value(), {}).size(), std::size_t{1});
    }

    void keysAreSeenAfterCommitAndReopen()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        for (int part = 0; part < 12; ++part) { // enough runs to be merged
            CommitGroup group = groupOf(sample(static_cast<Seq>(part) * 100 + 1, 100));
            const std::uint64_t key = dedupeKeyHash("tenant-" + std::to_string((part * 100 + 2) * 7 % 5),
                                                    "key-" + std::to_string(part * 100 + 2) + "-0");
            QVERIFY(!isSeen(*ledger, key));
            EVENTOPS_OK(ledger->commit(group));
            QVERIFY(isSeen(*ledger, key));
        }
        ledger.reset();
        ledger = workspace.open();
        std::vector<std::uint64_t> keys;
        for (int i = 1; i <= 1200; ++i)
            keys.push_back(
                dedupeKeyHash("tenant-" + std::to_string(i * 7 % 5), "key-" + std::to_string(i) + "-0"));
        const std::vector<bool> seen = ledger->seen(keys);
        QCOMPARE(seen.size(), keys.size());
        for (int i = 1; i <= 1200; ++i) {
            const bool stored = i % 2 == 0;
            QCOMPARE(bool(seen[static_cast<std::size_t>(i) - 1]), stored);
            QCOMPARE(isSeen(*ledger, keys[static_cast<std::size_t>(i) - 1]), stored);
        }
        QVERIFY(!isSeen(*ledger, dedupeKeyHash("another tenant", "key-2-0")));
    }

    void redactedRawIsKeptRedacted()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("plain one");
        maker.event("t", {});
        RawRecord &record = maker.record("card 4111");
        record.redacted = maker.batch().strings.intern("card ****");
        maker.event("t", {});
        CommitGroup group = groupOf(maker.take());
        EVENTOPS_OK(ledger->commit(group));
        std::vector<std::string> found;
        EVENTOPS_OK(ledger->events(Filter(), {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
            for (const std::uint32_t row : rows) {
                const RawRecord &r = batch.records[batch.events[row].record];
                found.push_back(std::string(batch.raw(r)) + (r.redacted != NoStr ? " redacted" : ""));
            }
            return true;
        }));
        QCOMPARE(found, (std::vector<std::string>{"plain one", "card **** redacted"}));
    }

    void deadLettersKeepTheirBytes()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.deadLetter("bro\xff{", "invalid_utf8", "byte 3 is no UTF-8");
        maker.deadLetter("", "empty", "nothing there");
        maker.batch().oversize.push_back({100, 0, 0, "part zero,"});
        maker.batch().oversize.push_back({100, 0, 1, "part one"});
        CommitGroup group = groupOf(maker.take());
        EVENTOPS_OK(ledger->commit(group));
        const auto list = [&](std::uint64_t bytesMax) {
            std::vector<std::string> out;
            static_cast<void>(bool(ledger->deadLetters({}, bytesMax, [&](const DeadLetterRow &row) {
                out.push_back(std::to_string(row.seq) + ' ' + row.reason + ' ' + std::to_string(row.size) + ' '
                              + row.state + ' ' + row.bytes);
                return true;
            })));
            return out;
        };
        QCOMPARE(list(4), (std::vector<std::string>{"0 record_too_long 18 waiting part",
                                                    "1 invalid_utf8 5 waiting bro\xff", "2 empty 0 waiting "}));
        // The same part again is one part; then the record's own dead letter gives it a number.
        BatchMaker again(3, 100);
        again.batch().oversize.push_back({100, 0, 1, "part one"});
        again.deadLetter("", "record_too_long", "18 bytes");
        CommitGroup second = groupOf(again.take());
        EVENTOPS_OK(ledger->commit(second));
        QCOMPARE(list(100).front(), std::string("3 record_too_long 18 waiting part zero,part one"));
        EVENTOPS_OK(ledger->markRedriven(2));
        QCOMPARE(list(0)[1], std::string("1 invalid_utf8 5 redriven "));
        QCOMPARE(ledger->markRedriven(99).error().code, Error::Code::NotFound);
        QCOMPARE(ledger->counters().value().deadLettered, std::uint64_t{3});
    }

    void stateComesBack()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("r");
        maker.event("t", {});
        CommitGroup group = groupOf(maker.take());
        group.watermark = WallNs{500};
        group.checkpoint = Checkpoint{1, "config", std::string("state\0bytes", 11)};
        group.sources.front().prefixHash = 0xffffffffffffffffULL;
        group.sources.front().finished = true;
        EVENTOPS_OK(ledger->commit(group));
        BatchMaker next(2);
        next.record("r");
        CommitGroup older = groupOf(next.take());
        older.watermark = WallNs{100};
        EVENTOPS_OK(ledger->commit(older));
        QCOMPARE(raw(ledger->watermark().value()), std::int64_t{500});
        QCOMPARE(ledger->lastSeq().value(), Seq{2});
        const auto checkpoint = ledger->checkpoint("config").value();
        QVERIFY(checkpoint.has_value());
        QCOMPARE(checkpoint->bytes, std::string("state\0bytes", 11));
        QVERIFY(!ledger->checkpoint("other").value());
        const auto sources = ledger->sources().value();
        QCOMPARE(sources.size(), std::size_t{1});
        QCOMPARE(sources[0].progress.added.received, std::uint64_t{2});
        QCOMPARE(sources[0].progress.prefixHash, std::uint64_t{0});
        EVENTOPS_OK(ledger->recordInput({0, "decision", 0, "{}"}));
        const auto waiting = ledger->waitingInput().value();
        QCOMPARE(waiting.size(), std::size_t{1});
        EVENTOPS_OK(ledger->takeInput(waiting[0].number, 2));
        QVERIFY(ledger->waitingInput().value().empty());
    }

    void theViewOfTheStagesIsReplacedAndNoResult()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("r");
        maker.event("t", {});
        CommitGroup group = groupOf(maker.take());
        CaseExpectation one;
        one.tenant = "t";
        one.entityId = "order:1";
        one.since = WallNs{5};
        one.next = {{"paid", 0.75, false}};
        group.view = StageView{{one}, {}, {}};
        EVENTOPS_OK(ledger->commit(group));
        QVERIFY(ledger->expectations().value() == std::vector<CaseExpectation>{one});
        const std::string digest = ledger->digest().value();
        CommitGroup nothing; // a view may come alone, long after what it is of
        one.entityId = "order:2";
        StepMachine machine;
        machine.entityType = "order";
        machine.steps = {{"paid", MachineStep::Kind::Step, 3}};
        JudgementView judgement;
        judgement.falsePerDay = 12.5;
        judgement.verdicts = 3;
        judgement.kinds.push_back({"extra steps", 10, 2, 1, 1e6, 12.25});
        judgement.heldBack.push_back({"waits", WallNs{5}, "acme", "order", "order:\"7\"", "paid", 9.5, 12.25});
        nothing.view = StageView{{one}, {machine}, judgement};
        nothing.lastSeq = 1;
        EVENTOPS_OK(ledger->commit(nothing));
        QVERIFY(ledger->expectations().value() == std::vector<CaseExpectation>{one});
        QVERIFY(ledger->stepMachines().value() == std::vector<StepMachine>{machine});
        QVERIFY(ledger->judgement().value() == judgement);
        CommitGroup without;
        without.lastSeq = 1;
        EVENTOPS_OK(ledger->commit(without));
        QCOMPARE(ledger->expectations().value().size(), std::size_t{1}); // it stays
        QCOMPARE(ledger->digest().value(), digest);
        ledger.reset();
        {
            sqlite3 *old = nullptr;
            QCOMPARE(openAsWe(workspace.path() + "/ledger.db", &old), SQLITE_OK);
            QCOMPARE(sqlite3_exec(old, "DROP TABLE stage_view; PRAGMA user_version = 4", nullptr, nullptr, nullptr),
                     SQLITE_OK);
            sqlite3_close(old);
        }
        QVERIFY(workspace.open(LedgerMode::Read)->expectations().value().empty()); // is brought up to date
        QVERIFY(workspace.open()->stepMachines().value().empty());
    }

    void entitiesAndLinksMerge()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("r");
        CommitGroup group = groupOf(maker.take());
        group.entities = {{"t", "host", "a", WallNs{10}, WallNs{20}, 5, 2, "created"},
                          {"t", "host", "a", WallNs{5}, WallNs{15}, 7, 3, ""},
                          {"t", "host", "b", NoTime, NoTime, 1, 1, "x"}};
        group.links = {{"t", "job", "1", "step", "2", "part_of", WallNs{10}, WallNs{10}, 3, 1},
                       {"t", "job", "1", "step", "2", "part_of", NoTime, WallNs{30}, 2, 1}};
        EVENTOPS_OK(ledger->commit(group));
        std::vector<Entity> entities;
        EVENTOPS_OK(ledger->entities(Filter(), {}, [&](const Entity &e) {
            entities.push_back(e);
            return true;
        }));
        QCOMPARE(entities.size(), std::size_t{2});
        QCOMPARE(entities[1].id, std::string("a"));
        QCOMPARE(raw(entities[1].firstSeen), std::int64_t{5});
        QCOMPARE(raw(entities[1].lastSeen), std::int64_t{20});
        QCOMPARE(entities[1].events, std::uint64_t{5});
        QCOMPARE(entities[1].firstSeq, Seq{5});
        QCOMPARE(entities[1].lastStep, std::string("created"));
        std::vector<Link> links;
        EVENTOPS_OK(ledger->links(Filter(), {}, [&](const Link &l) {
            links.push_back(l);
            return true;
        }));
        QCOMPARE(links.size(), std::size_t{1});
        QCOMPARE(raw(links[0].firstSeen), std::int64_t{10});
        QCOMPARE(raw(links[0].lastSeen), std::int64_t{30});
        QCOMPARE(links[0].events, std::uint64_t{2});
        // A later commit merges with the row as changes of one commit merge with each other.
        BatchMaker later(maker.lastSeq() + 1, maker.position());
        later.record("s");
        group = groupOf(later.take());
        group.entities = {{"t", "host", "a", WallNs{1}, WallNs{30}, 9, 1, "closed"}};
        EVENTOPS_OK(ledger->commit(group));
        entities.clear();
        EVENTOPS_OK(ledger->entities(Filter(), {}, [&](const Entity &e) {
            entities.push_back(e);
            return true;
        }));
        QCOMPARE(entities[1].events, std::uint64_t{6});
        QCOMPARE(raw(entities[1].firstSeen), std::int64_t{1});
        QCOMPARE(raw(entities[1].lastSeen), std::int64_t{30});
        QCOMPARE(entities[1].firstSeq, Seq{5});
        QCOMPARE(entities[1].lastStep, std::string("closed"));
    }

    void findingsComeBackOnce()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        Finding finding;
        finding.id = "f1";
        finding.seq = 1;
        finding.origin = FindingOrigin::Entropy;
        finding.severity = Severity::Critical;
        finding.name = "value_surprise";
        finding.bits = 12.345678901234567;
        finding.terms = {{"value", 12.1, "host:a", "97", "34 ± 2", 50},
                         {"timing", 0.245678901234567, "", "", "\"x\"", 0}};
        finding.hasValue = true;
        finding.value = 97.5;
        finding.tags = R"({"env":"prod"})";
        finding.evidence = R"(["e1"])";
        finding.alert = "{}";
        for (int i = 0; i < 2; ++i) {
            BatchMaker maker(static_cast<Seq>(i) + 1);
            maker.record("r");
            CommitGroup group = groupOf(maker.take());
            group.findings = {finding};
            EVENTOPS_OK(ledger->commit(group));
        }
        QCOMPARE(ledger->findingCount().value(), std::uint64_t{1});
        std::vector<Finding> found;
        EVENTOPS_OK(ledger->findings(Filter(), {}, [&](const Finding &f) {
            found.push_back(f);
            return true;
        }));
        QCOMPARE(found[0].bits, finding.bits);
        QCOMPARE(found[0].terms.size(), std::size_t{2});
        QCOMPARE(found[0].terms[1].bits, finding.terms[1].bits);
        QCOMPARE(found[0].terms[0].expected, finding.terms[0].expected);
        QCOMPARE(found[0].terms[1].expected, finding.terms[1].expected);
        QVERIFY(found[0].origin == FindingOrigin::Entropy && found[0].severity == Severity::Critical);
        QCOMPARE(found[0].evidence, finding.evidence);
        int matched = 0;
        EVENTOPS_OK(ledger->findings(Filter::parse("tags.env = prod").value(), {}, [&](const Finding &) {
            ++matched;
            return true;
        }));
        QCOMPARE(matched, 1);
    }

    void fullDiskStoresNothingAndGoesOn()
    {
        Workspace workspace;
        const auto limited = [&](std::uint64_t bytesMax) {
            return std::move(Ledger::open(workspace.path(), LedgerMode::Engine, {true, &workspace.clock, bytesMax}))
                .value();
        };
        auto ledger = limited(1'500'000);
        std::string before;
        Seq stored = 0;
        Status status = Ok{};
        for (; stored < 1'000'000; stored += 2'000) {
            before = ledger->digest().value();
            CommitGroup group = groupOf(sample(stored + 1, 2'000));
            status = ledger->commit(group);
            if (!status)
                break;
        }
        QVERIFY(!status);
        QCOMPARE(status.error().code, Error::Code::Full);
        QVERIFY(stored > 0);
        QCOMPARE(ledger->lastSeq().value(), stored);
        QCOMPARE(ledger->digest().value(), before);
        const Seq next = stored + 2 - stored % 2;
        QVERIFY(!isSeen(*ledger,
            dedupeKeyHash("tenant-" + std::to_string(next * 7 % 5), "key-" + std::to_string(next) + "-0")));
        ledger.reset();
        ledger = limited(0);
        CommitGroup group = groupOf(sample(stored + 1, 2'000));
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(ledger->lastSeq().value(), stored + 2'000);
    }

    void failedCommitStoresNothingAndGoesOn()
    {
        Workspace workspace;
        workspace.open();
        sqlite3 *other = nullptr;
        QCOMPARE(openAsWe(workspace.path() + "/ledger.db", &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other,
                              "CREATE TRIGGER late BEFORE INSERT ON finding WHEN new.id = 'boom' "
                              "BEGIN SELECT RAISE(ABORT, 'refused'); END",
                              nullptr, nullptr, nullptr),
                 SQLITE_OK);
        sqlite3_close(other);
        auto ledger = workspace.open();
        commitSample(*ledger, 500, 500, 1);
        const std::string before = ledger->digest().value();
        CommitGroup bad = groupOf(sample(501, 500));
        bad.findings.resize(1);
        bad.findings[0].id = "boom";
        QVERIFY(!ledger->commit(bad));
        QCOMPARE(ledger->digest().value(), before);
        QCOMPARE(ledger->lastSeq().value(), Seq{500});
        QVERIFY(!isSeen(*ledger, dedupeKeyHash("tenant-" + std::to_string(502 * 7 % 5), "key-502-0")));
        CommitGroup good = groupOf(sample(501, 500));
        EVENTOPS_OK(ledger->commit(good));
        QCOMPARE(ledger->lastSeq().value(), Seq{1000});
    }

    void newerSchemaIsRefused()
    {
        Workspace workspace;
        workspace.open();
        sqlite3 *other = nullptr;
        QCOMPARE(openAsWe(workspace.path() + "/ledger.db", &other), SQLITE_OK);
        QCOMPARE(sqlite3_exec(other, "PRAGMA user_version = 99", nullptr, nullptr, nullptr), SQLITE_OK);
        sqlite3_close(other);
        for (const LedgerMode mode : {LedgerMode::Engine, LedgerMode::Read}) {
            const auto opened = Ledger::open(workspace.path(), mode, {});
            QVERIFY(!opened);
            QCOMPARE(opened.error().code, Error::Code::Refused);
            QVERIFY(opened.error().message.find("99") != std::string::npos);
        }
    }

    void unknownSourceIsRefused()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        BatchMaker maker;
        maker.record("r").source = 3;
        maker.event("t", {});
        CommitGroup group = groupOf(maker.take());
        const Status status = ledger->commit(group);
        QVERIFY(!status);
        QCOMPARE(status.error().code, Error::Code::InvalidArgument);
        QVERIFY(ledger->sources().value().empty());
    }
};

EVENTOPS_TEST(TestLedger)
#include "tst_ledger.moc"
