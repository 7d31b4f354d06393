// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/base/text.h"

using namespace eventops;

class TestText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void noCharacterIsCut()
    {
        const std::string text = "aé€😀"; // one, two, three and four bytes
        const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
        for (std::size_t bytes = 0; bytes < std::size(ends); ++bytes)
            QCOMPARE(utf8Prefix(text, bytes).size(), ends[bytes]);
        QCOMPARE(utf8Prefix("\x80\x80\x80", 2).size(), std::size_t{0}); // no text at all
        QVERIFY(utf8Prefix("", 5).empty());
    }

    void whatIsShortenedSaysSo()
    {
        QCOMPARE(shortened("abcdef", 6), std::string("abcdef"));
        QCOMPARE(shortened("abcdefg", 6), std::string("abc…"));
        QCOMPARE(shortened("ab€€", 6), std::string("ab…"));
        QCOMPARE(shortened("abcd", 3), std::string("…"));
    }
};

EVENTOPS_TEST(TestText)
#include "tst_text.moc"
