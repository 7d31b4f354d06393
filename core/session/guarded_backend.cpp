// SPDX-License-Identifier: MIT
#include "core/session/guarded_backend.h"

#include "core/session/ingest_source.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view RoleNames[] = {"viewer", "operator", "approver", "admin"};

} // namespace

/// What a call needs of its caller.
struct GuardedBackend::Need {
    const char *doing; ///< "read audit rows", for the refusal.
    Role least = Role::Viewer;
    bool allTenants = false; ///< It cannot be told apart by tenant.
    bool changes = false;    ///< Something is not as before then.
};

std::optional<Error> GuardedBackend::refusal(const Caller &caller, const Need &need) const
{
    if (need.changes && m_mode != GuardMode::ByRole)
        return Error{Error::Code::Refused,
                     caller.user + " may not " + need.doing + ": this is read-only",
                     {},
                     "open, attach or serve it without --read-only"};
    if (m_mode == GuardMode::ReadOnly)
        return std::nullopt;
    if (caller.role < need.least)
        return Error{Error::Code::Refused,
                     caller.user + " may not " + need.doing + ": that takes the role "
                         + std::string(toString(need.least)),
                     {},
                     "use a token of a higher role"};
    if (need.allTenants && !caller.tenants.empty())
        return Error{Error::Code::Refused,
                     caller.user + " may not " + need.doing + ": that concerns all tenants together",
                     {},
                     "use a token of all tenants"};
    return std::nullopt;
}

/// Makes @p call if the caller may; else tells @p done at once.
template <typename T, typename Call>
Ticket GuardedBackend::guarded(const Caller &caller, const Need &need, Done<T> done, Call call)
{
    if (auto refused = refusal(caller, need)) {
        done(std::move(*refused));
        return {};
    }
    return call(std::move(done));
}

namespace {

/// What comes from outside is believed nothing.
bool lieInBytes(const IngestRequest &request)
{
    std::size_t at = 0;
    for (const RawChunk::Record &record : request.records) {
        const std::size_t end = std::size_t{record.offset} + record.size;
        if (record.offset < at || end > request.bytes.size())
            return false;
        at = end;
    }
    return !request.records.empty();
}

} // namespace

std::string_view toString(Role role)
{
    return RoleNames[static_cast<std::size_t>(role)];
}

std::optional<Role> roleByName(std::string_view name)
{
    for (const Role role : {Role::Viewer, Role::Operator, Role::Approver, Role::Admin}) {
        if (toString(role) == name)
            return role;
    }
    return std::nullopt;
}

// What every caller may look at, by tenant.

Ticket GuardedBackend::events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                              Done<Ok> done)
{
    return m_behind.events(caller, query, std::move(page), std::move(done));
}

Ticket GuardedBackend::aggregate(const Caller &caller, const std::string &filter, const AggregateQuery &query,
                                 Done<std::vector<AggregateRow>> done)
{
    return m_behind.aggregate(caller, filter, query, std::move(done));
}

Ticket GuardedBackend::findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done)
{
    return m_behind.findings(caller, query, std::move(page), std::move(done));
}

Ticket GuardedBackend::entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done)
{
    return m_behind.entities(caller, query, std::move(page), std::move(done));
}

Ticket GuardedBackend::links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done)
{
    return m_behind.links(caller, query, std::move(page), std::move(done));
}

Ticket GuardedBackend::actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done)
{
    return m_behind.actions(caller, query, std::move(page), std::move(done));
}

Ticket GuardedBackend::expectations(const Caller &caller, Done<std::vector<CaseExpectation>> done)
{
    return m_behind.expectations(caller, std::move(done));
}

Ticket GuardedBackend::stepMachines(const Caller &caller, Done<std::vector<StepMachine>> done)
{
    return m_behind.stepMachines(caller, std::move(done));
}

Ticket GuardedBackend::eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done)
{
    return m_behind.eventRange(caller, range, std::move(done));
}

Ticket GuardedBackend::eventColumns(const Caller &caller, const EventColumnsRequest &request,
                                    std::function<void(EventColumns)> page, Done<Ok> done)
{
    return m_behind.eventColumns(caller, request, std::move(page), std::move(done));
}

Ticket GuardedBackend::story(const Caller &caller, const std::string &eventId, Done<EventStory> done)
{
    return m_behind.story(caller, eventId, std::move(done));
}

Ticket GuardedBackend::graph(const Caller &caller, const GraphRequest &request, Done<GraphAnswer> done)
{
    return m_behind.graph(caller, request, std::move(done));
}

Ticket GuardedBackend::causes(const Caller &caller, const std::string &findingId, Done<std::vector<LikelyCause>> done)
{
    return m_behind.causes(caller, findingId, std::move(done));
}

Ticket GuardedBackend::subscribe(const Caller &caller, std::function<void(Change)> changed)
{
    if (caller.tenants.empty())
        return m_behind.subscribe(caller, std::move(changed));
    return m_behind.subscribe(caller, [changed = std::move(changed)](const Change &change) {
        Change told; // that something changed, and when; how much was found is all tenants' together
        told.revision = change.revision;
        told.events = change.events; // places, which its own rows tell as well; those of others stay empty
        told.clock = change.clock;
        told.running = change.running;
        changed(told);
    });
}

Ticket GuardedBackend::health(const Caller &caller, Done<Health> done)
{
    if (caller.tenants.empty())
        return m_behind.health(caller, std::move(done));
    return m_behind.health(caller, [done = std::move(done)](Result<Health> health) {
        if (!health)
            return done(std::move(health));
        Health told;
        told.summary.clock = health.value().summary.clock;
        told.running = health.value().running;
        told.pipelineName = std::move(health.value().pipelineName);
        told.stages = std::move(health.value().stages);
        told.known = std::move(health.value().known); // by tenant already
        done(std::move(told));
    });
}

// What cannot be told apart by tenant.

Ticket GuardedBackend::judgement(const Caller &caller, Done<JudgementView> done)
{
    return guarded<JudgementView>(caller, {"see the budget of findings", Role::Viewer, true}, std::move(done),
                                  [&](auto then) { return m_behind.judgement(caller, std::move(then)); });
}

Ticket GuardedBackend::deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page,
                                   Done<Ok> done)
{
    return guarded<Ok>(caller, {"read dead letters", Role::Viewer, true}, std::move(done), [&](auto then) {
        return m_behind.deadLetters(caller, rowsMax, std::move(page), std::move(then));
    });
}

Ticket GuardedBackend::audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done)
{
    return guarded<Ok>(caller, {"read the audit", Role::Viewer, true}, std::move(done),
                       [&](auto then) { return m_behind.audit(caller, rowsMax, std::move(page), std::move(then)); });
}

Ticket GuardedBackend::summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done)
{
    return guarded<WorkspaceSummary>(caller, {"see the counts of the workspace", Role::Viewer, true}, std::move(done),
                                     [&](auto then) { return m_behind.summary(caller, withDigest, std::move(then)); });
}

Ticket GuardedBackend::verifyAudit(const Caller &caller, Done<std::uint64_t> done)
{
    return guarded<std::uint64_t>(caller, {"verify the audit", Role::Viewer, true}, std::move(done),
                                  [&](auto then) { return m_behind.verifyAudit(caller, std::move(then)); });
}

Ticket GuardedBackend::sqlTables(const Caller &caller, SqlPlace place, Done<std::vector<SqlTable>> done)
{
    return guarded<std::vector<SqlTable>>(
        caller, {"ask in SQL", Role::Operator, true}, std::move(done),
        [&](auto then) { return m_behind.sqlTables(caller, place, std::move(then)); });
}

Ticket GuardedBackend::sql(const Caller &caller, const SqlRequest &request, std::function<void(SqlPage)> page,
                           Done<SqlOutcome> done)
{
    return guarded<SqlOutcome>(caller, {"ask in SQL", Role::Operator, true}, std::move(done), [&](auto then) {
        return m_behind.sql(caller, request, std::move(page), std::move(then));
    });
}

Ticket GuardedBackend::doctor(const Caller &caller, bool full, Done<std::vector<DoctorCheck>> done)
{
    return guarded<std::vector<DoctorCheck>>(caller, {"examine the workspace", Role::Operator, true}, std::move(done),
                                             [&](auto then) { return m_behind.doctor(caller, full, std::move(then)); });
}

// What takes a role.

Ticket GuardedBackend::checkHistory(const Caller &caller, std::function<void(RerunProgress)> progress,
                                    Done<RerunCheck> done)
{
    return guarded<RerunCheck>(caller, {"run history again", Role::Operator, true}, std::move(done), [&](auto then) {
        return m_behind.checkHistory(caller, std::move(progress), std::move(then));
    });
}

Ticket GuardedBackend::giveFeedback(const Caller &caller, const FeedbackRequest &request, Done<Ok> done)
{
    return guarded<Ok>(caller, {"judge findings", Role::Operator, false, true}, std::move(done),
                       [&](auto then) { return m_behind.giveFeedback(caller, request, std::move(then)); });
}

Ticket GuardedBackend::redrive(const Caller &caller, std::int64_t deadLetter, const std::string &format, Done<Ok> done)
{
    return guarded<Ok>(caller, {"redrive dead letters", Role::Operator, true, true}, std::move(done),
                       [&](auto then) { return m_behind.redrive(caller, deadLetter, format, std::move(then)); });
}

Ticket GuardedBackend::decide(const Caller &caller, const Decision &decision, bool wait, Done<DecisionOutcome> done)
{
    if (decision.user != caller.user) {
        done(Error{Error::Code::Refused, caller.user + " may not decide in the name of " + decision.user});
        return {};
    }
    return guarded<DecisionOutcome>(caller, {"decide", Role::Approver, false, true}, std::move(done), [&](auto then) {
        return m_behind.decide(caller, decision, wait, std::move(then));
    });
}

// What reads or writes files on the engine's machine, or drops anything.

Ticket GuardedBackend::replay(const Caller &caller, const ReplayRequest &request,
                              std::function<void(RunProgress)> progress, Done<WorkspaceSummary> done)
{
    return guarded<WorkspaceSummary>(
        caller, {"read sources", Role::Admin, true, true}, std::move(done),
        [&](auto then) { return m_behind.replay(caller, request, std::move(progress), std::move(then)); });
}

Ticket GuardedBackend::ingest(const Caller &caller, IngestRequest request, Done<IngestOutcome> done)
{
    return guarded<IngestOutcome>(
        caller, {"hand in events", Role::Operator, false, true}, std::move(done), [&](Done<IngestOutcome> then) {
            if (!lieInBytes(request)) {
                then(Error{Error::Code::InvalidArgument, "the records do not lie in the bytes, one behind the other"});
                return Ticket();
            }
            const auto tenants = caller.tenants.empty() ? std::vector<std::string>() : tenantsOf(request);
            for (const std::string &tenant : tenants) {
                if (caller.maySee(tenant))
                    continue;
                then(Error{Error::Code::Refused,
                           caller.user + " may not hand in events of the tenant \"" + tenant + '"', {},
                           "name a tenant of the token in each event, or use a token of all tenants"});
                return Ticket();
            }
            return m_behind.ingest(caller, std::move(request), std::move(then));
        });
}

Ticket GuardedBackend::decisionDiff(const Caller &caller, const RerunQuery &query,
                                    std::function<void(RerunProgress)> progress, Done<DecisionDiff> done)
{
    return guarded<DecisionDiff>(caller, {"try an edited pipeline", Role::Admin}, std::move(done), [&](auto then) {
        return m_behind.decisionDiff(caller, query, std::move(progress), std::move(then));
    });
}

Ticket GuardedBackend::promote(const Caller &caller, const std::string &findingId, const std::string &folder,
                               Done<Promotion> done)
{
    return guarded<Promotion>(caller, {"write tests", Role::Admin, true, true}, std::move(done),
                              [&](auto then) { return m_behind.promote(caller, findingId, folder, std::move(then)); });
}

Ticket GuardedBackend::exportCapture(const Caller &caller, const ExportRequest &request,
                                     std::function<void(ExportProgress)> progress, Done<ExportProgress> done)
{
    return guarded<ExportProgress>(caller, {"export", Role::Admin}, std::move(done), [&](auto then) {
        return m_behind.exportCapture(caller, request, std::move(progress), std::move(then));
    });
}

Ticket GuardedBackend::retention(const Caller &caller, bool run, Done<RetentionReport> done)
{
    const Need need{run ? "drop what is due" : "see what is kept", run ? Role::Admin : Role::Viewer, true, run};
    return guarded<RetentionReport>(caller, need, std::move(done),
                                    [&](auto then) { return m_behind.retention(caller, run, std::move(then)); });
}

Ticket GuardedBackend::backup(const Caller &caller, const BackupRequest &request,
                              std::function<void(BackupProgress)> progress, Done<BackupOutcome> done)
{
    return guarded<BackupOutcome>(caller, {"make backups", Role::Admin, true, true}, std::move(done), [&](auto then) {
        return m_behind.backup(caller, request, std::move(progress), std::move(then));
    });
}

} // namespace eventops
