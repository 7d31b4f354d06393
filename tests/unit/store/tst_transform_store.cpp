// SPDX-License-Identifier: MIT
//
// Raw events that wait, and what a queue outside of the ledger was told of them.
#include "tests/support/test_main.h"

#include "tests/unit/store/fixture.h"

#include "core/store/sqlite.h"
#include "core/store/transform_store.h"

#include <sqlite3.h>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr std::int64_t Minute = 60 * NsPerSecond;

std::vector<std::int64_t> idsOf(TransformStore &store)
{
    std::vector<std::int64_t> out;
    const auto events = store.toAnnounce(100);
    if (!events)
        return {-1};
    for (const TransformStore::Announced &event : events.value())
        out.push_back(event.id);
    return out;
}

void announceAll(TransformStore &store, const char *queue = "q")
{
    const auto events = store.toAnnounce(100);
    QVERIFY(events);
    EVENTOPS_OK(store.announce(queue, events.value(), 5 * Minute));
}

void add(TransformStore &store, int count)
{
    for (int i = 0; i < count; ++i)
        QVERIFY(store.addRaw({0, "t", "shop", "text/plain", "body", store.now(), store.now()}, true));
}

} // namespace

class TestTransformStore : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Once, and after five minutes, and ten more, and twenty more; what is done never.
    void whatWaitsIsAnnouncedAgainWhenItTakesLong()
    {
        Workspace workspace;
        const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
        QVERIFY(opened);
        TransformStore &store = *opened.value();
        const WallNs start = workspace.clock.now();
        const auto at = [&](std::int64_t minutes) {
            workspace.clock.set(start + minutes * Minute);
        };
        add(store, 3);
        QCOMPARE(idsOf(store), (std::vector<std::int64_t>{1, 2, 3}));
        announceAll(store);
        QVERIFY(idsOf(store).empty());
        add(store, 1);
        QCOMPARE(idsOf(store), std::vector<std::int64_t>{4});
        announceAll(store);
        EVENTOPS_OK(store.finish(2));
        at(4);
        QVERIFY(idsOf(store).empty());
        at(5);
        QCOMPARE(idsOf(store), (std::vector<std::int64_t>{1, 3, 4}));
        announceAll(store);
        at(14);
        QVERIFY(idsOf(store).empty());
        at(15);
        QCOMPARE(idsOf(store).size(), std::size_t{3});
        announceAll(store);
        at(34);
        QVERIFY(idsOf(store).empty());
        at(35);
        QCOMPARE(idsOf(store).size(), std::size_t{3});
        // One that is done or removed before it is noted as announced is not noted.
        const auto events = store.toAnnounce(100);
        EVENTOPS_OK(store.finish(1));
        EVENTOPS_OK(store.removeRaw(3));
        EVENTOPS_OK(store.announce("q", events.value(), 5 * Minute));
        QCOMPARE(store.waitingCounts().value().waiting, std::uint64_t{1});
        QCOMPARE(store.waitingCounts().value().announced, std::uint64_t{1});
        EVENTOPS_OK(store.finish(4));
        QCOMPARE(store.waitingCounts().value().announced, std::uint64_t{0});
        add(store, 1);
        QCOMPARE(idsOf(store), std::vector<std::int64_t>{5});
    }

    /// What one queue was told another one was not.
    void anotherQueueIsToldOfAll()
    {
        Workspace workspace;
        const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
        QVERIFY(opened);
        TransformStore &store = *opened.value();
        add(store, 3);
        announceAll(store, "a");
        EVENTOPS_OK(store.finish(2));
        EVENTOPS_OK(store.forgetAnnounced("a"));
        QVERIFY(idsOf(store).empty());
        EVENTOPS_OK(store.forgetAnnounced("b"));
        QCOMPARE(idsOf(store), (std::vector<std::int64_t>{1, 3}));
    }

    void placesAreKept()
    {
        Workspace workspace;
        const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
        QVERIFY(opened);
        TransformStore &store = *opened.value();
        QVERIFY(!store.place("c/t/0").value());
        EVENTOPS_OK(store.setPlace("c/t/0", 7));
        EVENTOPS_OK(store.setPlace("c/t/1", 9));
        EVENTOPS_OK(store.setPlace("c/t/0", 8));
        QCOMPARE(store.place("c/t/0").value().value_or(0), std::uint64_t{8});
        QCOMPARE(store.lastRaw().value(), std::int64_t{0});
        add(store, 2);
        EVENTOPS_OK(store.removeRaw(2));
        QCOMPARE(store.lastRaw().value(), std::int64_t{2}); // an id is never given twice
        QVERIFY(store.waitingEvent(1).value().has_value());
        QVERIFY(!store.waitingEvent(2).value().has_value());
    }

    /// C21: a ledger from before there were queues is brought up to date where it is opened, with what waits in it.
    void anOlderLedgerIsBroughtUpToDate()
    {
        Workspace workspace;
        {
            const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
            QVERIFY(opened);
            add(*opened.value(), 2);
        }
        {
            auto old = sqlite::Database::open(workspace.path() + "/ledger.db", SQLITE_OPEN_READWRITE, 1'000);
            QVERIFY(bool(old));
            EVENTOPS_OK(old.value().execute("DROP TABLE raw_event_announced; DROP TABLE raw_event_place; "
                                            "DROP INDEX raw_event_done; PRAGMA user_version = 6"));
        }
        const auto opened = TransformStore::open(workspace.path(), &workspace.clock);
        QVERIFY(opened);
        QCOMPARE(idsOf(*opened.value()), (std::vector<std::int64_t>{1, 2}));
        auto now = sqlite::Database::open(workspace.path() + "/ledger.db", SQLITE_OPEN_READONLY, 1'000);
        QCOMPARE(now.value().integer("PRAGMA user_version").value(), std::int64_t{7});
    }
};

EVENTOPS_TEST(TestTransformStore)
#include "tst_transform_store.moc"
