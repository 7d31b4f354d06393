// SPDX-License-Identifier: MIT
//
// What is answered out of the workspace that the topics are read into.
#include "core/remote/kafka_parts.h"

namespace eventops::remote {

Ticket KafkaBackend::events(const Caller &caller, const Query &query, std::function<void(EventPage)> page,
                            Done<Ok> done)
{
    return m_parts->inner->events(caller, query, std::move(page), std::move(done));
}

Ticket KafkaBackend::aggregate(const Caller &caller, const std::string &filter, const AggregateQuery &query,
                               Done<std::vector<AggregateRow>> done)
{
    return m_parts->inner->aggregate(caller, filter, query, std::move(done));
}

Ticket KafkaBackend::findings(const Caller &caller, const Query &query, OnPage<Finding> page, Done<Ok> done)
{
    return m_parts->inner->findings(caller, query, std::move(page), std::move(done));
}

Ticket KafkaBackend::entities(const Caller &caller, const Query &query, OnPage<Entity> page, Done<Ok> done)
{
    return m_parts->inner->entities(caller, query, std::move(page), std::move(done));
}

Ticket KafkaBackend::links(const Caller &caller, const Query &query, OnPage<Link> page, Done<Ok> done)
{
    return m_parts->inner->links(caller, query, std::move(page), std::move(done));
}

Ticket KafkaBackend::actions(const Caller &caller, const Query &query, OnPage<Action> page, Done<Ok> done)
{
    return m_parts->inner->actions(caller, query, std::move(page), std::move(done));
}

Ticket KafkaBackend::deadLetters(const Caller &caller, std::uint64_t rowsMax, OnPage<DeadLetterRow> page, Done<Ok> done)
{
    return m_parts->inner->deadLetters(caller, rowsMax, std::move(page), std::move(done));
}

Ticket KafkaBackend::audit(const Caller &caller, std::uint64_t rowsMax, OnPage<AuditRow> page, Done<Ok> done)
{
    return m_parts->inner->audit(caller, rowsMax, std::move(page), std::move(done));
}

Ticket KafkaBackend::eventRange(const Caller &caller, const EventRange &range, Done<EventPage> done)
{
    return m_parts->inner->eventRange(caller, range, std::move(done));
}

Ticket KafkaBackend::eventColumns(const Caller &caller, const EventColumnsRequest &request,
                                  std::function<void(EventColumns)> page, Done<Ok> done)
{
    return m_parts->inner->eventColumns(caller, request, std::move(page), std::move(done));
}

Ticket KafkaBackend::story(const Caller &caller, const std::string &eventId, Done<EventStory> done)
{
    return m_parts->inner->story(caller, eventId, std::move(done));
}

Ticket KafkaBackend::health(const Caller &caller, Done<Health> done)
{
    return m_parts->inner->health(caller, std::move(done));
}

Ticket KafkaBackend::subscribe(const Caller &caller, std::function<void(Change)> changed)
{
    return m_parts->inner->subscribe(caller, std::move(changed));
}

Ticket KafkaBackend::summary(const Caller &caller, bool withDigest, Done<WorkspaceSummary> done)
{
    return m_parts->inner->summary(caller, withDigest, std::move(done));
}

Ticket KafkaBackend::graph(const Caller &caller, const GraphRequest &request, Done<GraphAnswer> done)
{
    return m_parts->inner->graph(caller, request, std::move(done));
}

Ticket KafkaBackend::causes(const Caller &caller, const std::string &findingId, Done<std::vector<LikelyCause>> done)
{
    return m_parts->inner->causes(caller, findingId, std::move(done));
}

Ticket KafkaBackend::exportCapture(const Caller &caller, const ExportRequest &request,
                                   std::function<void(ExportProgress)> progress, Done<ExportProgress> done)
{
    return m_parts->inner->exportCapture(caller, request, std::move(progress), std::move(done));
}

Ticket KafkaBackend::sql(const Caller &caller, const SqlRequest &request, std::function<void(SqlPage)> page,
                         Done<SqlOutcome> done)
{
    return m_parts->inner->sql(caller, request, std::move(page), std::move(done));
}

Ticket KafkaBackend::sqlTables(const Caller &caller, SqlPlace place, Done<std::vector<SqlTable>> done)
{
    return m_parts->inner->sqlTables(caller, place, std::move(done));
}

Ticket KafkaBackend::backup(const Caller &caller, const BackupRequest &request,
                            std::function<void(BackupProgress)> progress, Done<BackupOutcome> done)
{
    return m_parts->inner->backup(caller, request, std::move(progress), std::move(done));
}

Ticket KafkaBackend::doctor(const Caller &caller, bool full, Done<std::vector<DoctorCheck>> done)
{
    return m_parts->inner->doctor(caller, full, std::move(done));
}

} // namespace eventops::remote
