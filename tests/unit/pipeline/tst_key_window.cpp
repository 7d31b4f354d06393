// SPDX-License-Identifier: MIT
#include "core/pipeline/key_window.h"
#include "tests/support/test_main.h"

using namespace eventops;

class TestKeyWindow : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void aKeyIsKnownForSoManyRecords()
    {
        KeyWindow window(10);
        QVERIFY(window.admit(7, 1));
        QVERIFY(!window.admit(7, 1)); // within one record, too
        QVERIFY(!window.admit(7, 10));
        QVERIFY(window.admit(7, 11)); // a duplicate does not make it known for longer
        QVERIFY(!window.admit(7, 20));
    }

    void withoutRecordsNothingIsADuplicate()
    {
        KeyWindow window(0);
        QVERIFY(window.admit(7, 1));
        QVERIFY(window.admit(7, 1));
        QVERIFY(window.admit(7, 2));
    }

    void itComesBackAsItWas()
    {
        KeyWindow window(1'000);
        for (Seq seq = 1; seq <= 3'000; ++seq)
            QVERIFY(window.admit(seq * 0x9e3779b97f4a7c15ULL, seq));
        StateWriter out;
        window.save(out);
        KeyWindow other(1'000);
        StateReader in(out.bytes());
        QVERIFY(other.load(in));
        QVERIFY(in.finish());
        StateWriter again;
        other.save(again);
        QVERIFY(again.bytes() == out.bytes());
        for (Seq seq = 3'001; seq <= 5'000; ++seq)
            QCOMPARE(other.admit(seq % 977, seq), window.admit(seq % 977, seq));
    }

    void damageIsToldAndLeavesNothing()
    {
        KeyWindow window(10);
        QVERIFY(window.admit(1, 1) && window.admit(2, 2));
        StateWriter out;
        window.save(out);
        StateReader cut(std::string_view(out.bytes()).substr(0, out.bytes().size() - 1));
        const Status loaded = window.load(cut);
        QVERIFY(!loaded);
        QCOMPARE(loaded.error().code, Error::Code::Corrupt);
        QVERIFY(window.admit(1, 3));
    }
};

EVENTOPS_TEST(TestKeyWindow)
#include "tst_key_window.moc"
