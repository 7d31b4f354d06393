// SPDX-License-Identifier: MIT
//
// Chronos' API as its README and its code have it (contracts C2–C18, C22, X28–X34).
#include "tests/support/test_main.h"

#include "tests/support/program.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/chronos_fixture.h"
#include "tests/unit/api/serve_process.h"

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QRegularExpression>
#include <QtCore/QSet>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::Scratch;
using eventops::test::ServedTransformers;
using eventops::test::ServeProcess;

namespace {

constexpr const char *ShopSource = R"({"SourceName":"shop","EventFormatType":"application/json"})";
constexpr const char *Rules = "{\"TransformerName\":\"t\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":1,"
                              "\"TransformerScript\":{\"eventType\":\"$.type\",\"entityId\":\"$.id\",\"severity\":"
                              "\"WARN\",\"message\":\"$.text\"}}";

/// Times differ from run to run.
QByteArray timeless(QByteArray body)
{
    static const QRegularExpression time(QStringLiteral(R"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?)"));
    return QString::fromUtf8(body).replace(time, QStringLiteral("TIME")).toUtf8();
}

/// Reason and detail of each, a line.
QByteArray deadLetters(Backend &backend)
{
    QByteArray out;
    const auto read = test::waitFor<Ok>([&](Done<Ok> done) {
        backend.deadLetters(
            {"t", Role::Admin, {}}, 100,
            [&out](const std::vector<DeadLetterRow> &page) {
                for (const DeadLetterRow &row : page)
                    out += QByteArray::fromStdString(row.reason + ": " + row.detail + '\n');
            },
            std::move(done));
    });
    return read ? out : QByteArray("cannot be read");
}

/// The commands of the blocks of a document, each block as one text.
QList<QByteArray> blocksOf(const QString &path)
{
    QFile file(path);
    QList<QByteArray> out;
    if (!file.open(QIODevice::ReadOnly))
        return out;
    const QByteArray text = file.readAll();
    for (qsizetype at = text.indexOf("```bash\n"); at >= 0; at = text.indexOf("```bash\n", at)) {
        const qsizetype begin = at + 8, end = text.indexOf("```", begin);
        out.append(text.mid(begin, end - begin));
        at = end + 3;
    }
    return out;
}

/// What a block prints; each answer is followed by its status on a line.
QByteArray runBlock(QByteArray block, quint16 port)
{
    block.replace("http://localhost/", "http://localhost:" + QByteArray::number(port) + '/');
    QProcess shell;
    shell.start(QStringLiteral("bash"),
                {QStringLiteral("-c"),
                 QString::fromUtf8("curl() { command curl -sS -w '\\n%{http_code}\\n' \"$@\"; }\n" + block)});
    shell.waitForFinished(60'000);
    return shell.readAllStandardOutput();
}

} // namespace

class TestChronos : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// C5, C6, X29, section 3.3: README's bodies and upstream's.
    void sourcesAreKept()
    {
        ServedTransformers chronos;
        QVERIFY2(chronos.failure().empty(), chronos.failure().c_str());
        const HttpAnswer made = chronos.post("/sources/", ShopSource);
        QCOMPARE(made.status, 200);
        QCOMPARE(made.body, QByteArray("{\"SourceID\":1,\"SourceName\":\"shop\",\"Description\":\"\","
                                       "\"EventFormatType\":\"application/json\"}"));
        QCOMPARE(
            chronos
                .post("/sources", "{\"SourceName\":\"shop\",\"Description\":\"d\",\"EventFormatType\":\"text/plain\"}")
                .status,
            200); // without the slash, another content type
        QCOMPARE(chronos.post("/sources/", ShopSource).status, 409);
        QCOMPARE(chronos.get("/sources/1").body, made.body);
        QCOMPARE(ServedTransformers::list(chronos.get("/sources/")).size(), 2);
        const HttpAnswer changed = chronos.send(
            "PUT", "/sources/2", "{\"SourceName\":\"till\",\"Description\":\"e\",\"EventFormatType\":\"text/plain\"}");
        QCOMPARE(changed.body, QByteArray("{\"SourceID\":2,\"SourceName\":\"till\",\"Description\":\"e\","
                                          "\"EventFormatType\":\"text/plain\"}"));
        QCOMPARE(chronos.send("DELETE", "/sources/2").body, changed.body);
        const HttpAnswer gone = chronos.get("/sources/2");
        QCOMPARE(gone.status, 404);
        QCOMPARE(gone.body, QByteArray("{\"detail\":\"Source not found\"}"));
        QCOMPARE(chronos.get("/sources/x").status, 422);
    }

    /// C10, C11, X29, X30, X33.
    void transformersAreKept()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        const HttpAnswer python =
            chronos.post("/transformers/", "{\"TransformerName\":\"c\","
                                           "\"TransformerType\":\"PythonTransformer\",\"SourceID\":1,\"ScriptPath\":"
                                           "\"src.x.compute_app_layer_transformer\"}");
        QCOMPARE(
            python.body,
            QByteArray("{\"TransformerName\":\"c\",\"TransformerType\":\"PythonTransformer\",\"Description\":\"\","
                       "\"SourceID\":1,\"ProcessType\":\"\",\"ScriptPath\":\"src.x.compute_app_layer_transformer\","
                       "\"ClassName\":\"ComputeEventsTransformer\",\"TransformerID\":1,\"IsActive\":true}"));
        QCOMPARE(chronos.post("/transformers/", Rules).status, 200);
        const HttpAnswer longRules =
            chronos.post("/transformers/", "{\"TransformerName\":\"l\",\"Description\":\"d\","
                                           "\"TransformerType\":\"JSONTransformer\",\"SourceID\":1,\"ProcessType\":"
                                           "\"stream\",\"MatchingEntity\":\"key\","
                                           "\"MatchingPath\":\"a\",\"EventMappings\":[{\"from\":\"a\",\"to\":\"b\"}],"
                                           "\"EntityPath\":\"id\",\"EntityType\":\"T\","
                                           "\"EventType\":\"E\",\"Relations\":[]}");
        QCOMPARE(longRules.status, 200);
        QVERIFY2(longRules.body.contains("\"EventMappings\":[{\"from\":\"a\",\"to\":\"b\"}]"),
                 longRules.body.constData());
        QCOMPARE(ServedTransformers::list(chronos.get("/transformers/")).size(), 3);
        QCOMPARE(ServedTransformers::list(chronos.get("/transformers/source/1")).size(), 3);
        QCOMPARE(ServedTransformers::list(chronos.get("/transformers/source/9")).size(), 0);
        QCOMPARE(chronos.get("/transformers/1").body, python.body);
        QCOMPARE(chronos.get("/transformers/9").body, QByteArray("{\"detail\":\"Transformer not found\"}"));
        QByteArray off(Rules);
        off.insert(1, "\"IsActive\":false,");
        QVERIFY(chronos.send("PUT", "/transformers/2", off).body.contains("\"IsActive\":false"));
        QCOMPARE(chronos.send("DELETE", "/transformers/1").body, python.body);
        QCOMPARE(chronos.get("/transformers/1").status, 404);
    }

    void wrongTransformersAreRefused_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<int>("status");
        QTest::newRow("no source") << QByteArray(
            "{\"TransformerName\":\"t\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":7,"
            "\"TransformerScript\":{\"eventType\":\"a\",\"entityId\":\"b\"}}")
                                   << 404;
        QTest::newRow("no such type") << QByteArray(
            "{\"TransformerName\":\"t\",\"TransformerType\":\"Other\",\"SourceID\":1}")
                                      << 422;
        QTest::newRow("no rules") << QByteArray(
            "{\"TransformerName\":\"t\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":1}")
                                  << 422;
        QTest::newRow("no script") << QByteArray(
            "{\"TransformerName\":\"t\",\"TransformerType\":\"PythonTransformer\",\"SourceID\":1}")
                                   << 422;
        QTest::newRow("no JSON") << QByteArray("{") << 422;
        QTest::newRow("a list") << QByteArray("[]") << 422;
        QTest::newRow("a text as number")
            << QByteArray("{\"TransformerName\":\"t\",\"TransformerType\":\"Failing\",\"SourceID\":\"x\"}") << 422;
    }
    void wrongTransformersAreRefused()
    {
        QFETCH(QByteArray, body);
        QFETCH(int, status);
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        const HttpAnswer answer = chronos.post("/transformers/", body);
        QCOMPARE(answer.status, status);
        QVERIFY2(answer.json().contains(QLatin1String("detail")), answer.body.constData());
        QCOMPARE(chronos.get("/transformers/").body, QByteArray("[]"));
    }

    /// C13–C18, X28, X32: from a raw event to what is asked for, and into the pipeline.
    void eventsAreTransformed()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        chronos.post(
            "/transformers/",
            "{\"TransformerName\":\"l\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":1,"
            "\"MatchingEntity\":\"key\",\"MatchingPath\":\"id\",\"EventMappings\":[{\"from\":\"id\",\"to\":\"id\"}],"
            "\"EntityPath\":\"id\","
            "\"EntityType\":\"Order\",\"EventType\":\"{type}\",\"Severity\":\"{level}\","
            "\"Relations\":[{\"from\":\"id\",\"to\":\"customer\",\"fromType\":\"Order\",\"toType\":\"Customer\"},"
            "{\"from\":\"id\",\"to\":\"id\",\"fromType\":\"Order\",\"toType\":\"Order\"}]}");
        const HttpAnswer taken =
            chronos.event("{\"id\":\"o1\",\"type\":\"PAID\",\"level\":\"INFO\",\"customer\":\"ann\"}",
                          "x-event-source: shop\r\nx-event-timestamp: 2025-10-21 10:00:00\r\n");
        QCOMPARE(taken.status, 200);
        QCOMPARE(taken.body, QByteArray("{\"message\":\"Event created successfully and sent for processing via "
                                        "transformers\",\"status_code\":200}"));
        QVERIFY(chronos.event("{\"id\":\"o2\",\"type\":\"LOST\",\"level\":\"ERROR\",\"customer\":\"ann\"}").status
                == 200);
        QVERIFY(chronos.processed(2));
        const HttpAnswer one = chronos.get("/processed_events/?entity_id=o1");
        QCOMPARE(
            timeless(one.body),
            QByteArray("[{\"ProcessedEventID\":1,\"RawEventID\":1,\"EventType\":\"PAID\",\"EventData\":{\"id\":\"o1\"},"
                       "\"EntityID\":\"o1\",\"SourceID\":1,\"TransformerID\":1,\"Severity\":\"INFO\","
                       "\"Message\":\"The event with event type PAID happened for entity o1\","
                       "\"IngestionTime\":\"TIME\",\"ProcessedTime\":\"TIME\",\"Timestamp\":\"TIME\"}]"));
        QCOMPARE(ServedTransformers::list(chronos.get("/processed_events/?event_type=LOST")).size(), 1);
        QCOMPARE(chronos.get("/processed_events/?event_type=LOST&entity_id=o1").body, QByteArray("[]"));
        QCOMPARE(chronos.get("/processed_events/?entity=o1").status, 422);
        const QByteArray filtered =
            chronos
                .post("/processed_events/filter", "{\"event_types\":[\"PAID\",\"LOST\"],"
                                                  "\"source_ids\":[1],\"severity\":\"ERROR\",\"start_timestamp\":"
                                                  "\"2020-01-01T00:00:00\",\"limit\":5}")
                .body;
        QCOMPARE(QJsonDocument::fromJson(filtered).array().size(), 1);
        QCOMPARE(chronos.post("/processed_events/filter", "{\"limit\":1,\"offset\":1}").body,
                 chronos.get("/processed_events/?entity_id=o2").body);
        const HttpAnswer single = chronos.get("/processed_events/1");
        QVERIFY(timeless(single.body).startsWith("{\"data\":{\"processed_event_id\":1,\"event_data\":{\"ProcessedEv"));
        // Links are stored as they point; what is related is found whichever way they do, level by level.
        const auto related = [&](const char *entity, int depth) {
            return ServedTransformers::list(chronos.post("/related_entities_events",
                                                         QByteArray("{\"entity_id\":\"") + entity + "\",\"depth\":"
                                                             + QByteArray::number(depth) + ",\"filter\":{}}"))
                .size();
        };
        QCOMPARE(ServedTransformers::list(chronos.get("/links/")).size(), 2); // none to itself
        QCOMPARE(related("ann", 1), 2);
        QCOMPARE(related("o1", 1), 1);
        QCOMPARE(related("o1", 2), 2);
        QCOMPARE(chronos.post("/related_entities_events", "{\"entity_id\":\"x\",\"depth\":1,\"filter\":{}}").status,
                 404);
        QCOMPARE(ServedTransformers::list(chronos.get("/entities/")).size(), 3);
        // They are the pipeline's events as any other, at the time that the sender says.
        QVERIFY(chronos.reaches("stored", 2));
        const QJsonArray stored = chronos.served().get("/api/v1/events").json()[QLatin1String("events")].toArray();
        QCOMPARE(stored.size(), 2);
        const QByteArray all = QJsonDocument(stored).toJson(QJsonDocument::Compact);
        QVERIFY2(all.contains("\"2025-10-21T10:00:00Z\"") && all.contains("PAID"), all.constData());
    }

    /// Section 3.3: who is first says what an entity is.
    void theFirstWriterOfAnEntityWins()
    {
        ServedTransformers chronos;
        QCOMPARE(chronos.post("/entities/", "{\"EntityID\":\"x\",\"EntityType\":\"Host\"}").body,
                 QByteArray("{\"EntityID\":\"x\",\"EntityType\":\"Host\"}"));
        QCOMPARE(chronos.post("/entities/", "{\"EntityID\":\"x\",\"EntityType\":\"Pod\"}").status, 409);
        chronos.post("/sources/", ShopSource);
        chronos.post("/transformers/", Rules);
        chronos.event("{\"id\":\"x\",\"type\":\"UP\"}");
        QVERIFY(chronos.processed(1));
        QCOMPARE(chronos.get("/entities/x").body, QByteArray("{\"EntityID\":\"x\",\"EntityType\":\"Host\"}"));
        QCOMPARE(chronos.send("PUT", "/entities/x", "{\"EntityID\":\"x\",\"EntityType\":\"VM\"}").status, 200);
        QCOMPARE(chronos.send("DELETE", "/entities/x").body, QByteArray("{\"EntityID\":\"x\",\"EntityType\":\"VM\"}"));
        QCOMPARE(chronos.get("/entities/x").body, QByteArray("{\"detail\":\"Entity not found\"}"));
        const HttpAnswer link = chronos.post("/links/", "{\"SourceEntityID\":\"a\",\"DestinationEntityID\":\"b\"}");
        QCOMPARE(timeless(link.body), QByteArray("{\"LinkID\":1,\"SourceEntityID\":\"a\",\"DestinationEntityID\":\"b\","
                                                 "\"CreatedAt\":\"TIME\"}"));
        QCOMPARE(chronos.post("/links/", "{\"SourceEntityID\":\"a\",\"DestinationEntityID\":\"a\"}").status, 422);
        QCOMPARE(chronos.get("/links/1").body, link.body);
        QCOMPARE(chronos.send("PUT", "/links/1", "{\"SourceEntityID\":\"a\",\"DestinationEntityID\":\"c\"}").status,
                 200);
        QCOMPARE(chronos.send("DELETE", "/links/1").status, 200);
        QCOMPARE(chronos.get("/links/").body, QByteArray("[]"));
    }

    /// C15: all active ones run; one that fails gives a dead letter with its reason and stops no other.
    void oneThatFailsStopsNoOther()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        chronos.post("/transformers/", "{\"TransformerName\":\"bad\",\"TransformerType\":\"Failing\",\"SourceID\":1}");
        chronos.post("/transformers/", Rules);
        chronos.post("/transformers/", "{\"TransformerName\":\"off\",\"TransformerType\":\"Failing\",\"SourceID\":1,"
                                       "\"IsActive\":false}");
        chronos.event("{\"id\":\"x\",\"type\":\"UP\",\"boom\":1}");
        QVERIFY(chronos.processed(1));
        QVERIFY(chronos.reaches("dead_lettered", 1));
        QVERIFY(chronos.reaches("stored", 1));
        const QByteArray letters = deadLetters(chronos.served().backend());
        QVERIFY2(letters.contains("transformer_failed") && letters.contains("\"bad\": it went off"),
                 letters.constData());
        // No transformer says anything: it is an event as it came.
        QCOMPARE(chronos.send("DELETE", "/transformers/2").status, 200);
        chronos.event("{\"id\":\"y\"}");
        QVERIFY(chronos.reaches("stored", 2));
        QCOMPARE(ServedTransformers::list(chronos.get("/processed_events/")).size(), 1);
    }

    void whatIsRefusedStoresNothing_data()
    {
        QTest::addColumn<QByteArray>("headers");
        QTest::addColumn<int>("status");
        QTest::newRow("no source") << QByteArray("Content-Type: application/json\r\n") << 422;
        QTest::newRow("empty source") << QByteArray("x-event-source: \r\n") << 422;
        QTest::newRow("unknown source") << QByteArray("x-event-source: nobody\r\n") << 404;
        QTest::newRow("two sources") << QByteArray("x-event-source: shop\r\nx-event-source: shop\r\n") << 422;
        QTest::newRow("another type of content")
            << QByteArray("x-event-source: shop\r\nContent-Type: text/plain\r\n") << 422;
        QTest::newRow("a type that is none")
            << QByteArray("x-event-source: shop\r\nContent-Type: image/png\r\n") << 400;
        QTest::newRow("a time that is none")
            << QByteArray("x-event-source: shop\r\nx-event-timestamp: yesterday\r\n") << 422;
        QTest::newRow("a source that is no text") << QByteArray("x-event-source: sh\xffop\r\n") << 422;
    }
    void whatIsRefusedStoresNothing()
    {
        QFETCH(QByteArray, headers);
        QFETCH(int, status);
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        chronos.post("/transformers/", Rules);
        for (const char *path : {"/event", "/raw_events/", "/event/test"}) {
            const HttpAnswer answer = chronos.event("{\"id\":\"x\",\"type\":\"UP\"}", headers, path);
            QVERIFY2(answer.status == status || (status == 422 && answer.status == 400), answer.body.constData());
            QVERIFY2(answer.json().contains(QLatin1String("detail")), answer.body.constData());
        }
        QCOMPARE(chronos.get("/raw_events/").body, QByteArray("[]"));
        QCOMPARE(chronos.get("/processed_events/").body, QByteArray("[]"));
        QCOMPARE(chronos.counted("received"), 0);
    }

    /// C23: what would become of an event, and nothing is stored.
    void aDryRunStoresNothing()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", ShopSource);
        QCOMPARE(chronos.event("{}", "x-event-source: shop\r\n", "/event/test").status, 404); // no transformer
        chronos.post("/transformers/", Rules);
        chronos.post("/transformers/", "{\"TransformerName\":\"bad\",\"TransformerType\":\"Failing\",\"SourceID\":1}");
        const HttpAnswer answer = chronos.event("{\"id\":\"x\",\"type\":\"UP\",\"text\":\"boom\"}",
                                                "x-event-source: shop\r\n", "/event/test");
        QCOMPARE(answer.body,
                 QByteArray("[{\"source_id\":1,\"transformer_id\":1,\"processed_data\":{\"processed_events\":["
                            "{\"EventType\":\"UP\",\"EntityID\":\"x\",\"EventData\":{\"id\":\"x\",\"type\":\"UP\","
                            "\"text\":\"boom\"},"
                            "\"Severity\":\"WARN\",\"Message\":\"boom\"}],\"entities\":[{\"EntityID\":\"x\","
                            "\"EntityType\":\"Entity\"}],\"links\":[]},\"status\":\"Success\","
                            "\"message\":\"Successfully processed the event\"},"
                            "{\"source_id\":1,\"transformer_id\":2,\"processed_data\":null,\"status\":\"Failed\","
                            "\"message\":\"Failed to process the event - it went off\"}]"));
        for (const char *path : {"/raw_events/", "/processed_events/", "/entities/", "/links/"})
            QCOMPARE(chronos.get(path).body, QByteArray("[]"));
        QCOMPARE(chronos.counted("received"), 0);
    }

    void rawEventsAndProcessedOnesByHand()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", "{\"SourceName\":\"bin\",\"EventFormatType\":\"application/octet-stream\"}");
        const HttpAnswer raw = chronos.event(QByteArray("\x00\xff", 2),
                                             "x-event-source: bin\r\nContent-Type: application/octet-stream\r\n"
                                             "x-event-timestamp: 2025-10-21T12:00:00+02:00\r\n",
                                             "/raw_events/");
        QVERIFY2(timeless(raw.body).startsWith("{\"RawEventID\":1,\"Source\":\"bin\",\"EventData\":"),
                 raw.body.constData());
        QVERIFY2(raw.body.contains("\"EventTimestamp\":\"2025-10-21 10:00:00\""), raw.body.constData());
        QVERIFY2(raw.body.contains("\"EventDataBase64\":\"AP8=\""), raw.body.constData());
        QCOMPARE(chronos.get("/raw_events/1").body, raw.body);
        const HttpAnswer made = chronos.post(
            "/processed_events/", "{\"RawEventID\":1,\"EventType\":\"SEEN\","
                                  "\"EventData\":{\"a\": 1},\"SourceID\":1,\"TransformerID\":0,\"EntityID\":\"e\"}");
        QCOMPARE(timeless(made.body),
                 QByteArray("{\"ProcessedEventID\":1,\"RawEventID\":1,\"EventType\":\"SEEN\",\"EventData\":{\"a\":1},"
                            "\"EntityID\":\"e\",\"SourceID\":1,\"TransformerID\":0,\"Severity\":null,\"Message\":null,"
                            "\"IngestionTime\":\"TIME\",\"ProcessedTime\":\"TIME\",\"Timestamp\":\"TIME\"}"));
        QCOMPARE(chronos.get("/processed_events/event_types").body,
                 QByteArray("[{\"event_type\":\"SEEN\",\"severity\":\"\"}]"));
        QCOMPARE(chronos.send("DELETE", "/processed_events/1").body, made.body);
        QCOMPARE(chronos.send("DELETE", "/raw_events/1").body, raw.body);
        QCOMPARE(chronos.get("/raw_events/1").body, QByteArray("{\"detail\":\"Raw Event not found\"}"));
    }

    void clustersAndKinds()
    {
        ServedTransformers chronos;
        chronos.post("/sources/", "{\"SourceName\":\"compute\",\"EventFormatType\":\"application/json\"}");
        chronos.post("/transformers/",
                     "{\"TransformerName\":\"c\",\"TransformerType\":\"PythonTransformer\",\"SourceID\":1,"
                     "\"ScriptPath\":\"compute_app_layer_transformer.py\"}");
        for (const char *type : {"CLUSTER_START_REQUEST_RECEIVED", "CLUSTER_STOPPED"})
            chronos.event(
                QByteArray("{\"cluster_id\":\"c1\",\"cluster_name\":\"prod\",\"session_id\":\"s1\",\"event_type\":\"")
                    + type + "\"}",
                "x-event-source: compute\r\n");
        QVERIFY(chronos.processed(2));
        const QJsonObject events =
            chronos.post("/cluster/events", "{\"cluster_id\":\"c1\",\"page_size\":1,\"filters\":{}}").json();
        QCOMPARE(events[QLatin1String("page_size")].toInt(), 1);
        const QJsonObject newest = events[QLatin1String("data")].toArray()[0].toObject();
        QCOMPARE(newest[QLatin1String("event_type")].toString(), QStringLiteral("CLUSTER_STOPPED"));
        QCOMPARE(newest[QLatin1String("raw_event_id")].toInt(), 2);
        QCOMPARE(
            timeless(chronos.get("/cluster/sessions/c1").body),
            QByteArray("{\"data\":[{\"session_id\":\"s1\",\"start_timestamp\":\"TIME\",\"end_timestamp\":\"TIME\"}]}"));
        QCOMPARE(chronos.get("/cluster/sources").body, QByteArray("{\"data\":[{\"id\":1,\"label\":\"compute\"}]}"));
        const auto &served = chronos.served();
        QCOMPARE(served.get("/chronos/severities").body, QByteArray("{\"data\":[\"INFO\",\"WARN\",\"ERROR\"]}"));
        const QByteArray types = served.get("/chronos/event-types").body;
        QVERIFY(types.contains("\"POD_FAILED\"") && !types.contains("IMAGE_PULLING"));
        QCOMPARE(served.get("/chronos/ec2-details/10.0.0.1").body, QByteArray("{\"data\":null}"));
        chronos.post("/entities/", "{\"EntityID\":\"i-1\",\"EntityType\":\"Host\"}");
        chronos.post("/entities/", "{\"EntityID\":\"ip-10-0-0-1.ec2.internal\",\"EntityType\":\"HostIP\"}");
        chronos.post("/links/", "{\"SourceEntityID\":\"i-1\",\"DestinationEntityID\":\"ip-10-0-0-1.ec2.internal\"}");
        QCOMPARE(served.get("/chronos/ec2-details/10.0.0.1").body, QByteArray("{\"data\":\"i-1\"}"));
        QCOMPARE(served.get("/chronos/healthcheck").body, QByteArray("{\"status\":\"ok\"}"));
        QCOMPARE(served.get("/chronos-consumer/healthcheck").body,
                 QByteArray("{\"status\":\"OK\",\"consumer\":\"running\"}"));
        // C2: the page needs nothing from anywhere else.
        const HttpAnswer page = served.get("/chronos/docs", nullptr);
        QCOMPARE(page.status, 200);
        QVERIFY(page.body.contains("/chronos/api/v1/event/test") && !page.body.contains("/api/v1/findings"));
        QVERIFY(!page.body.contains("http://") && !page.body.contains("https://"));
        QVERIFY(served.get("/chronos/openapi.json", nullptr).body.contains("/chronos/api/v1/sources/"));
    }

    /// Every block of Chronos' README, verbatim but for the port, on a fresh workspace: statuses and bodies.
    void theReadmeRunsAsWritten()
    {
        const Scratch scratch;
        const ServeProcess server(scratch);
        QVERIFY(server.port() != 0);
        const QList<QByteArray> blocks =
            blocksOf(QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/unit/api/chronos_readme.md"));
        QCOMPARE(blocks.size(), 5);
        QCOMPARE(runBlock(blocks[0], server.port()),
                 QByteArray("{\"SourceID\":1,\"SourceName\":\"compute-service\",\"Description\":\"\","
                            "\"EventFormatType\":\"application/json\"}\n200\n"));
        QCOMPARE(runBlock(blocks[1], server.port()),
                 QByteArray("{\"TransformerName\":\"compute-events-transformer\","
                            "\"TransformerType\":\"PythonTransformer\",\"Description\":\"\",\"SourceID\":1,"
                            "\"ProcessType\":\"\",\"ScriptPath\":\"src.transformers.python_transformers."
                            "compute_app_layer_transformer\",\"ClassName\":\"ComputeEventsTransformer\","
                            "\"TransformerID\":1,\"IsActive\":true}\n200\n"));
        QCOMPARE(runBlock(blocks[2], server.port()),
                 QByteArray("{\"message\":\"Event created successfully and sent for processing via transformers\","
                            "\"status_code\":200}\n200\n"));
        const QByteArray event =
            "[{\"ProcessedEventID\":1,\"RawEventID\":1,\"EventType\":\"CLUSTER_CREATED\",\"EventData\":{"
            "\"cluster_id\":\"cluster-123\",\"cluster_name\":\"prod-cluster\",\"event_type\":\"CLUSTER_CREATED\","
            "\"message\":\"Cluster created successfully\"},\"EntityID\":\"cluster-123\",\"SourceID\":1,"
            "\"TransformerID\":1,\"Severity\":\"INFO\",\"Message\":\"Cluster created successfully\","
            "\"IngestionTime\":\"TIME\",\"ProcessedTime\":\"TIME\",\"Timestamp\":\"TIME\"}]\n200\n";
        QTRY_COMPARE_WITH_TIMEOUT(timeless(runBlock(blocks[3], server.port())), event + event + event, 20'000);
        QCOMPARE(runBlock(blocks[4], server.port()),
                 QByteArray("{\"status\":\"ok\"}\n200\n{\"status\":\"OK\",\"consumer\":\"running\"}\n200\n"));
    }

    /// SIGKILL at any moment: what was answered well is transformed, and nothing twice, dead letters no more than
    /// events.
    void killsLoseNothingAndDoubleNothing()
    {
        const int given = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS");
        const int rounds = given > 0 ? given * 4 : 5;
        const Scratch scratch;
        const auto send = [](const ServeProcess &server, const QByteArray &path, const QByteArray &body) {
            test::HttpClient client(server.port());
            client.send("POST /chronos/api/v1" + path
                        + " HTTP/1.1\r\nHost: localhost:" + QByteArray::number(server.port())
                        + "\r\nContent-Type: application/json\r\n"
                          "x-event-source: shop\r\nContent-Length: "
                        + QByteArray::number(body.size()) + "\r\n\r\n" + body);
            return client.read(false, 5'000).status;
        };
        QSet<QByteArray> answered;
        int next = 0;
        for (int round = 0; round < rounds; ++round) {
            ServeProcess server(scratch);
            QVERIFY(server.port() != 0);
            if (round == 0) {
                QCOMPARE(send(server, "/sources/", ShopSource), 200);
                QCOMPARE(send(server, "/transformers/", Rules), 200);
            }
            for (int i = 0; i < 20 + 3 * (round % 7); ++i) {
                const QByteArray id = "e" + QByteArray::number(next++);
                const QByteArray type = next % 5 == 0 ? "" : "UP"; // every fifth fails
                if (send(server, "/event", "{\"id\":\"" + id + "\",\"type\":\"" + type + "\"}") == 200)
                    answered.insert(id);
            }
            QTest::qWait(7 * (round % 9));
            server.kill();
        }
        ServeProcess last(scratch);
        const auto count = [&](const char *what) {
            return scratch.sql(("SELECT count(*) AS n FROM " + std::string(what)).c_str())
                .json()[QLatin1String("n")]
                .toInt(-1);
        };
        QTRY_COMPARE_WITH_TIMEOUT(count("karma.raw_event WHERE waits = 1"), 0, 30'000);
        QTRY_COMPARE_WITH_TIMEOUT(count("karma.transform_outgoing"), 0, 30'000);
        QCOMPARE(static_cast<qsizetype>(count("karma.raw_event")), answered.size());
        const int processed = count("karma.processed_event");
        QCOMPARE(count("(SELECT DISTINCT raw_event FROM karma.processed_event)"), processed);
        QCOMPARE(count("karma.event"), processed);
        QCOMPARE(count("karma.dead_letter"), count("karma.raw_event") - processed);
        QVERIFY(processed > 0 && count("karma.dead_letter") > 0);
    }

    void rolesAndTenantsHold()
    {
        ServedTransformers chronos;
        QCOMPARE(chronos.post("/sources/", ShopSource, "viewer").status, 403);
        QCOMPARE(chronos.post("/sources/", ShopSource, nullptr).status, 401);
        QCOMPARE(chronos.post("/sources/", ShopSource, "acme").status, 200);
        QCOMPARE(chronos.get("/sources/", "other").body, QByteArray("[]"));
        QCOMPARE(chronos.get("/sources/1", "other").status, 404);
        QCOMPARE(chronos.event("{}", "x-event-source: shop\r\n", "/event", "other").status, 404);
        QCOMPARE(chronos.event("{}", "x-event-source: shop\r\n", "/event", "acme").status, 200);
        QVERIFY(chronos.reaches("stored", 1));
        QCOMPARE(ServedTransformers::list(chronos.get("/raw_events/", "acme")).size(), 1);
        QCOMPARE(chronos.get("/raw_events/", "other").body, QByteArray("[]"));
        ServedTransformers quiet(true, true);
        QCOMPARE(quiet.post("/sources/", ShopSource, "admin").status, 403);
        QCOMPARE(quiet.get("/sources/", nullptr).body, QByteArray("[]"));
    }
};

EVENTOPS_TEST(TestChronos)
#include "tst_chronos.moc"
