// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "tests/support/local_workspace.h"
#include "tests/support/wait_for.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QDir>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace eventops;
using eventops::test::BatchMaker;
using eventops::test::errorText;
using eventops::test::groupOf;
using eventops::test::LocalWorkspace;
using eventops::test::waitFor;

namespace {

namespace fs = std::filesystem;

const Caller Keeper{"keeper", Role::Admin, {}};

Result<BackupOutcome> backUp(Backend &backend, const BackupRequest &request, const Caller &caller = Keeper)
{
    return waitFor<BackupOutcome>(
        [&](Done<BackupOutcome> done) { backend.backup(caller, request, {}, std::move(done)); });
}

std::string digestOf(Backend &backend)
{
    const auto summary = waitFor<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> done) { backend.summary(Keeper, true, std::move(done)); });
    return summary ? summary.value().digest : summary.error().text();
}

/// The check of this name.
DoctorCheck checkOf(const std::string &directory, const std::string &name, bool full = false)
{
    const std::atomic<bool> stop{false};
    for (DoctorCheck &check : examineWorkspace({directory}, full, stop)) {
        if (check.name == name)
            return std::move(check);
    }
    return {"missing", DoctorCheck::Verdict::Bad, {}, {}};
}

} // namespace

/// Copies of a workspace, and what the doctor says of one.
class TestBackup : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theCopyIsTheWorkspace()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QTemporaryDir folder;
        const std::string to = folder.filePath(QStringLiteral("copy")).toStdString();
        const auto done = backUp(*backend, {to + '/', true});
        QVERIFY2(done, errorText(done).c_str());
        QCOMPARE(done.value().digest, digestOf(*backend));
        QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(), 1);
        // It goes on as a workspace: with the pipeline that it knows, and what was read before counts as repeated.
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources()};
        options.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
        LocalBackend copy(eventops::Workspace{to}, std::move(options));
        QCOMPARE(digestOf(copy), done.value().digest);
        const auto health =
            waitFor<Health>([&](Done<Health> end) { copy.health(Keeper, std::move(end)); });
        QVERIFY(health);
        QCOMPARE(health.value().pipelineName, std::string("default"));
        QCOMPARE(LocalWorkspace::replay(copy, "agents.ndjson"), std::string());
        QCOMPARE(digestOf(copy), done.value().digest);
    }

    void nothingIsOverwrittenAndNothingHalfIsLeft()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        QTemporaryDir folder;
        const std::string file = folder.filePath(QStringLiteral("file")).toStdString();
        std::ofstream(file) << "mine";
        QVERIFY(backUp(*backend, {file, false}).error().code == Error::Code::Refused);
        QVERIFY(backUp(*backend, {folder.path().toStdString(), false}).error().code == Error::Code::Refused);
        const std::string to = folder.filePath(QStringLiteral("copy")).toStdString();
        QVERIFY(backUp(*backend, {to + "/below/nothing", false}).error().code == Error::Code::NotFound);
        QVERIFY(backUp(*backend, {to, false}, {"viewer", Role::Viewer, {}}).error().code == Error::Code::Refused);
        QVERIFY(backUp(*backend, {to, false}, {"other", Role::Admin, {"t"}}).error().code == Error::Code::Refused);
        std::atomic<bool> stop{false};
        const auto cancelled = backupWorkspace({workspace.directory()}, {to, false}, stop,
                                               [&](const BackupProgress &) { stop = true; });
        QVERIFY(!cancelled);
        QVERIFY(cancelled.error().code == Error::Code::Cancelled);
        QCOMPARE(QDir(folder.path()).entryList(QDir::AllEntries | QDir::NoDotAndDotDot).size(), 1);
    }

    void anEngineGoesOnMeanwhile()
    {
        test::Workspace workspace;
        auto ledger = workspace.open();
        Seq next = 1;
        const auto commit = [&] {
            BatchMaker maker(next, next * 100);
            for (int i = 0; i < 2'000; ++i) {
                maker.record("{\"some\":\"record " + std::to_string(next * 7'919 + static_cast<Seq>(i)) + "\"}");
                maker.event("t", {{Field::Metric, "m"}});
            }
            next = maker.lastSeq() + 1;
            CommitGroup group = groupOf(maker.take());
            return bool(ledger->commit(group));
        };
        for (int i = 0; i < 20; ++i)
            QVERIFY(commit());
        // Something is committed between any two steps of the copy.
        unsigned restarts = 0;
        bool committed = true;
        const std::atomic<bool> stop{false};
        const std::string to = workspace.path() + "/copy";
        const auto done = backupWorkspace({workspace.path()}, {to, true}, stop, [&](const BackupProgress &progress) {
            restarts = progress.restarts;
            committed = committed && (progress.pages == progress.pagesTotal || commit());
        });
        QVERIFY2(done, errorText(done).c_str());
        QVERIFY(committed);
        QVERIFY(restarts <= BackupRestartsMax + 1);
        const auto copy = Ledger::open(to, LedgerMode::Read, {});
        QVERIFY(bool(copy));
        QVERIFY(copy.value()->counters().value().conserved());
        QCOMPARE(copy.value()->counters().value().events, done.value().events);
        QCOMPARE(done.value().events % 2'000, std::uint64_t{0}); // whole commits
    }

    void theDoctorFindsAWellWorkspaceWell()
    {
        const LocalWorkspace workspace;
        const auto backend = workspace.backend();
        QCOMPARE(LocalWorkspace::replay(*backend, "agents.ndjson"), std::string());
        const auto checks = waitFor<std::vector<DoctorCheck>>(
            [&](Done<std::vector<DoctorCheck>> done) { backend->doctor(Keeper, true, std::move(done)); });
        QVERIFY(checks);
        QVERIFY(checks.value().size() >= 12);
        for (const DoctorCheck &check : checks.value()) {
            QVERIFY2(check.verdict != DoctorCheck::Verdict::Bad, check.found.c_str());
            QVERIFY2(check.remedy.empty() == (check.verdict == DoctorCheck::Verdict::Good), check.name.c_str());
        }
    }

    void theDoctorNamesWhatIsWrong()
    {
        using Verdict = DoctorCheck::Verdict;
        test::Workspace workspace;
        QVERIFY(checkOf(workspace.path(), "files").verdict == Verdict::Bad);
        {
            const auto ledger = workspace.open();
            BatchMaker maker;
            for (int i = 0; i < 3'000; ++i) {
                maker.record("{\"n\":" + std::to_string(i) + "}");
                maker.event("t", {{Field::Metric, "m"}});
            }
            maker.deadLetter("bad", "not_json", "it is none");
            CommitGroup group = groupOf(maker.take());
            EVENTOPS_OK(ledger->commit(group));
        }
        QVERIFY(checkOf(workspace.path(), "files").verdict == Verdict::Good);
        fs::permissions(workspace.path(), fs::perms::others_read, fs::perm_options::add);
        QVERIFY(checkOf(workspace.path(), "files").verdict == Verdict::Notice);
        QVERIFY(checkOf(workspace.path(), "dead letters").found.starts_with("1 "));
        std::ofstream(workspace.path() + "/ledger.db.damaged-1") << "old";
        QVERIFY(checkOf(workspace.path(), "damaged files").found.find("ledger.db.damaged-1") != std::string::npos);
        QCOMPARE(checkOf(workspace.path(), "locks").found, std::string("nothing runs on it"));
        {
            const auto lock = FileLock::take({workspace.path()}, "engine");
            QVERIFY(bool(lock));
            QCOMPARE(checkOf(workspace.path(), "locks").found, std::string("at work on it: engine"));
        }
        QVERIFY(checkOf(workspace.path(), "clock").verdict == Verdict::Good);
        QVERIFY(checkOf(workspace.path(), "pages", true).verdict == Verdict::Good);
        workspace.clock.set(SystemClock().now() + 3'600 * NsPerSecond);
        {
            const auto ledger = workspace.open();
            BatchMaker maker(10'000, 1'000'000);
            maker.record("{}");
            maker.event("t", {{Field::Metric, "m"}});
            CommitGroup group = groupOf(maker.take());
            EVENTOPS_OK(ledger->commit(group));
        }
        QVERIFY(checkOf(workspace.path(), "clock").verdict == Verdict::Bad);
        std::error_code none;
        fs::remove(workspace.path() + "/ledger.db-wal", none);
        fs::resize_file(workspace.path() + "/ledger.db", fs::file_size(workspace.path() + "/ledger.db") / 2);
        QVERIFY(checkOf(workspace.path(), "pages").verdict == Verdict::Bad);
    }

    void theDoctorKnowsPlaces()
    {
        using Verdict = DoctorCheck::Verdict;
        QVERIFY(checkFileSystem(0x6969).verdict == Verdict::Bad);          // NFS
        QVERIFY(checkFileSystem(static_cast<std::int32_t>(0xFF534D42)).verdict == Verdict::Bad); // CIFS, sign and all
        QVERIFY(checkFileSystem(0x65735546).verdict == Verdict::Notice);   // FUSE
        QVERIFY(checkFileSystem(0xEF53).verdict == Verdict::Good);         // ext4
        QVERIFY(checkFreeSpace(100u << 20, 0).verdict == Verdict::Bad);
        QVERIFY(checkFreeSpace(1u << 30, 0).verdict == Verdict::Notice);
        QVERIFY(checkFreeSpace(std::uint64_t{1} << 40, 0).verdict == Verdict::Good);
    }
};

EVENTOPS_TEST(TestBackup)
#include "tst_backup.moc"
