// SPDX-License-Identifier: MIT
//
// Text that is not what it claims to be: lines of two documents whose encoding somebody damaged (see
// damaged/README.md). Whatever comes of them, no byte is lost, and what cannot be an event says why.
#include "tests/support/test_main.h"

#include "core/store/transform_store.h"
#include "tests/support/program.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/chronos_fixture.h"

#include <QtCore/QFile>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::Ran;
using eventops::test::Scratch;
using eventops::test::ServedTransformers;

namespace {

QString fixturePath(const char *name)
{
    return QStringLiteral(EVENTOPS_SOURCE_DIR "/tests/unit/api/damaged/") + QLatin1String(name);
}

QByteArray fixture(const char *name)
{
    QFile file(fixturePath(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

QList<QByteArray> linesOf(const QByteArray &text)
{
    QList<QByteArray> lines = text.split('\n');
    lines.removeAll(QByteArray());
    return lines;
}

std::vector<DeadLetterRow> deadLetters(Backend &backend)
{
    std::vector<DeadLetterRow> out;
    const auto read = test::waitFor<Ok>([&](Done<Ok> done) {
        backend.deadLetters(
            {"t", Role::Admin, {}}, 100,
            [&out](const std::vector<DeadLetterRow> &page) { out.insert(out.end(), page.begin(), page.end()); },
            std::move(done));
    });
    return read ? out : std::vector<DeadLetterRow>();
}

} // namespace

class TestDamagedText : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    /// Valid UTF-8, however odd, is text and stays as it is; what is none is a dead letter that names the byte; and all
    /// of it comes out again as it went in.
    void asACapture_data()
    {
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<int>("letters");
        QTest::newRow("taken for Mac Roman") << QByteArray("mac_roman.txt") << 0;
        QTest::newRow("taken for Windows-1254") << QByteArray("windows_1254.txt") << 0;
        QTest::newRow("taken back, with bytes that are gone") << QByteArray("windows_1254.bin") << 3;
    }
    void asACapture()
    {
        QFETCH(QByteArray, name);
        QFETCH(int, letters);
        const QList<QByteArray> lines = linesOf(fixture(name.constData()));
        QCOMPARE(lines.size(), 8);
        const Scratch scratch;
        const Ran ran = scratch.replay({fixturePath(name.constData())});
        QVERIFY2(ran.exitCode == 0, ran.err);
        QCOMPARE(ran.json()[QLatin1String("received")].toInt(), 8);
        QCOMPARE(ran.json()[QLatin1String("stored")].toInt(), 8 - letters);
        QCOMPARE(ran.json()[QLatin1String("dead_lettered")].toInt(), letters);
        for (const QJsonObject &event : scratch.query(QStringLiteral("events")))
            QVERIFY(lines.contains(event[QLatin1String("message")].toString().toUtf8()));
        const Ran dead = test::run({QStringLiteral("deadletters"), QStringLiteral("list"), QStringLiteral("--json"),
                                    QStringLiteral("--workspace"), scratch.workspace()});
        QCOMPARE(dead.rows().size(), letters);
        for (const QJsonObject &letter : dead.rows()) {
            QCOMPARE(letter[QLatin1String("reason")].toString(), QStringLiteral("invalid_utf8"));
            QVERIFY(letter[QLatin1String("detail")].toString().startsWith(QLatin1String("not UTF-8 at byte ")));
            const QByteArray bytes = QByteArray::fromHex(letter[QLatin1String("bytes_hex")].toString().toLatin1());
            QVERIFY(lines.contains(bytes));
            QVERIFY(letter[QLatin1String("bytes")].toString().contains(QChar(0xFFFD))); // shown, not hidden
        }
        const QString out = scratch.path(QStringLiteral("out.ndjson"));
        const Ran exported =
            test::run({QStringLiteral("export"), QStringLiteral("--form"), QStringLiteral("ndjson"),
                       QStringLiteral("--out"), out, QStringLiteral("--workspace"), scratch.workspace()});
        QVERIFY2(exported.exitCode == 0, exported.err);
        QFile file(out);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(linesOf(file.readAll()), lines);
    }

    /// Handed in as raw events, of whatever type they claim to be: kept byte for byte; no transformer's failure loses
    /// one, and its dead letter says what is wrong.
    void asRawEvents()
    {
        ServedTransformers chronos;
        for (const char *const type : {"text/plain", "application/octet-stream", "application/json"})
            QCOMPARE(
                chronos.post("/sources/", QByteArray("{\"SourceName\":\"shop\",\"EventFormatType\":\"") + type + "\"}")
                    .status,
                200);
        for (int source = 1; source <= 3; ++source) // rules want JSON
            QCOMPARE(chronos
                         .post("/transformers/",
                               "{\"TransformerName\":\"t\",\"TransformerType\":\"JSONTransformer\",\"SourceID\":"
                                   + QByteArray::number(source)
                                   + ",\"TransformerScript\":{\"eventType\":\"$.type\",\"entityId\":\"$.id\"}}")
                         .status,
                     200);
        QList<QByteArray> sent;
        for (const char *const name : {"mac_roman.txt", "windows_1254.txt", "windows_1254.bin"}) {
            const QByteArray text = fixture(name), line = linesOf(text)[1];
            const auto send = [&](const QByteArray &body, const QByteArray &type) {
                sent.append(body);
                return chronos.event(body, "x-event-source: shop\r\nContent-Type: " + type + "\r\n").status;
            };
            QCOMPARE(send(text, "text/plain"), 200);
            QCOMPARE(send(text, "application/octet-stream"), 200);
            QCOMPARE(send("{\"id\":\"h1\",\"type\":\"UP\",\"note\":\"" + line + "\"}", "application/json"), 200);
        }
        QCOMPARE(sent.size(), 9);
        // Damaged text inside of a sound document is text; a document with bytes that are none is not.
        QVERIFY(chronos.processed(2));
        QVERIFY(chronos.reaches("dead_lettered", 7));
        const auto store = TransformStore::open(chronos.served().directory());
        QVERIFY(store);
        for (int id = 1; id <= 9; ++id) {
            const auto event = store.value()->rawEvent(id, {});
            QVERIFY(event);
            QCOMPARE(QByteArray::fromStdString(event.value().body), sent[id - 1]);
        }
        const QJsonArray made = ServedTransformers::list(chronos.get("/processed_events/"));
        QCOMPARE(made.size(), 2);
        QCOMPARE(made[0].toObject()[QLatin1String("EventData")].toObject()[QLatin1String("note")].toString().toUtf8(),
                 linesOf(fixture("mac_roman.txt"))[1]);
        int notUtf8 = 0;
        for (const DeadLetterRow &letter : deadLetters(chronos.served().backend())) {
            QCOMPARE(letter.reason, std::string("transformer_failed"));
            notUtf8 += letter.detail.find("UTF-8") != std::string::npos ? 1 : 0;
        }
        QCOMPARE(notUtf8, 3); // windows_1254.bin, as each of the types; the others are no JSON
    }
};

EVENTOPS_TEST(TestDamagedText)
#include "tst_damaged_text.moc"
