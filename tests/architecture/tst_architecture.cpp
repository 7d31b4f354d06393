// SPDX-License-Identifier: MIT
//
// Reads the sources and holds them to the house rules; then plants a breach of each rule in a tree of its own and looks
// whether it is found, because a checker that finds nothing looks like a clean house.
#include "tests/architecture/rules.h"
#include "tests/support/test_main.h"

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QTemporaryDir>

#include <fstream>

using namespace eventops;

namespace {

/// Prints every breach (a failure message is cut short); true when there is none.
bool clean(const std::vector<std::string> &breaches)
{
    for (const std::string &breach : breaches)
        qWarning("%s", breach.c_str());
    return breaches.empty();
}

const std::vector<architecture::SourceFile> &sources()
{
    static const std::vector<architecture::SourceFile> files = architecture::readTree(EVENTOPS_SOURCE_DIR);
    return files;
}

const std::string Head = "// SPDX-License-Identifier: MIT\n";

/// A source tree of a few planted files.
class PlantedTree
{
public:
    void add(const std::string &path, const std::string &text)
    {
        const std::filesystem::path file = root() / path;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text;
    }
    std::filesystem::path root() const { return m_dir.path().toStdString(); }
    std::vector<architecture::SourceFile> files() const { return architecture::readTree(root()); }

private:
    QTemporaryDir m_dir;
};

std::string include(const std::string &name)
{
    return Head + "#include \"" + name + "\"\n";
}

} // namespace

class TestArchitecture : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readsTheSources() { QVERIFY(sources().size() > 50); }
    void includesFollowTheArrows() { QVERIFY(clean(architecture::checkArrows(sources()))); }
    void qtStaysAboveTheEngine() { QVERIFY(clean(architecture::checkQtUse(sources()))); }
    void filesLinesAndFunctionsAreShort() { QVERIFY(clean(architecture::checkSizes(sources()))); }
    void bannedWordsAreAbsent() { QVERIFY(clean(architecture::checkWords(sources()))); }
    void filesBeginWithTheLicence() { QVERIFY(clean(architecture::checkHeads(sources()))); }
    void wireNamesStayInTheCodecs() { QVERIFY(clean(architecture::checkWireNames(sources()))); }
    void typeNamesAreUnique() { QVERIFY(clean(architecture::checkTypeNames(sources()))); }
    void triesStandAlone() { QVERIFY(clean(architecture::checkTries(sources()))); }
    void resultsDoNotDependOnTheMachine() { QVERIFY(clean(architecture::checkDeterminism(sources()))); }
    void colourAndLengthComeFromTheTheme() { QVERIFY(clean(architecture::checkLook(sources()))); }
    void topLevelIsAsAgreed() { QVERIFY(clean(architecture::checkTopLevel(EVENTOPS_SOURCE_DIR))); }

    void findsWrongArrows_data()
    {
        QTest::addColumn<QString>("from");
        QTest::addColumn<QString>("to");
        QTest::addColumn<bool>("allowed");
        const auto row = [](const char *from, const char *to, bool allowed) {
            QTest::addRow("%s to %s", from, to) << QString::fromLatin1(from) << QString::fromLatin1(to) << allowed;
        };
        row("core/base", "core/model", false);
        row("core/model", "core/base", true);
        row("core/codec", "core/pipeline", false);
        row("core/pipeline", "core/codec", false);
        row("core/config", "core/codec", true);
        row("core/filter", "core/codec", false);
        row("core/entropy", "core/filter", true);
        row("core/entropy", "core/graph", false);
        row("core/store", "core/actions", false);
        row("core/store", "core/pipeline", true);
        row("core/session", "core/store", true);
        row("core/session", "pipelines", false);
        row("core/api", "core/store", false);
        row("core/remote", "core/kafka", true);
        row("core/viewmodel", "core/store", false);
        row("core/viewmodel", "core/model", true);
        row("core/novelty", "core/base", false);
        row("widgets", "qml", false);
        row("widgets", "core/session", false);
        row("qml", "core/viewmodel", true);
        row("pipelines", "core/graph", true);
        row("pipelines", "core/config", false);
        row("app", "core/store", true);
        row("app", "tests", false);
        row("tests", "pipelines", true);
        row("tests", "app", false);
        row("tests/widgets", "app", true);
    }
    void findsWrongArrows()
    {
        QFETCH(QString, from);
        QFETCH(QString, to);
        QFETCH(bool, allowed);
        PlantedTree tree;
        tree.add(from.toStdString() + "/part/x.cpp", include(to.toStdString() + "/part/y.h"));
        QCOMPARE(architecture::checkArrows(tree.files()).empty(), allowed);
    }

    void findsIncludesWithoutAPath()
    {
        PlantedTree tree;
        tree.add("core/base/x.cpp", include("x.h"));
        QCOMPARE(architecture::checkArrows(tree.files()).size(), std::size_t{1});
    }

    void findsQtInTheEngine()
    {
        PlantedTree tree;
        tree.add("core/store/x.cpp", Head + "#include <QtCore/QString>\n");
        tree.add("core/api/x.cpp", Head + "#include <QtCore/QString>\n");
        tree.add("core/viewmodel/x.cpp", Head + "# include <QtGui/QColor>\n");
        tree.add("pipelines/stages/x/x.cpp", Head + "#include <QString>\n");
        tree.add("tests/unit/x/tst_x.cpp", Head + "#include <QtTest/QtTest>\n");
        tree.add("tests/unit/x/tst_y.cpp", Head + "#include <QtWidgets/QWidget>\n");
        tree.add("widgets/table/x.cpp", Head + "#include <QtWidgets/QWidget>\n");
        const std::vector<std::string> breaches = architecture::checkQtUse(tree.files());
        QCOMPARE(breaches.size(), std::size_t{4});
        QVERIFY(breaches[0].starts_with("core/store/x.cpp:2"));
        QVERIFY(breaches[1].starts_with("core/viewmodel/x.cpp:2"));
        QVERIFY(breaches[2].starts_with("pipelines/stages/x/x.cpp:2"));
        QVERIFY(breaches[3].starts_with("tests/unit/x/tst_y.cpp:2"));
    }

    void findsWhatIsTooLong()
    {
        std::string longFile = Head;
        for (std::size_t i = 0; i < architecture::FileLinesMax; ++i)
            longFile += "//\n";
        std::string body;
        for (std::size_t i = 0; i < architecture::FunctionLinesMax; ++i)
            body += "    f();\n";
        PlantedTree tree;
        tree.add("core/base/file.cpp", longFile);
        tree.add("core/base/fits.cpp", Head + "void f()\n{\n" + body + "}\n");
        tree.add("core/base/function.cpp", Head + "void f()\n{\n" + body + "    f();\n}\n");
        tree.add("core/base/line.cpp", Head + "// " + std::string(architecture::LineColumnsMax, 'x') + "\n");
        std::string umlauts = "//";
        for (std::size_t i = 2; i < architecture::LineColumnsMax; ++i)
            umlauts += "ü";
        tree.add("core/base/utf8.cpp", Head + umlauts + "\n");
        tree.add("core/base/wide.h", Head + "class X\n{\n" + body + body + "};\n");
        const std::vector<std::string> breaches = architecture::checkSizes(tree.files());
        QCOMPARE(breaches.size(), std::size_t{3});
        QVERIFY(breaches[0].starts_with("core/base/file.cpp: "));
        QVERIFY(breaches[1].starts_with("core/base/function.cpp:3: "));
        QVERIFY(breaches[2].starts_with("core/base/line.cpp:2: "));
    }

    void findsBannedWords()
    {
        PlantedTree tree;
        tree.add("core/base/a.cpp", Head
                                        + "// TO"
                                          "DO: later\n");
        tree.add("core/base/b.cpp", Head
                                        + "std::this_thread::sleep"
                                          "_for(x);\nusing namespace"
                                          " std;\n");
        QCOMPARE(architecture::checkWords(tree.files()).size(), std::size_t{3});
    }

    void findsMissingHeads()
    {
        PlantedTree tree;
        tree.add("core/base/a.cpp", "int x;\n");
        tree.add("core/base/b.h", Head + "int x;\n");
        tree.add("core/base/c.h", Head + "#pragma once\n");
        QCOMPARE(architecture::checkHeads(tree.files()).size(), std::size_t{2});
    }

    void findsWireNames()
    {
        PlantedTree tree;
        tree.add("core/codec/a.cpp", Head + "\"tenant_id\";\n");
        tree.add("core/model/a.cpp", Head + "\"tenant_id\";\n");
        tree.add("core/session/a.cpp", Head + "// as in MongoDB\n");
        tree.add("core/store/a.cpp", Head + "\"SELECT count() FROM karma.events_raw\";\n");
        tree.add("core/store/b.cpp", Head + "\"karma.v1\";\n");
        tree.add("pipelines/sources/a/a.cpp", Head + "\"karma.v1\";\n");
        const std::vector<std::string> breaches = architecture::checkWireNames(tree.files());
        QCOMPARE(breaches.size(), std::size_t{3});
        QVERIFY(breaches[0].starts_with("core/model/a.cpp:2"));
        QVERIFY(breaches[1].starts_with("core/session/a.cpp:2"));
        QVERIFY(breaches[2].starts_with("core/store/b.cpp:2"));
    }

    void findsTypesOfOneName()
    {
        PlantedTree tree;
        tree.add("core/model/a.h", Head + "namespace eventops {\nclass X;\nstruct Y {\n};\n} // namespace eventops\n");
        tree.add("core/model/b.h", Head + "namespace eventops {\nclass X final\n{\n};\n} // namespace eventops\n");
        tree.add("core/model/c.cpp", Head
                                         + "namespace eventops {\nnamespace {\nstruct Y {};\n} // namespace\n"
                                           "struct Z {};\n} // namespace eventops\n");
        tree.add("core/model/d.cpp", Head
                                         + "namespace eventops {\nenum class Z : int { A };\n} // namespace eventops\n"
                                           "namespace eventops::cli {\nstruct X {};\n} // namespace eventops::cli\n");
        const std::vector<std::string> breaches = architecture::checkTypeNames(tree.files());
        QCOMPARE(breaches.size(), std::size_t{1});
        QVERIFY(breaches[0].starts_with("core/model/d.cpp:3"));
    }

    void findsTriesThatLeak()
    {
        PlantedTree tree;
        const std::string tried = "EVENTOPS_" + std::string("TRY(");
        tree.add("core/store/a.cpp", Head + "std::unique_ptr<X> x(\n    new X(" + tried + "lock())));\nuse(" + tried
                                         + "a()), " + tried + "b()));\nuse(" + tried + "a()), b());\n" + tried
                                         + "c()); " + tried + "d());\nwhile (" + tried + "e()))\n    " + tried
                                         + "f());\n");
        const std::vector<std::string> breaches = architecture::checkTries(tree.files());
        QCOMPARE(breaches.size(), std::size_t{2});
        QVERIFY(breaches[0].starts_with("core/store/a.cpp:3"));
        QVERIFY(breaches[1].starts_with("core/store/a.cpp:4"));
    }

    void findsWhatIsNotDeterministic()
    {
        PlantedTree tree;
        tree.add("core/entropy/a.cpp", Head + "return -std::log2(p);\n");
        tree.add("core/session/a.cpp", Head + "return std::chrono::system_clock::now();\n");
        QCOMPARE(architecture::checkDeterminism(tree.files()).size(), std::size_t{1});
    }

    void findsColoursAndLengths()
    {
        PlantedTree tree;
        tree.add("widgets/a/a.cpp", Head
                                        + "QColor(1, 2, 3);\npen(Qt::darkRed);\n\"#a1b2c3\";\n\"margin: 4px\";\n"
                                          "row->setContentsMargins(8, 0, 0, 0);\nrow->setContentsMargins(0, 0, 0, 0);\n"
                                          "fill(Qt::transparent);\nQColor(token);\n// #a1b2c3\nconst int red = 12;\n");
        tree.add("qml/a/A.qml", Head + "color: \"red\"\ncolor: theme.text\nspacing: 8\nspacing: theme.space2\n"
                                       "color: \"transparent\"\nborder.width: 1\n");
        tree.add("core/viewmodel/a.cpp", Head + "\"#a1b2c3\";\n");
        tree.add("app/console/a.cpp", Head + "\"#abc\";\n");
        const std::vector<std::string> breaches = architecture::checkLook(tree.files());
        QCOMPARE(breaches.size(), std::size_t{8});
    }

    /// The window is built from the registry: it names no view and stays small.
    void mainWindowKnowsNoView()
    {
        constexpr std::size_t WindowLinesMax = 600;
        bool found = false;
        for (const architecture::SourceFile &file : sources()) {
            if (file.path != "widgets/shell/main_window.cpp")
                continue;
            found = true;
            QVERIFY(file.lines.size() < WindowLinesMax);
            for (const std::string &line : file.lines) {
                for (const char *view : {"imeline", "EventTable", "indings", "pprovals", "nspector", "raphView"})
                    QVERIFY2(line.find(view) == std::string::npos, line.c_str());
            }
        }
        QVERIFY(found);
    }

    void findsStrayTopLevelEntries()
    {
        PlantedTree tree;
        tree.add("core/base/a.cpp", Head);
        tree.add("notes.txt", "");
        QCOMPARE(architecture::checkTopLevel(tree.root()).size(), std::size_t{1});
    }

    /// Contracts E33, L23: free for use, modification and extension.
    void theLicenceIsMit()
    {
        QFile file(QStringLiteral(EVENTOPS_SOURCE_DIR "/LICENSE"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QByteArray text = file.readAll().simplified();
        QVERIFY(text.startsWith("MIT License Copyright (c) "));
        for (const char *part : {"to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies",
                                 "The above copyright notice and this permission notice shall be included",
                                 "THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND"})
            QVERIFY2(text.contains(part), part);
    }

    /// The command line program runs on servers: no window system, no charts (and so no GPL).
    void commandLineProgramLinksNoGui()
    {
        QProcess ldd;
        ldd.start(QStringLiteral("ldd"), {QStringLiteral(EVENTOPS_CLI)});
        QVERIFY(ldd.waitForFinished());
        QCOMPARE(ldd.exitCode(), 0);
        const QByteArray libraries = ldd.readAllStandardOutput();
        QVERIFY(libraries.contains("libc.so"));
        for (const char *gui : {"Qt6Gui", "Qt6Widgets", "Qt6Qml", "Qt6Quick", "Qt6Charts", "libGL", "libX11", "libxcb"})
            QVERIFY2(!libraries.contains(gui), gui);
    }
};

EVENTOPS_TEST(TestArchitecture)
#include "tst_architecture.moc"
