// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/unit/store/fixture.h"

#include <QtCore/QFile>

using namespace eventops;
using namespace eventops::test;

namespace {

struct SqlResult {
    std::vector<std::string> rows;
    std::string error;
    Error::Code code = Error::Code::Io;
};

SqlResult sql(const Workspace &workspace, std::string_view text)
{
    SqlResult out;
    const Status status = runSql(workspace.path(), text, [&](std::string_view row) {
        out.rows.emplace_back(row);
        return true;
    });
    if (!status) {
        out.error = status.error().text();
        out.code = status.error().code;
    }
    return out;
}

std::string one(const Workspace &workspace, std::string_view text)
{
    const SqlResult result = sql(workspace, text);
    if (!result.error.empty())
        return result.error;
    return result.rows.size() == 1 ? result.rows.front() : std::to_string(result.rows.size()) + " rows";
}

void fill(Workspace &workspace)
{
    auto ledger = workspace.open();
    BatchMaker maker;
    for (int i = 0; i < 10'000; ++i) {
        maker.record("{\"n\":" + std::to_string(i) + "}");
        Event &event = maker.event(i % 2 == 0 ? "acme" : "globex",
                                   {{Field::SourceId, i % 4 < 2 ? "host-a" : "host-b"},
                                    {Field::Type, "signals.metric"},
                                    {Field::Metric, "cpu_load"},
                                    {Field::Tags, "{\"env\":\"prod\"}"}},
                                   WallNs{1'600'000'000'000'000'000 + i * NsPerSecond});
        event.hasValue = true;
        event.value = static_cast<double>(i % 100);
        event.severity = i == 7'777 ? Severity::Critical : Severity::Info;
        event[Field::EntityId] = maker.batch().strings.intern(i == 4'321 ? "special" : "entity");
    }
    CommitGroup group = groupOf(maker.take());
    FeatureWindow window;
    window.seq = 7;
    window.start = WallNs{1'760'997'600 * NsPerSecond}; // Monday 2025-10-20T22:00:00Z
    window.end = WallNs{1'760'997'900 * NsPerSecond};
    window.tenant = "acme";
    window.entityId = "host-a";
    window.rule = "slow";
    window.metric = "latency_ms";
    window.count = 4;
    window.p50 = 110;
    window.p95 = 130;
    window.avg = 115;
    window.stddev = 11.5;
    group.features.push_back(window);
    window.emission = 1;
    window.step = "pay";
    window.start = WallNs{1'760'911'200 * NsPerSecond}; // the Sunday before
    group.features.push_back(window);
    Finding finding;
    finding.id = "f1";
    finding.seq = 5;
    finding.tsText = "2025-10-21T10:00:00Z";
    finding.tenant = "acme";
    finding.sourceId = "host-a";
    finding.metric = "cpu_load";
    finding.severity = Severity::Warning;
    finding.name = "cpu_load_threshold";
    finding.hasValue = true;
    finding.value = 85;
    finding.message = "cpu_load=85.0 exceeds warning threshold";
    Finding surprise = finding;
    surprise.id = "f2";
    surprise.ts = WallNs{1'600'000'000 * NsPerSecond};
    surprise.origin = FindingOrigin::Entropy;
    surprise.name = "value_surprise";
    surprise.entityId = "host:host-a";
    surprise.step = "sampled";
    surprise.bits = 16.5;
    surprise.terms.resize(1);
    group.findings = {finding, surprise};
    Suggestion suggestion;
    suggestion.id = "5";
    suggestion.command = "restart";
    suggestion.policy = "p";
    group.suggestions = {suggestion};
    const Status status = ledger->commit(group);
    if (!status)
        qFatal("%s", status.error().text().c_str());
}

} // namespace

class TestSql : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { fill(m_workspace); }

    void seedQueryRunsVerbatim()
    {
        QCOMPARE(one(m_workspace, "SELECT count() FROM karma.events_raw"), std::string("{\"count()\":10000}"));
        QCOMPARE(one(m_workspace, "SELECT count() AS n FROM events_raw;"), std::string("{\"n\":10000}"));
    }

    void viewsHaveTheirColumns_data()
    {
        QTest::addColumn<QString>("view");
        QTest::addColumn<QString>("columns");
        QTest::newRow("events_raw")
            << "events_raw"
            << "ts,event_type,entity_id,correlation_id,tags,attrs,idempotency_key,source,_ingested_at";
        QTest::newRow("metrics") << "metrics"
                                 << "ts,tenant,source_id,metric,value,unit,tags";
        QTest::newRow("alerts") << "alerts"
                                << "ts,tenant,source_id,metric,severity,rule,value,message,tags";
        QTest::newRow("raw_events") << "raw_events"
                                    << "RawEventID,Source,EventData,EventTimestamp,IngestionTimestamp,ContentType";
        QTest::newRow("processed_events_v2") << "processed_events_v2"
                                             << "ProcessedEventID,RawEventID,EventType,EventData,EntityID,SourceID,"
                                                "TransformerID,Severity,Message,IngestionTime,"
                                                "ProcessedTime,Timestamp";
        QTest::newRow("sources") << "sources"
                                 << "SourceID,SourceName,Description,EventFormatType";
        QTest::newRow("transformers")
            << "transformers"
            << "TransformerID,TransformerName,TransformerType,Description,SourceID,ProcessType";
        QTest::newRow("python_transformers")
            << "python_transformers"
            << "TransformerID,TransformerName,TransformerType,Description,SourceID,ProcessType,ScriptPath,ClassName";
        QTest::newRow("json_transformers")
            << "json_transformers"
            << "TransformerID,TransformerName,TransformerType,Description,SourceID,ProcessType,MatchingEntity,"
               "MatchingPath,"
               "MatchingValue,EventMappings,EntityPath,EntityType,EventType,Message,Severity,Relations";
        QTest::newRow("entities") << "entities"
                                  << "EntityID,EntityType";
        QTest::newRow("links") << "links"
                               << "LinkID,SourceEntityID,DestinationEntityID,CreatedAt";
        QTest::newRow("features_windowed") << "features_windowed"
                                           << "ts,entity_id,step,count,p50,p95,avg,stddev,day_of_week,hour";
        QTest::newRow("entropy_scores") << "entropy_scores"
                                        << "ts,entity_id,step,kind,score,eta,details";
        QTest::newRow("action_state_current") << "action_state_current"
                                              << "action_id,state,command,args,tenant,entity_type,entity_id,"
                                                 "correlation_id,ts,expires_at,approver,attempts,output,"
                                                 "idempotency_key";
    }

    void viewsHaveTheirColumns()
    {
        QFETCH(QString, view);
        QFETCH(QString, columns);
        const SqlResult result = sql(m_workspace, "SELECT group_concat(name) AS c FROM pragma_table_info('"
                                                      + view.toStdString() + "', 'karma')");
        QCOMPARE(result.error, std::string());
        QCOMPARE(result.rows.front(), "{\"c\":\"" + columns.toStdString() + "\"}");
        QCOMPARE(sql(m_workspace, "SELECT * FROM karma." + view.toStdString() + " LIMIT 5").error, std::string());
    }

    void rowsOfTheViews()
    {
        const std::string alert(
            "{\"ts\":\"2025-10-21T10:00:00Z\",\"tenant\":\"acme\",\"source_id\":\"host-a\",\"metric\":\"cpu_load\","
            "\"severity\":\"warning\",\"rule\":\"cpu_load_threshold\",\"value\":85,"
            "\"message\":\"cpu_load=85.0 exceeds warning threshold\",\"tags\":\"{}\"}");
        QCOMPARE(one(m_workspace, "SELECT * FROM karma.alerts"), alert);
        const std::string metric("{\"ts\":\"2020-09-13T12:26:40Z\",\"tenant\":\"acme\",\"source_id\":\"host-a\","
                                 "\"metric\":\"cpu_load\",\"value\":0,"
                                 "\"unit\":null,\"tags\":\"{\\\"env\\\":\\\"prod\\\"}\"}");
        QCOMPARE(one(m_workspace, "SELECT * FROM karma.metrics LIMIT 1"), metric);
        const std::string raw("{\"ts\":\"2020-09-13 "
                              "12:26:41\",\"event_type\":\"signals.metric\",\"tags\":\"{\\\"env\\\":\\\"prod\\\"}\"}");
        QCOMPARE(one(m_workspace, "SELECT ts, event_type, tags FROM karma.events_raw LIMIT 1 OFFSET 1"), raw);
        const std::string data("{\"EventData\":\"{\\\"n\\\":5999}\"}");
        QCOMPARE(one(m_workspace, "SELECT EventData FROM karma.raw_events WHERE RawEventID = 6000"), data);
        const std::string action("{\"action_id\":\"5.1\",\"state\":\"proposed\"}");
        QCOMPARE(one(m_workspace, "SELECT action_id, state FROM karma.action_state_current"), action);
    }

    /// Contract E8, in the columns of the seeds; days count from Monday.
    void windowsAreRows()
    {
        QCOMPARE(sql(m_workspace, "SELECT * FROM karma.features_windowed ORDER BY ts DESC").rows,
                 (std::vector<std::string>{
                     "{\"ts\":\"2025-10-20 22:00:00\",\"entity_id\":\"host-a\",\"step\":\"latency_ms\",\"count\":4,"
                     "\"p50\":110,\"p95\":130,\"avg\":115,\"stddev\":11.5,\"day_of_week\":1,\"hour\":22}",
                     "{\"ts\":\"2025-10-19 22:00:00\",\"entity_id\":\"host-a\",\"step\":\"pay\",\"count\":4,"
                     "\"p50\":110,\"p95\":130,\"avg\":115,\"stddev\":11.5,\"day_of_week\":7,\"hour\":22}"}));
    }

    /// Contract K8: counts in five minutes' windows, and the present state of each entity.
    void countsAndStatesAreViews()
    {
        QCOMPARE(one(m_workspace, "SELECT count(*) AS windows, sum(events) AS events, max(events) AS most "
                                  "FROM karma.v_event_counts_5m"),
                 std::string("{\"windows\":34,\"events\":10000,\"most\":300}"));
        QCOMPARE(one(m_workspace, "SELECT * FROM karma.v_event_counts_5m ORDER BY ts LIMIT 1"),
                 std::string("{\"ts\":\"2020-09-13 12:25:00\",\"event_type\":\"signals.metric\",\"events\":200}"));
        QCOMPARE(sql(m_workspace, "SELECT entity_id, ts FROM karma.v_latest_by_entity ORDER BY entity_id").rows,
                 (std::vector<std::string>{"{\"entity_id\":\"entity\",\"ts\":\"2020-09-13 15:13:19\"}",
                                           "{\"entity_id\":\"special\",\"ts\":\"2020-09-13 13:38:41\"}"}));
        QCOMPARE(one(m_workspace, "SELECT ts, entity_id, step, kind, score FROM karma.entropy_scores"),
                 std::string("{\"ts\":\"2020-09-13 12:26:40\",\"entity_id\":\"host:host-a\",\"step\":\"sampled\","
                             "\"kind\":\"deviation\",\"score\":16.5}"));
    }

    /// Contract L13, word for word.
    void newestMetricsVerbatim()
    {
        const SqlResult result = sql(m_workspace, "SELECT * FROM metrics ORDER BY ts DESC LIMIT 5");
        QCOMPARE(result.error, std::string());
        QCOMPARE(result.rows.size(), std::size_t{5});
        QCOMPARE(result.rows.front(),
                 std::string("{\"ts\":\"2020-09-13T15:13:19Z\",\"tenant\":\"globex\",\"source_id\":\"host-b\","
                             "\"metric\":\"cpu_load\",\"value\":99,\"unit\":null,"
                             "\"tags\":\"{\\\"env\\\":\\\"prod\\\"}\"}"));
        QVERIFY(result.rows.back().starts_with("{\"ts\":\"2020-09-13T15:13:15Z\""));
    }

    void constraintsAreExact()
    {
        const auto count = [&](const std::string &where) {
            return one(m_workspace, "SELECT count(*) AS n FROM event WHERE " + where);
        };
        QCOMPARE(count("tenant = 'acme'"), std::string("{\"n\":5000}"));
        QCOMPARE(count("entity_id = 'special'"), std::string("{\"n\":1}"));
        QCOMPARE(count("entity_id = 'SPECIAL'"), std::string("{\"n\":0}"));
        QCOMPARE(count("entity_id = 'SPECIAL' COLLATE NOCASE"), std::string("{\"n\":1}"));
        QCOMPARE(count("severity >= 21"), std::string("{\"n\":1}"));
        QCOMPARE(count("severity > 9"), std::string("{\"n\":1}"));
        QCOMPARE(count("severity_name = 'critical'"), std::string("{\"n\":1}"));
        QCOMPARE(count("seq > 100 AND seq <= 110"), std::string("{\"n\":10}"));
        QCOMPARE(count("seq = 5000 OR seq = 1"), std::string("{\"n\":2}"));
        QCOMPARE(count("seq IN (1, 2, 9999, 20000)"), std::string("{\"n\":4}").replace(5, 1, "3"));
        QCOMPARE(count("ts_event_ns >= 1600000000000000000 AND ts_event_ns < 1600000010000000000"),
                 std::string("{\"n\":10}"));
        QCOMPARE(count("ts_event >= '2020-09-13T12:26:50Z' AND ts_event < '2020-09-13T12:27:00Z'"),
                 std::string("{\"n\":10}"));
        QCOMPARE(count("ts_event >= '2021'"), std::string("{\"n\":0}"));
        QCOMPARE(count("ts_event <= '2020-09-13'"), std::string("{\"n\":0}"));
        QCOMPARE(count("tenant = 'nobody'"), std::string("{\"n\":0}"));
        QCOMPARE(count("tenant IS NULL"), std::string("{\"n\":0}"));
        QCOMPARE(count("metric = 5"), std::string("{\"n\":0}"));
        QCOMPARE(one(m_workspace, "SELECT seq FROM event ORDER BY seq DESC LIMIT 1"), std::string("{\"seq\":10000}"));
        QCOMPARE(one(m_workspace, "SELECT count(DISTINCT id) AS n FROM event"), std::string("{\"n\":10000}"));
        QCOMPARE(one(m_workspace, "SELECT sum(value) AS s FROM event WHERE source_id = 'host-b'"),
                 std::string("{\"s\":252500}"));
        QCOMPARE(
            one(m_workspace, "SELECT count(*) AS n FROM event AS a JOIN event AS b ON b.seq = a.seq WHERE a.seq < 50"),
            std::string("{\"n\":49}"));
    }

    void nothingButReading_data()
    {
        QTest::addColumn<QString>("text");
        for (const char *text : {
                 "INSERT INTO karma.meta VALUES('x', 1)",
                 "UPDATE karma.action SET state = 'approved'",
                 "DELETE FROM karma.audit",
                 "DROP TABLE karma.audit",
                 "CREATE TABLE karma.x(a)",
                 "CREATE TABLE x(a)",
                 "CREATE TEMP TABLE x(a)",
                 "CREATE VIRTUAL TABLE v USING fts5(a)",
                 "ATTACH '/tmp/eventops-sql-test.db' AS other",
                 "ATTACH ':memory:' AS other",
                 "DETACH karma",
                 "PRAGMA query_only = OFF",
                 "PRAGMA karma.user_version = 7",
                 "PRAGMA karma.journal_mode = DELETE",
                 "PRAGMA writable_schema = ON",
                 "PRAGMA karma.wal_checkpoint",
                 "PRAGMA temp_store_directory = '/tmp'",
                 "SELECT load_extension('x')",
                 "SELECT readfile('/etc/passwd')",
                 "SELECT writefile('/tmp/eventops-sql-test', 'x')",
                 "VACUUM karma INTO '/tmp/eventops-sql-test.db'",
                 "VACUUM",
                 "REINDEX",
                 "ANALYZE",
                 "BEGIN IMMEDIATE",
                 "SAVEPOINT x",
                 "INSERT INTO karma.event(seq) VALUES (1)",
                 "DELETE FROM karma.events_raw",
                 "SELECT 1; DELETE FROM karma.audit",
                 "SELECT * FROM nothing",
                 "nonsense",
             })
            QTest::newRow(text) << QString::fromLatin1(text);
    }

    void nothingButReading()
    {
        QFETCH(QString, text);
        const QByteArray before = ledgerBytes();
        const SqlResult result = sql(m_workspace, text.toStdString());
        QVERIFY2(!result.error.empty(), result.rows.empty() ? "accepted" : result.rows.front().c_str());
        QVERIFY(!QFile::exists(QStringLiteral("/tmp/eventops-sql-test.db")));
        QVERIFY(!QFile::exists(QStringLiteral("/tmp/eventops-sql-test")));
        QCOMPARE(ledgerBytes(), before);
    }

    void missingWorkspace()
    {
        Workspace empty;
        QVERIFY(sql(empty, "SELECT 1").code == Error::Code::NotFound);
    }

    void severalStatementsAndValues()
    {
        const SqlResult result = sql(
            m_workspace, "SELECT 1 AS a, 1.5 AS b, NULL AS c, x'00ff' AS d, 'x\"y' AS e; -- done\n SELECT 2 AS f; ");
        QCOMPARE(result.error, std::string());
        QCOMPARE(result.rows.size(), std::size_t{2});
        const std::string first = "{\"a\":1,\"b\":1.5,\"c\":null,\"d\":\"00ff\",\"e\":\"x\\\"y\"}";
        QCOMPARE(result.rows[0], first);
        QCOMPARE(result.rows[1], std::string("{\"f\":2}"));
    }

private:
    QByteArray ledgerBytes()
    {
        QFile file(QString::fromStdString(m_workspace.path() + "/ledger.db"));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    Workspace m_workspace;
};

EVENTOPS_TEST(TestSql)
#include "tst_sql.moc"
