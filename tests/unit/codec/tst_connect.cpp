// SPDX-License-Identifier: MIT
//
// What Kafka Connect puts around documents is taken off, and nothing else is.
#include "tests/support/test_main.h"

#include "core/codec/connect.h"

using namespace eventops;

namespace {

/// The document inside; "null" where there is none.
std::string opened(const std::string &text)
{
    JsonReader json;
    ConnectDocument connect;
    if (json.read(text))
        return "no JSON";
    const JsonReader *const document = connect.open(json);
    return document != nullptr ? std::string(document->document()) : "null";
}

} // namespace

class TestConnect : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void wrappingsAreTakenOff_data()
    {
        QTest::addColumn<QByteArray>("given");
        QTest::addColumn<QByteArray>("inside");
        const QByteArray text = "{\"schema\":{\"type\":\"string\"},\"payload\":";
        const QByteArray record = "{\"schema\":{\"type\":\"struct\",\"fields\":[]},\"payload\":";
        QTest::newRow("text with a schema") << text + "\"{\\\"a\\\":\\\"\\\\u00e9 \\\\\\\"b\\\\\\\"\\\"}\"}"
                                            << QByteArray("{\"a\":\"\\u00e9 \\\"b\\\"\"}");
        QTest::newRow("record with a schema") << record + " {\"a\": 1} }" << QByteArray("{\"a\": 1}");
        QTest::newRow("record without one")
            << QByteArray("{\"schema\":null,\"payload\":{\"a\":1}}") << QByteArray("{\"a\":1}");
        QTest::newRow("text in JSON") << QByteArray("\"{\\\"a\\\":1}\"") << QByteArray("{\"a\":1}");
        QTest::newRow("nothing inside") << text + "null}" << QByteArray("null");
        QTest::newRow("change event as a record")
            << record
                   + "{\"operationType\":\"insert\",\"ns\":{\"db\":\"d\"},\"documentKey\":\"{\\\"_id\\\":7}\","
                     "\"fullDocument\":null,\"wallTime\":5}}"
            << QByteArray("{\"operationType\":\"insert\",\"ns\":{\"db\":\"d\"},\"documentKey\":{\"_id\":7},"
                          "\"fullDocument\":null,\"wallTime\":5}");
    }
    void wrappingsAreTakenOff()
    {
        QFETCH(QByteArray, given);
        QFETCH(QByteArray, inside);
        QCOMPARE(opened(given.toStdString()), inside.toStdString());
    }

    void whatIsNoWrappingStays_data()
    {
        QTest::addColumn<QByteArray>("given");
        QTest::newRow("a text") << QByteArray("\"no document\"");
        QTest::newRow("a text that begins like one") << QByteArray("\"{a}\"");
        QTest::newRow("an own schema") << QByteArray("{\"schema\":{\"name\":\"x\"},\"payload\":{\"a\":1}}");
        QTest::newRow("more members") << QByteArray("{\"schema\":null,\"payload\":{\"a\":1},\"more\":1}");
        QTest::newRow("no schema") << QByteArray("{\"kind\":null,\"payload\":{\"a\":1}}");
        QTest::newRow("a number inside") << QByteArray("{\"schema\":{\"type\":\"int32\"},\"payload\":5}");
        QTest::newRow("texts that are no change event")
            << QByteArray("{\"operationType\":\"insert\",\"documentKey\":\"{\\\"_id\\\":7}\"}");
        QTest::newRow("a key that is a text")
            << QByteArray("{\"operationType\":\"insert\",\"ns\":{},\"documentKey\":\"{no\"}");
        QTest::newRow("deep together") << "{\"operationType\":\"insert\",\"ns\":{},\"fullDocument\":\"{\\\"a\\\":"
                                              + QByteArray(JsonDepthMax - 1, '[') + QByteArray(JsonDepthMax - 1, ']')
                                              + "}\"}";
    }
    void whatIsNoWrappingStays()
    {
        QFETCH(QByteArray, given);
        QCOMPARE(opened(given.toStdString()), given.toStdString());
    }
};

EVENTOPS_TEST(TestConnect)
#include "tst_connect.moc"
