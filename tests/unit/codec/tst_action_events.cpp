// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"
#include "tests/unit/codec/codec_fixture.h"

#include "core/base/time.h"
#include "core/codec/action_events.h"
#include "core/codec/alert.h"
#include "core/codec/json_reader.h"
#include "tests/support/json_schema.h"

#include <QtCore/QDirIterator>
#include <QtCore/QFile>

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

const WallNs Now = *parseTimestamp("2025-10-21T10:05:00Z");

Action sampleAction()
{
    Action action;
    action.suggestion.id = "0123456789abcdef0123456789abcdef";
    action.suggestion.tenant = "acme";
    action.suggestion.entityType = "Host";
    action.suggestion.entityId = "host:host-a";
    action.suggestion.correlationId = "c-1";
    action.suggestion.command = "restart_service";
    action.suggestion.args = "{\"service\": \"web\",\n\"force\":true}";
    action.suggestion.ttlSeconds = 600;
    action.version = 2;
    action.idempotencyKey = "act:1";
    return action;
}

/// What the published schemas say of an action event; empty: nothing.
QString invalid(const std::string &json)
{
    static const JsonSchema Action(QStringLiteral("action"));
    static const JsonSchema Envelope(QStringLiteral("envelope"));
    const QString wrong = Action.check(QByteArray::fromStdString(json));
    return wrong.isEmpty() ? Envelope.check(QByteArray::fromStdString(json)) : wrong;
}

} // namespace

class TestActionEvents : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void requestedIsTheWireForm()
    {
        const std::string json = encodeActionRequested(sampleAction(), Now);
        QCOMPARE(json.substr(0, 100), std::string("{\"ts\":\"2025-10-21T10:05:00Z\","
            "\"event_type\":\"action.requested\","
                                                  "\"entity_id\":\"host:host-a\",\"correlation_id").substr(0, 100));
        QCOMPARE(invalid(json), QString());
        const auto back = decodeActionRequested(json);
        QVERIFY2(static_cast<bool>(back), back ? "" : back.error().text().c_str());
        QCOMPARE(back.value().actionId, std::string("0123456789abcdef0123456789abcdef.2"));
        QCOMPARE(back.value().idempotencyKey, std::string("act:1"));
        QCOMPARE(back.value().tenant, std::string("acme"));
        QCOMPARE(back.value().entityId, std::string("host:host-a"));
        QCOMPARE(back.value().entityType, std::string("host"));
        QCOMPARE(back.value().command, std::string("restart_service"));
        QCOMPARE(back.value().ttlSeconds, 600.0);
        QVERIFY(back.value().ts == Now);
        QCOMPARE(jsonMember(back.value().args, "force").value(), std::string_view("true"));
        QVERIFY(json.find('\n') == std::string::npos);
        // And it is a Karma event like any other.
        QCOMPARE(decodeOne("auto", json).text(Field::Codec), std::string("karma.v1"));
    }

    void everyReportIsValidAndComesBack()
    {
        std::set<std::string> keys;
        for (std::size_t i = 0; i < ActionReportKindCount; ++i) {
            ActionReport report;
            report.kind = static_cast<ActionReportKind>(i);
            report.actionId = "id.1";
            report.idempotencyKey = "act:1";
            report.tenant = "acme";
            report.entityId = "host:host-a";
            report.correlationId = "c";
            report.ts = Now;
            report.attempt = 2;
            report.percent = 12.5;
            report.durationMs = 3820;
            report.error = "timeout";
            report.output = "line\n\"quoted\"";
            const std::string json = encodeActionReport(report);
            QCOMPARE(invalid(json), QString());
            const auto back = decodeActionReport(json);
            QVERIFY(static_cast<bool>(back));
            QVERIFY(back.value().kind == report.kind);
            QCOMPARE(back.value().actionId, report.actionId);
            QCOMPARE(back.value().idempotencyKey, report.idempotencyKey);
            QCOMPARE(back.value().output, report.output);
            QCOMPARE(back.value().attempt, 2u);
            QCOMPARE(back.value().percent.value(), 12.5);
            QVERIFY(back.value().ts == Now);
            QVERIFY(actionReportKindByName(toString(report.kind)) == report.kind);
            const bool result = report.kind >= ActionReportKind::Succeeded;
            QCOMPARE(std::string(actionTopic(report.kind)),
                     std::string(result ? "actions.result" : "actions.progress"));
            keys.insert(decodeOne("karma.v1", json).text(Field::IdempotencyKey));
        }
        QCOMPARE(keys.size(), ActionReportKindCount); // no report is another's duplicate
        QVERIFY(!keys.contains("act:1"));
    }

    void acceptsEveryForm()
    {
        using enum ActionReportKind;
        const std::pair<const char *, ActionReportKind> cases[] = {
            {"{\"event_type\":\"action.progress\",\"attrs\":{\"state\":\"accepted\",\"action_id\":\"a\"}}", Accepted},
            {"{\"event_type\":\"action.result\",\"attrs\":{\"state\":\"failed\"},\"action_id\":\"a\"}", Failed},
            {"{\"event_type\":\"action.succeeded\",\"idempotency_key\":\"a\",\"attrs\":{\"duration_ms\":3820}}",
             Succeeded},
            {"{\"event_type\":\"actions.cancelled\",\"idempotency_key\":\"a\"}", Cancelled},
            {"{\"event_type\":\"action.retrying\",\"idempotency_key\":\"a\"}", Retrying},
        };
        for (const auto &[json, kind] : cases) {
            const auto report = decodeActionReport(json);
            QVERIFY2(report && report.value().kind == kind && report.value().actionId == "a", json);
            QCOMPARE(report.value().tenant, std::string("default"));
        }
        QVERIFY(static_cast<bool>(decodeActionRequested(
            "{\"event_type\":\"actions.requested\",\"ts\":\"2025-10-21T10:05:00Z\",\"idempotency_key\":\"k\","
            "\"attrs\":{\"command\":\"x\"}}")));
        for (const char *bad : {"", "[]", "{}", "{\"event_type\":\"order\",\"idempotency_key\":\"a\"}",
                                "{\"event_type\":\"action.progress\",\"idempotency_key\":\"a\"}",
                                "{\"event_type\":\"action.started\"}",
                                "{\"event_type\":\"action.started\",\"idempotency_key\":\"a\",\"ts\":\"soon\"}"})
            QVERIFY2(!decodeActionReport(bad), bad);
        for (const char *bad : {"{\"event_type\":\"action.requested\",\"ts\":\"2025-10-21T10:05:00Z\","
            "\"attrs\":{\"command\":\"x\"}}",
                                "{\"event_type\":\"action.requested\",\"idempotency_key\":\"a\","
                                "\"attrs\":{\"command\":\"x\"}}",
                                "{\"event_type\":\"action.requested\",\"idempotency_key\":\"a\","
                                "\"ts\":\"2025-10-21T10:05:00Z\"}",
                                "{\"event_type\":\"action.requested\",\"idempotency_key\":\"a\","
                                "\"ts\":\"2025-10-21T10:05:00Z\","
                                "\"attrs\":{\"command\":\"x\",\"args\":[]}}"})
            QVERIFY2(!decodeActionRequested(bad), bad);
    }

    void statesAndTheWire()
    {
        using enum ActionState;
        for (const ActionState silent : {Proposed, Rejected, Expired, Approved, Published})
            QVERIFY(!reportKindOf(silent));
        for (const ActionState state : {Acknowledged, Started, Succeeded, Failed, Cancelled})
            QVERIFY(stateAfter(*reportKindOf(state)) == state);
        QVERIFY(reportKindOf(TimedOut) == ActionReportKind::Failed);
        QVERIFY(!stateAfter(ActionReportKind::Retrying));
    }

    void alertsAreByteExact()
    {
        Finding finding;
        finding.ts = Now;
        finding.tsText = "2025-10-21T10:00:00Z";
        finding.tenant = "acme";
        finding.sourceId = "host-a";
        finding.metric = "cpu_load";
        finding.severity = Severity::Warning;
        finding.name = "cpu_load_threshold";
        finding.hasValue = true;
        finding.value = 85;
        finding.message = "cpu_load=85.0 exceeds warning threshold";
        finding.tags = "{\"env\":\"prod\",\"team\":\"c\xc3\xb6re\",\"n\":[1,2]}";
        QCOMPARE(encodeAlert(finding),
                 std::string("{\"ts\": \"2025-10-21T10:00:00Z\", \"tenant\": \"acme\", \"source_id\": \"host-a\", "
                             "\"metric\": \"cpu_load\", \"severity\": \"warning\", \"rule\": \"cpu_load_threshold\", "
                             "\"value\": 85.0, \"message\": \"cpu_load=85.0 exceeds warning threshold\", "
                             "\"tags\": {\"env\": \"prod\", \"team\": \"c\\u00f6re\", \"n\": [1, 2]}}"));
        finding.tsText.clear();
        finding.hasValue = false;
        finding.tags = "not json";
        const std::string bare = encodeAlert(finding);
        QVERIFY(bare.find("{\"ts\": \"2025-10-21T10:05:00Z\"") == 0);
        QVERIFY(bare.find("\"value\": null") != std::string::npos);
        QVERIFY(bare.find("\"tags\": {}}") != std::string::npos);
        QCOMPARE(JsonSchema(QStringLiteral("alert")).check(QByteArray::fromStdString(bare)), QString());
    }

    /// Every alert that a golden case expects byte for byte fits the published schema.
    void alertsFitTheSchema()
    {
        const JsonSchema schema(QStringLiteral("alert"));
        QDirIterator files(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/golden"), {QStringLiteral("alerts.ndjson")},
                           QDir::Files, QDirIterator::Subdirectories);
        int alerts = 0;
        while (files.hasNext()) {
            QFile file(files.next());
            QVERIFY(file.open(QIODevice::ReadOnly));
            for (const QByteArray &line : file.readAll().split('\n')) {
                if (line.isEmpty())
                    continue;
                QVERIFY2(schema.check(line).isEmpty(), (line + '\n' + schema.check(line).toUtf8()).constData());
                ++alerts;
            }
        }
        QVERIFY(alerts >= 10);
    }

    /// A checker that finds nothing looks like valid output.
    void schemasFindWhatIsWrong_data()
    {
        QTest::addColumn<QString>("schema");
        QTest::addColumn<QByteArray>("document");
        QTest::addColumn<bool>("valid");
        const auto row = [](const char *schema, const QByteArray &document, bool valid) {
            QTest::newRow(document.constData()) << QString::fromLatin1(schema) << document << valid;
        };
        const QByteArray request = "{\"event_type\":\"action.requested\",\"ts\":\"2025-10-21T10:05:00Z\","
                                   "\"entity_id\":\"e\",\"idempotency_key\":\"k\","
                                   "\"attrs\":{\"command\":\"c\",\"args\":{},\"ttl_sec\":5}}";
        const auto with = [&](const char *from, const char *to) { return QByteArray(request).replace(from, to); };
        row("action", request, true);
        row("action", with("10:05:00Z", "10:05:00.25+02:00"), true);
        row("action", with("10:05:00Z", "10:05:00"), false);
        row("action", with("2025-10-21T", "2025-13-21T"), false);
        row("action", with("\"entity_id\":\"e\",", ""), false);
        row("action", with(":\"k\"", ":\"\""), false);
        row("action", with("{}", "[]"), false);
        row("action", with(":5", ":\"5\""), false);
        row("action", with(":5", ":-5"), false);
        row("action", with("requested", "retrying"), false);
        row("action", "{\"event_type\":\"action.failed\"}", true);
        row("action", "{}", false);
        row("action", "[]", false);
        row("envelope", request, true);
        row("envelope", with("\"ts\"", "\"time\""), false);
        row("envelope", with("\"entity_id\":\"e\"", "\"source\":\"s\""), false);
        const QByteArray alert = "{\"ts\":\"t\",\"tenant\":\"a\",\"source_id\":\"s\",\"metric\":\"m\","
                                 "\"severity\":\"warning\",\"rule\":\"r\",\"value\":85.0,\"message\":\"x\","
                                 "\"tags\":{}}";
        row("alert", alert, true);
        row("alert", QByteArray(alert).replace("85.0", "null"), true);
        row("alert", QByteArray(alert).replace("85.0", "\"85\""), false);
        row("alert", QByteArray(alert).replace("warning", "bad"), false);
        row("alert", QByteArray(alert).replace("{}}", "{},\"more\":1}"), false);
        row("alert", QByteArray(alert).replace(",\"tags\":{}", ""), false);
        row("alert", alert.left(40), false);
    }
    void schemasFindWhatIsWrong()
    {
        QFETCH(QString, schema);
        QFETCH(QByteArray, document);
        QFETCH(bool, valid);
        const JsonSchema checked(schema);
        QCOMPARE(checked.error(), QString());
        const QString wrong = checked.check(document);
        QVERIFY2(wrong.isEmpty() == valid, qPrintable(wrong));
    }

    void unknownKeywordsAreRefused()
    {
        QVERIFY(JsonSchema(QStringLiteral("nothing")).error().endsWith(QStringLiteral("is no JSON object")));
        const QJsonObject nested{
            {QStringLiteral("properties"),
             QJsonObject{{QStringLiteral("a"), QJsonObject{{QStringLiteral("pattern"), QStringLiteral("x")}}}}}};
        QCOMPARE(unknownKeyword(nested), QStringLiteral("pattern"));
        QCOMPARE(unknownKeyword({{QStringLiteral("format"), QStringLiteral("uri")}}), QStringLiteral("format"));
    }
};

EVENTOPS_TEST(TestActionEvents)
#include "tst_action_events.moc"
