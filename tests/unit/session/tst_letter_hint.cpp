// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/session/letter_hint.h"

#include <vector>

using namespace eventops;

namespace {

std::string message(const std::string &payload)
{
    return R"({"topic":"t","partition":0,"offset":1,"tstype":"create","ts":1,"payload":")" + payload + "\"}";
}

} // namespace

class TestLetterHint : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void halvesOfADocumentAreKnown_data()
    {
        QTest::addColumn<QByteArrayList>("letters");
        QTest::addColumn<int>("first");
        QTest::addColumn<int>("second");
        QTest::newRow("none") << QByteArrayList{} << 0 << 0;
        QTest::newRow("one") << QByteArrayList{"{\"a\":1,"} << 0 << 0;
        QTest::newRow("two halves") << QByteArrayList{"x", "{\"a\":1,", " \"b\":2}"} << 2 << 3;
        QTest::newRow("the other way round") << QByteArrayList{" \"b\":2}", "{\"a\":1,"} << 2 << 1;
        QTest::newRow("two of two documents") << QByteArrayList{"{\"a\":1,", "{\"b\":2"} << 0 << 0;
        QTest::newRow("messages of a topic")
            << QByteArrayList{QByteArray::fromStdString(message(R"({\"a\":1,)")),
                              QByteArray::fromStdString(message(R"( \"b\":2})"))}
            << 1 << 2;
    }
    void halvesOfADocumentAreKnown()
    {
        QFETCH(QByteArrayList, letters);
        QFETCH(int, first);
        QFETCH(int, second);
        std::vector<LetterText> texts;
        for (const QByteArray &bytes : letters)
            texts.push_back({static_cast<std::int64_t>(texts.size()) + 1, bytes.toStdString()});
        const SplitDocument split = findSplitDocument(texts);
        QCOMPARE(int(split.first), first);
        QCOMPARE(int(split.second), second);
    }
};

EVENTOPS_TEST(TestLetterHint)
#include "tst_letter_hint.moc"
