// SPDX-License-Identifier: MIT
#include "tests/support/golden.h"
#include "tests/support/test_main.h"

using namespace eventops::test;

class TestGolden : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden_data()
    {
        QTest::addColumn<QString>("folder");
        const std::vector<GoldenCase> cases = goldenCases();
        QVERIFY(!cases.empty());
        for (const GoldenCase &golden : cases)
            QTest::newRow(golden.name.c_str()) << QString::fromStdString(golden.folder);
    }
    void golden()
    {
        QFETCH(QString, folder);
        const std::string wrong = checkGolden({QTest::currentDataTag(), folder.toStdString()});
        QVERIFY2(wrong.empty(), ('\n' + wrong).c_str());
    }
};

EVENTOPS_TEST(TestGolden)
#include "tst_golden.moc"
