// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/query_library.h"
#ifndef Q_MOC_RUN // which misreads raw strings
#include "tests/unit/sinks/fake_peers.h"
#endif
#include "tests/unit/sinks/sink_bench.h"

#include <QtCore/QDir>

using namespace eventops;
using namespace eventops::test;

namespace {

/// A format that no codec knows: what doors of a building say.
constexpr char Doors[] = "door|2026-02-03 04:05:06|D-17|hall-2|OPENED|1.5\n"
                         "door|2026-02-03 04:05:09|D-17|hall-2|FORCED|81.25\n"
                         "a line that is none\n"
                         "door|2026-02-03 04:06:00|D-18|hall-2|OPENED|2\n";

constexpr char Pipeline[] =
    "pipeline: doors\n"
    "sources:\n"
    "  - capture:\n"
    "      format: mapped\n"
    "      framing: lines\n"
    "      map:\n"
    "        pattern: "
    "'^door\\|(?P<at>[^|]+)\\|(?P<door>[^|]+)\\|(?P<hall>[^|]+)\\|(?P<state>\\w+)\\|(?P<force>[0-9.]+)$'\n"
    "        ts: {path: at, format: '%Y-%m-%d %H:%M:%S', zone: '+00:00'}\n"
    "        type: {path: state, values: {OPENED: door.opened, FORCED: door.forced}}\n"
    "        step: {path: state, lower: true}\n"
    "        entity: {type: {const: Door}, id: door}\n"
    "        entities:\n"
    "          - {type: {const: Hall}, id: hall}\n"
    "        links:\n"
    "          - source: {type: {const: Door}, id: door}\n"
    "            target: {type: {const: Hall}, id: hall}\n"
    "            type: {const: part_of}\n"
    "        metric: {const: door_force}\n"
    "        value: force\n"
    "        unit: {const: N}\n"
    "        message: {path: state}\n"
    "        require: [ts, type]\n"
    "stages:\n"
    "  - enrich: {cmdb: doors.yaml}\n"
    "  - rules: {files: [door_rules.yaml]}\n"
    "  - entities: {}\n"
    "  - suggest: {files: [door_policies.yaml]}\n"
    "executors:\n"
    "  demo: {}\n";

constexpr char Rules[] = "description: Doors.\nrules:\n  - {name: door_forced, metric: door_force, critical: 80}\n";
constexpr char Policies[] = "description: Doors.\npolicies:\n"
                            "  - name: guard\n"
                            "    when: name = door_forced\n"
                            "    command: send_guard\n"
                            "    args: {door: \"{entity.id}\", force: \"{value}\"}\n"
                            "    reason: \"{message}\"\n"
                            "    ttl: 6h\n"
                            "    execution_ttl: 60s\n"
                            "    cooldown: 1h\n";
constexpr char Panels[] = "dashboard: Doors\n"
                          "help: Who opens what.\n"
                          "panels:\n"
                          "  - query: By type\n"
                          "    where: ledger\n"
                          "    sql: SELECT event_type, sum(events) AS events FROM karma.v_event_counts_5m GROUP BY 1 "
                          "ORDER BY 1\n"
                          "    chart: {kind: bar, x: event_type, y: events}\n";

} // namespace

/// K109, K129: a format without a codec, its enrichment, rules, automation, dashboard and sink are files alone.
class TestConfiguredSource : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aNewSourceIsFilesAlone()
    {
        FakeReceiver peer;
        qputenv(SecretVariable, FakeReceiver::Secret);
        Scratch scratch;
        scratch.file(QStringLiteral("doors.yaml"),
                     "D-17: {floor: '2', owner: lab}\nD-18: {floor: '2', owner: office}\n");
        scratch.file(QStringLiteral("door_rules.yaml"), Rules);
        scratch.file(QStringLiteral("door_policies.yaml"), Policies);
        const QByteArray sink = "sinks:\n  - webhook: {secret_env: " + QByteArray(SecretVariable) + ", url: \""
                                + QByteArray::fromStdString(peer.url()) + "\", filter: tags.owner = lab}\n";
        const QString pipeline = scratch.file(QStringLiteral("doors_pipeline.yaml"), Pipeline + sink);
        const Ran ran = scratch.replay({scratch.file(QStringLiteral("doors.log"), Doors)},
                                       {QStringLiteral("--pipeline"), pipeline});
        QVERIFY2(ran.exitCode == 0, ran.err);
        // Ingested, and what is none is a dead letter.
        QCOMPARE(ran.json().value(QLatin1String("stored")).toInt(), 3);
        QCOMPARE(ran.json().value(QLatin1String("dead_lettered")).toInt(), 1);
        // Enriched.
        const auto events =
            scratch.query(QStringLiteral("events"), QStringLiteral("tags.owner = lab and step = forced"));
        QCOMPARE(events.size(), 1);
        QCOMPARE(events[0].value(QLatin1String("value")).toDouble(), 81.25);
        QCOMPARE(events[0].value(QLatin1String("type")).toString(), QStringLiteral("door.forced"));
        QCOMPARE(events[0].value(QLatin1String("ts_event")).toString(), QStringLiteral("2026-02-03T04:05:09Z"));
        // Ruled.
        const auto findings = scratch.query(QStringLiteral("findings"), QStringLiteral("name = door_forced"));
        QCOMPARE(findings.size(), 1);
        QCOMPARE(findings[0].value(QLatin1String("severity")).toString(), QStringLiteral("critical"));
        // Automated.
        const auto actions = scratch.query(QStringLiteral("actions"));
        QCOMPARE(actions.size(), 1);
        QCOMPARE(actions[0].value(QLatin1String("command")).toString(), QStringLiteral("send_guard"));
        // In the graph.
        QCOMPARE(scratch.query(QStringLiteral("links")).size(), 2);
        // Shown.
        const QString own = scratch.workspace();
        QVERIFY(QDir().mkpath(own + QStringLiteral("/dashboards")));
        scratch.file(QStringLiteral("workspace/dashboards/doors.yaml"), Panels);
        std::vector<Error> errors;
        const auto dashboards = savedDashboards({{}, own.toStdString()}, errors);
        QVERIFY2(errors.empty(), errors.empty() ? "" : errors[0].text().c_str());
        QCOMPARE(dashboards.size(), std::size_t(1));
        const Ran rows = scratch.sql(dashboards[0].panels[0].text.c_str());
        QVERIFY2(rows.exitCode == 0, rows.err);
        QCOMPARE(rows.rows().size(), 2);
        QCOMPARE(rows.rows()[1].value(QLatin1String("events")).toInt(), 2);
        // Sent on.
        QCOMPARE(peer.documents().size(), std::size_t(2));
    }
};

EVENTOPS_TEST(TestConfiguredSource)
#include "tst_configured_source.moc"
