// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/store/aggregator.h"
#include "tests/unit/store/fixture.h"

#include <algorithm>
#include <map>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Metrics of 5 tenants and 40 hosts over some minutes; now and then an event without value, host or metric.
std::unique_ptr<Batch> sample(Seq first, std::size_t count)
{
    BatchMaker maker(first, first * 10);
    for (Seq i = first; i < first + count; ++i) {
        maker.record("r" + std::to_string(i));
        const std::string host = "host:" + std::to_string(i * 31 % 40), metric = "m" + std::to_string(i % 3);
        const WallNs ts{1'600'000'000'000'000'000 + static_cast<std::int64_t>(i * 7919 % 300'000) * 1'000'000};
        const std::string tenant = "tenant-" + std::to_string(i * 7 % 5);
        Event &event = i % 17 == 0 ? maker.event(tenant, {{Field::Type, "note"}}, ts)
                                   : maker.event(tenant, {{Field::Type, "signals.metric"},
                                                          {Field::EntityId, host},
                                                          {Field::SourceId, host},
                                                          {Field::Metric, metric}}, ts);
        event.hasValue = i % 17 != 0;
        event.value = event.hasValue ? static_cast<double>(i * 7919 % 10'007) / 8.0 : 0.0;
    }
    return maker.take();
}

std::vector<AggregateRow> rowsOf(Ledger &ledger, const AggregateQuery &query, const std::string &filter = {})
{
    auto rows = ledger.aggregate(Filter::parse(filter).valueOr({}), query, {});
    return rows ? std::move(rows).value() : std::vector<AggregateRow>();
}

AggregateQuery asking(std::initializer_list<const char *> measures, std::vector<Field> by = {}, std::int64_t every = 0)
{
    AggregateQuery query;
    query.by = std::move(by);
    query.everyNs = every;
    for (const char *measure : measures)
        query.measures.push_back(parseMeasure(measure).valueOr({}));
    return query;
}

/// What the reading of whole events says, by group and span.
struct Seen {
    std::uint64_t count = 0;
    std::vector<double> values;
    std::map<std::string, int> texts;
};
using Key = std::pair<std::string, std::int64_t>;

std::map<Key, Seen> readAll(Ledger &ledger, Field by, std::int64_t every, const std::string &filter = {})
{
    std::map<Key, Seen> all;
    const Status read = ledger.events(Filter::parse(filter).valueOr({}), {}, [&](const Batch &batch, auto rows) {
        for (const std::uint32_t row : rows) {
            const Event &event = batch.events[row];
            const std::int64_t ts = raw(event.tsEvent);
            Seen &seen = all[{std::string(batch.text(event, by)), every == 0 ? 0 : ts - ts % every}];
            ++seen.count;
            if (event.hasValue)
                seen.values.push_back(event.value);
            ++seen.texts[std::string(batch.text(event, Field::EntityId))];
        }
        return true;
    });
    return read ? all : std::map<Key, Seen>();
}

} // namespace

/// Numbers over columns against the same numbers over whole events.
class TestAggregate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_ledger = m_workspace.open();
        for (Seq first = 1; first < 9'000; first += 1'500) {
            CommitGroup group = groupOf(sample(first, 1'500));
            EVENTOPS_OK(m_ledger->commit(group));
        }
    }

    void agreesWithTheEvents_data()
    {
        QTest::addColumn<int>("by");
        QTest::addColumn<qlonglong>("every");
        QTest::addColumn<QString>("filter");
        QTest::newRow("by tenant") << static_cast<int>(Field::Tenant) << 0LL << QString();
        QTest::newRow("by entity") << static_cast<int>(Field::EntityId) << 0LL << QString();
        QTest::newRow("by metric and time") << static_cast<int>(Field::Metric) << 60'000'000'000LL << QString();
        QTest::newRow("by type, some") << static_cast<int>(Field::Type) << 1'000'000'000LL
                                       << QStringLiteral("tenant = tenant-2");
    }

    void agreesWithTheEvents()
    {
        QFETCH(const int, by);
        QFETCH(const qlonglong, every);
        QFETCH(const QString, filter);
        const auto field = static_cast<Field>(by);
        const auto wanted = readAll(*m_ledger, field, every, filter.toStdString());
        const auto rows = rowsOf(*m_ledger, asking({"count", "min", "max", "p50", "p99", "distinct(entity.id)", "mean"},
                                                   {field}, every), filter.toStdString());
        QCOMPARE(rows.size(), wanted.size());
        QVERIFY(rows.size() > 1);
        for (const AggregateRow &row : rows) {
            const auto found = wanted.find({row.by[0].value_or(""), every == 0 ? 0 : raw(row.from)});
            QVERIFY(found != wanted.end());
            Seen seen = found->second;
            QCOMPARE(row.values[0].value(), static_cast<double>(seen.count));
            QCOMPARE(row.values[5].value(), static_cast<double>(seen.texts.size() - seen.texts.count("")));
            QCOMPARE(row.values[1].has_value(), !seen.values.empty());
            if (seen.values.empty())
                continue;
            std::sort(seen.values.begin(), seen.values.end());
            QCOMPARE(row.values[1].value(), seen.values.front());
            QCOMPARE(row.values[2].value(), seen.values.back());
            const double at = 0.5 * static_cast<double>(seen.values.size() - 1);
            const auto below = static_cast<std::size_t>(at);
            const double next = seen.values[std::min(below + 1, seen.values.size() - 1)];
            QCOMPARE(row.values[3].value(), seen.values[below] + (next - seen.values[below]) * (at - double(below)));
            QVERIFY(row.values[4].value() >= row.values[3].value() && row.values[4].value() <= seen.values.back());
        }
    }

    void textsAreCountedFromDictionariesAlone()
    {
        std::map<std::string, int> entities;
        for (const auto &[key, seen] : readAll(*m_ledger, Field::EntityId, 0))
            entities[key.first] += 1;
        entities.erase("");
        const auto rows = rowsOf(*m_ledger, asking({"distinct(entity.id)", "distinct(tenant)"}));
        QCOMPARE(rows.size(), std::size_t{1});
        QCOMPARE(rows[0].values[0].value(), static_cast<double>(entities.size()));
        QCOMPARE(rows[0].values[1].value(), 5.0);
    }

    void nothingStoredIsACountOfNothing()
    {
        Workspace empty;
        const auto ledger = empty.open();
        const auto rows = rowsOf(*ledger, asking({"count", "p99"}));
        QCOMPARE(rows.size(), std::size_t{1});
        QCOMPARE(rows[0].values[0].value(), 0.0);
        QVERIFY(!rows[0].values[1]);
        QVERIFY(rowsOf(*ledger, asking({"count"}, {Field::Tenant})).empty());
    }

    void badQuestionsAreNamed()
    {
        for (const char *bad : {"", "p101", "p-1", "pxx", "distinct()", "distinct(nothing)", "median"})
            QVERIFY2(!parseMeasure(bad), bad);
        QVERIFY(parseMeasure("p99.9"));
        QVERIFY(!Aggregator::make({}));
        QVERIFY(!Aggregator::make(asking({"count"}, {Field::TsText})));
        QVERIFY(!Aggregator::make(asking({"count"}, std::vector<Field>(AggregateFieldsMax + 1, Field::Tenant))));
        const auto stopped = m_ledger->aggregate({}, asking({"count"}), [] { return true; });
        QVERIFY(!stopped && stopped.error().code == Error::Code::Cancelled);
    }

private:
    Workspace m_workspace;
    std::unique_ptr<Ledger> m_ledger;
};

EVENTOPS_TEST(TestAggregate)
#include "tst_aggregate.moc"
