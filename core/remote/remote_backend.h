// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace eventops::remote {

/// How a connection to an engine stands.
struct ConnectionState {
    enum class Phase : std::uint8_t {
        Connecting, ///< For the first time.
        Attached,
        Waiting, ///< It broke, or cannot be had again yet; it is tried again after `retryIn`.
        Failed,  ///< It is not tried again: the first try failed, or the engine does not want us.
    };
    Phase phase = Phase::Connecting;
    Error error = {};                     ///< Waiting, Failed: why, and what to do; see ConnectionDoctor.
    std::string betterUrl = {};           ///< Failed: the address that would do instead, where one is known.
    std::chrono::milliseconds retryIn{0}; ///< Waiting.
    WallNs lastSeen = NoTime;             ///< Waiting, Failed: when it was attached last; NoTime: never.
    Caller caller = {};                   ///< Who the engine takes us for; known once attached.
    std::string engineVersion = {};       ///< The same.
};

struct RemoteOptions {
    std::string url; ///< See normalUrl.
    std::string token;
    std::string authorities; ///< PEM of those to trust, see readAuthorities; empty: the system's.
    std::chrono::milliseconds connectTimeMax{10'000}; ///< For one try, greeting and all.
    std::chrono::milliseconds retryMin{250};          ///< Doubles with every try …
    std::chrono::milliseconds retryMax{15'000};       ///< … up to this; each is cut by a random part of up to half.
    std::chrono::milliseconds patience{30'000};       ///< A question waits so long for a connection; then: Unavailable.
    std::chrono::milliseconds pingEvery{15'000};      ///< An engine that did not answer the last one is given up.
    /// Hears every change of the state, on the back end's thread.
    std::function<void(const ConnectionState &)> changed = {};
};

/// What is connected to for @p text as a person writes it: "localhost:8088", "http://localhost:8088",
/// "wss://ops.example.com/api/v1/attach". InvalidArgument; Refused: a token would be sent over plain text to another
/// machine. Thread: any.
Result<std::string> normalUrl(const std::string &text);

/// The first line of @p path that is no comment: a token alone, or the first word of a line of an engine's file of
/// tokens. Refused: others may read it. Thread: any.
Result<std::string> readTokenFile(const std::string &path);

/// The certificates in the PEM file @p path, for RemoteOptions. NotFound; InvalidConfig: there is none in it.
/// Thread: any.
Result<std::string> readAuthorities(const std::string &path);

/// An engine elsewhere, behind the Backend interface: every call goes over one WebSocket to `eventops serve`.
///
/// Who asks is whoever the token belongs to; the Caller of a call plays no part. Files that a call names are on the
/// engine's machine, but for an export, which is brought here.
///
/// When the connection breaks it is made again by itself. Subscriptions live on and hear at once how things are then.
/// Questions wait for it, when nothing of their answer has come yet; otherwise they end with Unavailable, and who asked
/// goes on behind what it has. What changes something is never sent twice: it ends with Unavailable, as it does while
/// there is no connection.
///
/// Thread: any may call, `changed` and all callbacks run on one of its own, which must not be held up.
class RemoteBackend final : public Backend
{
public:
    explicit RemoteBackend(RemoteOptions options); ///< Begins to connect; @p options.url is a normal one.
    ~RemoteBackend() override;                     ///< What is under way ends with Cancelled before.

    /// The same, once it is attached: Unavailable or Refused if it is not.
    static Result<std::unique_ptr<RemoteBackend>> attach(RemoteOptions options);

    ConnectionState state() const;
    void retryNow(); ///< Does not wait for the next try.

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
    Ticket ingest(const Caller &caller, IngestRequest request, Done<IngestOutcome> done) override;
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

private:
    struct Parts;
    const std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::remote
