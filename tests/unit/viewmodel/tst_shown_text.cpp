// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/finding_text.h"
#include "core/viewmodel/shown_text.h"

#include <limits>

using namespace eventops;

class TestShownText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hostileTextBecomesOneHarmlessLine()
    {
        QCOMPARE(shownText("a\r\nb\tc\x01"), QStringLiteral("a  b c "));
        QCOMPARE(shownText("<b>x</b>"), QStringLiteral("<b>x</b>")); // views show plain text only
        const QString bidi = shownText("user\xE2\x80\xAEtxt.exe\xE2\x80\x8B\xEF\xBB\xBF");
        QVERIFY(!bidi.contains(QChar(0x202e)));
        QCOMPARE(bidi.count(QChar(QChar::ReplacementCharacter)), qsizetype(3));
        QVERIFY(shownText("ok\xFF\xFE").startsWith(QStringLiteral("ok")));
        QCOMPARE(shownBlock("a\nb\x1b[31m"), QStringLiteral("a\nb [31m"));
    }

    void aMegabyteIsCut()
    {
        const std::string big(1'000'000, 'x');
        QCOMPARE(shownText(big).size(), ShownLineMax);
        QVERIFY(shownText(big).endsWith(QChar(0x2026)));
        std::string pairs;
        for (int i = 0; i < 1'000; ++i)
            pairs += "\xF0\x9F\x98\x80"; // a surrogate pair each
        for (const qsizetype max : {10, 11}) {
            const QString cut = shownText(pairs, max);
            QVERIFY(cut.size() <= max);
            QVERIFY(!cut.at(cut.size() - 2).isHighSurrogate());
        }
        QCOMPARE(shownText(std::string(400, 'y')).size(), qsizetype(400));
        QVERIFY(!shownText(std::string(400, 'y')).contains(QChar(0x2026)));
    }

    void timesAndAmounts()
    {
        QCOMPARE(shownTime(WallNs{1'761'041'100 * NsPerSecond}), QStringLiteral("2025-10-21 10:05:00"));
        QCOMPARE(shownTime(WallNs{1'761'041'100 * NsPerSecond + 7 * NsPerMs}),
                 QStringLiteral("2025-10-21 10:05:00.007"));
        QCOMPARE(shownTime(NoTime), QString());
        QCOMPARE(shownDuration(0), QStringLiteral("0 s"));
        QCOMPARE(shownDuration(725 * NsPerSecond), QStringLiteral("12 min 5 s"));
        QCOMPARE(shownDuration(3'600 * NsPerSecond), QStringLiteral("1 h"));
        QCOMPARE(shownDuration(-90 * NsPerSecond), QStringLiteral("-1 min 30 s"));
        QCOMPARE(shownDuration(850 * NsPerMs), QStringLiteral("850 ms"));
        QCOMPARE(shownDuration(std::numeric_limits<qint64>::min()), QString());
        QCOMPARE(shownCount(999), QStringLiteral("999"));
        QCOMPARE(shownCount(1'234'567).remove(QChar(0x202f)), QStringLiteral("1234567"));
        QCOMPARE(shownCount(1'234'567).size(), qsizetype(9));
        QCOMPARE(shownBytes(1'536), QStringLiteral("1.5 KiB"));
        QCOMPARE(shownBytes(12), QStringLiteral("12 B"));
        QCOMPARE(shownDiskSize(81'920), QStringLiteral("80 KiB"));
        QCOMPARE(shownDiskSize(7'208'960), QStringLiteral("7 MiB"));
        QCOMPARE(shownDiskSize(1'610'612'736), QStringLiteral("1.5 GiB"));
    }

    void termsSumToTheLastDigit()
    {
        Finding finding;
        for (const double bits : {1.04, 2.04, 3.04, 0.03})
            finding.terms.push_back({"value", bits, "context", "97", "34.1 ± 2.2", 50});
        finding.bits = 6.15;
        int tenths = 0;
        double shares = 0.0;
        for (const QVariant &term : shownTerms(finding)) {
            tenths += static_cast<int>(term.toMap().value(QStringLiteral("bitsText")).toString().toDouble() * 10 + 0.5);
            shares += term.toMap().value(QStringLiteral("share")).toDouble();
        }
        QCOMPARE(tenths, 62);
        QCOMPARE(shownBits(6.15), QStringLiteral("6.2"));
        QVERIFY(qAbs(shares - 1.0) < 1e-9);
        finding.terms[0].bits = std::numeric_limits<double>::infinity();
        finding.terms[1].bits = std::numeric_limits<double>::quiet_NaN();
        QCOMPARE(shownTerms(finding).size(), qsizetype(4));
    }

    void evidenceSurvivesBadJson()
    {
        Finding finding;
        finding.evidence = "[\"a\\u0041\", 7, \"b\"]";
        QCOMPARE(evidenceIds(finding), QStringList({QStringLiteral("aA"), QStringLiteral("b")}));
        finding.evidence = "not json [";
        QVERIFY(evidenceIds(finding).isEmpty());
        finding.evidence = "[" + std::string(100'000, '[');
        QVERIFY(evidenceIds(finding).isEmpty());
    }
};

EVENTOPS_TEST(TestShownText)
#include "tst_shown_text.moc"
