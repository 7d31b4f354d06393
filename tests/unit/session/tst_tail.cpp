// SPDX-License-Identifier: MIT
//
// Files that grow, are rotated, copied and cut, dropped and taken away: every line is an event, once.
#include "tests/support/test_main.h"

#include "tests/support/local_workspace.h"
#include "tests/support/program.h"
#include "tests/support/wait_for.h"

#include <QtCore/QDir>
#include <QtCore/QProcess>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

using namespace eventops;
using eventops::test::LocalWorkspace;
namespace fs = std::filesystem;

namespace {

const Caller Tester{"tester", Role::Admin, {}};
constexpr auto Pipeline = "pipeline: tail\nsources:\n  - tail: {paths: [%1], settle: 200ms}\n";

std::string line(int number)
{
    return R"({"ts_event":"2026-11-21T08:00:00Z","message":"m)" + std::to_string(number) + "\"}\n";
}

void append(const fs::path &path, const std::string &bytes)
{
    std::ofstream(path, std::ios::app | std::ios::binary) << bytes;
}

void appendLines(const fs::path &path, int from, int to)
{
    std::string bytes;
    for (int i = from; i < to; ++i)
        bytes += line(i);
    append(path, bytes);
}

/// What copytruncate does, by a writer that holds still meanwhile.
void copyAndCut(const fs::path &path, const fs::path &copy)
{
    fs::copy_file(path, copy);
    fs::resize_file(path, 0);
}

/// A folder of logs and a workspace that follows it.
class Tail
{
public:
    fs::path log(const char *name = "app.log") const { return fs::path(m_logs.path().toStdString()) / name; }
    std::string directory() const { return m_workspace.directory(); }

    void start(const std::string &paths)
    {
        m_backend = m_workspace.backend();
        ReplayRequest request;
        request.pipelineText = QString::fromUtf8(Pipeline).arg(QString::fromStdString(paths)).toStdString();
        request.pipelineName = "tail.yaml";
        m_ended = std::promise<void>();
        m_ticket = m_backend->replay(Tester, request, {}, [this](const Result<WorkspaceSummary> &summary) {
            if (!summary && summary.error().code != Error::Code::Cancelled)
                qWarning("%s", summary.error().text().c_str());
            m_ended.set_value();
        });
    }
    void stop()
    {
        m_ticket.cancel();
        m_ended.get_future().get();
        m_backend.reset();
    }
    ~Tail()
    {
        if (m_backend != nullptr)
            stop();
    }

    /// How often each message is in the ledger.
    std::map<std::string, int> messages() const
    {
        std::map<std::string, int> all;
        const auto reader = m_workspace.backend();
        Query query;
        query.rowsMax = 10'000'000;
        const auto done = test::waitFor<Ok>([&](Done<Ok> ended) {
            reader->events(Tester, query, [&](const EventPage &page) {
                for (const std::uint32_t row : page.rows)
                    ++all[std::string(page.batch.text(page.batch.events[row], Field::Message))];
            }, std::move(ended));
        });
        return done ? all : std::map<std::string, int>();
    }
    /// True: within @p seconds there come exactly the messages m0 … m<count-1>, each once.
    bool comesTo(int count, int seconds = 30) const
    {
        std::map<std::string, int> wanted, got;
        for (int i = 0; i < count; ++i)
            wanted["m" + std::to_string(i)] = 1;
        for (int i = 0; i < seconds * 10; ++i) {
            got = messages();
            if (got == wanted)
                return true;
            QTest::qWait(100);
        }
        qWarning("%zu messages instead of %d", got.size(), count);
        int told = 0;
        for (const auto &[message, times] : wanted) {
            if (got[message] != 1 && told++ < 5)
                qWarning("%s: %d times", message.c_str(), got[message]);
        }
        return false;
    }
    std::uint64_t deadLetters() const
    {
        const auto reader = m_workspace.backend();
        const auto health = test::waitFor<Health>([&](Done<Health> done) { reader->health(Tester, std::move(done)); });
        return health ? health.value().summary.counters.deadLettered : ~std::uint64_t{0};
    }

private:
    QTemporaryDir m_logs;
    LocalWorkspace m_workspace;
    std::unique_ptr<LocalBackend> m_backend;
    Ticket m_ticket;
    std::promise<void> m_ended;
};

} // namespace

class TestTail : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesComeAsTheyAreWritten()
    {
        Tail tail;
        appendLines(tail.log(), 0, 10);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(10));
        appendLines(tail.log(), 10, 1000);
        QVERIFY(tail.comesTo(1000));
        const std::string half = line(1000);
        append(tail.log(), half.substr(0, 30));
        QTest::qWait(600);
        QVERIFY(tail.comesTo(1000)); // a line that has no end is none, and no dead letter
        append(tail.log(), half.substr(30));
        QVERIFY(tail.comesTo(1001));
        QCOMPARE(tail.deadLetters(), 0u);
    }

    void aRenamedFileGoesOnUnderItsNewName()
    {
        Tail tail;
        appendLines(tail.log(), 0, 100);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(100));
        fs::rename(tail.log(), tail.log("app.log.1"));
        appendLines(tail.log("app.log.1"), 100, 120); // its writer has not heard of it yet
        appendLines(tail.log(), 120, 150);
        QVERIFY(tail.comesTo(150));
        appendLines(tail.log("app.log.1"), 150, 160);
        QVERIFY(tail.comesTo(160));
    }

    void aFileThatIsCopiedAndCutLosesNothing()
    {
        Tail tail;
        appendLines(tail.log(), 0, 50);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(50));
        appendLines(tail.log(), 50, 5000);
        copyAndCut(tail.log(), tail.log("app.log.1")); // most likely before all of it was read
        appendLines(tail.log(), 5000, 5010);
        QVERIFY(tail.comesTo(5010));
        QCOMPARE(tail.deadLetters(), 0u);
    }

    void aWriterThatGoesOnWhileItsFileIsCopied()
    {
        for (const int silence : {0, 1500}) { // before the folder is looked at again, and behind
            Tail tail;
            appendLines(tail.log(), 0, 50);
            tail.start(tail.log().string());
            QVERIFY(tail.comesTo(50));
            fs::copy_file(tail.log(), tail.log("app.log.1"));
            QTest::qWait(silence);
            appendLines(tail.log(), 50, 60);
            QVERIFY(tail.comesTo(60));
            fs::resize_file(tail.log(), 0);
            appendLines(tail.log(), 60, 70);
            QVERIFY(tail.comesTo(70));
            QTest::qWait(1500);
            QVERIFY(tail.comesTo(70));
        }
    }

    void textIsToldFromItsFirstLine()
    {
        Tail tail;
        append(tail.log(), "starting up\n");
        tail.start(tail.log().string());
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages().size(), std::size_t(1), 10'000);
        append(tail.log(), "all is well\nready\n");
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages().size(), std::size_t(3), 10'000);
        QCOMPARE(tail.deadLetters(), 0u);
    }

    /// One that begins with all that another holds is no copy of it for long.
    void aFileMayBeginLikeAnIdleOne()
    {
        Tail tail;
        appendLines(tail.log("a.log"), 0, 1);
        tail.start(tail.log("*.log").string());
        QVERIFY(tail.comesTo(1));
        std::map<std::string, int> wanted{{"m0", 2}};
        appendLines(tail.log("b.log"), 0, 100);
        for (int i = 1; i < 100; ++i)
            wanted["m" + std::to_string(i)] = 1;
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages() == wanted, true, 20'000);
        tail.stop();
        appendLines(tail.log("b.log"), 100, 110);
        tail.start(tail.log("*.log").string());
        for (int i = 100; i < 110; ++i)
            wanted["m" + std::to_string(i)] = 1;
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages() == wanted, true, 20'000);
    }

    void moreFilesThanAreReadAtOnce()
    {
        Tail tail;
        for (int i = 0; i < 5; ++i)
            appendLines(tail.log(("host" + std::string(1, static_cast<char>('a' + i)) + ".log").c_str()), i, i + 1);
        tail.start(tail.log("*.log").string() + "], files_max: 2, exclude: [none");
        QVERIFY(tail.comesTo(5));
        appendLines(tail.log("hosta.log"), 5, 7); // long since closed
        QVERIFY(tail.comesTo(7));
    }

    void whatHappensMeanwhileIsFoundAfterwards()
    {
        Tail tail;
        appendLines(tail.log(), 0, 100);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(100));
        tail.stop();
        appendLines(tail.log(), 100, 110);
        fs::rename(tail.log(), tail.log("app.log.1"));
        appendLines(tail.log(), 110, 130);
        fs::rename(tail.log("app.log.1"), tail.log("app.log.2"));
        copyAndCut(tail.log(), tail.log("app.log.1"));
        appendLines(tail.log(), 130, 140);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(140));
        tail.stop();
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(140));
    }

    void filesThatBeginAlikeAreKeptApart()
    {
        Tail tail;
        const std::string banner = "# written by two\n";
        append(tail.log("a.log"), banner);
        append(tail.log("b.log"), banner);
        appendLines(tail.log("a.log"), 0, 100);
        appendLines(tail.log("b.log"), 100, 200);
        tail.start(tail.log("*.log").string());
        QVERIFY(tail.comesTo(200));
        QCOMPARE(tail.deadLetters(), 2u); // the banner, of each
        appendLines(tail.log("b.log"), 200, 250);
        appendLines(tail.log("a.log"), 250, 300);
        QVERIFY(tail.comesTo(300));
        tail.stop();
        appendLines(tail.log("a.log"), 300, 310);
        tail.start(tail.log("*.log").string());
        QVERIFY(tail.comesTo(310));
    }

    void aFileCutAndWrittenAnewIsAnother()
    {
        Tail tail;
        appendLines(tail.log(), 0, 20);
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(20));
        fs::resize_file(tail.log(), 0);
        appendLines(tail.log(), 20, 60); // longer than before at the next look
        QVERIFY(tail.comesTo(60));
    }

    void aFolderTakesWhatIsDropped()
    {
        Tail tail;
        tail.start(tail.log("").parent_path().string());
        append(tail.log("lines.ndjson"), line(0) + line(1).substr(0, line(1).size() - 1)); // no line end
        append(tail.log("document.json"), "{\n  \"ts_event\": \"2026-11-21T08:00:00Z\",\n  \"message\": \"m2\"\n}\n");
        append(tail.log("packed.log.gz"), "\x1f\x8b");
        QVERIFY(tail.comesTo(3));
        append(tail.log("late.ndjson"), line(3));
        QVERIFY(tail.comesTo(4));
        fs::remove(tail.log("late.ndjson"));
        append(tail.log("later.ndjson"), line(4));
        QVERIFY(tail.comesTo(5));
        QCOMPARE(tail.deadLetters(), 0u);
    }

    void theLastLineOfAFileThatIsTakenAwayIsRead()
    {
        Tail tail;
        append(tail.log(), "one\ntwo\nthree\nthe last, without an end");
        tail.start(tail.log().string());
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages().size(), std::size_t(3), 10'000);
        fs::remove(tail.log());
        QTRY_COMPARE_WITH_TIMEOUT(tail.messages().size(), std::size_t(4), 10'000);
    }

    void eventsOfSeveralLinesEndWhenTheirWriterIsSilent()
    {
        Tail tail;
        tail.start(tail.log().string() + "], format: text, start: \"^2026\", exclude: [none");
        append(tail.log(), "2026-11-21 08:00:00 ERROR boom\n  at one\n  at two\n");
        const auto has = [&](const char *text) {
            for (int i = 0; i < 100; ++i) {
                for (const auto &[message, times] : tail.messages()) {
                    if (message.find(text) != std::string::npos)
                        return times;
                }
                QTest::qWait(100);
            }
            return 0;
        };
        QCOMPARE(has("at two"), 1);
        append(tail.log(), "2026-11-21 08:00:01 ERROR again\n  at three\n");
        QCOMPARE(has("at three"), 1);
        QCOMPARE(tail.messages().size(), 2u);
    }

    void killsAndRotationsLoseNothing()
    {
        Tail tail;
        const int rounds = qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS") > 0
                               ? qEnvironmentVariableIntValue("EVENTOPS_FAULT_ROUNDS")
                               : 3;
        std::mt19937 random(7);
        int written = 0;
        int kept = 0;
        for (int round = 0; round < rounds; ++round) {
            QProcess process;
            process.start(test::program(), {QStringLiteral("replay"), QStringLiteral("--follow"),
                                            QString::fromStdString(tail.log().string()), QStringLiteral("--workspace"),
                                            QString::fromStdString(tail.directory())});
            QVERIFY(process.waitForStarted());
            const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300 + random() % 1200);
            while (std::chrono::steady_clock::now() < until) {
                const int more = 1 + static_cast<int>(random() % 400);
                appendLines(tail.log(), written, written + more);
                written += more;
                const fs::path old = tail.log(("app.log.2026" + std::to_string(++kept)).c_str());
                if (random() % 16 == 0)
                    fs::rename(tail.log(), old);
                else if (random() % 16 == 0)
                    copyAndCut(tail.log(), old);
                QTest::qWait(int(random() % 30));
            }
            process.kill();
            QVERIFY(process.waitForFinished());
        }
        tail.start(tail.log().string());
        QVERIFY(tail.comesTo(written, 60));
        qInfo("%d kills, %d lines, each there once", rounds, written);
    }
};

EVENTOPS_TEST(TestTail)
#include "tst_tail.moc"
