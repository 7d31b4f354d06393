// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/fault/fault_vfs.h"
#include "tests/support/program.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QProcess>

#include <csignal>
#include <filesystem>
#include <random>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace eventops;
using namespace eventops::test;

namespace {

/// Agents' lines, every third with a key of its own, enough for a program to be killed in.
QByteArray manyLines(int lines)
{
    QByteArray out;
    for (int i = 0; i < lines; ++i) {
        out += "{\"tenant_id\":\"acme\",\"host\":\"web-" + QByteArray::number(i % 50)
               + "\",\"metric\":\"cpu_load\",\"value\":" + QByteArray::number(i % 89) + ",\"ts_event\":"
               + QByteArray::number(1'700'000'000 + i / 100);
        out += i % 3 == 0 ? ",\"idempotency_key\":\"k" + QByteArray::number(i) + "\"}\n" : QByteArray("}\n");
    }
    return out;
}

constexpr const char *CrashPoints[] = {"wal write",     "wal sync",  "db write", "db sync",
                                       "wal delete", "db read",  "db shm"};

} // namespace

/// Killed at any time, by the clock or at a named point: nothing acknowledged is lost, nothing is there twice.
class TestKills : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase()
    {
        m_file = m_scratch.file(QStringLiteral("many.ndjson"), manyLines(60'000));
        m_fresh = m_scratch.file(QStringLiteral("fresh.ndjson"), "{\"fresh\":1}\n");
        QVERIFY(!m_file.isEmpty() && !m_fresh.isEmpty());
    }

    void ingressIsKilled_data()
    {
        QTest::addColumn<QString>("ingress");
        for (const char *name : {"file", "stdin", "demo"})
            QTest::newRow(name) << QString::fromLatin1(name);
    }

    void ingressIsKilled()
    {
        QFETCH(const QString, ingress);
        const QString folder = m_scratch.path(ingress);
        QVERIFY(runFor(ingress, folder + QStringLiteral("-whole"), 120'000));
        const std::string whole = contentOf((folder + QStringLiteral("-whole")).toStdString());
        QVERIFY2(whole[0] != '!', whole.c_str());

        std::mt19937_64 random(7);
        int kills = 0;
        int finished = 0;
        for (int workspaces = 0; kills < KillsOfARound * faultRounds(); ++workspaces) {
            const QString workspace = folder + QString::number(workspaces);
            QVERIFY(workspaces < 100 * faultRounds());
            const auto time = [&] {
                return kills < KillsOfARound * faultRounds() ? 10 + static_cast<int>(random() % 400) : 120'000;
            };
            while (!runFor(ingress, workspace, time())) {
                ++kills;
                const std::string wrong = afterKill(workspace.toStdString());
                QVERIFY2(wrong.empty(), wrong.c_str());
            }
            ++finished;
            QCOMPARE(contentOf(workspace.toStdString()), whole);
            QCOMPARE(soundness(workspace.toStdString()), std::string());
            std::filesystem::remove_all(workspace.toStdString());
        }
        qInfo("%d kills, %d workspaces brought to their end", kills, finished);
    }

    void namedPoints_data()
    {
        QTest::addColumn<bool>("after");
        for (const char *point : CrashPoints) {
            QTest::newRow((QByteArray("before ") + point).constData()) << false;
            QTest::newRow((QByteArray("after ") + point).constData()) << true;
        }
    }

    void namedPoints()
    {
        QFETCH(const bool, after);
        const QByteArray point = QByteArray(QTest::currentDataTag()).mid(after ? 6 : 7);
        const QTemporaryDir folder(QString::fromStdString(fastFolder() + "/eventops-kills-XXXXXX"));
        int killed = 0;
        const int tries = 2 * faultRounds();
        for (int n = 1; n <= tries; ++n) {
            const std::string workspace = folder.path().toStdString() + '/' + std::to_string(n);
            const Seq acknowledged = childDiesAt(workspace, point, after, n, killed);
            if (!std::filesystem::exists(workspace + "/ledger.db"))
                continue;
            const auto ledger = Ledger::open(workspace, LedgerMode::Engine, {});
            QVERIFY2(ledger, errorText(ledger).c_str());
            QVERIFY(ledger.value()->lastSeq().value() >= acknowledged);
            // The source goes on at its cursor: what was on its way comes once.
            Seq seq = ledger.value()->lastSeq().value();
            QVERIFY(commitSome(*ledger.value(), seq));
            QCOMPARE(ledger.value()->eventCount().value(), std::uint64_t{seq});
            QCOMPARE(soundness(workspace), std::string());
        }
        qInfo("%d of %d children were killed %s", killed, tries, QTest::currentDataTag());
        QVERIFY(killed > 0);
    }

private:
    static constexpr int KillsOfARound = 7;

    /// True: it came to its end before it was killed.
    bool runFor(const QString &ingress, const QString &workspace, int milliseconds)
    {
        const QStringList where{QStringLiteral("--workspace"), workspace, QStringLiteral("--json")};
        QProcess process, cat;
        if (ingress == QLatin1String("stdin")) {
            cat.setStandardOutputProcess(&process);
            cat.start(QStringLiteral("cat"), {m_file});
            process.start(program(), QStringList{QStringLiteral("replay"), QStringLiteral("-")} + where);
        } else if (ingress == QLatin1String("file")) {
            process.start(program(), QStringList{QStringLiteral("replay"), m_file} + where);
        } else {
            process.start(program(), QStringList{QStringLiteral("demo"), QStringLiteral("--seed"), QStringLiteral("3"),
                                                 QStringLiteral("--duration"), QStringLiteral("40m")} + where);
        }
        const bool ended = process.waitForFinished(milliseconds);
        m_seen = 0;
        if (!ended) {
            if (const auto onlooker = Ledger::open(workspace.toStdString(), LedgerMode::Read, {}))
                m_seen = onlooker.value()->lastSeq().valueOr(0);
            process.kill();
        }
        process.waitForFinished(10'000);
        cat.waitForFinished(10'000);
        return ended && process.exitStatus() == QProcess::NormalExit && process.exitCode() == 0;
    }

    /// The workspace is sound, what an onlooker saw is there, and a fresh event gets through; tried on a copy.
    std::string afterKill(const std::string &workspace)
    {
        if (!std::filesystem::exists(workspace + "/ledger.db"))
            return {};
        const std::string copy = workspace + "-copy";
        std::filesystem::remove_all(copy);
        std::filesystem::copy(workspace, copy, std::filesystem::copy_options::recursive);
        QElapsedTimer timer;
        timer.start();
        const Ran ran = run({QStringLiteral("replay"), m_fresh, QStringLiteral("--workspace"),
                             QString::fromStdString(copy), QStringLiteral("--json")});
        if (ran.exitCode != 0)
            return "a fresh event does not get through: " + ran.err.toStdString();
        if (timer.elapsed() > 5'000)
            return "a fresh event took " + std::to_string(timer.elapsed()) + " ms";
        const auto ledger = Ledger::open(copy, LedgerMode::Read, {});
        if (!ledger || ledger.value()->lastSeq().valueOr(0) < m_seen + 1)
            return "what was seen is not there";
        return soundness(copy);
    }

    /// Ten small commits behind @p seq; false when one fails. One event a record.
    static bool commitSome(Ledger &ledger, Seq &seq, int acknowledgeTo = -1)
    {
        for (int commit = 0; commit < 10; ++commit) {
            BatchMaker maker(seq + 1, seq * 10);
            for (int i = 0; i < 40; ++i) {
                maker.record("record");
                maker.event("acme", {{Field::Message, "m"}});
            }
            CommitGroup group = groupOf(maker.take());
            if (!ledger.commit(group))
                return false;
            seq = maker.lastSeq();
            if (acknowledgeTo >= 0 && ::write(acknowledgeTo, &seq, sizeof seq) != sizeof seq)
                return false;
        }
        return true;
    }

    /// A child that acknowledges through a pipe, and kills itself at the @p n th such operation. What it acknowledged.
    static Seq childDiesAt(const std::string &workspace, const QByteArray &point, bool after, int n, int &killed)
    {
        int ends[2] = {-1, -1};
        if (::pipe(ends) != 0)
            return 0;
        const pid_t child = ::fork();
        if (child == 0) {
            ::close(ends[0]);
            int met = 0;
            const auto die = [&](const VfsCall &call) {
                const std::string name = std::string(call.file) + ' ' + std::string(toString(call.op));
                if (point == name.c_str() && ++met == n)
                    ::raise(SIGKILL);
            };
            FaultPlan plan;
            plan.kind = FaultPlan::Kind::Call;
            (after ? plan.after : plan.before) = die;
            FaultVfs::install().arm(plan);
            for (int session = 0; session < 12; ++session) { // each end of a session empties the log
                const auto ledger = Ledger::open(workspace, LedgerMode::Engine, {});
                Seq seq = ledger ? ledger.value()->lastSeq().valueOr(0) : 0;
                if (!ledger || !commitSome(*ledger.value(), seq, ends[1]))
                    ::_exit(1);
            }
            ::_exit(0);
        }
        ::close(ends[1]);
        Seq acknowledged = 0;
        for (Seq seq = 0; ::read(ends[0], &seq, sizeof seq) == sizeof seq;)
            acknowledged = seq;
        ::close(ends[0]);
        int status = 0;
        ::waitpid(child, &status, 0);
        killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
        return acknowledged;
    }

    Scratch m_scratch;
    QString m_file, m_fresh;
    Seq m_seen = 0; ///< What an onlooker found committed just before the last kill.
};

EVENTOPS_TEST(TestKills)
#include "tst_kills.moc"
