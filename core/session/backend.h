// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/expectation.h"
#include "core/model/finding.h"
#include "core/model/ground_truth.h"
#include "core/model/sql_result.h"
#include "core/pipeline/runner.h"
#include "core/session/backup.h"
#include "core/session/decision_diff.h"
#include "core/session/doctor.h"
#include "core/session/feedback_log.h"
#include "core/session/graph_query.h"
#include "core/session/ingest_queue.h"
#include "core/session/likely_causes.h"
#include "core/session/promote.h"
#include "core/session/scorecard.h"
#include "core/store/ledger.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

enum class Role : std::uint8_t { Viewer, Operator, Approver, Admin };

/// On whose behalf a call is made. Enforced by the back end, not by the caller's good will.
struct Caller {
    std::string user;
    Role role = Role::Viewer;
    std::vector<std::string> tenants; ///< Empty: all.
    bool maySee(std::string_view tenant) const;
};

/// A call under way. Copies refer to the same call. Destroying it does not cancel.
class Ticket
{
public:
    Ticket() : m_cancelled(std::make_shared<std::atomic<bool>>(false)) {}
    void cancel() { m_cancelled->store(true); }
    bool cancelled() const { return m_cancelled->load(); }
    const std::atomic<bool> *flag() const { return m_cancelled.get(); }

private:
    std::shared_ptr<std::atomic<bool>> m_cancelled;
};

template <typename T>
using Done = std::function<void(Result<T>)>;

/// What is asked of a table. @p filter: see core/filter.
struct Query {
    std::string filter;
    std::uint64_t rowsMax = 10'000;
    bool oldestFirst = true;
};

/// Events of one page: a batch and the rows in it that matched.
struct EventPage {
    Batch batch;
    std::vector<std::uint32_t> rows;
    std::vector<std::uint64_t> places; ///< Of the rows in ledger order; only eventRange and story tell them.
};

/// Rows arrive in pages of at most this many; a page is the consumer's to keep.
constexpr std::size_t PageRowsMax = 4'096;
template <typename T>
using OnPage = std::function<void(std::vector<T>)>;

/// A stretch of the events in ledger order, addressed by place: 0 is the oldest stored event. Places never change while
/// events are only added.
struct EventRange {
    std::uint64_t first = 0;
    std::uint32_t count = 0;          ///< At most PageRowsMax.
};

/// What a timeline draws of events, as parallel columns in ledger order.
struct EventColumns {
    std::uint64_t first = 0;          ///< Place of the first.
    std::vector<WallNs> ts;           ///< Event times; not sorted.
    std::vector<Severity> severity;
    std::vector<std::uint16_t> lane;  ///< Index into laneNames.
    std::vector<std::string> laneNames; ///< All met so far in this call; grows at its end from page to page.
};
constexpr std::size_t LaneNamesMax = 4'096; ///< Later values share the last lane, named "…".

struct EventColumnsRequest {
    std::uint64_t first = 0;          ///< From this place to the end.
    Field laneBy = Field::EntityType;
};

/// What one stage did to an event.
struct StoryStep {
    struct Change {
        std::string field;            ///< As filters name it.
        std::string before, after;    ///< Empty: absent.
    };
    std::string stage;                ///< "decode", or the stage's name.
    std::string note;                 ///< One sentence: what the stage did, or that it left the event as it was.
    std::vector<Change> changes;
};

/// One event from its raw bytes to what came of it.
struct EventStory {
    std::uint64_t place = 0;
    EventPage event;                  ///< As stored; one row.
    std::string sourceTitle;
    std::string rawBytes;             ///< The kept record, at most StoryBytesMax of it.
    std::uint64_t rawSize = 0;        ///< Of the whole record; 0: the workspace keeps no raw records.
    bool redacted = false;
    std::vector<StoryStep> steps;     ///< In the order of the pipeline.
    std::vector<Finding> findings;    ///< That name the event as evidence.
    std::vector<Action> actions;      ///< Suggested because of those findings.
    std::vector<AuditRow> audit;      ///< Of those actions, oldest first.
};
constexpr std::size_t StoryBytesMax = 64u << 10;

/// State of the whole workspace.
struct WorkspaceSummary {
    Counters counters;                ///< Since the workspace exists.
    std::uint64_t findings = 0;
    std::uint64_t suggestions = 0;
    WallNs clock = NoTime;            ///< Workspace clock.
    std::vector<SourceRow> sources;
    std::string digest;               ///< Only when asked for.
    std::vector<std::string> setAside; ///< Damaged files that are kept beside the ledger, by name.
    std::vector<std::string> behind;   ///< Of the run that ends: what is not up to date, why, and what brings it there.
};

struct ReasonCount {
    std::string reason;               ///< A declared loss reason.
    std::uint64_t records = 0;
};

/// What is known to be wrong with a made-up world, and how much of it was found so far.
struct KnownFaults {
    GroundTruth truth;
    Scorecard card;
};

/// The projection into DuckDB and Parquet, for the health view.
struct LakeHealth {
    bool working = false;             ///< It is fed at this moment.
    std::string notice;               ///< Why it began anew or stands still; empty: all is well.
    std::uint64_t metricRows = 0, alertRows = 0, parts = 0; ///< As far as this process knows.
};

/// The projection into a ClickHouse, for the health view.
struct ClickHouseHealth {
    bool working = false;             ///< It is fed at this moment.
    std::string notice;               ///< What the server cannot, or why it is not fed; empty: all is well.
    std::uint64_t rows = 0;           ///< Known to be there.
};

/// How the engine is doing, for the health view.
struct Health {
    WorkspaceSummary summary;
    bool running = false;
    RunProgress progress;             ///< Of the run under way, or of the last one in this process.
    std::string pipelineName;         ///< Empty: nothing ran yet.
    std::vector<std::string> stages;  ///< Names in order.
    std::vector<ReasonCount> deadLetters;
    std::uint64_t ledgerBytes = 0;    ///< See Ledger::sizeBytes.
    unsigned workers = 0;             ///< Of the run under way.
    std::optional<KnownFaults> known; ///< Only where the pipeline's world is made up.
    std::optional<LakeHealth> lake;   ///< Only where the workspace has one.
    std::optional<ClickHouseHealth> clickHouse; ///< Only where the workspace is projected to one and a run was here.
};

/// That something changed; a level, not a log: one that is missed loses nothing.
struct Change {
    std::uint64_t revision = 0;       ///< Grows with every change that this process knows of.
    std::uint64_t events = 0;         ///< Places that exist by now.
    std::uint64_t findings = 0;
    std::uint64_t suggestions = 0;
    WallNs clock = NoTime;            ///< Workspace clock.
    bool running = false;             ///< Sources are being read.
    RunProgress progress;             ///< Of that run.
};

struct ReplayRequest {
    std::vector<std::string> files;   ///< Empty: the pipeline's own sources.
    std::string pipelineText;         ///< Canonical JSON or YAML; see config.
    std::string pipelineName;         ///< For errors: the file it came from.
    bool follow = false;              ///< `files` are files that grow, folders and patterns: see the source `tail`.
    std::string format;               ///< "auto" or a format name; empty: as the pipeline says.
    unsigned workers = 0;             ///< 0: cores − 1, at least 1.
    std::optional<Retention> retention; ///< What the events are kept as, before all that pipeline and sources say.
    bool live = false;                ///< Take action results in while the sources are read, not only at their end.
    bool lake = false;                ///< Make a lake; where there is one, it is kept up to date without being asked.
    std::shared_ptr<Playback> playback; ///< Reads no faster than it says; null: as fast as it goes. Not with `live`.
    bool ingest = false;              ///< Goes on for ever, and takes what Backend::ingest is handed meanwhile.
};

/// What an action went through while one waited for it.
struct DecisionOutcome {
    Action action;
    std::string note;                 ///< Empty, or why nothing more is to be expected: "no executor is attached".
};

struct RerunQuery {
    std::string pipelineText;         ///< The edited pipeline; YAML or canonical JSON.
    std::string pipelineName;         ///< For errors and for where an edit stands: the file it came from.
    unsigned workers = 0;             ///< 0: cores − 1, at least 1.
};

// --- export ---

/// What a file of exported records holds. Raw forms give a record once, however many of its events match.
enum class ExportForm : std::uint8_t {
    Capture, ///< Raw records with all that stands beside them: `.evcap`, see core/codec/capture_file.h.
    Ndjson,  ///< Raw records, one a line.
    Kcat,    ///< Raw records as `kcat -J` prints them.
    Csv,     ///< Events as rows under a header, see core/model/row_csv.h.
    Events,  ///< Events as NDJSON, see core/model/row_json.h.
};
std::optional<ExportForm> exportFormByName(std::string_view name); ///< "evcap", "ndjson", "kcat", "csv", "events".
std::string_view toString(ExportForm form);
constexpr ExportForm ExportForms[] = {ExportForm::Capture, ExportForm::Ndjson, ExportForm::Kcat, ExportForm::Csv,
                                      ExportForm::Events};

struct ExportRequest {
    std::string filter;           ///< Of events; see core/filter. Empty and no times: everything, dead letters as well.
    WallNs from = NoTime;         ///< Event times at or after it …
    WallNs to = NoTime;           ///< … and before it. NoTime: no bound.
    ExportForm form = ExportForm::Capture;
    std::string path;             ///< Written beside and renamed when whole: it is there complete or not at all.
    bool compress = false;        ///< Packs with zstd. A capture is packed by itself: InvalidArgument.
    bool overwrite = false;       ///< Else Refused when the file is there.
};

struct ExportProgress {
    std::uint64_t eventsSeen = 0;
    std::uint64_t eventsTotal = 0; ///< Of the workspace; an upper bound.
    std::uint64_t records = 0;    ///< Written: raw records, or events in forms of events.
    std::uint64_t deadLetters = 0; ///< Of them.
    std::uint64_t reshaped = 0;   ///< Of them: JSON over several lines, given on one; only white space was changed.
    std::uint64_t bytes = 0;      ///< Of the file so far.
    std::uint64_t dropped = 0;    ///< Left out, because retention dropped them: records, or events in forms of events.
};

// --- upkeep ---

/// What is kept for how long, and what is gone.
struct RetentionReport {
    RetentionPolicy policy;
    std::vector<RetentionRow> rows; ///< After the run, if there was one.
    RetentionDone done;             ///< By this call.
    DroppedHistory dropped;         ///< Ever.
};

/// Which database an SQL text is for.
enum class SqlPlace : std::uint8_t {
    Ledger, ///< SQLite; see querySql.
    Lake,   ///< DuckDB, as last published; see core/lake.
    ClickHouse, ///< The one that the workspace is projected to.
};

/// Analysis SQL: it reads tables and nothing else.
struct SqlRequest {
    std::string text;
    SqlPlace place = SqlPlace::Ledger;
    std::uint64_t rowsMax = 10'000;   ///< At most SqlRowsMax.
    std::int64_t timeNsMax = 60 * NsPerSecond;
};
constexpr std::size_t SqlPlaceCount = 3;
constexpr std::uint64_t SqlRowsMax = 1'000'000;

/// Rows of one statement; another statement of the same text has a page of its own, even without rows.
struct SqlPage {
    std::size_t statement = 0;        ///< From 0.
    std::vector<SqlColumn> columns;
    std::vector<SqlRow> rows;         ///< At most PageRowsMax.
};

struct SqlOutcome {
    std::uint64_t rows = 0;
    bool cut = false;                 ///< There would have been more than rowsMax.
};

/// What the console and the command line look at: a local engine, a remote one, Kafka, a capture. A view cannot tell
/// which.
///
/// Every call is asynchronous, cancellable (the Ticket; ends with Error::Cancelled) and bounded. Callbacks run on the
/// back end's thread, never on the caller's, in order, `done` exactly once and last. Thread: any may call.
class Backend
{
public:
    virtual ~Backend();

    virtual Ticket events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                          Done<Ok> done) = 0;
    /// Numbers over the events that match @p filter and that the caller may see; see Ledger::aggregate.
    virtual Ticket aggregate(const Caller &caller, const std::string &filter, const AggregateQuery &query,
                             Done<std::vector<AggregateRow>> done);
    virtual Ticket findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done) = 0;
    virtual Ticket entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done) = 0;
    virtual Ticket links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done) = 0;
    virtual Ticket actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done) = 0;
    /// What the stages expect of cases in flight, due next first, and what they learned of each entity type, as of the
    /// last commit that told; see StageView. A back end that knows no such things refuses.
    virtual Ticket expectations(const Caller &caller, Done<std::vector<CaseExpectation>> done);
    /// The budget of findings and what it held back, of all tenants together; empty for who may not see them all.
    virtual Ticket judgement(const Caller &caller, Done<JudgementView> done);
    virtual Ticket stepMachines(const Caller &caller, Done<std::vector<StepMachine>> done);
    virtual Ticket deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page,
                               Done<Ok> done) = 0;
    virtual Ticket audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done) = 0;

    /// The events of @p range that exist and that the caller may see.
    virtual Ticket eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done) = 0;
    virtual Ticket eventColumns(const Caller &caller, const EventColumnsRequest &request,
                                std::function<void(EventColumns)> page, Done<Ok> done) = 0;
    /// @p eventId: Field::EventId of a query's row. NotFound.
    virtual Ticket story(const Caller &caller, const std::string &eventId, Done<EventStory> done) = 0;
    virtual Ticket health(const Caller &caller, Done<Health> done) = 0;
    /// Calls @p changed once soon and then after every change, several together at most 20 times a second, until
    /// cancelled.
    virtual Ticket subscribe(const Caller &caller, std::function<void(Change)> changed) = 0;

    virtual Ticket summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done) = 0;
    virtual Ticket verifyAudit(const Caller &caller, Done<std::uint64_t> done) = 0; ///< Rows verified.

    /// Reads captures (or runs the pipeline's sources) into the workspace. One at a time: Busy.
    virtual Ticket replay(const Caller &caller, const ReplayRequest &request, std::function<void(RunProgress)> progress,
                          Done<WorkspaceSummary> done) = 0;
    /// Stores what @p request holds, each record told apart by its envelope; done when all of it is committed. An
    /// engine of the workspace's own pipeline (the shipped one where nothing ran yet) runs from the first call on, and
    /// other work here interrupts it. Busy: another engine works on the workspace, captures are being read, or more
    /// waits than may; Refused for viewers. After an error none, or some, may be stored: records with an idempotency
    /// key may be sent again without harm.
    virtual Ticket ingest(const Caller &caller, IngestRequest request, Done<IngestOutcome> done);
    /// What an edited pipeline would have decided over the workspace's history. Stores nothing; works beside an engine.
    virtual Ticket decisionDiff(const Caller &caller, const RerunQuery &query,
                                std::function<void(RerunProgress)> progress, Done<DecisionDiff> done);
    /// Runs the workspace's own pipeline over its history again and compares, bit for bit.
    virtual Ticket checkHistory(const Caller &caller, std::function<void(RerunProgress)> progress,
                                Done<RerunCheck> done);
    /// Makes a regression test of a finding in @p folder, on the machine of the back end; see core/session/promote.h.
    virtual Ticket promote(const Caller &caller, const std::string &findingId, const std::string &folder,
                           Done<Promotion> done);
    /// Approves or rejects exactly the version that was shown. Refused: stale, expired, decided, own proposal.
    /// @p wait: an approval ends with the executor's result instead of the publication.
    virtual Ticket decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done) = 0;
    /// What the entity graph tells; see answerGraph.
    virtual Ticket graph(const Caller &caller, const GraphRequest &request, Done<GraphAnswer> done);
    /// What may be behind a finding; see likelyCauses. NotFound.
    virtual Ticket causes(const Caller &caller, const std::string &findingId, Done<std::vector<LikelyCause>> done);
    /// Dismisses or confirms a finding, or sets the budget, for viewers not: Refused. See feedbackFor.
    virtual Ticket giveFeedback(const Caller &caller, const FeedbackRequest &request, Done<Ok> done);
    /// Reads a dead letter again with @p format; it must decode now, or it stays as it was.
    virtual Ticket redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done) = 0;

    /// Writes what matches into a file on this machine. Refused: raw records that the workspace does not keep, or a raw
    /// form for a caller who may not see all tenants. Cancelled or failed: there is no file. A back end that cannot
    /// export refuses.
    virtual Ticket exportCapture(const Caller &caller, const ExportRequest &request,
                                 std::function<void(ExportProgress)> progress, Done<ExportProgress> done);
    /// Runs SQL that a person wrote. SQL sees all tenants: Refused for a caller who may not. Unavailable: what reads
    /// the database is not there. A back end that has no such database does not override this; it refuses at once, on
    /// the caller's thread.
    virtual Ticket sql(const Caller &caller, const SqlRequest &request, std::function<void(SqlPage)> page,
                       Done<SqlOutcome> done);
    /// What can be asked there.
    virtual Ticket sqlTables(const Caller &caller, SqlPlace place, Done<std::vector<SqlTable>> done);

    /// What retention keeps, by tenant. @p run: also drops what is due, beside an engine or without one. Refused for
    /// viewers then, and for whoever may not see all tenants.
    virtual Ticket retention(const Caller &caller, bool run, Done<RetentionReport> done);
    /// Copies the workspace into a folder on the machine of the back end. Refused for viewers, and for whoever may not
    /// see all tenants.
    virtual Ticket backup(const Caller &caller, const BackupRequest &request,
                          std::function<void(BackupProgress)> progress, Done<BackupOutcome> done);
    /// Looks for what is wrong or will be. @p full: reads everything.
    virtual Ticket doctor(const Caller &caller, bool full, Done<std::vector<DoctorCheck>> done);
};

} // namespace eventops
