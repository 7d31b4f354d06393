// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/fault/fault_vfs.h"
#include "tests/support/program.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QProcess>

#include <fstream>
#include <sqlite3.h>
#include <unistd.h>

using namespace eventops;
using namespace eventops::test;

namespace {

constexpr int Lines = 60'000;

QByteArray distinctLines()
{
    QByteArray out;
    for (int i = 0; i < Lines; ++i) {
        out += "{\"number\":" + QByteArray::number(i) + ",\"noise\":\""
               + QByteArray::number(static_cast<qulonglong>(i) * 0x9e3779b97f4a7c15ULL, 16) + "\"}\n";
    }
    return out;
}

} // namespace

/// No room on the disk, then room: what was acknowledged stays, people are told, and the run goes on by itself.
class TestDiskFull : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { m_file = m_scratch.file(QStringLiteral("many.ndjson"), distinctLines()); }

    void aQuotaIsWaitedFor()
    {
        FaultVfs &vfs = FaultVfs::install();
        FaultBench bench;
        EVENTOPS_OK(bench.replay(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"));
        const std::string before = contentOf(bench.workspace());
        vfs.setQuota(bench.workspace(), 900'000);
        std::vector<std::string> troubles;
        QElapsedTimer timer;
        bool kept = false, told = false;
        bench.onTrouble = [&](const std::string &trouble) {
            troubles.push_back(trouble);
            if (!trouble.empty()) {
                const auto health = waitFor<Health>([&](Done<Health> done) {
                    bench.backend().health({"me", Role::Admin, {}}, std::move(done));
                });
                told = health && health.value().running && health.value().progress.trouble == trouble;
                kept = contentOf(bench.workspace()).size() >= before.size() && soundness(bench.workspace()).empty();
                vfs.setQuota({}, 0);
                timer.start();
            }
        };
        EVENTOPS_OK(bench.replay(m_file.toStdString()));
        QVERIFY(timer.isValid());
        QVERIFY(timer.elapsed() < 5'000);
        QVERIFY(kept);
        QVERIFY(told);
        QVERIFY(troubles.size() >= 2);
        QVERIFY2(troubles[0].find("no room") != std::string::npos, troubles[0].c_str());
        QCOMPARE(troubles.back(), std::string());
        QCOMPARE(soundness(bench.workspace()), std::string());
        FaultBench undisturbed;
        EVENTOPS_OK(undisturbed.replay(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"));
        EVENTOPS_OK(undisturbed.replay(m_file.toStdString()));
        QCOMPARE(contentOf(bench.workspace()), contentOf(undisturbed.workspace()));
    }

    /// Who hands in events does not wait for ever: after a few seconds he is told, and what he sends again is stored.
    void whoHandsInIsToldThatThereIsNoRoom()
    {
        FaultVfs &vfs = FaultVfs::install();
        FaultBench bench;
        const auto handIn = [&](int number) {
            IngestRequest request;
            request.bytes = "{\"tenant_id\":\"t\",\"host\":\"h\",\"metric\":\"m\",\"value\":1,"
                            "\"ts_event\":1700000001,\"idempotency_key\":\"in"
                            + std::to_string(number) + "\"}";
            request.records = {{0, static_cast<std::uint32_t>(request.bytes.size())}};
            return waitFor<IngestOutcome>([&](Done<IngestOutcome> done) {
                bench.backend().ingest({"me", Role::Admin, {}}, std::move(request), std::move(done));
            });
        };
        QVERIFY(handIn(1));
        vfs.setQuota(bench.workspace(), 1);
        const auto full = handIn(2);
        vfs.setQuota({}, 0);
        QVERIFY(!full);
        QVERIFY2(full.error().code == Error::Code::Full, full.error().text().c_str());
        const auto again = handIn(2);
        QVERIFY2(again, again ? "" : again.error().text().c_str());
        QCOMPARE(again.value().stored, std::uint64_t{1});
        QCOMPARE(handIn(1).value().duplicate, std::uint64_t{1});
        bench.restart();
        QCOMPARE(soundness(bench.workspace()), std::string());
    }

    /// The program on a file system of 2 MB that becomes larger.
    void aSmallFileSystemIsWaitedFor()
    {
        if (::geteuid() != 0)
            QSKIP("mounting a small file system needs root");
        const QString script = QStringLiteral(
            "mount -t tmpfs -o size=2m none \"$1\" || exit 77; cp \"$2\" /dev/null;"
            "\"$3\" replay \"$2\" --workspace \"$1/w\" --json 2> \"$4\" & run=$!;"
            "for i in $(seq 200); do grep -q 'no room' \"$4\" && break; sleep 0.05; done;"
            "grep -q 'no room' \"$4\" || exit 78;"
            "mount -o remount,size=64m \"$1\"; wait $run || exit 79;"
            "\"$3\" sql 'SELECT count() AS n FROM events_raw' --workspace \"$1/w\"");
        const QString mount = m_scratch.path(QStringLiteral("small"));
        QVERIFY(QDir().mkpath(mount));
        QProcess process;
        QElapsedTimer timer;
        timer.start();
        process.start(QStringLiteral("unshare"),
                      {QStringLiteral("-m"), QStringLiteral("sh"), QStringLiteral("-c"), script, QStringLiteral("sh"),
                       mount, m_file, program(), m_scratch.path(QStringLiteral("errors"))});
        QVERIFY(process.waitForFinished(60'000));
        if (process.exitCode() == 1 || process.exitCode() == 77)
            QSKIP("no mount namespace can be made here");
        const QByteArray out = process.readAllStandardOutput();
        QVERIFY2(process.exitCode() == 0,
                 QByteArray::number(process.exitCode()) + out + process.readAllStandardError());
        QVERIFY2(out.contains("{\"n\":" + QByteArray::number(Lines) + "}"), out.constData());
        QVERIFY(timer.elapsed() < 30'000);
    }

    /// A foreign reader keeps an old snapshot: the log grows to its limit, then commits wait until the reader ends.
    void aForeignReaderIsWaitedFor()
    {
        test::Workspace workspace;
        Ledger::Options options;
        options.walBytesMax = 1 << 20;
        auto ledger = std::move(Ledger::open(workspace.path(), LedgerMode::Engine, options)).value();
        sqlite3 *reader = nullptr;
        QCOMPARE(sqlite3_open((workspace.path() + "/ledger.db").c_str(), &reader), SQLITE_OK);
        QCOMPARE(sqlite3_exec(reader, "BEGIN; SELECT count(*) FROM meta", nullptr, nullptr, nullptr), SQLITE_OK);
        Status status = Ok{};
        Seq seq = 0;
        int commits = 0;
        std::unique_ptr<Batch> last;
        for (; commits < 10'000 && status; ++commits) {
            CommitGroup group = oneRecord(seq);
            status = ledger->commit(group);
            seq += status ? 1 : 0;
        }
        QVERIFY(!status);
        QCOMPARE(status.error().code, Error::Code::Busy);
        QVERIFY2(status.error().message.find("old state") != std::string::npos, status.error().message.c_str());
        QVERIFY(QFileInfo(QString::fromStdString(workspace.path() + "/ledger.db-wal")).size() < 2 << 20);
        sqlite3_close(reader);
        CommitGroup group = oneRecord(seq);
        EVENTOPS_OK(ledger->commit(group));
        QCOMPARE(ledger->eventCount().value(), std::uint64_t{seq + 1});
    }

    /// A slow consumer of a long table does not keep the log from being cut back, and still gets every row once.
    void aSlowConsumerHoldsNothing()
    {
        test::Workspace workspace;
        auto ledger = workspace.open();
        CommitGroup many = oneRecord(0);
        for (int i = 0; i < 3'000; ++i) {
            Finding finding;
            finding.id = "f" + std::to_string(i);
            finding.seq = 1;
            many.findings.push_back(std::move(finding));
        }
        EVENTOPS_OK(ledger->commit(many));
        const auto reader = workspace.open(LedgerMode::Read);
        sqlite3 *other = nullptr;
        QCOMPARE(sqlite3_open((workspace.path() + "/ledger.db").c_str(), &other), SQLITE_OK);
        std::vector<std::string> ids;
        Seq seq = 1;
        int held = 0;
        EVENTOPS_OK(reader->findings({}, {}, [&](const Finding &finding) {
            if (ids.size() % 500 == 0) {
                CommitGroup group = oneRecord(seq++);
                group.findings.resize(1);
                group.findings[0].id = "late" + std::to_string(seq);
                held += ledger->commit(group) ? 0 : 1;
                held += sqlite3_wal_checkpoint_v2(other, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr)
                                == SQLITE_OK ? 0 : 1;
                QTest::qWait(60); // slow
            }
            ids.push_back(finding.id);
            return true;
        }));
        sqlite3_close(other);
        QCOMPARE(held, 0);
        QCOMPARE(ids.size(), std::size_t{3'000});
        for (std::size_t i = 0; i < ids.size(); ++i)
            QCOMPARE(ids[i], "f" + std::to_string(i));
    }

private:
    static CommitGroup oneRecord(Seq seq)
    {
        BatchMaker maker(seq + 1, seq * 10);
        maker.record("record");
        maker.event("acme", {{Field::Message, "m"}});
        return groupOf(maker.take());
    }

    Scratch m_scratch;
    QString m_file;
};

EVENTOPS_TEST(TestDiskFull)
#include "tst_disk_full.moc"
