// SPDX-License-Identifier: MIT
#include "core/session/engine.h"

#include "core/pipeline/source_place.h"
#include "core/session/action_adopter.h"
#include "core/session/input_log_source.h"
#include "core/session/quarantine.h"
#include "core/session/retention_run.h"
#include "core/store/foreign_actions.h"

#include <algorithm>

namespace eventops {

namespace {

/// Opens the ledger; what is damaged is set aside first, and @p notice says so.
Result<std::unique_ptr<Ledger>> openSound(const std::string &directory, Ledger::Options options, std::string &notice)
{
    const std::string path = directory + "/ledger.db";
    const std::string wal = EVENTOPS_TRY(keepDamagedWal(directory));
    if (!wal.empty())
        notice = "ledger.db-wal is damaged and is kept as " + wal
                 + "; replay the captures again: what is missing is added";
    const bool emptied = ledgerWasEmptied(directory);
    auto opened = emptied ? Error{Error::Code::Corrupt, "the file is empty"}
                          : Ledger::open(directory, LedgerMode::Engine, options);
    if (opened || opened.error().code != Error::Code::Corrupt)
        return opened;
    if (!emptied) { // nothing is set aside on the word of one reading
        auto again = Ledger::open(directory, LedgerMode::Engine, options);
        if (again || again.error().code != Error::Code::Corrupt)
            return again;
    }
    const std::string name = EVENTOPS_TRY(setAside(path));
    notice = "ledger.db is damaged (" + opened.error().message + ") and is kept as " + name
             + "; a new one is begun: replay the captures again";
    return Ledger::open(directory, LedgerMode::Engine, options);
}

} // namespace

Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::start(const Workspace &workspace, const PipelineSpec &spec, Options options)
{
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "engine"));
    std::unique_ptr<Engine> engine(new Engine(std::move(lock), workspace.directory, spec));
    Ledger::Options ledgerOptions;
    ledgerOptions.keepRaw = spec.keepRaw;
    ledgerOptions.retention = retentionRules(spec, "engine");
    RunProgress noticed;
    engine->m_ledger = EVENTOPS_TRY(openSound(workspace.directory, ledgerOptions, noticed.trouble));
    if (options.progress && !noticed.trouble.empty())
        options.progress(noticed);
    Ledger &ledger = *engine->m_ledger;
    if (adoptedActions(spec))
        leaveExpiryToOwner(ledger);

    RunnerOptions runnerOptions;
    runnerOptions.workers = options.workers;
    runnerOptions.stop = options.stop;
    runnerOptions.holdBackMax = options.holdBackMax;
    runnerOptions.playback = options.playback;
    runnerOptions.progress = std::move(options.progress);
    runnerOptions.committed = std::move(options.committed);
    engine->m_runner = EVENTOPS_TRY(PipelineRunner::make(spec, ledger, runnerOptions));

    std::vector<std::string> keys;
    for (const SourceRow &row : EVENTOPS_TRY(ledger.sources()))
        keys.push_back(row.progress.key);
    const Seq last = EVENTOPS_TRY(ledger.lastSeq());
    const WallNs watermark = EVENTOPS_TRY(ledger.watermark());
    const auto checkpoint = EVENTOPS_TRY(ledger.checkpoint(spec.hash));
    const auto replay = [&](Seq after, const std::function<Status(Batch &)> &consume) {
        return ledger.replay(after, consume);
    };
    const Status restored = engine->m_runner->restore(last, watermark, checkpoint, keys, replay);
    if (!restored && checkpoint) { // it may be damaged; the stored events tell the same, only slower
        engine->m_runner = EVENTOPS_TRY(PipelineRunner::make(spec, ledger, runnerOptions));
        EVENTOPS_TRY(engine->m_runner->restore(last, watermark, std::nullopt, keys, replay));
    } else if (!restored) {
        return restored.error();
    }

    const auto known = workspace.readPipeline();
    if (!known || known.value() != spec.text) {
        InputRow row;
        row.kind = "configuration";
        row.afterSeq = EVENTOPS_TRY(ledger.lastSeq());
        row.payload = spec.text;
        EVENTOPS_TRY(ledger.recordInput(row));
        EVENTOPS_TRY(workspace.writePipeline(spec.text));
    }
    return engine;
}

Status Engine::read(std::vector<std::unique_ptr<Source>> sources, bool live)
{
    // Two sources with the same content cannot be told apart while both are new: one round each, in order.
    while (!sources.empty()) {
        std::vector<SourceProgress> known;
        for (SourceRow &row : EVENTOPS_TRY(m_ledger->sources()))
            known.push_back(std::move(row.progress));
        std::vector<RunnerSource> round;
        std::vector<std::unique_ptr<Source>> later;
        for (auto &source : sources) {
            SourceProgress progress = EVENTOPS_TRY(placeOf(*source, known));
            const bool taken = std::any_of(round.begin(), round.end(),
                                           [&](const RunnerSource &r) { return r.progress.key == progress.key; });
            if (taken)
                later.push_back(std::move(source));
            else
                round.push_back({std::move(source), std::move(progress), m_spec.retention.sources});
        }
        if (live) {
            auto log = EVENTOPS_TRY(Ledger::open(m_directory, LedgerMode::Read, {}));
            round.push_back(EVENTOPS_TRY(inputLog(std::make_unique<InputLogSource>(std::move(log)))));
        }
        EVENTOPS_TRY(m_runner->run(std::move(round), std::move(known)));
        sources = std::move(later);
    }
    EVENTOPS_TRY(takeInput());
    const WallNs now = EVENTOPS_TRY(m_ledger->watermark());
    EVENTOPS_TRY(m_ledger->expireActions(now));
    return Ok{};
}

/// The log as a source that goes on where the ledger left it.
Result<RunnerSource> Engine::inputLog(std::unique_ptr<Source> source)
{
    RunnerSource run;
    run.progress.key = source->key();
    for (const SourceRow &row : EVENTOPS_TRY(m_ledger->sources())) {
        if (row.progress.key == run.progress.key)
            run.progress = row.progress;
    }
    run.progress.finished = false; // the log has no end
    run.source = std::move(source);
    return run;
}

Status Engine::takeInput()
{
    const std::vector<InputRow> rows = EVENTOPS_TRY(m_ledger->waitingInput());
    if (rows.empty())
        return Ok{};
    std::vector<InputRow> documents;
    for (const InputRow &row : rows) {
        if (isDocument(row))
            documents.push_back(row);
    }
    if (!documents.empty()) {
        std::vector<RunnerSource> runs;
        runs.push_back(EVENTOPS_TRY(inputLog(std::make_unique<InputLogSource>(std::move(documents)))));
        EVENTOPS_TRY(m_runner->run(std::move(runs)));
    }
    const Seq seq = EVENTOPS_TRY(m_ledger->lastSeq());
    for (const InputRow &row : rows)
        EVENTOPS_TRY(m_ledger->takeInput(row.number, seq));
    return Ok{};
}

} // namespace eventops
