// SPDX-License-Identifier: MIT
#include "core/base/time.h"
#include "tests/support/test_main.h"

using namespace eventops;

class TestTime : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsAndWrites_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<qint64>("ns");
        QTest::addColumn<QByteArray>("written");
        QTest::newRow("epoch") << QByteArray("1970-01-01T00:00:00Z") << qint64(0) << QByteArray("1970-01-01T00:00:00Z");
        QTest::newRow("seed") << QByteArray("2025-10-21T10:05:00Z") << qint64(1761041100) * 1000000000
                              << QByteArray("2025-10-21T10:05:00Z");
        QTest::newRow("millis") << QByteArray("2025-10-21T10:05:00.120Z") << qint64(1761041100120000000)
                                << QByteArray("2025-10-21T10:05:00.120Z");
        QTest::newRow("comma") << QByteArray("2016-12-19 20:39:48,918") << qint64(1482179988918000000)
                               << QByteArray("2016-12-19T20:39:48.918Z");
        QTest::newRow("offset") << QByteArray("2025-10-21T12:05:00+02:00") << qint64(1761041100) * 1000000000
                                << QByteArray("2025-10-21T10:05:00Z");
        QTest::newRow("offset short") << QByteArray("2025-10-21T05:35:00-0430") << qint64(1761041100) * 1000000000
                                      << QByteArray("2025-10-21T10:05:00Z");
        QTest::newRow("nanos cut") << QByteArray("1969-12-31T23:59:59.9999999999Z") << qint64(-1)
                                   << QByteArray("1969-12-31T23:59:59.999999999Z");
        QTest::newRow("leap day") << QByteArray("2024-02-29T00:00:00Z") << qint64(1709164800) * 1000000000
                                  << QByteArray("2024-02-29T00:00:00Z");
        QTest::newRow("leap second") << QByteArray("2016-12-31T23:59:60Z") << qint64(1483228799999999999)
                                     << QByteArray("2016-12-31T23:59:59.999999999Z");
    }
    void readsAndWrites()
    {
        QFETCH(QByteArray, text);
        QFETCH(qint64, ns);
        QFETCH(QByteArray, written);
        const auto time = parseTimestamp(text.toStdString());
        QVERIFY(time.has_value());
        QCOMPARE(raw(*time), ns);
        QCOMPARE(formatTimestamp(*time), written.toStdString());
    }

    void refusesWhatIsNoTime()
    {
        for (const char *text : {"", "now", "2025-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2025-10-21T24:00:00Z",
                                 "2025-10-21T10:05:00.Z", "2025-10-21T10:05:00Zz", "2025-10-21T10:05:00+25:00",
                                 "9999-01-01T00:00:00Z", "2025-10-21", "2025/10/21T10:05:00Z", "2025-10-21T10:05"})
            QVERIFY2(!parseTimestamp(text), text);
    }

    void epochsByMagnitude()
    {
        const WallNs expected = *parseTimestamp("2025-10-16T09:00:00Z");
        QCOMPARE(raw(*timestampFromEpoch(1760605200)), raw(expected));
        QCOMPARE(raw(*timestampFromEpoch(1760605200000)), raw(expected));
        QCOMPARE(raw(*timestampFromEpoch(1760605200000000)), raw(expected));
        QCOMPARE(raw(*timestampFromEpoch(1760605200000000000)), raw(expected));
        QCOMPARE(raw(*timestampFromEpochText("1588205199.82437")), qint64(1588205199824370000));
        QCOMPARE(raw(*timestampFromEpochText("1760605200000.5")), raw(expected) + 500000);
        QVERIFY(!timestampFromEpochText("12x"));
        QVERIFY(!timestampFromEpochText("1."));
    }

    void everyDayOfFourCenturiesRoundTrips()
    {
        for (std::int64_t day = -100000; day < 100000; day += 7) {
            const CivilTime c = civilTime(WallNs{day * 86400 * NsPerSecond});
            QCOMPARE(daysFromCivil(c.year, c.month, c.day), day);
        }
        QCOMPARE(civilTime(*parseTimestamp("2025-10-21T10:05:00Z")).weekday, 1u); // a Tuesday
    }

    void durations()
    {
        QCOMPARE(*parseDurationNs("90s"), 90 * NsPerSecond);
        QCOMPARE(*parseDurationNs("250ms"), 250 * NsPerMs);
        QCOMPARE(*parseDurationNs("7d"), 7 * 86400 * NsPerSecond);
        for (const char *text : {"", "5", "-1s", "s", "1w", "1.5s", "99999999999999d"})
            QVERIFY2(!parseDurationNs(text), text);
    }
};

EVENTOPS_TEST(TestTime)
#include "tst_time.moc"
