// SPDX-License-Identifier: MIT
//
// K5: change events of MongoDB on a topic, in every form in which the MongoDB source connector of Kafka Connect (which
// MSK Connect runs as well) and its converters write them.
#include "tests/support/real_kafka.h"
#include "tests/support/test_main.h"
#include "tests/unit/kafka/kafka_fixture.h"

#include <QtCore/QJsonArray>
#include <QtCore/QJsonDocument>

#include <set>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr char Contact[] = "jane \"ops\" <jane@example.org>";

QJsonObject object(const char *text)
{
    return QJsonDocument::fromJson(text).object();
}

QByteArray compact(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

QByteArray quoted(const QByteArray &text)
{
    const QByteArray array = QJsonDocument(QJsonArray{QString::fromUtf8(text)}).toJson(QJsonDocument::Compact);
    return array.mid(1, array.size() - 2);
}

/// A file is asked for, arrives, and is deleted.
QList<QJsonObject> life(const QString &file)
{
    const QJsonObject ns = object("{\"db\":\"ingest\",\"coll\":\"files\"}");
    const QJsonObject key{{QStringLiteral("_id"), file}};
    const auto event = [&](const char *operation, int second) {
        const QJsonObject token{{QStringLiteral("_data"), QStringLiteral("8268C6AE%1").arg(second)}};
        const QJsonObject stamp{{QStringLiteral("t"), 1'757'851'200 + second}, {QStringLiteral("i"), 1}};
        const qint64 wall = 1'757'851'200'000 + second * 1'000 + 9;
        return QJsonObject{{QStringLiteral("_id"), token},
                           {QStringLiteral("operationType"), QLatin1String(operation)},
                           {QStringLiteral("clusterTime"), QJsonObject{{QStringLiteral("$timestamp"), stamp}}},
                           {QStringLiteral("wallTime"), QJsonObject{{QStringLiteral("$date"), wall}}},
                           {QStringLiteral("ns"), ns},
                           {QStringLiteral("documentKey"), key}};
    };
    QJsonObject document = object("{\"consumer_id\":\"billing\",\"file_type\":\"csv\",\"status\":\"requested\"}");
    document.insert(QStringLiteral("_id"), file);
    document.insert(QStringLiteral("contact"), QLatin1String(Contact));
    QJsonObject insert = event("insert", 0), update = event("update", 4);
    insert.insert(QStringLiteral("fullDocument"), document);
    document.insert(QStringLiteral("status"), QStringLiteral("arrived"));
    update.insert(QStringLiteral("fullDocument"), document);
    update.insert(QStringLiteral("updateDescription"),
                  object("{\"updatedFields\":{\"status\":\"arrived\"},\"removedFields\":[]}"));
    return {insert, update, event("delete", 60)};
}

/// As `output.format.value=schema` has it: documents as texts inside, the wall's time a number.
QJsonObject withSchema(QJsonObject event)
{
    for (const char *const name : {"_id", "documentKey", "fullDocument", "clusterTime"}) {
        const QJsonValue value = event.value(QLatin1String(name));
        if (value.isObject())
            event.insert(QLatin1String(name), QString::fromUtf8(compact(value.toObject())));
    }
    const QJsonValue wall = event.value(QLatin1String("wallTime")).toObject().value(QLatin1String("$date"));
    event.insert(QStringLiteral("wallTime"), wall);
    return event;
}

/// What stands on the topic for one change event.
QByteArray written(const QByteArray &form, const QJsonObject &event)
{
    constexpr char Text[] = "{\"schema\":{\"type\":\"string\",\"optional\":false},\"payload\":";
    constexpr char Struct[] =
        "{\"schema\":{\"type\":\"struct\",\"fields\":[],\"optional\":false,\"name\":\"ChangeStream\"},"
        "\"payload\":";
    if (form == "text converter")
        return compact(event);
    if (form == "text in JSON")
        return quoted(compact(event));
    if (form == "text with a schema")
        return Text + quoted(compact(event)) + '}';
    if (form == "record")
        return compact(withSchema(event));
    return Struct + compact(withSchema(event)) + '}'; // record with a schema
}

constexpr const char *Forms[] = {"text converter", "text in JSON", "text with a schema", "record",
                                 "record with a schema"};

qint64 number(const Ran &ran, const char *name)
{
    return ran.json().value(QLatin1String(name)).toInteger(-1);
}

/// "type entity time key" of each event, in the order of times.
QStringList told(const QList<QJsonObject> &events, const char *time, const char *type)
{
    QStringList all;
    for (const QJsonObject &event : events) {
        const QJsonObject entity = event.value(QLatin1String("entity")).toObject();
        const QString own = entity.value(QLatin1String("id")).toString();
        all.append(QStringLiteral("%1 %2 %3 %4")
                       .arg(event.value(QLatin1String(time)).toString(), event.value(QLatin1String(type)).toString(),
                            own.isEmpty() ? event.value(QLatin1String("entity_id")).toString() : own,
                            event.value(QLatin1String("idempotency_key")).toString()));
    }
    all.sort();
    return all;
}

QStringList wanted(const QString &file)
{
    return {QStringLiteral("2025-09-14T12:00:00Z file_event %1 mongo:%1:insert:1757851200.1").arg(file),
            QStringLiteral("2025-09-14T12:00:04Z file_arrived %1 mongo:%1:update:1757851204.1").arg(file),
            QStringLiteral("2025-09-14T12:01:00Z file_event %1 mongo:%1:delete:1757851260.1").arg(file)};
}

} // namespace

class TestChangeEvents : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase()
    {
        EVENTOPS_NEEDS_KAFKA();
        m_kafka = std::make_unique<RealKafka>();
        QVERIFY2(m_kafka->isUp(), m_kafka->output());
    }
    void cleanupTestCase() { m_kafka.reset(); }

    void everyConverterIsUnderstood_data()
    {
        QTest::addColumn<QByteArray>("codec");
        for (const char *const form : Forms) {
            QTest::newRow(form) << QByteArray("auto");
            QTest::newRow((QByteArray(form) + ", codec json").constData()) << QByteArray("json");
        }
    }
    void everyConverterIsUnderstood()
    {
        QFETCH(const QByteArray, codec);
        const QByteArray form = QByteArray(QTest::currentDataTag()).split(',').front();
        const QByteArray topic = "cdc." + QByteArray(QTest::currentDataTag()).replace(", ", ".").replace(' ', '-');
        makeTopic(topic);
        produce(topic, form, QStringLiteral("f001"));
        const Scratch scratch;
        const Ran ran = runPipeline(scratch, definition(scratch, topic, codec));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran, "stored"), 3);
        QCOMPARE(number(ran, "skipped"), 1); // the tombstone
        QCOMPARE(number(ran, "dead_lettered"), 0);
        const auto events = scratch.query(QStringLiteral("events"));
        QCOMPARE(told(events, "ts_event", "type"), wanted(QStringLiteral("f001")));
        for (const QJsonObject &event : events) {
            QCOMPARE(event.value(QLatin1String("correlation_id")).toString(), QStringLiteral("f001"));
            const QJsonObject source = event.value(QLatin1String("source")).toObject();
            QCOMPARE(source.value(QLatin1String("type")).toString(), QStringLiteral("mongo"));
            const QJsonObject entity = event.value(QLatin1String("entity")).toObject();
            QCOMPARE(entity.value(QLatin1String("type")).toString(), QStringLiteral("File"));
        }
        QCOMPARE(scratch.sql("SELECT count(*) AS n FROM event WHERE headers LIKE '%kafka.key%'").rows().front(),
                 object("{\"n\":3}")); // the connector's key
        // Personal data is nowhere, however it was quoted: not in events, nor in what is kept of the messages.
        const QString raw = scratch.path(QStringLiteral("raw.ndjson"));
        QCOMPARE(run({QStringLiteral("export"), QStringLiteral("--form"), QStringLiteral("ndjson"),
                      QStringLiteral("--out"), raw, QStringLiteral("--workspace"), scratch.workspace()})
                     .exitCode,
                 0);
        QFile kept(raw);
        QVERIFY(kept.open(QIODevice::ReadOnly));
        const QByteArray text = kept.readAll();
        QVERIFY2(text.contains("billing"), text);
        QVERIFY2(!text.contains("jane@example.org"), text);
        for (const QJsonObject &event : events)
            QVERIFY2(!compact(event).contains("jane@example.org"), compact(event));
    }

    /// K5, K6: the shipped pipeline over cdc.raw. Whatever is on it, what is published is the envelope.
    void rawChangeEventsBecomeNormalizedOnes()
    {
        makeTopic("cdc.raw");
        QStringList all;
        for (std::size_t i = 0; i < std::size(Forms); ++i) {
            const QString file = QStringLiteral("f10%1").arg(i);
            produce("cdc.raw", Forms[i], file);
            produce("cdc.raw", Forms[std::size(Forms) - 1 - i], file); // its connector was started anew
            all += wanted(file);
        }
        all.sort();
        const Scratch scratch;
        const Ran made =
            kafka(scratch, "init", *m_kafka, {QStringLiteral("--publish"), QStringLiteral("events.normalized")});
        QVERIFY2(made.exitCode == 0, made.err);
        const Ran ran = runPipeline(scratch, definition(scratch, "cdc.raw"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(number(ran, "stored"), all.size());
        QCOMPARE(number(ran, "duplicate"), all.size());
        QCOMPARE(number(ran, "skipped"), 2 * static_cast<qint64>(std::size(Forms)));
        QCOMPARE(number(ran, "dead_lettered"), 0);
        QList<QJsonObject> published;
        for (int partition = 0; partition < 3; ++partition) {
            for (const KafkaPeer::Read &read : m_kafka->peer().readAll("events.normalized", partition))
                published.append(object(read.value.value_or("").c_str()));
        }
        published.removeIf([](const QJsonObject &event) {
            return !event.value(QLatin1String("idempotency_key")).toString().startsWith(QLatin1String("mongo:"));
        });
        QCOMPARE(told(published, "ts", "event_type"), all);
        for (const QJsonObject &event : published)
            QCOMPARE(event.value(QLatin1String("source")).toObject(),
                     object("{\"system\":\"mongo\",\"ns\":{\"db\":\"ingest\",\"coll\":\"files\"}}"));
        // Once more: everything is known.
        const Ran again = runPipeline(scratch, definition(scratch, "cdc.raw"));
        QCOMPARE(number(again, "stored"), number(ran, "stored"));
        QCOMPARE(number(again, "received"), number(ran, "received"));
    }

    /// What the connector's own documentation shows; the files lie outside of the tree.
    void documentedMessagesAreRead()
    {
        const QDir folder(qEnvironmentVariable("EVENTOPS_INPUTS", QStringLiteral("/nonexistent"))
                          + QStringLiteral("/mongodb/kafka-source-connector"));
        if (!folder.exists())
            QSKIP("EVENTOPS_INPUTS names no folder with mongodb");
        const auto content = [&](const char *name) {
            QFile file(folder.filePath(QLatin1String(name)));
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        QList<QByteArray> json;
        for (const QByteArray &line : content("tutorials__source-connector__output__kc.out").split('\n')) {
            if (line.startsWith('{'))
                json.append(line);
        }
        QCOMPARE(json.size(), 2); // key and value
        const QByteArray document = content("tutorials__source-connector__output__document.json");
        makeTopic("cdc.documented");
        QVERIFY(m_kafka->peer().produce("cdc.documented", 0,
                                        {{json[1].toStdString(), json[0].toStdString()}, {document.toStdString()}}));
        const Scratch scratch;
        const Ran ran = runPipeline(scratch, definition(scratch, "cdc.documented"));
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(told(scratch.query(QStringLiteral("events")), "ts_event", "type"),
                 (QStringList{QStringLiteral("2022-04-24T14:12:37Z insert 62655a... "
                                             "mongo:62655a...:insert:1650809557.2"),
                              QStringLiteral("2022-10-14T13:59:47Z insert 63496b5280d076018b330536 "
                                             "mongo:63496b5280d076018b330536:insert:1665755987.2")}));
    }

private:
    void makeTopic(const QByteArray &topic)
    {
        QCOMPARE(m_kafka->peer().makeTopic(topic.constData(), 1, {{"retention.ms", "-1"}}), std::string());
    }

    /// The life of a file, and what a connector with tombstones writes behind it.
    void produce(const QByteArray &topic, const QByteArray &form, const QString &file)
    {
        std::vector<KafkaPeer::Record> records;
        std::string key;
        for (const QJsonObject &event : life(file)) {
            key = compact({{QStringLiteral("_id"), event.value(QLatin1String("_id"))}}).toStdString();
            records.push_back({written(form, event).toStdString(), key});
        }
        records.push_back({"", key, {}, 0, true});
        QVERIFY(m_kafka->peer().produce(topic.constData(), 0, records));
    }

    /// The shipped pipeline over another topic, to its end.
    QString definition(const Scratch &scratch, const QByteArray &topic, const QByteArray &codec = "auto") const
    {
        const QByteArray shipped = EVENTOPS_SOURCE_DIR "/pipelines/";
        QFile file(QString::fromUtf8(shipped + "definitions/mongo_connect.yaml"));
        QByteArray text = file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        text.replace("../", shipped);
        text.replace("kafka: {topics: [cdc.raw]", "kafka: {topics: [" + topic + "], codec: " + codec
                                                      + ", follow: false, brokers: \""
                                                      + QByteArray::fromStdString(m_kafka->brokers()) + '"');
        return scratch.file(QStringLiteral("mongo.yaml"), text);
    }

    std::unique_ptr<RealKafka> m_kafka;
};

EVENTOPS_TEST(TestChangeEvents)
#include "tst_change_events.moc"
