// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_address.h"
#include "core/remote/remote_backend.h"
#include "core/session/local_backend.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace eventops::remote {

struct KafkaAttachOptions {
    KafkaAddress address;
    LocalBackendOptions local; ///< With the kafka source and the stages that adopt; see app/common.
    std::string user;          ///< Who decides here.
    /// What proves to engines that a decision comes from somebody who may decide; empty: this console may only look.
    std::string secret;
    std::string directory; ///< Where what is read is kept, to be opened again; empty: nowhere, once this ends.
    bool follow = true;    ///< False: reads what is there and ends; see KafkaBackend::waitForEnd.
    std::chrono::milliseconds retryMin{1'000};      ///< Doubles with every try …
    std::chrono::milliseconds retryMax{30'000};     ///< … up to this.
    std::chrono::milliseconds decideWithin{30'000}; ///< So long a decision waits for the engine to take it.
    /// Hears every change of the state, on a thread of the back end.
    std::function<void(const ConnectionState &)> changed = {};
};

/// What engines published to the topics of a Kafka, behind the Backend interface: no engine need be reached.
///
/// It keeps a workspace of its own, private and gone at its end unless a directory is named, reads the topics into it,
/// and answers out of it. Findings, actions and events have the ids that their engine gave them; what comes twice
/// counts once. What no topic carries is not there, and is refused with a word on where it is instead of being shown as
/// empty: expectations, the budget, the engine's own audit chain and history. Dead letters are those of reading here.
///
/// Decisions are published as commands, signed; the engine takes them, or not, and what became of them comes back by
/// the topics. Everything else that would change the engine is refused.
///
/// A Kafka that goes away is waited for; what was read stays to be looked at. Thread: any may call.
class KafkaBackend final : public Backend
{
public:
    explicit KafkaBackend(KafkaAttachOptions options); ///< Begins to connect.
    ~KafkaBackend() override;

    /// The same, once it is attached: the error of the first try if it is not.
    static Result<std::unique_ptr<KafkaBackend>> attach(KafkaAttachOptions options);

    ConnectionState state() const;
    void retryNow(); ///< Does not wait for the next try.
    bool mayDecide() const;
    /// Without `follow`: waits until all that was there is in, or @p stop is set (Cancelled).
    Status waitForEnd(const std::atomic<bool> &stop);

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

/// What is in the file that proves to engines who decides: the secret, and the name beside it, empty when there is
/// none. See readTokenFile, whose errors it has. Thread: any.
struct DecisionKey {
    std::string secret, user;
};
Result<DecisionKey> readDecisionKey(const std::string &path);

} // namespace eventops::remote
