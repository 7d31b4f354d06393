// SPDX-License-Identifier: MIT
//
// Runs the README's ten-minute tour and the designs' walk-throughs, block by block, with the program just built and a
// home of their own.
#include "tests/support/test_main.h"
#include "tests/tour/tour.h"

#include <QtCore/QFile>
#include <QtCore/QProcess>
#include <QtCore/QStandardPaths>
#include <QtCore/QTemporaryDir>

using namespace eventops;

namespace {

/// Runs the blocks of @p document, one after another, in one shell.
void runs(const char *document, std::size_t commandsMin)
{
    QFile file(QStringLiteral(EVENTOPS_SOURCE_DIR "/") + QString::fromLatin1(document));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const std::vector<tour::Command> commands = tour::parse(file.readAll().toStdString());
    QVERIFY2(commands.size() >= commandsMin, "there is no tour");

    QTemporaryDir home;
    QVERIFY(home.isValid());
    QProcessEnvironment environment;
    environment.insert(QStringLiteral("HOME"), home.path());
    environment.insert(QStringLiteral("PATH"), QStringLiteral(EVENTOPS_CLI_DIR ":/usr/local/bin:/usr/bin:/bin"));
    environment.insert(QStringLiteral("LC_ALL"), QStringLiteral("C.UTF-8"));
    environment.insert(QStringLiteral("TZ"), QStringLiteral("UTC"));
    QProcess bash;
    bash.setProcessEnvironment(environment);
    bash.setWorkingDirectory(QStringLiteral(EVENTOPS_SOURCE_DIR));
    bash.setStandardInputFile(QProcess::nullDevice());
    bash.start(QStringLiteral("bash"), {QStringLiteral("-c"), QString::fromStdString(tour::script(commands))});
    QVERIFY2(bash.waitForFinished(300'000), "the tour did not end within five minutes");

    const std::string text = bash.readAllStandardOutput().toStdString();
    const std::vector<tour::Outcome> outcomes = tour::parseOutput(text, commands.size());
    int failures = 0;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        std::string problem = tour::difference(commands[i].expected, outcomes[i].output);
        if (outcomes[i].status != 0)
            problem = "exit status " + std::to_string(outcomes[i].status);
        if (problem.empty())
            continue;
        ++failures;
        qWarning("%s:%zu: $ %s: %s", document, commands[i].line, commands[i].text.c_str(), problem.c_str());
        for (const std::string &line : outcomes[i].output)
            qWarning("    %s", line.c_str());
    }
    QCOMPARE(failures, 0);
}

} // namespace

class TestTour : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void readmeRunsAsWritten() { runs("README.md", 8); }

    /// Contracts E17-E20, L7-L13, K12: what the published designs say to type, and what is to be seen then.
    void walkthroughsRunAsWritten()
    {
        for (const char *program : {"kcat", "curl"}) {
            if (QStandardPaths::findExecutable(QString::fromLatin1(program)).isEmpty())
                QSKIP("kcat and curl are needed: installer/setup installs them");
        }
        runs("resources/docs/walkthroughs.md", 30);
    }

    void readsMarkedBlocksOnly()
    {
        const std::vector<tour::Command> commands =
            tour::parse("```console\n$ not this\n```\n"
                        "<!-- tour -->\n```console\n$ one \\\n   two\nout\n$ three\n```\n"
                        "$ nor this\n<!-- tour -->\n\n```console\n$ nor this\n```\n");
        QCOMPARE(commands.size(), std::size_t{2});
        QCOMPARE(commands[0].line, std::size_t{6});
        QCOMPARE(commands[0].text, std::string("one \\\n   two"));
        QCOMPARE(commands[0].expected, std::vector<std::string>{"out"});
        QVERIFY(commands[1].expected.empty());
    }

    void comparesWithWildcards_data()
    {
        QTest::addColumn<QStringList>("expected");
        QTest::addColumn<QStringList>("actual");
        QTest::addColumn<bool>("same");
        const auto row = [](const char *name, const char *expected, const char *actual, bool same) {
            QTest::newRow(name) << QString::fromUtf8(expected).split(QLatin1Char('|'))
                                << QString::fromUtf8(actual).split(QLatin1Char('|')) << same;
        };
        row("same", "a|b", "a|b", true);
        row("other", "a|b", "a|c", false);
        row("more", "a", "a|b", false);
        row("fewer", "a|b", "a", false);
        row("trailing space", "a", "a  ", true);
        row("any lines", "...|b", "x|y|b", true);
        row("no lines", "a|...|b", "a|b", true);
        row("lines at the end", "a|...", "a|b|c", true);
        row("steps back", "...|b|c", "b|x|b|c", true);
        row("missing after any", "...|b", "x|y", false);
        row("any text", "a … c", "a bbb c", true);
        row("any text twice", "… b … d", "a b c d", true);
        row("any text, other end", "a … c", "a bbb d", false);
        row("any text, too short", "ab…bc", "abc", false);
    }
    void comparesWithWildcards()
    {
        QFETCH(QStringList, expected);
        QFETCH(QStringList, actual);
        QFETCH(bool, same);
        const auto lines = [](const QStringList &list) {
            std::vector<std::string> out;
            for (const QString &line : list)
                out.push_back(line.toStdString());
            return out;
        };
        QCOMPARE(tour::difference(lines(expected), lines(actual)).empty(), same);
    }

    void runsInOneShell()
    {
        const std::vector<tour::Command> commands{{1, "x=7", {}},    {2, "echo $x; echo oops >&2", {}},
                                                  {3, "false", {}},  {4, "printf end", {}},
                                                  {5, "exit 3", {}}, {6, "echo never", {}}};
        QProcess bash;
        bash.start(QStringLiteral("bash"), {QStringLiteral("-c"), QString::fromStdString(tour::script(commands))});
        QVERIFY(bash.waitForFinished());
        const std::vector<tour::Outcome> outcomes =
            tour::parseOutput(bash.readAllStandardOutput().toStdString(), commands.size());
        QCOMPARE(outcomes[0].status, 0);
        QVERIFY(outcomes[0].output.empty());
        QCOMPARE(outcomes[1].output, (std::vector<std::string>{"7", "oops"}));
        QCOMPARE(outcomes[2].status, 1);
        QCOMPARE(outcomes[3].output, std::vector<std::string>{"end"});
        QCOMPARE(outcomes[4].status, -1);
        QCOMPARE(outcomes[5].status, -1);
    }
};

EVENTOPS_TEST(TestTour)
#include "tst_tour.moc"
