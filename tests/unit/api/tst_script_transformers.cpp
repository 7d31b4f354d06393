// SPDX-License-Identifier: MIT
//
// PythonTransformers (contracts C9, C12, C23): registered over the API, run in worker processes, their harm contained.
#include "tests/support/test_main.h"

#include "core/session/script_transformers.h"
#include "core/store/transform_store.h"
#include "tests/support/wait_for.h"
#include "tests/unit/api/chronos_fixture.h"

#include <QtCore/QDir>
#include <QtCore/QFile>

using namespace eventops;
using eventops::test::HttpAnswer;
using eventops::test::ServedTransformers;

namespace {

const QByteArray Head = "from src.transformers.base_python_transformer import BasePythonTransformer\n"
                        "from src.dto.schema.base_transformers import TransformerOutput\n";

const QByteArray Orders =
    Head
    + "class Orders(BasePythonTransformer):\n"
      "    async def is_transformer_applicable(self, event_data):\n"
      "        return b'skip' not in event_data.EventData\n"
      "    async def transform(self, event_data):\n"
      "        raw = json.loads(event_data.EventData)\n"
      "        while raw.get('loop'):\n"
      "            pass\n"
      "        return TransformerOutput(\n"
      "            processed_events=[{'EventType': 'ORDER', 'EntityID': raw['id'], 'EventData':\n"
      "                               {'from': event_data.Source, 'at': event_data.EventTimestamp},\n"
      "                               'Severity': 'WARN', 'Message': 'order ' + raw['id']}],\n"
      "            entities=[{'EntityID': raw['id'], 'EntityType': 'Order'}],\n"
      "            links=[{'SourceEntityID': raw['id'], 'DestinationEntityID': raw['by']}])\n";

} // namespace

class TestScriptTransformers : public QObject
{
    Q_OBJECT

    static void put(ServedTransformers &chronos, const QString &name, const QByteArray &text)
    {
        const QString path =
            QString::fromStdString(chronos.served().directory()) + QStringLiteral("/transformers/") + name;
        QVERIFY(QDir().mkpath(QFileInfo(path).path()));
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(file.write(text), text.size());
    }
    static HttpAnswer add(ServedTransformers &chronos, const QByteArray &script)
    {
        return chronos.post("/transformers/",
                            "{\"TransformerName\":\"t\",\"TransformerType\":\"PythonTransformer\",\"SourceID\":1,"
                            "\"ScriptPath\":\""
                                + script + "\",\"IsActive\":true}");
    }

private Q_SLOTS:
    void initTestCase()
    {
        if (pythonPath().empty())
            QSKIP("no python3");
    }

    void scriptsAreRegisteredTriedAndRun()
    {
        ServedTransformers chronos;
        QVERIFY2(chronos.failure().empty(), chronos.failure().c_str());
        put(chronos, QStringLiteral("src/transformers/python_transformers/orders.py"), Orders);
        chronos.post("/sources/", R"({"SourceName":"shop","EventFormatType":"application/json"})");
        const HttpAnswer added = add(chronos, "src.transformers.python_transformers.orders");
        QVERIFY2(added.status == 200, added.body.constData());

        const QByteArray event = R"({"id":"o1","by":"c1"})";
        const QByteArray at = "x-event-source: shop\r\nx-event-timestamp: 2026-01-05T10:00:00Z\r\n";
        const HttpAnswer tried = chronos.event(event, at, "/event/test");
        QCOMPARE(tried.status, 200);
        QVERIFY2(tried.body.contains("\"EventType\":\"ORDER\"") && tried.body.contains("\"Success\""),
                 tried.body.constData());
        QCOMPARE(ServedTransformers::list(chronos.get("/processed_events/")).size(), 0);

        QCOMPARE(chronos.event(event, at).status, 200);
        QVERIFY(chronos.processed(1));
        const QJsonObject made = ServedTransformers::list(chronos.get("/processed_events/"))[0].toObject();
        QCOMPARE(made[QLatin1String("EventType")].toString(), QStringLiteral("ORDER"));
        QCOMPARE(made[QLatin1String("Severity")].toString(), QStringLiteral("WARN"));
        QCOMPARE(made[QLatin1String("Message")].toString(), QStringLiteral("order o1"));
        QVERIFY(chronos.get("/entities/").body.contains("\"EntityType\":\"Order\""));
        QVERIFY(chronos.get("/links/").body.contains("\"DestinationEntityID\":\"c1\""));
    }

    /// The event that does harm is dead-lettered with what happened; the others are as if it had not come.
    void harmStaysWithItsEvent()
    {
        ServedTransformers chronos;
        put(chronos, QStringLiteral("orders.py"), Orders);
        chronos.post("/sources/", R"({"SourceName":"shop","EventFormatType":"application/json"})");
        QCOMPARE(add(chronos, "orders").status, 200);
        for (const char *event : {R"({"id":"o1","by":"c"})", R"({"id":"o2","by":"c","loop":true})", R"({"by":"c"})",
                                  R"({"id":"skip","by":"c"})", R"({"id":"o3","by":"c"})"})
            QCOMPARE(chronos.event(event).status, 200);
        QVERIFY(chronos.processed(2));
        QVERIFY(chronos.reaches("dead_lettered", 2));
        QByteArray letters;
        const auto read = eventops::test::waitFor<Ok>([&](Done<Ok> done) {
            chronos.served().backend().deadLetters(
                {"t", Role::Admin, {}}, 100,
                [&letters](const std::vector<DeadLetterRow> &page) {
                    for (const DeadLetterRow &row : page)
                        letters += QByteArray::fromStdString(row.reason + ": " + row.detail + '\n');
                },
                std::move(done));
        });
        QVERIFY(read);
        QVERIFY2(letters.contains("the script did not end within 1500 ms"), letters.constData());
        QVERIFY2(letters.contains("KeyError: 'id' (line "), letters.constData());
        QCOMPARE(letters.count("transformer_failed"), 2);
    }

    /// Twenty events would take it half a minute: it does not wait for them, and they are not done.
    void aServerThatEndsDoesNotWaitForScripts()
    {
        ServedTransformers chronos;
        put(chronos, QStringLiteral("orders.py"), Orders);
        chronos.post("/sources/", R"({"SourceName":"shop","EventFormatType":"application/json"})");
        QCOMPARE(add(chronos, "orders").status, 200);
        for (int i = 0; i < 20; ++i)
            QCOMPARE(chronos.event(R"({"id":"o","by":"c","loop":true})").status, 200);
        QElapsedTimer timer;
        timer.start();
        chronos.served().stop();
        QVERIFY2(timer.elapsed() < 10'000, qPrintable(QString::number(timer.elapsed())));
        auto store = TransformStore::open(chronos.served().directory());
        QVERIFY(store);
        const auto waiting = store.value()->waiting(100);
        QVERIFY(waiting);
        QVERIFY2(waiting.value().size() >= 18, qPrintable(QString::number(waiting.value().size())));
    }

    void scriptsAreLookedForInTheirFolderAlone()
    {
        const QTemporaryDir folder;
        const QString inside = folder.filePath(QStringLiteral("in"));
        QVERIFY(QDir().mkpath(inside + QStringLiteral("/src/a")));
        for (const QString &name :
             {QStringLiteral("/src/a/b.py"), QStringLiteral("/c.py"), QStringLiteral("/../out.py")}) {
            QFile file(inside + name);
            QVERIFY(file.open(QIODevice::WriteOnly));
        }
        QVERIFY(QFile::link(folder.filePath(QStringLiteral("out.py")), inside + QStringLiteral("/linked.py")));
        const std::string root = inside.toStdString();
        const auto found = [&](const char *name) {
            const auto file = scriptFile(root, name);
            return file ? file.value().substr(root.size()) : std::string(toString(file.error().code));
        };
        QCOMPARE(found("src.a.b"), std::string("/src/a/b.py"));
        QCOMPARE(found("src/a/b.py"), std::string("/src/a/b.py"));
        QCOMPARE(found("src.transformers.c"), std::string("/c.py"));
        QCOMPARE(found("nothing"), std::string("not_found"));
        QCOMPARE(found("../out.py"), std::string("invalid_config"));
        QCOMPARE(found("linked.py"), std::string("invalid_config"));
        QCOMPARE(found("/etc/passwd.py"), std::string("invalid_config"));
        QCOMPARE(found(""), std::string("not_found"));
    }
};

EVENTOPS_TEST(TestScriptTransformers)
#include "tst_script_transformers.moc"
