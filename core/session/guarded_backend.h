// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

namespace eventops {

/// What a guard looks at.
enum class GuardMode : std::uint8_t {
    ByRole,         ///< Role and tenants.
    ByRoleReadOnly, ///< The same, and nobody changes anything.
    ReadOnly,       ///< Nobody changes anything; roles are the business of whoever is behind.
};

/// A back end as those see it who reach it from outside: every call is asked whether its caller's role and tenants
/// allow it, before it reaches the back end behind. The one place for that, whatever the way a call came.
///
/// Least roles: looking is for viewers; handing in events, teaching, redriving, re-running history and SQL for
/// operators; deciding for approvers; what reads or writes files of the engine's machine, or drops anything, for
/// admins. What cannot be told apart by tenant is for callers of all tenants, else Refused, but `health` leaves it
/// out. A decision is the caller's own: one in another's name is Refused.
/// Read-only, it refuses what would change anything (decisions, teaching, redriving, reading sources, dropping, making
/// backups and tests), whoever asks; what only looks goes on by role, SQL and exports as well.
/// A refusal is told at once, on the caller's thread. Thread: any, as the back end behind.
class GuardedBackend final : public Backend
{
public:
    /// @p behind must outlive it.
    explicit GuardedBackend(Backend &behind, GuardMode mode = GuardMode::ByRole) : m_behind(behind), m_mode(mode) {}
    explicit GuardedBackend(std::unique_ptr<Backend> owned, GuardMode mode = GuardMode::ByRole)
        : m_owned(std::move(owned)), m_behind(*m_owned), m_mode(mode)
    {
    }

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

private:
    struct Need;
    std::optional<Error> refusal(const Caller &caller, const Need &need) const;
    template <typename T, typename Call>
    Ticket guarded(const Caller &caller, const Need &need, Done<T> done, Call call);

    const std::unique_ptr<Backend> m_owned; ///< Null: the caller's.
    Backend &m_behind;
    const GuardMode m_mode;
};

std::string_view toString(Role role); ///< "viewer", "operator", "approver", "admin".
std::optional<Role> roleByName(std::string_view name);

} // namespace eventops
