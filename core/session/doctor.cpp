// SPDX-License-Identifier: MIT
#include "core/session/doctor.h"

#include "core/base/clock.h"
#include "core/base/time.h"
#include "core/lake/lake_query.h"
#include "core/session/clickhouse_feed.h"
#include "core/session/event_queue_settings.h"
#include "core/session/lake_feed.h"
#include "core/session/letter_hint.h"
#include "core/session/quarantine.h"
#include "core/store/backup.h"
#include "core/store/ledger.h"
#include "core/store/page_vfs.h"

#include <array>
#include <charconv>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

namespace eventops {
namespace {

namespace fs = std::filesystem;
using Verdict = DoctorCheck::Verdict;

constexpr std::uint64_t MiB = 1u << 20;
constexpr std::uint64_t FreeBytesMin = 512 * MiB;        ///< Room for a full write-ahead log, twice.
constexpr std::uint64_t FreeBytesWanted = 2'048 * MiB;
constexpr std::uint64_t LogBytesUsual = 64 * MiB;        ///< It is cut back to this.
constexpr std::uint64_t LogBytesMax = 256 * MiB;         ///< Commits wait from here on.

std::uint64_t sizeOf(const std::string &path)
{
    std::error_code failed;
    const std::uintmax_t size = fs::file_size(path, failed);
    return failed ? 0 : size;
}

std::string mebibytes(std::uint64_t bytes)
{
    return std::to_string((bytes + MiB - 1) / MiB) + " MiB";
}

std::string joined(const std::vector<std::string> &names)
{
    std::string out;
    for (const std::string &name : names)
        out += (out.empty() ? "" : ", ") + name;
    return out;
}

constexpr std::uint64_t LetterBytesMax = 64u << 10;
constexpr std::size_t LettersLookedAt = 256;

/// The checks of one workspace, one after the other.
class Examination
{
public:
    Examination(const Workspace &workspace, bool full, const std::atomic<bool> &stop)
        : m_workspace(workspace), m_directory(workspace.directory), m_full(full), m_stop(stop)
    {
    }

    std::vector<DoctorCheck> run()
    {
        using Step = void (Examination::*)();
        constexpr Step Steps[] = {&Examination::rights,  &Examination::place, &Examination::locks,
                                  &Examination::log,     &Examination::schema, &Examination::pages,
                                  &Examination::audit,   &Examination::clock, &Examination::waiting,
                                  &Examination::transforms, &Examination::leftovers, &Examination::lake,
                                  &Examination::clickHouse, &Examination::versions};
        for (const Step step : Steps) {
            if (m_stop.load() || m_nothing)
                break;
            (this->*step)();
        }
        return std::move(m_checks);
    }

private:
    void add(std::string name, Verdict verdict, std::string found, std::string remedy = {})
    {
        m_checks.push_back({std::move(name), verdict, std::move(found), std::move(remedy)});
    }
    void fail(std::string name, const Error &error)
    {
        add(std::move(name), Verdict::Bad, error.message, error.remedy.empty() ? "see above" : error.remedy);
    }

    /// A number of the ledger.
    Result<std::int64_t> ask(const char *sql) const
    {
        std::int64_t value = 0;
        EVENTOPS_TRY(querySql(m_directory, sql, {}, [](const auto &) {}, [&](SqlRow &row) {
            const std::string &text = row.front().text;
            std::from_chars(text.data(), text.data() + text.size(), value);
            return true;
        }));
        return value;
    }

    void rights()
    {
        struct stat folder = {}, ledger = {};
        if (::stat(m_directory.c_str(), &folder) != 0 || ::stat((m_directory + "/ledger.db").c_str(), &ledger) != 0)
            return noLedger();
        if (::access(m_directory.c_str(), W_OK) != 0 || ::access((m_directory + "/ledger.db").c_str(), W_OK) != 0)
            return add("files", Verdict::Bad, "you may not write here", "chown the folder to whoever runs eventops");
        if ((folder.st_mode & (S_IRWXG | S_IRWXO)) != 0)
            return add("files", Verdict::Notice, "others of this machine may look into the folder",
                       "chmod 700 " + m_directory);
        add("files", Verdict::Good, "the folder and its ledger are yours alone");
    }

    void noLedger()
    {
        m_nothing = true;
        add("files", Verdict::Bad, "there is no ledger.db in " + m_directory,
            "name the workspace with --workspace, or make one with: eventops replay FILE");
    }

    void place()
    {
        struct statfs info = {};
        if (::statfs(m_directory.c_str(), &info) != 0)
            return add("file system", Verdict::Bad, std::string("cannot be asked: ") + std::strerror(errno),
                       "see that the disk is there");
        m_checks.push_back(checkFreeSpace(std::uint64_t{info.f_bavail} * static_cast<std::uint64_t>(info.f_bsize),
                                          sizeOf(m_directory + "/ledger.db")));
        m_checks.push_back(checkFileSystem(static_cast<std::int64_t>(info.f_type)));
    }

    /// A lock file stays for ever; what counts is whether a process holds it.
    bool held(const std::string &name) const
    {
        const int fd = ::open((m_directory + '/' + name + ".lock").c_str(), O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return false;
        const bool taken = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        ::close(fd);
        return taken;
    }

    void locks()
    {
        std::vector<std::string> running;
        for (const char *name : {"engine", "executor", "transform", "lake", "clickhouse"}) {
            if (held(name))
                running.emplace_back(name);
        }
        add("locks", Verdict::Good, running.empty() ? "nothing runs on it" : "at work on it: " + joined(running));
    }

    void log()
    {
        const std::uint64_t bytes = sizeOf(m_directory + "/ledger.db-wal");
        const std::string found = "the write-ahead log has " + mebibytes(bytes);
        if (bytes > LogBytesMax)
            add("log", Verdict::Bad, found + ": a program keeps reading an old state, and commits wait",
                "end the program that has had ledger.db open for long (fuser " + m_directory + "/ledger.db)");
        else if (bytes > LogBytesUsual)
            add("log", Verdict::Notice, found, "see that no program keeps ledger.db open for long");
        else
            add("log", Verdict::Good, found);
    }

    void schema()
    {
        auto ledger = Ledger::open(m_directory, LedgerMode::Read, {});
        if (!ledger)
            return fail("schema", ledger.error());
        m_ledger = std::move(ledger).value();
        add("schema", Verdict::Good, "this program can read it");
    }

    void pages()
    {
        const Status checked = checkLedgerFile(m_directory, !m_full);
        if (!checked)
            return fail("pages", checked.error());
        add("pages", Verdict::Good, m_full ? "all pages and indices are sound" : "all pages are sound");
        if (sqlite::hasPageChecksums(m_directory + "/ledger.db"))
            add("checksums", Verdict::Good, "every page has one");
        else
            add("checksums", Verdict::Notice, "this ledger is from before pages had checksums",
                "where that matters, replay the captures into a new workspace");
        if (!m_full || m_ledger == nullptr)
            return;
        const auto digest = m_ledger->digest();
        if (!digest)
            return fail("events", digest.error());
        add("events", Verdict::Good, "every block agrees with its checksum; digest " + digest.value());
    }

    void audit()
    {
        if (m_ledger == nullptr)
            return;
        const auto rows = m_ledger->verifyAudit();
        if (!rows)
            return fail("audit", rows.error());
        add("audit", Verdict::Good, "the chain is whole: " + std::to_string(rows.value()) + " rows");
    }

    void clock()
    {
        if (m_ledger == nullptr)
            return;
        const auto newest = ask("SELECT coalesce(max(ts_ingest), 0) FROM event_block");
        if (!newest)
            return fail("clock", newest.error());
        const WallNs last{newest.value()};
        if (SystemClock().now() < last)
            add("clock", Verdict::Bad,
                "this machine's clock is behind the newest event, which came in at " + formatTimestamp(last),
                "set the clock; until it is past that time, retention drops nothing new");
        else
            add("clock", Verdict::Good, "the clock is not behind what came in");
    }

    void waiting()
    {
        if (m_ledger == nullptr)
            return;
        const auto letters = ask("SELECT count(*) FROM dead_letter WHERE state = 'waiting'");
        const auto outbox = ask("SELECT count(*) FROM outbox WHERE state <> 'done'");
        if (!letters || !outbox)
            return fail("queues", letters ? outbox.error() : letters.error());
        if (letters.value() > 0)
            add("dead letters", Verdict::Notice,
                std::to_string(letters.value()) + " records wait as dead letters" + splitDocument(),
                "look at them with: eventops deadletters list");
        else
            add("dead letters", Verdict::Good, "none waits");
        if (outbox.value() > 0 && !held("executor"))
            add("outbox", Verdict::Notice,
                std::to_string(outbox.value()) + " approved requests are not done, and no executor runs",
                "start one with: eventops executor");
        else
            add("outbox", Verdict::Good, std::to_string(outbox.value()) + " approved requests are on their way");
    }

    /// Raw events that wait for transformers, and the queue that they wait in.
    void transforms()
    {
        const auto queue = EventQueueSettings::read(m_workspace);
        if (!queue)
            return fail("transformers", queue.error());
        const auto waiting = ask("SELECT count(*) FROM raw_event WHERE waits = 1");
        if (!waiting)
            return; // a ledger from before there were any
        const std::string where = queue.value().kind() == EventQueueSettings::Kind::Ledger
                                      ? "in the ledger"
                                      : "in the ledger, announced by " + queue.value().text("kind");
        const std::string found = std::to_string(waiting.value()) + " raw events wait for transformers " + where;
        if (waiting.value() > 0 && !held("transform"))
            add("transformers", Verdict::Notice, found + ", and nobody transforms",
                "start: eventops serve, or eventops transformer run");
        else
            add("transformers", Verdict::Good, found);
    }

    /// Says so when the oldest that wait are halves of one document, and what its sender should do; else nothing.
    std::string splitDocument() const
    {
        if (m_ledger == nullptr)
            return {};
        std::vector<LetterText> letters;
        const Status read = m_ledger->deadLetters({}, LetterBytesMax, [&](const DeadLetterRow &row) {
            if (row.state == "waiting" && row.size <= LetterBytesMax)
                letters.push_back({row.id, row.bytes});
            return letters.size() < LettersLookedAt;
        });
        const SplitDocument split = read ? findSplitDocument(letters) : SplitDocument();
        if (!split)
            return {};
        return "; " + std::to_string(split.first) + " and " + std::to_string(split.second)
               + " are one JSON document that was sent as two records: kcat -P makes a message of every line, so send "
                 "it on one line (jq -c does that)";
    }

    void versions() { add("libraries", Verdict::Good, storeLibraries()); }

    void leftovers()
    {
        const std::vector<std::string> aside = setAsideFiles(m_directory);
        if (aside.empty())
            add("damaged files", Verdict::Good, "none was set aside");
        else
            add("damaged files", Verdict::Notice, "set aside: " + joined(aside),
                "replay the captures again, look into the files if something is missing, then move them away");
    }

    void lake()
    {
        if (!hasLake(m_workspace))
            return add("lake", Verdict::Good, "there is none");
        const lake::LakeStatus state = lake::lakeStatus(lakePaths(m_workspace));
        if (!state.missing.empty())
            return add("lake", Verdict::Notice, state.missing, "installer/duckdb fetches DuckDB");
        if (!state.damaged.empty())
            return add("lake", Verdict::Notice, "set aside: " + joined(state.damaged), "remove what you do not need");
        const auto last = m_ledger != nullptr ? m_ledger->lastSeq() : Result<Seq>(state.mark.events);
        if (last && last.value() > state.mark.events)
            return add("lake", Verdict::Notice,
                       std::to_string(last.value() - state.mark.events) + " records behind the ledger",
                       "bring it up to date with: eventops lake build");
        add("lake", Verdict::Good, "up to date, DuckDB " + state.library);
    }

    /// By the mark alone: no network is asked.
    void clickHouse()
    {
        if (!hasClickHouse(m_workspace))
            return add("ClickHouse", Verdict::Good, "there is none");
        const auto settings = ClickHouseSettings::read(m_workspace);
        if (!settings)
            return fail("ClickHouse", settings.error());
        const auto mark = lake::ClickHouseMark::read(ClickHouseSettings::markFile(m_workspace));
        if (!mark && mark.error().code != Error::Code::NotFound)
            return fail("ClickHouse", mark.error());
        const Seq done = mark ? mark.value()[lake::ClickHouseStream::Events].done : 0;
        const auto last = m_ledger != nullptr ? m_ledger->lastSeq() : Result<Seq>(done);
        if (last && last.value() > done)
            return add("ClickHouse", Verdict::Notice,
                       std::to_string(last.value() - done) + " records are not confirmed at " + settings.value().url,
                       "send them with: eventops clickhouse push");
        add("ClickHouse", Verdict::Good, "up to date at " + settings.value().url);
    }

    const Workspace &m_workspace;
    const std::string m_directory;
    const bool m_full;
    const std::atomic<bool> &m_stop;
    bool m_nothing = false; ///< There is no ledger to look at.
    std::unique_ptr<Ledger> m_ledger;
    std::vector<DoctorCheck> m_checks;
};

} // namespace

std::string_view toString(Verdict verdict)
{
    constexpr std::array<std::string_view, 3> Names = {"good", "notice", "bad"};
    return Names[static_cast<std::size_t>(verdict)];
}

DoctorCheck checkFileSystem(std::int64_t fileSystem)
{
    // linux/magic.h, statfs(2)
    struct Kind {
        std::int64_t magic;
        const char *name;
    };
    constexpr Kind Remote[] = {{0x6969, "NFS"},       {0x517B, "SMB"},         {0xFF534D42, "CIFS"},
                               {0xFE534D42, "SMB2"},  {0x01021997, "9P"},      {0x00C36400, "Ceph"},
                               {0x5346414F, "AFS"},   {0x73757245, "Coda"},    {0x65735546, "FUSE"}};
    for (const Kind &kind : Remote) {
        if ((fileSystem & 0xFFFFFFFF) != kind.magic)
            continue;
        const bool maybe = kind.magic == 0x65735546; // it may be a local disk behind a program
        return {"file system", maybe ? Verdict::Notice : Verdict::Bad,
                std::string("the workspace lies on ") + kind.name
                    + ", where SQLite's write-ahead log and locks are not reliable",
                "move the workspace to a disk of this machine"};
    }
    return {"file system", Verdict::Good, "a disk of this machine", {}};
}

DoctorCheck checkFreeSpace(std::uint64_t freeBytes, std::uint64_t ledgerBytes)
{
    const std::string found = mebibytes(freeBytes) + " are free, the ledger has " + mebibytes(ledgerBytes);
    if (freeBytes < FreeBytesMin)
        return {"free space", Verdict::Bad, found, "make room, or sources will have to wait"};
    if (freeBytes < FreeBytesWanted)
        return {"free space", Verdict::Notice, found, "make room before it runs out"};
    return {"free space", Verdict::Good, found, {}};
}

std::vector<DoctorCheck> examineWorkspace(const Workspace &workspace, bool full, const std::atomic<bool> &stop)
{
    return Examination(workspace, full, stop).run();
}

} // namespace eventops
