// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/lake/clickhouse_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>
#include <QtCore/QJsonObject>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>

using namespace eventops;
using namespace eventops::lake;

namespace {

/// Where installer/chdb put it.
QString chdbFolder()
{
    QString folder = qEnvironmentVariable("EVENTOPS_CHDB");
    if (folder.isEmpty())
        folder = QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation)
                 + QStringLiteral("/eventops/chdb-3.4.0");
    return QFile::exists(folder + QStringLiteral("/node_modules/chdb")) ? folder : QString();
}

std::string lines(const std::vector<ClickHouseRow> &rows)
{
    std::string out;
    for (const ClickHouseRow &row : rows)
        out += row.json + "\n";
    return out;
}

AuditRow stepOf(std::uint64_t number, const char *verb)
{
    AuditRow step;
    step.number = number;
    step.verb = verb;
    step.hash = "hash of " + std::to_string(number);
    return step;
}

} // namespace

/// The statements for current servers, run by chdb, which is a current ClickHouse without its server.
class TestClickHouseCurrent final : public QObject
{
    Q_OBJECT

    QStringList m_statements;
    QJsonArray m_answers;

    void add(const std::string &sql) { m_statements << QString::fromStdString(sql); }
    /// What our client would post.
    void addRows(ClickHouseTable table, const std::vector<ClickHouseRow> &rows, std::uint64_t deadline = 4'000'000'000)
    {
        add("DROP TABLE IF EXISTS rows");
        add("CREATE TABLE rows (" + clickHouseIdentity(table, true).structure + ") ENGINE = Memory");
        add("INSERT INTO rows FORMAT JSONEachRow " + lines(rows));
        add(clickHouseInsertion(table, true, deadline));
    }
    int ask(const std::string &sql)
    {
        add(sql);
        return static_cast<int>(m_statements.size()) - 1;
    }
    QString answer(int i) const
    {
        const QJsonValue value = m_answers[i];
        return value.isString() ? value.toString() : value.toObject().value(QLatin1String("error")).toString();
    }
    QString run()
    {
        QProcess node;
        node.start(QStringLiteral("node"),
                   {QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/support/chdb.js"), chdbFolder()});
        node.write(QJsonDocument(QJsonArray::fromStringList(m_statements)).toJson());
        node.closeWriteChannel();
        node.waitForFinished(120'000);
        m_answers = QJsonDocument::fromJson(node.readAllStandardOutput()).array();
        return m_answers.size() == m_statements.size() ? QString() : QString::fromUtf8(node.readAllStandardError());
    }

private Q_SLOTS:
    void tablesRowsAndViews()
    {
        if (QStandardPaths::findExecutable(QStringLiteral("node")).isEmpty() || chdbFolder().isEmpty())
            QSKIP("there is no node, or no chdb; bring it with: installer/chdb");
        const auto dialect = clickHouseDialect("26.7.2.1");
        EVENTOPS_OK(dialect);
        add("CREATE DATABASE karma");
        add("USE karma");
        for (int twice = 0; twice < 2; ++twice) {
            for (const std::string &sql : clickHouseStatements(dialect.value(), {9'000}))
                add(sql);
        }
        const int statements = static_cast<int>(m_statements.size());
        auto rows = test::eventRows(1, 300, true);
        const char *const document = "{\"a.b\":18446744073709551615,\"z\":[1,\"2\",{\"k\":null}]}";
        rows.push_back(test::eventRows(301, 1, true, document).front());
        addRows(ClickHouseTable::Events, rows);
        addRows(ClickHouseTable::Events, test::eventRows(400, 5, true), 1'000); // too late
        const int late = static_cast<int>(m_statements.size()) - 1;
        auto poison = test::eventRows(500, 1, true, "{\"same\":1,\"same\":2}");
        addRows(ClickHouseTable::Events, poison);
        const int refused = static_cast<int>(m_statements.size()) - 2;
        poison.front().json = wrapClickHouseDocuments(poison.front().json).value_or("");
        addRows(ClickHouseTable::Events, poison);
        Finding finding;
        finding.id = "f1";
        finding.ts = test::ClickHouseSeedTime;
        finding.bits = 12.5;
        finding.terms = {{"value", 12.5, "host:a", "97", "34", 40}};
        addRows(ClickHouseTable::Scores, {clickHouseScoreRow(finding, true)});
        addRows(ClickHouseTable::Alerts, {clickHouseAlertRow(finding, true)});
        Action action;
        action.suggestion.id = "s1";
        addRows(ClickHouseTable::History, {clickHouseHistoryRow(stepOf(1, "proposed"), action),
                                           clickHouseHistoryRow(stepOf(2, "approved"), action)});
        const int made = ask("SHOW CREATE TABLE events_raw FORMAT TSVRaw");
        const int counts = ask("SELECT count(), uniqExact(idempotency_key) FROM karma.events_raw FORMAT TabSeparated");
        const int documents = ask("SELECT attrs, tags.env, _ingested_at > toDateTime(0) FROM events_raw WHERE "
                                 "idempotency_key IN ('k5', 'k301', 'k500') ORDER BY ts FORMAT TSVRaw");
        const int windows = ask("SELECT sum(events), min(ts) FROM v_event_counts_5m FORMAT TabSeparated");
        const int latest = ask("SELECT count(), max(rn) FROM v_latest_by_entity FORMAT TabSeparated");
        const int state = ask("SELECT action_id, state FROM action_state_current FORMAT TabSeparated");
        const int known =
            ask(clickHouseLookup(ClickHouseTable::Events, true, "'k5','k999'", 1'761'040'000, 1'761'050'000));
        const int score = ask(clickHouseLookup(ClickHouseTable::Scores, true, "'f1','f2'", 0, 4'294'967'295));
        const int alert = ask(clickHouseLookup(ClickHouseTable::Alerts, true, "'f1'", 0, 4'294'967'295));
        const int entropy = ask("SELECT kind, score, details.bits FROM entropy_scores FORMAT TabSeparated");
        const QString trouble = run();
        QVERIFY2(trouble.isEmpty(), qPrintable(trouble));
        for (int i = 0; i < statements; ++i)
            QVERIFY2(answer(i).trimmed().isEmpty(), qPrintable(m_statements[i] + answer(i)));
        QVERIFY2(answer(late).contains(QLatin1String("throwIf")), qPrintable(answer(late)));
        QVERIFY2(answer(refused).contains(QLatin1String("Duplicate")), qPrintable(answer(refused)));
        QVERIFY(answer(made).contains(QLatin1String("`tags` JSON")));
        QVERIFY(answer(made).contains(QLatin1String("`event_type` LowCardinality(String)")));
        QVERIFY(answer(made).contains(QLatin1String("TTL ts + toIntervalDay(9000)")));
        QCOMPARE(answer(counts), QStringLiteral("302\t302\n"));
        QCOMPARE(answer(documents), QStringLiteral("{\"a\":1}\tprod\t1\n"
                                                  "{\"a\":{\"b\":18446744073709551615},\"z\":[1,\"2\",{}]}"
                                                  "\tprod\t1\n{\"_json\":\"{\\\"same\\\":1,\\\"same\\\":2}\"}"
                                                   "\t\\N\t1\n"));
        QCOMPARE(answer(windows), QStringLiteral("302\t2025-10-21 10:00:00\n"));
        QCOMPARE(answer(latest), QStringLiteral("7\t1\n"));
        QCOMPARE(answer(state), QStringLiteral("s1.1\tapproved\n"));
        QCOMPARE(answer(known), QStringLiteral("k5\t1761040805\torder:5\torder.created\n"));
        QCOMPARE(answer(score), QStringLiteral("f1\t1761040800\n"));
        QCOMPARE(answer(alert), QStringLiteral("f1\t1761040800\n"));
        QCOMPARE(answer(entropy), QStringLiteral("deviation\t12.5\t12.5\n"));
    }
};

EVENTOPS_TEST(TestClickHouseCurrent)
#include "tst_clickhouse_current.moc"
