// SPDX-License-Identifier: MIT
#include "core/base/encode.h"
#include "tests/support/test_main.h"

using namespace eventops;

class TestEncode : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void percent()
    {
        QCOMPARE(percentEncoded("aZ09-._~"), std::string("aZ09-._~"));
        QCOMPARE(percentEncoded("a b/ä%"), std::string("a%20b%2F%C3%A4%25"));
        QCOMPARE(percentEncoded(std::string_view("\0\xff", 2)), std::string("%00%FF"));
        QVERIFY(percentEncoded("").empty());
    }

    void hex()
    {
        QCOMPARE(hexOf(0), std::string("0000000000000000"));
        QCOMPARE(hexOf(0xfedcba9876543210ULL), std::string("fedcba9876543210"));
    }
};

EVENTOPS_TEST(TestEncode)
#include "tst_encode.moc"
