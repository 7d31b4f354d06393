// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/fault/fault_bench.h"
#include "tests/support/program.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QProcess>

#include <fstream>

using namespace eventops;
using namespace eventops::test;

/// The real program without memory, with another clock, and with more input than it can take at once.
class TestProgramFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyAllocationMayFail()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer has an allocator of its own");
#endif
        const Scratch scratch;
        const QString counted = scratch.path(QStringLiteral("count"));
        const QString workspace = scratch.workspace();
        QCOMPARE(replayWith(workspace, {{QStringLiteral("FAULT_ALLOCATION_COUNT"), counted}}).exitCode, 0);
        const std::string wanted = contentOf(workspace.toStdString());
        QFile file(counted);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const long allocations = file.readAll().toLong();
        QVERIFY(allocations > 1'000);
        const long stride = std::max(1L, allocations / (TriesOfARound * faultRounds()));
        int errors = 0, survived = 0;
        for (long n = 1; n < allocations; n += stride) {
            const QString tried = scratch.path(QStringLiteral("w%1").arg(n));
            const Ran ran = replayWith(tried, {{QStringLiteral("FAULT_ALLOCATION"), QString::number(n)},
                                               {QStringLiteral("FAULT_ALLOCATION_STICKY"), QString::number(n % 2)}});
            const QByteArray what = "allocation " + QByteArray::number(static_cast<qlonglong>(n)) + ": "
                                    + QByteArray::number(ran.exitCode) + ' ' + ran.err;
            // 127: the loader itself had none. -1 would be a signal: no crash, whatever fails.
            QVERIFY2(ran.exitCode >= 0, what.constData());
            (ran.exitCode == 0 ? survived : errors) += 1;
            QVERIFY2(ran.exitCode != 0 || contentOf(tried.toStdString()) == wanted, what.constData());
            QCOMPARE(replayWith(tried, {}).exitCode, 0);
            QCOMPARE(soundness(tried.toStdString()), std::string());
            QVERIFY2(contentOf(tried.toStdString()) == wanted, what.constData());
            QDir(tried).removeRecursively();
        }
        qInfo("%ld allocations, %d ended with an error, %d did without", allocations, errors, survived);
    }

    void clockAndZoneDoNotMatter_data()
    {
        QTest::addColumn<QString>("seconds");
        QTest::addColumn<QString>("zone");
        QTest::newRow("an hour back") << QStringLiteral("-3600") << QStringLiteral("UTC");
        QTest::newRow("an hour on") << QStringLiteral("3600") << QStringLiteral("UTC");
        QTest::newRow("summer time") << QStringLiteral("0") << QStringLiteral("CET-1CEST,M3.5.0,M10.5.0/3");
        QTest::newRow("far west") << QStringLiteral("0") << QStringLiteral("XXX+12");
    }

    void clockAndZoneDoNotMatter()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer wants to be loaded first");
#endif
        QFETCH(const QString, seconds);
        QFETCH(const QString, zone);
        const Scratch scratch;
        QCOMPARE(replayWith(scratch.path(QStringLiteral("a")), {}).exitCode, 0);
        QCOMPARE(replayWith(scratch.path(QStringLiteral("b")), {{QStringLiteral("FAULT_CLOCK_SECONDS"), seconds},
                                                                {QStringLiteral("TZ"), zone}}).exitCode, 0);
        QCOMPARE(contentOf(scratch.path(QStringLiteral("b")).toStdString()),
                 contentOf(scratch.path(QStringLiteral("a")).toStdString()));
    }

    /// More than ten times what the ledger can take, through a pipe: the pipe waits, memory stays, and every record is
    /// accounted for at every moment.
    void overloadIsHeldBack()
    {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("a sanitizer wants to be loaded first, and has memory of its own");
#endif
        const Scratch scratch;
        const int lines = 100'000 * std::min(faultRounds(), 10);
        QByteArray text;
        for (int i = 0; i < lines; ++i)
            text += "{\"n\":" + QByteArray::number(i) + ",\"m\":\"" + QByteArray::number(i * 7919 % 100'003) + "\"}\n";
        const QString file = scratch.file(QStringLiteral("many.ndjson"), text);
        const Piped quick = pipe(file, scratch.path(QStringLiteral("quick")), {});
        const qint64 syncMs = 10 * quick.ms / (lines / CommitRecordsMax) + 100; // a commit has at least one
        const Piped slow = pipe(file, scratch.path(QStringLiteral("slow")), QString::number(syncMs));
        for (const Piped &piped : {quick, slow}) {
            QCOMPARE(piped.stored, lines);
            QVERIFY(piped.conserved);
            QVERIFY2(piped.peakKiB < 512 * 1024, QByteArray::number(static_cast<qlonglong>(piped.peakKiB)));
        }
        QVERIFY2(slow.ms > 10 * quick.ms, QByteArray::number(slow.ms) + " ms, " + QByteArray::number(quick.ms));
        QVERIFY(slow.peakKiB < 2 * quick.peakKiB);
        qInfo("%d records: %lld ms and %ld KiB; with a disk %.0f times slower %ld KiB, looked at %d times", lines,
              static_cast<long long>(quick.ms), quick.peakKiB,
              static_cast<double>(slow.ms) / static_cast<double>(quick.ms), slow.peakKiB, slow.looks);
    }

    void suiteOfJsonGoesThroughTheLedger()
    {
        const QString folder = qEnvironmentVariable("EVENTOPS_JSON_SUITE");
        if (folder.isEmpty() || !QDir(folder).exists())
            QSKIP("EVENTOPS_JSON_SUITE names no folder");
        int stored = 0, dead = 0;
        const QFileInfoList files =
            QDir(folder).entryInfoList({QStringLiteral("[yn]_*.json")}, QDir::Files, QDir::Name);
        QVERIFY(files.size() > 200);
        FaultBench bench;
        for (const QFileInfo &file : files) {
            const std::string path = file.filePath().toStdString();
            const bool good = file.fileName().startsWith(QLatin1Char('y'));
            const auto before = countersOf(bench);
            EVENTOPS_OK(bench.replay(path, "json"));
            const auto after = countersOf(bench);
            QFile bytes(file.filePath());
            QVERIFY(bytes.open(QIODevice::ReadOnly));
            if (good) {
                QVERIFY2(after.stored + after.duplicate == before.stored + before.duplicate + 1, path.c_str());
                ++stored;
                continue;
            }
            const QByteArray content = bytes.readAll();
            if (content.trimmed().isEmpty())
                continue; // no record at all
            QVERIFY2(after.deadLettered + after.duplicate == before.deadLettered + before.duplicate + 1, path.c_str());
            ++dead;
        }
        qInfo("%d stored, %d dead-lettered", stored, dead);
        const auto ledger = Ledger::open(bench.workspace(), LedgerMode::Read, {});
        QVERIFY(ledger);
        EVENTOPS_OK(ledger.value()->deadLetters({}, 1 << 20, [](const DeadLetterRow &row) {
            return !row.reason.empty() && (row.bytes.size() == row.size || row.size > 1 << 20);
        }));
    }

private:
    static constexpr int TriesOfARound = 40;
    static constexpr int CommitRecordsMax = 16'384; ///< RunnerOptions::commitRecordsMax

    /// What was seen of a file going through a pipe into the program.
    struct Piped {
        int stored = 0, looks = 0;
        long peakKiB = 0;
        qint64 ms = 0;
        bool conserved = true; ///< At every look at the ledger, and it never shrank.
    };

    static Piped pipe(const QString &file, const QString &workspace, const QString &syncMs)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        if (!syncMs.isEmpty()) {
            environment.insert(QStringLiteral("LD_PRELOAD"), QStringLiteral(EVENTOPS_FAULT_PRELOAD));
            environment.insert(QStringLiteral("FAULT_SYNC_MS"), syncMs);
        }
        QProcess process, cat;
        process.setProcessEnvironment(environment);
        cat.setStandardOutputProcess(&process);
        QElapsedTimer timer;
        timer.start();
        cat.start(QStringLiteral("cat"), {file});
        process.start(program(), {QStringLiteral("replay"), QStringLiteral("-"), QStringLiteral("--workspace"),
                                  workspace, QStringLiteral("--json")});
        Piped piped;
        std::uint64_t before = 0;
        while (!process.waitForFinished(100) && process.state() != QProcess::NotRunning) {
            QFile status(QStringLiteral("/proc/%1/status").arg(process.processId()));
            if (status.open(QIODevice::ReadOnly)) {
                const QByteArray all = status.readAll();
                const qsizetype at = all.indexOf("VmHWM:");
                if (at > 0)
                    piped.peakKiB = std::max(piped.peakKiB, all.mid(at + 6).trimmed().split(' ').front().toLong());
            }
            const auto ledger = Ledger::open(workspace.toStdString(), LedgerMode::Read, {});
            const auto counters = ledger ? ledger.value()->counters() : Result<Counters>(Counters{});
            if (counters) {
                const std::uint64_t received = counters.value().received;
                piped.conserved = piped.conserved && counters.value().conserved() && received >= before;
                before = std::max(before, received);
            }
            ++piped.looks;
        }
        cat.waitForFinished();
        piped.ms = timer.elapsed();
        const Ran ran{process.exitCode(), process.readAllStandardOutput(), {}};
        piped.stored = ran.json()[QStringLiteral("stored")].toInt();
        return piped;
    }

    static Counters countersOf(FaultBench &bench)
    {
        const auto ledger = Ledger::open(bench.workspace(), LedgerMode::Read, {});
        return ledger ? ledger.value()->counters().valueOr({}) : Counters{};
    }

    static Ran replayWith(const QString &workspace, const QList<std::pair<QString, QString>> &variables)
    {
        QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
        if (!variables.isEmpty())
            environment.insert(QStringLiteral("LD_PRELOAD"), QStringLiteral(EVENTOPS_FAULT_PRELOAD));
        for (const auto &[name, value] : variables)
            environment.insert(name, value);
        QProcess process;
        process.setProcessEnvironment(environment);
        process.start(program(), {QStringLiteral("replay"),
                                  QStringLiteral(EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson"),
                                  QStringLiteral("--workspace"), workspace, QStringLiteral("--json")});
        Ran ran;
        if (process.waitForFinished(60'000) && process.exitStatus() == QProcess::NormalExit)
            ran.exitCode = process.exitCode();
        ran.err = process.readAllStandardError();
        return ran;
    }
};

EVENTOPS_TEST(TestProgramFaults)
#include "tst_program_faults.moc"
