// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/script/script_pool.h"

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QTemporaryDir>

#include <thread>

using namespace eventops;
using What = ScriptOutput::What;

namespace {

/// A folder with scripts.
class Scripts
{
public:
    ScriptSpec script(const QString &name, const QByteArray &text) const
    {
        const QString path = m_folder.filePath(name);
        QDir().mkpath(QFileInfo(path).path());
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(text) != text.size())
            qFatal("cannot write %s", qPrintable(path));
        ScriptSpec spec;
        spec.path = path.toStdString();
        spec.folder = m_folder.path().toStdString();
        return spec;
    }
    /// A transformer whose method does what @p body says, of `event_data` and `raw`, its JSON.
    ScriptSpec transforming(const QByteArray &body) const
    {
        QByteArray text = "import json, os, socket, subprocess, sys, threading, time, asyncio\n"
                          "from src.dto.schema import RawEvent\n"
                          "from src.dto.schema.base_transformers import TransformerOutput\n"
                          "from src.transformers.base_python_transformer import BasePythonTransformer\n"
                          "class Tried(BasePythonTransformer):\n"
                          "    async def transform(self, event_data: RawEvent) -> TransformerOutput:\n"
                          "        raw = json.loads(event_data.EventData)\n";
        for (const QByteArray &line : body.split('\n'))
            text += "        " + line + "\n";
        return script(QStringLiteral("tried.py"), text);
    }
    QString path(const QString &name) const { return m_folder.filePath(name); }

private:
    const QTemporaryDir m_folder;
};

const QByteArray Echo = "return TransformerOutput(processed_events=[{'EventType': 'T', 'EntityID': str(raw['id']), "
                        "'EventData': raw}])";

ScriptInput input(std::string_view body, std::int64_t id = 1)
{
    return {id, body, "compute-service", "application/json", "2026-01-02T03:04:05Z"};
}

std::string echoed(int id)
{
    const std::string number = std::to_string(id);
    return "{\"processed_events\":[{\"EventType\":\"T\",\"EntityID\":\"" + number + "\",\"EventData\":{\"id\":" + number
           + "}}],\"entities\":[],\"links\":[]}";
}

/// True: a process was started with @p path.
bool isRunning(const std::string &path)
{
    for (const QString &process : QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[0-9]*")}, QDir::Dirs)) {
        QFile line(QStringLiteral("/proc/%1/cmdline").arg(process));
        if (line.open(QIODevice::ReadOnly) && line.readAll().contains(QByteArray::fromStdString(path)))
            return true;
    }
    return false;
}

/// Asks for @p bodies and gives the outputs.
std::vector<ScriptOutput> ask(ScriptWorker &worker, const std::vector<std::string> &bodies)
{
    std::vector<ScriptInput> inputs;
    for (const std::string &body : bodies)
        inputs.push_back(input(body, static_cast<std::int64_t>(inputs.size() + 1)));
    return worker.transform(inputs);
}

std::vector<std::string> numbered(int count)
{
    std::vector<std::string> bodies;
    for (int i = 0; i < count; ++i)
        bodies.push_back("{\"id\":" + std::to_string(i) + "}");
    return bodies;
}

} // namespace

class TestScriptWorker : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        if (pythonPath().empty())
            QSKIP("no python3");
    }

    /// The example of the seed as it stands there: it imports two of the names that it uses (contract C12).
    void theGuidesExampleRuns()
    {
        const Scripts scripts;
        ScriptWorker worker(scripts.script(
            QStringLiteral("compute.py"), "from src.transformers.base_python_transformer import BasePythonTransformer\n"
                                          "from src.dto.schema.base_transformers import TransformerOutput\n"
                                          "\n"
                                          "class ComputeEventsTransformer(BasePythonTransformer):\n"
                                          "    async def transform(self, event_data: RawEvent) -> TransformerOutput:\n"
                                          "        raw_data = json.loads(event_data.EventData)\n"
                                          "        \n"
                                          "        return TransformerOutput(\n"
                                          "            processed_events=[{\n"
                                          "                'EventType': 'CLUSTER_CREATED',\n"
                                          "                'EntityID': raw_data['cluster_id'],\n"
                                          "                'EventData': raw_data,\n"
                                          "                'Severity': 'INFO'\n"
                                          "            }],\n"
                                          "            entities=[{\n"
                                          "                'EntityID': raw_data['cluster_id'],\n"
                                          "                'EntityType': 'Cluster'\n"
                                          "            }],\n"
                                          "            links=[{\n"
                                          "                'SourceEntityID': raw_data['cluster_id'],\n"
                                          "                'DestinationEntityID': raw_data['cluster_name']\n"
                                          "            }]\n"
                                          "        )\n"));
        const auto outputs =
            ask(worker, {"{\"cluster_id\":\"cluster-123\",\"cluster_name\":\"pr\xC3\xBC"
                         "f\"}",
                         "{\"cluster_id\":7,\"cluster_name\":\"x\"}", "{\"cluster_name\":\"x\"}", "not json"});
        QCOMPARE(outputs.size(), std::size_t{4});
        QVERIFY2(outputs[0].what == What::Output, outputs[0].text.c_str());
        QCOMPARE(
            outputs[0].text,
            std::string("{\"processed_events\":[{\"EventType\":\"CLUSTER_CREATED\",\"EntityID\":\"cluster-123\","
                        "\"Severity\":\"INFO\",\"EventData\":{\"cluster_id\":\"cluster-123\",\"cluster_name\":"
                        "\"pr\\u00fcf\"}}],\"entities\":[{\"EntityID\":\"cluster-123\",\"EntityType\":\"Cluster\"}],"
                        "\"links\":[{\"SourceEntityID\":\"cluster-123\",\"DestinationEntityID\":\"pr\\u00fcf\"}]}"));
        QVERIFY(outputs[1].what == What::Output); // a number becomes the text that pydantic makes of it
        QVERIFY(outputs[2].what == What::Failed);
        QCOMPARE(outputs[2].text, std::string("KeyError: 'cluster_id' (line 11)"));
        QVERIFY(outputs[3].what == What::Failed);
        QVERIFY2(outputs[3].text.starts_with("JSONDecodeError: "), outputs[3].text.c_str());
        QCOMPARE(worker.counters().events, std::uint64_t{4});
        QCOMPARE(worker.counters().failed, std::uint64_t{2});
        QCOMPARE(worker.counters().restarts, std::uint64_t{0});
    }

    /// What the original's own modules import, models and a module of enumerations beside them included.
    void modulesOfTheOriginalRun()
    {
        const Scripts scripts;
        scripts.script(QStringLiteral("src/transformers/python_transformers/enums/events.py"),
                       "from enum import Enum\nclass Kind(Enum):\n    UP = ('up', 'WARN')\n");
        ScriptWorker worker(scripts.script(
            QStringLiteral("src/transformers/python_transformers/mine.py"),
            "import json\n"
            "from loguru import logger\n"
            "from src.dto.schema import RawEvent\n"
            "from src.dto.schema.base_transformers import TransformerOutput, ProcessedEventData, EntityData, "
            "RelationData\n"
            "from src.transformers.base_python_transformer import BasePythonTransformer\n"
            "from src.transformers.python_transformers.enums.events import Kind\n"
            "class Mine(BasePythonTransformer):\n"
            "    async def is_transformer_applicable(self, event_data: RawEvent) -> bool:\n"
            "        return 'id' in json.loads(event_data.EventData)\n"
            "    async def transform(self, event_data: RawEvent) -> TransformerOutput:\n"
            "        logger.info(f'looking at {event_data}')\n"
            "        print('and to the standard output')\n"
            "        raw = json.loads(event_data.EventData)\n"
            "        if raw['id'] == 'none':\n"
            "            return None\n"
            "        return TransformerOutput(\n"
            "            processed_events=[ProcessedEventData(EventType=Kind.UP.name, EntityID=raw['id'], "
            "EventData=None,\n"
            "                                                 Severity=Kind.UP.value[1], Message=event_data.Source)],\n"
            "            entities=[EntityData(EntityID=raw['id'], EntityType='Host')],\n"
            "            links=[RelationData(SourceEntityID=raw['id'], DestinationEntityID='b')])\n"));
        const auto outputs = ask(worker, {"{\"id\":\"a\"}", "{}", "{\"id\":\"none\"}"});
        QVERIFY2(outputs[0].what == What::Output, outputs[0].text.c_str());
        QCOMPARE(outputs[0].text,
                 std::string("{\"processed_events\":[{\"EventType\":\"UP\",\"EntityID\":\"a\",\"Severity\":\"WARN\","
                             "\"Message\":\"compute-service\"}],\"entities\":[{\"EntityID\":\"a\",\"EntityType\":"
                             "\"Host\"}],\"links\":[{\"SourceEntityID\":\"a\",\"DestinationEntityID\":\"b\"}]}"));
        QVERIFY(outputs[1].what == What::NotApplicable);
        QVERIFY(outputs[2].what == What::NotApplicable);
        QCOMPARE(worker.counters().notApplicable, std::uint64_t{2});
    }

    void manyEventsKeepTheirOrder()
    {
        const Scripts scripts;
        ScriptWorker worker(scripts.transforming(Echo));
        const auto outputs = ask(worker, numbered(2'000));
        for (int i = 0; i < 2'000; ++i) {
            QVERIFY2(outputs[static_cast<std::size_t>(i)].what == What::Output,
                     outputs[static_cast<std::size_t>(i)].text.c_str());
            QCOMPARE(outputs[static_cast<std::size_t>(i)].text, echoed(i));
        }
    }

    /// Shared out among workers, and together again; one that hangs holds up no other's answers for good.
    void aPoolKeepsTheOrder()
    {
        const Scripts scripts;
        ScriptSpec spec = scripts.transforming("if raw['id'] == 33:\n    while True: pass\n" + Echo);
        spec.perEvent = std::chrono::milliseconds(1'000);
        ScriptPool pool(spec, 3);
        for (const int count : {0, 1, 15, 40, 1'000}) {
            const auto bodies = numbered(count);
            std::vector<ScriptInput> inputs;
            for (const std::string &body : bodies)
                inputs.push_back(input(body));
            const auto outputs = pool.transform(inputs);
            QCOMPARE(outputs.size(), inputs.size());
            for (int i = 0; i < count; ++i) {
                if (i == 33)
                    QVERIFY(outputs[33].what == What::TimedOut);
                else
                    QCOMPARE(outputs[static_cast<std::size_t>(i)].text, echoed(i));
            }
        }
        QCOMPARE(pool.counters().events, std::uint64_t{1'056});
        QCOMPARE(pool.counters().timedOut, std::uint64_t{2});
        QCOMPARE(pool.counters().failed, std::uint64_t{2});
    }

    void bytesThatAreNoTextArriveAsTheyAre()
    {
        const Scripts scripts;
        ScriptWorker worker(scripts.script(
            QStringLiteral("bytes.py"),
            "class Bytes(BasePythonTransformer):\n"
            "    async def transform(self, event_data):\n"
            "        return {'processed_events': [{'EventType': 'B', 'EntityID': event_data.EventData.hex()}]}\n"));
        const auto outputs = ask(worker, {std::string("\x00\xff\n\x01", 4), "{}"});
        QVERIFY2(outputs[0].what == What::Output, outputs[0].text.c_str());
        QVERIFY(outputs[0].text.find("\"00ff0a01\"") != std::string::npos);
        QVERIFY(outputs[1].text.find("\"7b7d\"") != std::string::npos);
    }

    void whatAwaitsRunsInALoop()
    {
        const Scripts scripts;
        ScriptWorker worker(scripts.transforming("await asyncio.sleep(0.001)\n" + Echo));
        QCOMPARE(ask(worker, {"{\"id\":5}"})[0], (ScriptOutput{What::Output, echoed(5)}));
    }

    void badOutputsAreNamed_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("why");
        QTest::newRow("no output") << QByteArray("return 5")
                                   << QByteArray("TypeError: transform() gave int, expected TransformerOutput or None");
        QTest::newRow("no entity") << QByteArray("return TransformerOutput(processed_events=[{'EventType': 'x'}])")
                                   << QByteArray(
                                          "TypeError: processed_events[0].EntityID is NoneType, expected a text");
        QTest::newRow("no dictionary") << QByteArray("return TransformerOutput(links=[('a', 'b')])")
                                       << QByteArray(
                                              "TypeError: links[0] is tuple, expected a dictionary or RelationData");
        QTest::newRow("not a number") << QByteArray("return TransformerOutput(processed_events=[{'EventType': 'x', "
                                                    "'EntityID': 'y', 'EventData': {'v': float('nan')}}])")
                                      << QByteArray("ValueError: Out of range float values are not JSON compliant");
        QTest::newRow("ends the process politely") << QByteArray("sys.exit(3)") << QByteArray("SystemExit: 3 (line 8)");
        QTest::newRow("deep") << QByteArray("def down(): return down()\ndown()")
                              << QByteArray("RecursionError: maximum recursion depth exceeded (line 8)");
    }
    void badOutputsAreNamed()
    {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, why);
        const Scripts scripts;
        ScriptWorker worker(scripts.transforming(body));
        const auto outputs = ask(worker, {"{}", "{}"});
        QVERIFY(outputs[1].what == What::Failed);
        QCOMPARE(QByteArray::fromStdString(outputs[1].text), why);
        QCOMPARE(worker.counters().restarts, std::uint64_t{0});
    }

    void scriptsThatCannotBeLoadedAreNamed_data()
    {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("why");
        QTest::newRow("syntax") << QByteArray("def (:\n")
                                << QByteArray("SyntaxError: invalid syntax (broken.py, line 1)");
        QTest::newRow("import") << QByteArray("\nimport nothing_of_that_name\n")
                                << QByteArray("ModuleNotFoundError: No module named 'nothing_of_that_name' (line 2)");
        QTest::newRow("no class") << QByteArray("x = 1\n")
                                  << QByteArray("ImportError: expected one class with transform(), found none");
        QTest::newRow("two classes") << QByteArray("class A(BasePythonTransformer): pass\nclass B(A): pass\n")
                                     << QByteArray("found A, B; name it as ClassName");
    }
    void scriptsThatCannotBeLoadedAreNamed()
    {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, why);
        const Scripts scripts;
        ScriptWorker worker(scripts.script(QStringLiteral("broken.py"), text));
        const auto outputs = ask(worker, {"{}", "{}"});
        QVERIFY(outputs[0].what == What::Unavailable);
        QVERIFY2(outputs[1].text.find(why.toStdString()) != std::string::npos, outputs[1].text.c_str());
    }

    void withoutPythonOrScriptItIsSaid()
    {
        const Scripts scripts;
        ScriptSpec spec = scripts.transforming(Echo);
        spec.python = "/nowhere/python3";
        ScriptWorker without(spec);
        const auto outputs = ask(without, {"{}"});
        QVERIFY(outputs[0].what == What::Unavailable);
        QCOMPARE(outputs[0].text, std::string("no Python to run scripts in: /nowhere/python3 (install python3, or name "
                                              "an interpreter in EVENTOPS_PYTHON)"));
        spec.python.clear();
        spec.path += ".gone";
        ScriptWorker gone(spec);
        QVERIFY(ask(gone, {"{}"})[0].text.starts_with("there is no script "));
    }

    /// The event that it is fails, within 2 s; those before and after it do not, and nothing is left behind.
    void harmIsContained_data()
    {
        QTest::addColumn<QByteArray>("body");
        QTest::addColumn<QByteArray>("why");
        QTest::addColumn<int>("restarts");
        QTest::newRow("endless loop") << QByteArray("while True: pass")
                                      << QByteArray("the script did not end within 1000 ms") << 1;
        QTest::newRow("endless loop that catches all")
            << QByteArray("while True:\n    try:\n        while True: pass\n    except BaseException: pass")
            << QByteArray("the script did not end within 1000 ms") << 1;
        QTest::newRow("a long call that does not look at signals")
            << QByteArray("import re; re.match(r'(a+)+$', 'a' * 64 + 'b')")
            << QByteArray("the script did not end within 1000 ms") << 1;
        QTest::newRow("memory bomb") << QByteArray("x = []\nwhile True: x.append(bytes(1 << 20))")
                                     << QByteArray("MemoryError (line ") << 0;
        QTest::newRow("one large piece") << QByteArray("bytes(1 << 40)") << QByteArray("MemoryError (line ") << 0;
        QTest::newRow("fork bomb") << QByteArray("while True: os.fork()")
                                   << QByteArray("PermissionError: [Errno 1] Operation not permitted (line ") << 0;
        QTest::newRow("another program") << QByteArray("subprocess.run(['/bin/sh', '-c', 'true'])")
                                         << QByteArray("PermissionError: ") << 0;
        QTest::newRow("a write to disk") << QByteArray("open(sys.path[0] + '/written', 'w').write('x')")
                                         << QByteArray("Error: ") << 0;
        QTest::newRow("a removal") << QByteArray("os.remove(sys.path[0] + '/tried.py')") << QByteArray("Error: ") << 0;
        QTest::newRow("network") << QByteArray("socket.create_connection(('127.0.0.1', 9), 1)")
                                 << QByteArray("PermissionError: ") << 0;
        QTest::newRow("a signal to others")
            << QByteArray("os.kill(os.getppid(), 9)") << QByteArray("PermissionError: ") << 0;
        QTest::newRow("it ends itself") << QByteArray("os._exit(3)") << QByteArray("the script's process exited with 3")
                                        << 1;
        QTest::newRow("it crashes") << QByteArray("import ctypes; ctypes.string_at(0)")
                                    << QByteArray("the script's process ") << 1;
        QTest::newRow("it writes into the answers")
            << QByteArray("import gc\nfor fd in range(4, 64):\n    try: os.write(fd, b'{\"output\":{}\\n')\n"
                          "    except OSError: pass\nwhile True: pass")
            << QByteArray("") << 1;
    }
    void harmIsContained()
    {
        QFETCH(QByteArray, body);
        QFETCH(QByteArray, why);
        QFETCH(int, restarts);
        for (const bool namespaces : {true, false}) {
            const Scripts scripts;
            QByteArray indented = body;
            indented.replace('\n', "\n    ");
            ScriptSpec spec = scripts.transforming("if raw['id'] == 7:\n    " + indented + "\n" + Echo);
            spec.namespaces = namespaces;
            ScriptWorker worker(spec);
            QCOMPARE(ask(worker, {"{\"id\":1}"})[0], (ScriptOutput{What::Output, echoed(1)})); // it is started by now
            QElapsedTimer timer;
            timer.start();
            QVERIFY(ask(worker, {"{\"id\":7}"})[0].what >= What::Failed);
            QVERIFY2(timer.elapsed() < 2'000, qPrintable(QString::number(timer.elapsed())));
            const auto outputs = ask(worker, numbered(20));
            for (int i = 0; i < 20; ++i) {
                const ScriptOutput &output = outputs[static_cast<std::size_t>(i)];
                if (i == 7) {
                    QVERIFY2(output.what == What::Failed || output.what == What::TimedOut, output.text.c_str());
                    QVERIFY2(output.text.find(why.toStdString()) != std::string::npos, output.text.c_str());
                } else {
                    QVERIFY2(output.what == What::Output, output.text.c_str());
                    QCOMPARE(output.text, echoed(i));
                }
            }
            QCOMPARE(worker.counters().restarts, 2 * static_cast<std::uint64_t>(restarts));
            QVERIFY(!QFile::exists(scripts.path(QStringLiteral("written"))));
            QVERIFY(QFile::exists(scripts.path(QStringLiteral("tried.py"))));
        }
    }

    /// Neither a script's own end while it is loaded nor anything else of it changes how it is kept.
    void noScriptChoosesItsIsolation()
    {
        const Scripts scripts;
        ScriptWorker worker(scripts.script(QStringLiteral("ends.py"), "import os\nos._exit(0)\n"));
        const auto outputs = ask(worker, {"{}", "{}"});
        QVERIFY(outputs[0].what == What::Unavailable);
        QVERIFY2(outputs[0].text.find("exited with 0") != std::string::npos, outputs[0].text.c_str());
        QVERIFY(worker.isolation() == (canMakeNamespaces() ? Isolation::Namespaces : Isolation::Filter));
    }

    void whatIsCancelledComesBackAndLeavesNothing()
    {
        const Scripts scripts;
        ScriptSpec spec = scripts.transforming("while True: pass");
        spec.perEvent = std::chrono::minutes(5);
        {
            ScriptPool pool(spec, 2);
            const auto bodies = numbered(64);
            std::vector<ScriptInput> inputs;
            for (const std::string &body : bodies)
                inputs.push_back(input(body));
            std::vector<ScriptOutput> outputs;
            std::thread asking([&] { outputs = pool.transform(inputs); });
            QTRY_VERIFY(isRunning(spec.path));
            pool.cancel();
            asking.join();
            QCOMPARE(outputs.size(), inputs.size());
            for (const ScriptOutput &output : outputs)
                QVERIFY(output.what == What::Unavailable);
        }
        QTRY_VERIFY(!isRunning(spec.path));
    }

    /// With bubblewrap a script does not see what belongs to the people of this machine.
    void namespacesHideTheRest()
    {
        const Scripts scripts;
        const Scripts others;
        const ScriptSpec secret = others.script(QStringLiteral("secret"), "s");
        ScriptWorker worker(scripts.transforming("raw['id'] = open(raw['path']).read()\n" + Echo));
        const auto outputs = ask(worker, {"{\"path\":\"" + secret.path + "\"}"});
        if (worker.isolation() != Isolation::Namespaces)
            QSKIP("no bubblewrap, or no namespaces for it");
        QVERIFY(outputs[0].what == What::Failed);
        QVERIFY2(outputs[0].text.starts_with("FileNotFoundError: "), outputs[0].text.c_str());
    }
};

EVENTOPS_TEST(TestScriptWorker)
#include "tst_script_worker.moc"
