// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/session/backend.h"
#include "core/session/change_hub.h"
#include "core/session/clickhouse_feed.h"
#include "core/session/lake_feed.h"
#include "core/session/telemetry.h"
#include "core/session/workspace.h"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

namespace eventops {

/// What the composition root hands to a local back end.
struct LocalBackendOptions {
    Registry registry;
    std::string dataDirectory; ///< Shipped rules, CMDB and policies; see config.
    /// Starts the executor role beside us for a published action, if it may; called at most once per decision. The note
    /// says why nothing was started. K119: the role is another process, this one only publishes.
    std::function<Result<std::string>()> startExecutor;
    /// What is known of the world that a pipeline makes up. NotFound: it makes up none.
    std::function<Result<GroundTruth>(const PipelineSpec &)> groundTruth;
    bool sinksBeside = false; ///< Somebody else feeds the pipeline's sinks: a SinkWatch. Else each run does.
    std::shared_ptr<Telemetry> telemetry; ///< Gets a span of every run, and what holds it up; null: nobody wants it.
};

/// The engine of a workspace directory in this process, behind the Backend interface.
/// Thread: any may call. Six threads of its own, each doing one thing after the other: scans of whole tables, small
/// questions (so that a page never waits for a scan), reading of sources, decisions (so that one approves while sources
/// are read), exports, SQL. Subscribers hear from a seventh; an eighth and a ninth feed the lake and a ClickHouse,
/// where there are any, while sources are read.
class LocalBackend final : public Backend
{
public:
    LocalBackend(Workspace workspace, LocalBackendOptions options);
    ~LocalBackend() override; ///< Cancels what is queued, ends what runs, joins.

    Ticket events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                  Done<Ok> done) override;
    Ticket aggregate(const Caller &caller, const std::string &filter, const AggregateQuery &query,
                     Done<std::vector<AggregateRow>> done) override;
    Ticket findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done) override;
    Ticket entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done) override;
    Ticket links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done) override;
    Ticket actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done) override;
    Ticket expectations(const Caller &caller, Done<std::vector<CaseExpectation>> done) override;
    Ticket judgement(const Caller &caller, Done<JudgementView> done) override;
    Ticket stepMachines(const Caller &caller, Done<std::vector<StepMachine>> done) override;
    Ticket deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page, Done<Ok> done) override;
    Ticket audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done) override;
    Ticket eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done) override;
    Ticket eventColumns(const Caller &caller, const EventColumnsRequest &request,
                        std::function<void(EventColumns)> page, Done<Ok> done) override;
    Ticket story(const Caller &caller, const std::string &eventId, Done<EventStory> done) override;
    Ticket health(const Caller &caller, Done<Health> done) override;
    Ticket subscribe(const Caller &caller, std::function<void(Change)> changed) override;
    Ticket summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done) override;
    Ticket verifyAudit(const Caller &caller, Done<std::uint64_t> done) override;
    Ticket replay(const Caller &caller, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                  Done<WorkspaceSummary> done) override;
    Ticket ingest(const Caller &caller, IngestRequest request, Done<IngestOutcome> done) override;
    Ticket decisionDiff(const Caller &caller, const RerunQuery &query, std::function<void(RerunProgress)> progress,
                        Done<DecisionDiff> done) override;
    Ticket checkHistory(const Caller &caller, std::function<void(RerunProgress)> progress,
                        Done<RerunCheck> done) override;
    Ticket promote(const Caller &caller, const std::string &findingId, const std::string &folder,
                   Done<Promotion> done) override;
    Ticket decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done) override;
    Ticket graph(const Caller &caller, const GraphRequest &request, Done<GraphAnswer> done) override;
    Ticket causes(const Caller &caller, const std::string &findingId, Done<std::vector<LikelyCause>> done) override;
    Ticket giveFeedback(const Caller &caller, const FeedbackRequest &request, Done<Ok> done) override;
    Ticket redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done) override;
    Ticket exportCapture(const Caller &caller, const ExportRequest &request,
                         std::function<void(ExportProgress)> progress, Done<ExportProgress> done) override;
    Ticket sql(const Caller &caller, const SqlRequest &request, std::function<void(SqlPage)> page,
               Done<SqlOutcome> done) override;
    Ticket sqlTables(const Caller &caller, SqlPlace place, Done<std::vector<SqlTable>> done) override;
    Ticket retention(const Caller &caller, bool run, Done<RetentionReport> done) override;
    Ticket backup(const Caller &caller, const BackupRequest &request, std::function<void(BackupProgress)> progress,
                  Done<BackupOutcome> done) override;
    Ticket doctor(const Caller &caller, bool full, Done<std::vector<DoctorCheck>> done) override;
    /// Somebody else has put something into the workspace's input log: it becomes part of the stream soon.
    void inputWaits();

private:
    /// A thread that runs jobs one after the other.
    class Lane
    {
    public:
        Lane();
        ~Lane();
        /// @p yields: the job is cancelled when another one comes, and is to end soon then.
        void post(Ticket ticket, std::function<void()> job, bool yields = false);

    private:
        struct Job {
            Ticket ticket;
            std::function<void()> run;
            bool yields = false;
        };
        std::mutex m_mutex;
        std::condition_variable m_wake;
        std::deque<Job> m_jobs;
        Ticket m_running;
        bool m_yields = false; ///< What is running does.
        bool m_stop = false;
        std::thread m_thread;
    };

    template <typename T>
    Ticket post(Lane &lane, Done<T> done, std::function<Result<T>(const Ticket &)> work);
    template <typename Row, typename Read>
    Ticket rows(const Caller &caller, const Query &query, OnPage<Row> page, Done<Ok> done, Read read);

    Result<std::unique_ptr<Ledger>> openLedger(LedgerMode mode) const;
    Result<Ledger *> pageLedger();
    Result<PipelineSpec> lastPipeline() const;
    Result<std::unique_ptr<PipelineSpec>> workspacePipeline() const;
    Result<Health> makeHealth(const Caller &caller);
    Result<WorkspaceSummary> makeSummary(Ledger &ledger, bool withDigest) const;
    Result<WorkspaceSummary> runReplay(const ReplayRequest &request, const Ticket &ticket,
                                       const std::function<void(RunProgress)> &progress);
    using Sources = std::vector<std::unique_ptr<Source>>;
    Result<WorkspaceSummary> runPipeline(const PipelineSpec &spec, Sources sources, const ReplayRequest &request,
                                         const Ticket &ticket, const std::function<void(RunProgress)> &progress);
    Result<WorkspaceSummary> runEngine(const PipelineSpec &spec, Sources sources, const ReplayRequest &request,
                                       const Ticket &ticket, std::function<void(const RunProgress &)> progress);
    Result<PipelineSpec> ingestPipeline() const;
    void postIngestRun();
    void runIngest(const Ticket &ticket);
    Result<DecisionOutcome> runDecision(const Caller &caller, const Decision &decision, bool wait,
                                        const Ticket &ticket);
    Status runFeedback(const Caller &caller, const FeedbackRequest &request);
    Result<Action> waitForResult(Ledger &ledger, const std::string &actionId, const Ticket &ticket);
    Result<SqlOutcome> runSqlRequest(const SqlRequest &request, const Ticket &ticket,
                                     const std::function<void(SqlPage)> &page) const;
    Result<std::unique_ptr<LakeProjector>> startLake(bool wanted, const Ticket &ticket);
    std::optional<LakeHealth> lakeHealth() const;
    Result<std::unique_ptr<lake::ClickHouseClient>> openClickHouse(std::function<bool()> mustStop) const;
    std::unique_ptr<ClickHouseProjector> startClickHouse(const Ticket &ticket);
    std::optional<ClickHouseHealth> clickHouseHealth() const;
    Status takeInput();
    Status takeDocuments();
    Status runRedrive(std::int64_t deadLetter, const std::string &format);

    const Workspace m_workspace;
    const LocalBackendOptions m_options;
    std::atomic<unsigned> m_workers{0};
    mutable std::mutex m_lakeMutex;
    std::optional<LakeProjector::State> m_lakeState; ///< Of the projector of this process.
    std::optional<ClickHouseProjector::State> m_clickHouseState;
    ChangeHub m_hub;
    std::mutex m_ingestMutex;
    IngestQueue m_ingest;
    bool m_ingestRun = false;             ///< One of our own that takes from it is under way, or will be; at most one.
    unsigned m_replays = 0;               ///< Asked for and not ended …
    unsigned m_takingReplays = 0;         ///< … and those of them that take from it.
    std::unique_ptr<Ledger> m_pageLedger; ///< m_pages' own, kept open: a page costs no opening.
    Lane m_scans;
    Lane m_pages;
    Lane m_commands;
    Lane m_decisions;
    Lane m_exports; ///< An export takes long; the views go on meanwhile.
    Lane m_analysis;
};

template <typename T>
Ticket LocalBackend::post(Lane &lane, Done<T> done, std::function<Result<T>(const Ticket &)> work)
{
    Ticket ticket;
    lane.post(ticket, [ticket, done = std::move(done), work = std::move(work)] {
        done(ticket.cancelled() ? Result<T>(Error{Error::Code::Cancelled, "the call was cancelled"}) : work(ticket));
    });
    return ticket;
}

/// How many workers a machine gets when nobody says: cores − 1, at least 1.
unsigned defaultWorkers();

} // namespace eventops
