// SPDX-License-Identifier: MIT
#include "tests/fault/fault_bench.h"

#include "core/session/action_flow.h"
#include "core/session/engine.h"
#include "core/store/sqlite.h"
#include "pipelines/components.h"

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace eventops::test {
namespace {

namespace fs = std::filesystem;

const Caller Somebody{"somebody", Role::Admin, {}};
constexpr char Pipeline[] = EVENTOPS_SOURCE_DIR "/pipelines/definitions/default.yaml";
constexpr char Agents[] = EVENTOPS_SOURCE_DIR "/resources/captures/agents.ndjson";

Status afterReplay(FaultBench &bench)
{
    return bench.replay(Agents);
}

/// Records with keys; @p note makes another capture of the same.
Status keyed(FaultBench &bench, const std::string &note)
{
    const std::string file = bench.folder() + "/keyed-" + note + ".ndjson";
    std::ofstream out(file);
    out << "{\"tenant_id\":\"t\",\"host\":\"" << note
        << "\",\"metric\":\"m\",\"value\":1,\"ts_event\":1700000000}\n";
    for (int i = 0; i < 3'000; ++i)
        out << "{\"tenant_id\":\"t\",\"host\":\"h\",\"metric\":\"m\",\"value\":1,\"ts_event\":1700000001,"
               "\"idempotency_key\":\"k" << i << "\"}\n";
    out.close();
    return bench.replay(file);
}

/// A workspace with one record that text can be made of, and nothing else.
Status withDeadLetter(FaultBench &bench)
{
    const std::string file = bench.folder() + "/bad.ndjson";
    std::ofstream(file) << "{\"a\":1}\nnot json\n";
    return bench.replay(file, "ndjson");
}

Status redrive(FaultBench &bench)
{
    std::int64_t letter = 0;
    EVENTOPS_TRY(waitFor<Ok>([&](Done<Ok> done) {
        bench.backend().deadLetters(Somebody, 10, [&](const std::vector<DeadLetterRow> &page) {
            if (!page.empty() && page.front().state == "waiting")
                letter = page.front().id;
        }, std::move(done));
    }));
    if (letter == 0)
        return Error{Error::Code::Refused, "nothing waits"};
    return waitFor<Ok>([&](Done<Ok> done) { bench.backend().redrive(Somebody, letter, "text", std::move(done)); });
}

/// Events handed in one by one and answered: what is answered well is in the ledger.
Status handIn(FaultBench &bench)
{
    IngestRequest request;
    for (int i = 0; i < 3; ++i) {
        const std::string record = "{\"tenant_id\":\"t\",\"host\":\"h\",\"metric\":\"m\",\"value\":1,"
                                   "\"ts_event\":1700000001,\"idempotency_key\":\"in"
                                   + std::to_string(i) + "\"}";
        request.records.push_back({static_cast<std::uint32_t>(request.bytes.size()),
                                   static_cast<std::uint32_t>(record.size())});
        request.bytes += record + '\n';
    }
    std::promise<Result<IngestOutcome>> promise;
    auto answer = promise.get_future();
    bench.backend().ingest(Somebody, std::move(request),
                           [&promise](Result<IngestOutcome> result) { promise.set_value(std::move(result)); });
    while (answer.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        const auto health =
            waitFor<Health>([&](Done<Health> done) { bench.backend().health(Somebody, std::move(done)); });
        if (health && !health.value().progress.trouble.empty() && bench.onTrouble)
            bench.onTrouble(health.value().progress.trouble);
    }
    const IngestOutcome outcome = EVENTOPS_TRY(answer.get());
    const auto ledger = EVENTOPS_TRY(Ledger::open(bench.workspace(), LedgerMode::Read, {}));
    const Counters counters = EVENTOPS_TRY(ledger->counters());
    if (outcome.stored + outcome.duplicate != 3 || counters.stored != 3)
        return Error{Error::Code::Corrupt, "answered well and not stored"};
    return Ok{};
}

Status readEverything(FaultBench &bench)
{
    std::uint64_t rows = 0;
    EVENTOPS_TRY(waitFor<Ok>([&](Done<Ok> done) {
        bench.backend().events(Somebody, {}, [&](const EventPage &page) { rows += page.rows.size(); },
                               std::move(done));
    }));
    EVENTOPS_TRY(waitFor<Ok>([&](Done<Ok> done) {
        bench.backend().findings(Somebody, {}, [&](const std::vector<Finding> &page) { rows += page.size(); },
                                 std::move(done));
    }));
    EVENTOPS_TRY(waitFor<Health>([&](Done<Health> done) { bench.backend().health(Somebody, std::move(done)); }));
    return Ok{};
}

/// What an executor and the next engine do with approved actions.
Status publishAndTakeIn(FaultBench &bench)
{
    const auto ledger = EVENTOPS_TRY(Ledger::open(bench.workspace(), LedgerMode::Decide, {}));
    EVENTOPS_TRY(publishApproved(*ledger));
    return bench.replay(Agents);
}

Status expire(FaultBench &bench)
{
    Ledger &ledger = *EVENTOPS_TRY(bench.ledger(LedgerMode::Engine));
    constexpr std::int64_t YearNs = std::int64_t{365} * 24 * 3600 * 1'000'000'000;
    const WallNs now = EVENTOPS_TRY(ledger.watermark());
    EVENTOPS_TRY(ledger.expireActions(now + YearNs));
    return Ok{};
}

/// Into a file that is written anew each time.
Status exportAll(FaultBench &bench)
{
    ExportRequest request;
    request.path = bench.folder() + "/out.evcap";
    request.overwrite = true;
    EVENTOPS_TRY(waitFor<ExportProgress>(
        [&](Done<ExportProgress> done) { bench.backend().exportCapture(Somebody, request, {}, std::move(done)); }));
    return Ok{};
}

/// The exported file of another workspace, beside this one that is still empty.
Status exported(FaultBench &bench)
{
    EVENTOPS_TRY(afterReplay(bench));
    EVENTOPS_TRY(exportAll(bench));
    bench.restart();
    fs::remove_all(bench.workspace());
    return Ok{};
}

Status import(FaultBench &bench)
{
    return bench.replay(bench.folder() + "/out.evcap");
}

/// Events of a stream, long ago.
Status oldStream(FaultBench &bench)
{
    const SimClock clock(WallNs{1'000'000'000'000'000'000});
    const auto ledger =
        EVENTOPS_TRY(Ledger::open(bench.workspace(), LedgerMode::Engine, {.keepRaw = true, .clock = &clock}));
    for (Seq seq = 1; seq < 400; seq += 100) {
        auto batch = std::make_unique<Batch>();
        auto chunk = std::make_shared<RawChunk>();
        chunk->bytes = std::string(100, 'x');
        for (std::uint32_t i = 0; i < 100; ++i) {
            RawRecord record;
            record.seq = seq + i;
            record.position = record.seq;
            record.offset = i;
            record.size = 1;
            record.outcome = Outcome::Stored;
            batch->records.push_back(record);
            Event event;
            event.record = i;
            event[Field::Tenant] = batch->strings.intern(i % 2 == 0 ? "even" : "odd");
            batch->events.push_back(event);
        }
        batch->chunks.push_back(std::move(chunk));
        CommitGroup group;
        SourceProgress progress;
        progress.key = "stream";
        progress.retention = Retention::Signals;
        progress.added.received = progress.added.stored = progress.added.events = 100;
        group.sources.push_back(progress);
        group.batches.push_back(std::move(batch));
        group.lastSeq = seq + 99;
        EVENTOPS_TRY(ledger->commit(group));
    }
    return Ok{};
}

Status retain(FaultBench &bench)
{
    Ledger &ledger = *EVENTOPS_TRY(bench.ledger(LedgerMode::Decide));
    RetentionRules rules;
    rules.actor = "somebody";
    RetentionCursor cursor;
    do {
        EVENTOPS_TRY(ledger.retain(rules, cursor));
    } while (cursor.under);
    return Ok{};
}

/// What comes out is there whole or not at all.
Status backUp(FaultBench &bench)
{
    const std::string to = bench.folder() + "/copy";
    if (fs::exists(to) && !soundness(to).empty())
        return Error{Error::Code::Corrupt, "half a backup is there: " + soundness(to)};
    fs::remove_all(to);
    const auto done = waitFor<BackupOutcome>([&](Done<BackupOutcome> end) {
        bench.backend().backup(Somebody, {to, true}, {}, std::move(end));
    });
    if (!done)
        return done.error();
    const std::string wrong = soundness(to);
    if (!wrong.empty() || contentOf(to) != contentOf(bench.workspace()))
        return Error{Error::Code::Corrupt, "the backup is not the workspace: " + wrong};
    return Ok{};
}

Status nothing(FaultBench &)
{
    return Ok{};
}

} // namespace

std::span<const UseCase> useCases()
{
    static const UseCase all[] = {
        {"ingest", nothing, afterReplay, {}},
        {"ingest more", withDeadLetter, afterReplay, {}},
        {"ingest repeated keys", [](FaultBench &b) { return keyed(b, "first"); },
         [](FaultBench &b) { return keyed(b, "second"); }, {}},
        {"ingest again", afterReplay, afterReplay, {}, false}, // how far duplicates were counted may differ
        {"hand in", nothing, handIn, {}},
        {"query", afterReplay, readEverything, {}},
        {"approve", afterReplay, [](FaultBench &b) { return b.decide(DecisionKind::Approve); }, publishAndTakeIn,
         false},
        {"reject", afterReplay, [](FaultBench &b) { return b.decide(DecisionKind::Reject); }, publishAndTakeIn, false},
        {"expire", afterReplay, expire, {}},
        {"redrive", withDeadLetter, redrive, nothing},
        {"export", afterReplay, exportAll, {}},
        {"import", exported, import, {}},
        {"retention", oldStream, retain, {}},
        {"backup", afterReplay, backUp, {}},
        {"migration", nothing,
         [](FaultBench &b) -> Status {
             EVENTOPS_TRY(b.ledger(LedgerMode::Decide));
             return Ok{};
         }, {}},
    };
    return all;
}

int faultRounds()
{
    const char *given = std::getenv("EVENTOPS_FAULT_ROUNDS");
    return given != nullptr ? std::max(1, std::atoi(given)) : 1;
}

std::string fastFolder()
{
    std::error_code failed;
    return fs::is_directory("/dev/shm", failed) ? "/dev/shm" : fs::temp_directory_path(failed).string();
}

std::string soundness(const std::string &workspace)
{
    auto database = sqlite::Database::open(workspace + "/ledger.db", SQLITE_OPEN_READWRITE, 1'000);
    if (!database)
        return database.error().text();
    auto check = database.value().prepare("PRAGMA integrity_check");
    if (!check)
        return check.error().text();
    const auto stepped = check.value().step();
    if (!stepped)
        return stepped.error().text();
    if (check.value().text(0) != "ok")
        return "integrity: " + check.value().string(0);
    const auto ledger = Ledger::open(workspace, LedgerMode::Read, {});
    if (!ledger)
        return ledger.error().text();
    Ledger &read = *ledger.value();
    const auto counters = read.counters();
    if (!counters)
        return counters.error().text();
    if (!counters.value().conserved())
        return "records are not conserved";
    const auto count = read.eventCount();
    if (!count || count.value() != counters.value().events)
        return "the counted events are not the stored ones";
    const auto audit = read.verifyAudit();
    return audit ? std::string() : audit.error().text();
}

std::string contentOf(const std::string &workspace)
{
    const auto ledger = Ledger::open(workspace, LedgerMode::Read, {});
    if (!ledger)
        return '!' + ledger.error().text();
    const auto digest = ledger.value()->digest();
    const auto counters = ledger.value()->counters();
    if (!digest || !counters)
        return '!' + (digest ? counters.error().text() : digest.error().text());
    std::ostringstream text;
    text << digest.value() << " stored " << counters.value().stored << " dead " << counters.value().deadLettered
         << " events " << counters.value().events;
    return std::move(text).str();
}

FaultBench::FaultBench() : m_directory(QString::fromStdString(fastFolder() + "/eventops-fault-XXXXXX")) {}

Backend &FaultBench::backend()
{
    if (m_backend == nullptr) {
        LocalBackendOptions options;
        options.registry = {builtinStages(), builtinSources()};
        options.dataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
        m_backend = std::make_unique<LocalBackend>(Workspace{workspace()}, std::move(options));
    }
    return *m_backend;
}

Result<Ledger *> FaultBench::ledger(LedgerMode mode)
{
    if (m_ledger == nullptr)
        m_ledger = EVENTOPS_TRY(Ledger::open(workspace(), mode, {}));
    return m_ledger.get();
}

void FaultBench::restart()
{
    m_backend.reset();
    m_ledger.reset();
}

void FaultBench::keepAside()
{
    restart();
    fs::remove_all(folder() + "/aside");
    if (fs::exists(workspace()))
        fs::copy(workspace(), folder() + "/aside", fs::copy_options::recursive);
}

void FaultBench::bringBack()
{
    restart();
    fs::remove_all(workspace());
    if (fs::exists(folder() + "/aside"))
        fs::copy(folder() + "/aside", workspace(), fs::copy_options::recursive);
}

Status FaultBench::replay(const std::string &file, const std::string &format)
{
    ReplayRequest request;
    request.files = {file};
    request.pipelineName = Pipeline;
    request.format = format;
    std::ostringstream text;
    text << std::ifstream(Pipeline).rdbuf();
    request.pipelineText = std::move(text).str();
    std::string trouble;
    const auto progress = [&](const RunProgress &now) {
        if (onTrouble && now.trouble != trouble)
            onTrouble(now.trouble);
        trouble = now.trouble;
    };
    EVENTOPS_TRY(waitFor<WorkspaceSummary>(
        [&](Done<WorkspaceSummary> done) { backend().replay(Somebody, request, progress, std::move(done)); }));
    return Ok{};
}

Result<std::string> FaultBench::waitingAction()
{
    std::string id;
    EVENTOPS_TRY(waitFor<Ok>([&](Done<Ok> done) {
        backend().actions(Somebody, {}, [&](const std::vector<Action> &page) {
            for (const Action &action : page) {
                if (id.empty())
                    id = action.displayId();
            }
        }, std::move(done));
    }));
    return id;
}

Status FaultBench::decide(DecisionKind kind)
{
    const Decision decision{EVENTOPS_TRY(waitingAction()), kind, "approver", "because"};
    EVENTOPS_TRY(waitFor<DecisionOutcome>([&](Done<DecisionOutcome> done) {
        backend().decide(Somebody, decision, false, std::move(done));
    }));
    return Ok{};
}

} // namespace eventops::test
