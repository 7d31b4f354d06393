// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/store/fixture.h"

#include "core/store/sqlite.h"
#include "core/store/transform_store.h"

#include <sqlite3.h>

#include <map>
#include <numeric>
#include <utility>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::int64_t Day = RetentionTimes::DayNs;

RetentionRules rules()
{
    RetentionRules out;
    out.actor = "tester";
    out.policy.tenants = {{"short", {Day, 2 * Day, 3 * Day}}};
    return out;
}

/// Four records of each of two tenants, in turns, and one more event for every other record.
CommitGroup streamOf(Seq first, Retention retention, const std::string &key, int pairs = 4)
{
    BatchMaker maker(first, first * 100);
    for (int i = 0; i < pairs; ++i) {
        for (const char *tenant : {"long", "short"}) {
            maker.record("{\"n\":" + std::to_string(maker.lastSeq()) + "}");
            maker.event(tenant, {{Field::Metric, "m"}, {Field::EventId, "id-" + std::to_string(maker.lastSeq())}});
            if (i % 2 == 0)
                maker.event(tenant, {{Field::Metric, "second"}});
        }
    }
    CommitGroup group = groupOf(maker.take(), key);
    group.sources.front().retention = retention;
    return group;
}

/// Place and metric of everything that is still there.
std::map<std::uint64_t, std::string> placed(Ledger &ledger)
{
    std::map<std::uint64_t, std::string> out;
    const Status status = ledger.eventsAt(
        0, UINT64_MAX, AllFields,
        [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t place) {
            for (const std::uint32_t row : rows) {
                const Event &event = batch.events[row];
                out[place++] = std::string(batch.text(event, Field::EventId)) + ' '
                               + std::string(batch.text(event, Field::Metric));
            }
            return true;
        });
    if (!status)
        out[UINT64_MAX] = status.error().text();
    return out;
}

RetentionDone retainAll(Ledger &ledger, const RetentionRules &by = rules())
{
    RetentionDone all;
    RetentionCursor cursor;
    do {
        const auto done = ledger.retain(by, cursor);
        if (!done)
            qFatal("%s", done.error().text().c_str());
        all += done.value();
    } while (cursor.under);
    return all;
}

std::vector<RetentionRow> rowsOf(Ledger &ledger)
{
    auto rows = ledger.retentionState(rules());
    return rows ? std::move(rows).value() : std::vector<RetentionRow>();
}

std::uint64_t count(const Workspace &workspace, const std::string &sql)
{
    std::string value;
    const Status status = querySql(workspace.path(), sql, {}, [](const auto &) {}, [&](SqlRow &row) {
        value = row.front().text;
        return true;
    });
    return status ? std::stoull(value) : UINT64_MAX;
}

} // namespace

/// What streams bring in goes when its time has come; everything else stays, and stays in its place.
class TestRetention : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void streamsGoByTenantAndKind()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        for (const auto &[first, retention, key] : std::initializer_list<std::tuple<Seq, Retention, const char *>>{
                 {1, Retention::Signals, "signals"}, {11, Retention::Alerts, "alerts"},
                 {21, Retention::Capture, "capture"}, {31, Retention::Demo, "demo"}, {41, Retention::Input, "input"}}) {
            CommitGroup group = streamOf(first, retention, key);
            EVENTOPS_OK(ledger->commit(group));
        }
        const auto before = placed(*ledger);
        const std::uint64_t all = ledger->eventCount().value();
        QCOMPARE(std::uint64_t{before.size()}, all);
        const Counters counters = ledger->counters().value();
        const WallNs start = workspace.clock.now();
        // Days later; events kept of signals, alerts; records with raw bytes of both: of "long", then of "short".
        struct Step { int day; std::uint64_t longSignals, longAlerts, longRaw, shortSignals, shortAlerts, shortRaw; };
        for (const Step &step : {Step{0, 6, 6, 8, 6, 6, 8}, Step{1, 6, 6, 8, 6, 6, 0}, Step{2, 6, 6, 8, 0, 6, 0},
                                 Step{3, 6, 6, 0, 0, 0, 0}, Step{14, 0, 6, 0, 0, 0, 0}, Step{30, 0, 0, 0, 0, 0, 0},
                                 Step{4'000, 0, 0, 0, 0, 0, 0}}) {
            workspace.clock.set(start + step.day * Day);
            retainAll(*ledger);
            std::map<std::string, std::uint64_t> events, rawRecords;
            for (const RetentionRow &row : rowsOf(*ledger)) {
                events[row.tenant + ' ' + row.retention] = row.events;
                if (row.retention == "signals" || row.retention == "alerts")
                    rawRecords[row.tenant] += row.rawRecords;
                else
                    QCOMPARE(row.rawRecords, std::uint64_t{4});
                QCOMPARE(row.dueEvents + row.dueRawRecords, std::uint64_t{0});
            }
            QCOMPARE(events["long signals"], step.longSignals);
            QCOMPARE(events["long alerts"], step.longAlerts);
            QCOMPARE(rawRecords["long"], step.longRaw);
            QCOMPARE(events["short signals"], step.shortSignals);
            QCOMPARE(events["short alerts"], step.shortAlerts);
            QCOMPARE(rawRecords["short"], step.shortRaw);
            // Whatever is there stands where it stood.
            for (const auto &[place, text] : placed(*ledger))
                QCOMPARE(text, before.at(place));
            QCOMPARE(ledger->eventCount().value(), all);
            // Sums are over what is there.
            const auto sums = ledger->aggregate({}, {{}, 0, {parseMeasure("count").value()}}, {});
            QVERIFY2(sums, errorText(sums).c_str());
            QCOMPARE(sums.value().front().values.front().value(), static_cast<double>(placed(*ledger).size()));
        }
        QCOMPARE(placed(*ledger).size(), std::size_t{36});
        QCOMPARE(ledger->counters().value().events, counters.events);
        const std::uint64_t dropped = dedupeKeyHash("short", "id-2");
        QVERIFY(ledger->seen({&dropped, 1}).front()); // it was stored once
        const DroppedHistory gone = ledger->droppedHistory().value();
        QCOMPARE(gone.events, std::uint64_t{24});
        QCOMPARE(gone.beginsAfter, Seq{18});
        // The audit says who, what and how many, and hangs together.
        std::uint64_t events = 0;
        EVENTOPS_OK(ledger->audit({}, [&](const AuditRow &row) {
            events += row.actor == "tester" && row.verb == "retention" ? 1 : 0;
            return true;
        }));
        QCOMPARE(events, std::uint64_t{5});
        EVENTOPS_OK(ledger->verifyAudit());
    }

    void readersSkipWhatIsGone()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        CommitGroup first = streamOf(1, Retention::Signals, "stream");
        EVENTOPS_OK(ledger->commit(first));
        auto reader = workspace.open(LedgerMode::Read); // one that knew the blocks before
        QCOMPARE(placed(*reader).size(), std::size_t{12});
        workspace.clock.set(workspace.clock.now() + 5 * Day);
        CommitGroup second = streamOf(9, Retention::Signals, "stream");
        EVENTOPS_OK(ledger->commit(second));
        retainAll(*ledger); // raw bytes of "long" and all of "short" of the first commit
        std::uint64_t events = 0, withRaw = 0, dropped = 0;
        EVENTOPS_OK(reader->events({}, {}, [&](const Batch &batch, std::span<const std::uint32_t> rows) {
            events += rows.size();
            dropped += batch.rawDropped ? rows.size() : 0;
            for (const std::uint32_t row : rows)
                withRaw += batch.raw(batch.records[batch.events[row].record]).empty() ? 0 : 1;
            return true;
        }));
        QCOMPARE(events, std::uint64_t{18});
        QCOMPARE(withRaw, std::uint64_t{12});
        QCOMPARE(dropped, std::uint64_t{6});
        QCOMPARE(placed(*reader).size(), std::size_t{18});
        std::uint64_t replayed = 0;
        EVENTOPS_OK(reader->replay(0, [&](Batch &batch) -> Status {
            replayed += batch.events.size();
            return Ok{};
        }));
        QCOMPARE(replayed, std::uint64_t{18});
        QCOMPARE(count(workspace, "SELECT count(*) FROM karma.event"), std::uint64_t{18});
        QCOMPARE(count(workspace, "SELECT count(raw) FROM karma.event"), std::uint64_t{12});
        QCOMPARE(count(workspace, "SELECT sum(dropped_events) FROM karma.retained"), std::uint64_t{6});
        QCOMPARE(count(workspace, "SELECT sum(dropped_raw_records) FROM karma.retained"), std::uint64_t{4});
        EVENTOPS_OK(reader->digest());
        QCOMPARE(reader->digest().value(), ledger->digest().value());
    }

    void aClockThatWentBackDropsNothingEarly()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        const WallNs start = workspace.clock.now();
        CommitGroup before = streamOf(1, Retention::Signals, "stream");
        EVENTOPS_OK(ledger->commit(before));
        workspace.clock.set(start + -1'000 * Day); // the battery of the clock was empty
        CommitGroup wrong = streamOf(9, Retention::Signals, "stream");
        EVENTOPS_OK(ledger->commit(wrong));
        QCOMPARE(retainAll(*ledger).bytes, std::uint64_t{0});
        workspace.clock.set(start + Day / 2); // and was set right
        QCOMPARE(retainAll(*ledger).bytes, std::uint64_t{0});
        workspace.clock.set(start + 14 * Day);
        QCOMPARE(retainAll(*ledger).events, std::uint64_t{24});
    }

    void whatACrashWouldNeedStays()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        RetentionRules needed = rules();
        needed.stateHash = "pipeline";
        CommitGroup covered = streamOf(1, Retention::Signals, "stream");
        EVENTOPS_OK(ledger->commit(covered));
        workspace.clock.set(workspace.clock.now() + 100 * Day);
        QCOMPARE(retainAll(*ledger, needed).events, std::uint64_t{0});
        CommitGroup later = streamOf(9, Retention::Signals, "stream");
        later.checkpoint = Checkpoint{8, "pipeline", "state"};
        EVENTOPS_OK(ledger->commit(later));
        workspace.clock.set(workspace.clock.now() + 100 * Day);
        QCOMPARE(retainAll(*ledger, needed).events, std::uint64_t{12});
    }

    void aTransactionIsSmall()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        constexpr Seq Commits = RetentionBlocksMax; // of two blocks each
        for (Seq i = 0; i < Commits; ++i) {
            CommitGroup group = streamOf(1 + i * 2, Retention::Signals, "stream", 1);
            EVENTOPS_OK(ledger->commit(group));
        }
        workspace.clock.set(workspace.clock.now() + 100 * Day);
        RetentionCursor cursor;
        const auto first = ledger->retain(rules(), cursor);
        EVENTOPS_OK(first);
        QVERIFY(cursor.under);
        QCOMPARE(first.value().events, std::uint64_t{2 * RetentionBlocksMax});
        QCOMPARE(retainAll(*ledger).events, std::uint64_t{2 * RetentionBlocksMax});
    }

    void freedRoomIsUsedAgain()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        const auto fill = [&](Seq first) {
            BatchMaker maker(first, first * 1'000);
            std::uint64_t noise = first;
            for (int i = 0; i < 4'000; ++i) {
                std::string bytes;
                for (int word = 0; word < 20; ++word)
                    bytes += std::to_string(noise = noise * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U);
                maker.record(bytes);
                maker.event("t", {{Field::Metric, "m"}});
            }
            CommitGroup group = groupOf(maker.take(), "stream");
            group.sources.front().retention = Retention::Signals;
            return bool(ledger->commit(group));
        };
        const auto pages = [&] {
            auto file = sqlite::Database::open(workspace.path() + "/ledger.db", SQLITE_OPEN_READONLY, 1'000);
            const auto count = file ? file.value().integer("PRAGMA page_count") : Result<std::int64_t>(file.error());
            return count ? count.value() : -1;
        };
        for (Seq i = 0; i < 10; ++i)
            QVERIFY(fill(1 + i * 4'000));
        const std::int64_t before = pages();
        workspace.clock.set(workspace.clock.now() + 100 * Day);
        QVERIFY(retainAll(*ledger).bytes > 1'000'000);
        for (Seq i = 10; i < 20; ++i)
            QVERIFY(fill(1 + i * 4'000));
        qInfo("%lld pages, %lld after the same amount again", static_cast<long long>(before),
              static_cast<long long>(pages()));
        QVERIFY(pages() <= before + before / 20);
    }

    void anEngineDoesItEveryHour()
    {
        Workspace workspace;
        Ledger::Options options;
        options.clock = &workspace.clock;
        options.retention = rules();
        auto ledger = Ledger::open(workspace.path(), LedgerMode::Engine, options);
        QVERIFY(bool(ledger));
        const auto due = [&] {
            const auto rows = rowsOf(*ledger.value());
            return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                                   [](std::uint64_t sum, const RetentionRow &row) { return sum + row.dueEvents; });
        };
        CommitGroup group = streamOf(1, Retention::Signals, "stream");
        EVENTOPS_OK(ledger.value()->commit(group));
        EVENTOPS_OK(ledger.value()->maintain());
        workspace.clock.set(workspace.clock.now() + (14 * Day - RetentionEveryNs / 2));
        EVENTOPS_OK(ledger.value()->maintain());
        workspace.clock.set(workspace.clock.now() + RetentionEveryNs / 2);
        QCOMPARE(due(), std::uint64_t{6});
        EVENTOPS_OK(ledger.value()->maintain()); // the last one is half an hour ago
        QCOMPARE(due(), std::uint64_t{6});
        workspace.clock.set(workspace.clock.now() + RetentionEveryNs / 2);
        EVENTOPS_OK(ledger.value()->maintain());
        QCOMPARE(due(), std::uint64_t{0});
    }

    void deadLettersComeInPagesEachOnce()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        constexpr int Letters = 600; // more than two pages
        BatchMaker maker;
        for (int i = 0; i < Letters; ++i)
            maker.deadLetter("bad " + std::to_string(i), "not_json", "it is none");
        CommitGroup group = groupOf(maker.take());
        EVENTOPS_OK(ledger->commit(group));
        for (const bool oldestFirst : {true, false}) {
            for (const std::uint64_t max : {std::uint64_t{256}, std::uint64_t{300}, std::uint64_t{10'000}}) {
                std::vector<std::string> got;
                bool isFirst = true;
                EVENTOPS_OK(ledger->deadLetters({.rowsMax = max, .oldestFirst = oldestFirst}, 100,
                                                [&](const DeadLetterRow &row) {
                    if (std::exchange(isFirst, false)) { // one that comes meanwhile is for the next time
                        BatchMaker more(1'000'000 + maker.lastSeq(), 1'000'000);
                        more.deadLetter("late", "not_json", "it is none");
                        CommitGroup late = groupOf(more.take(), "late");
                        if (!ledger->commit(late))
                            return false;
                    }
                    if (row.bytes != "late")
                        got.push_back(row.bytes);
                    return true;
                }));
                QVERIFY(got.size() <= std::min<std::uint64_t>(max, Letters));
                QVERIFY(got.size() + 6 >= std::min<std::uint64_t>(max, Letters));
                for (std::size_t i = 0; i < got.size(); ++i) {
                    const std::size_t number = oldestFirst ? i : Letters - 1 - i;
                    QCOMPARE(got[i], "bad " + std::to_string(number));
                }
            }
        }
    }

    /// Raw events go as raw bytes do, once nobody waits for them; what transformers made of them as events of signals.
    void whatTransformersWorkOnGoesAsWell()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
        QVERIFY(bool(opened));
        TransformStore &store = *opened.value();
        const WallNs start = workspace.clock.now();
        for (const char *const tenant : {"long", "short"}) {
            for (const bool waits : {false, true}) {
                const RawEvent event{0, tenant, "shop", "text/plain", "twelve bytes", start, start};
                const auto id = store.addRaw(event, waits);
                QVERIFY(bool(id));
                const ProcessedRow made{0, id.value(), 1, 1, tenant, {"UP", "x", "{}", {}, {}}, start, start};
                QVERIFY(bool(store.addProcessed(made)));
            }
        }
        QVERIFY(bool(store.addEntity("long", {"x", "Host"})));
        // Days later: raw events and what was made of them, of "long", then of "short", whose raw bytes stay for a day
        // and events for two.
        struct Step { int day; std::uint64_t longRaw, longMade, shortRaw, shortMade; };
        const auto left = [&](const char *table, const char *tenant) {
            return count(workspace, std::string("SELECT count(*) FROM karma.") + table + " WHERE tenant = '" + tenant
                                        + "'");
        };
        RetentionDone all;
        for (const Step &step : {Step{0, 2, 2, 2, 2}, Step{1, 2, 2, 1, 2}, Step{2, 2, 2, 1, 0}, Step{3, 1, 2, 1, 0},
                                 Step{14, 1, 0, 1, 0}, Step{4'000, 1, 0, 1, 0}}) {
            workspace.clock.set(start + step.day * Day);
            all += retainAll(*ledger);
            QCOMPARE(left("raw_event", "long"), step.longRaw);
            QCOMPARE(left("processed_event", "long"), step.longMade);
            QCOMPARE(left("raw_event", "short"), step.shortRaw);
            QCOMPARE(left("processed_event", "short"), step.shortMade);
        }
        QCOMPARE(all.rawRecords, std::uint64_t{2});
        QCOMPARE(all.events, std::uint64_t{4});
        QCOMPARE(left("transform_entity", "long"), std::uint64_t{1});
        QVERIFY(count(workspace, "SELECT count(*) FROM karma.audit WHERE verb = 'retention'") > 0);
        // What waits goes when it is done.
        QVERIFY(store.finish(2) && store.finish(4));
        retainAll(*ledger);
        QCOMPARE(left("raw_event", "long") + left("raw_event", "short"), std::uint64_t{0});
    }

    void anOlderLedgerGetsTheViews()
    {
        Workspace workspace;
        {
            auto ledger = workspace.open();
            CommitGroup group = streamOf(1, Retention::Capture, "capture");
            EVENTOPS_OK(ledger->commit(group));
        }
        {
            auto old = sqlite::Database::open(workspace.path() + "/ledger.db", SQLITE_OPEN_READWRITE, 1'000);
            QVERIFY(bool(old));
            EVENTOPS_OK(old.value().execute("DROP VIEW alerts_current"));
            EVENTOPS_OK(old.value().execute("DROP VIEW retained"));
            EVENTOPS_OK(old.value().execute("DROP TABLE feature_window"));
            EVENTOPS_OK(old.value().execute("DROP TABLE stage_view"));
            EVENTOPS_OK(old.value().execute("UPDATE event_block SET retention = 'default'"));
            EVENTOPS_OK(old.value().execute("PRAGMA user_version = 1"));
        }
        workspace.clock.set(workspace.clock.now() + 10'000 * Day);
        auto ledger = workspace.open();
        QCOMPARE(retainAll(*ledger).bytes, std::uint64_t{0}); // what is from before is kept
        QCOMPARE(count(workspace, "SELECT sum(events) FROM karma.retained"), std::uint64_t{12});
        QCOMPARE(count(workspace, "SELECT count(*) FROM karma.alerts_current"), std::uint64_t{0});
    }

    void theNewestAlertOfEachKeyIsCurrent()
    {
        Workspace workspace;
        auto ledger = workspace.open();
        CommitGroup group = streamOf(1, Retention::Signals, "stream");
        const auto add = [&](const char *tenant, const char *source, const char *rule, const char *message) {
            Finding finding;
            finding.id = std::to_string(group.findings.size());
            finding.seq = group.findings.size() + 1;
            finding.tenant = tenant;
            finding.sourceId = source;
            finding.name = rule;
            finding.message = message;
            group.findings.push_back(finding);
        };
        add("a", "h", "cpu", "old");
        add("a", "h", "disk", "only");
        add("a", "h", "cpu", "new");
        add("b", "h", "cpu", "other tenant");
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(count(workspace, "SELECT count(*) FROM karma.alerts"), std::uint64_t{4}); // history stays
        QCOMPARE(count(workspace, "SELECT count(*) FROM karma.alerts_current"), std::uint64_t{3});
        QCOMPARE(count(workspace, "SELECT count(*) FROM karma.alerts_current WHERE alert_key = 'a|h|cpu' "
                                  "AND message = 'new'"), std::uint64_t{1});
    }
};

EVENTOPS_TEST(TestRetention)
#include "tst_retention.moc"
