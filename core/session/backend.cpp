// SPDX-License-Identifier: MIT
#include "core/session/backend.h"

#include <algorithm>

namespace eventops {

Backend::~Backend() = default;

namespace {

template <typename T>
Ticket refuse(const Done<T> &done, const char *what)
{
    done(Error{Error::Code::Unavailable, std::string("this back end cannot ") + what});
    return {};
}

} // namespace

Ticket Backend::decisionDiff(const Caller &, const RerunQuery &, std::function<void(RerunProgress)>,
                             Done<DecisionDiff> done)
{
    return refuse(done, "run a pipeline over its history again");
}

Ticket Backend::checkHistory(const Caller &, std::function<void(RerunProgress)>, Done<RerunCheck> done)
{
    return refuse(done, "run a pipeline over its history again");
}

Ticket Backend::promote(const Caller &, const std::string &, const std::string &, Done<Promotion> done)
{
    return refuse(done, "make a test of a finding");
}

Ticket Backend::aggregate(const Caller &, const std::string &, const AggregateQuery &,
                          Done<std::vector<AggregateRow>> done)
{
    return refuse(done, "sum events up");
}

Ticket Backend::expectations(const Caller &, Done<std::vector<CaseExpectation>> done)
{
    return refuse(done, "tell what is expected");
}

Ticket Backend::stepMachines(const Caller &, Done<std::vector<StepMachine>> done)
{
    return refuse(done, "tell what is expected");
}

Ticket Backend::sql(const Caller &, const SqlRequest &, std::function<void(SqlPage)>, Done<SqlOutcome> done)
{
    return refuse(done, "be asked in SQL");
}

Ticket Backend::graph(const Caller &, const GraphRequest &, Done<GraphAnswer> done)
{
    return refuse(done, "answer questions about the graph");
}

Ticket Backend::causes(const Caller &, const std::string &, Done<std::vector<LikelyCause>> done)
{
    return refuse(done, "look for causes");
}

Ticket Backend::judgement(const Caller &, Done<JudgementView> done)
{
    return refuse(done, "tell its budget");
}

Ticket Backend::giveFeedback(const Caller &, const FeedbackRequest &, Done<Ok> done)
{
    return refuse(done, "be taught");
}

Ticket Backend::sqlTables(const Caller &, SqlPlace, Done<std::vector<SqlTable>> done)
{
    return refuse(done, "be asked in SQL");
}

Ticket Backend::retention(const Caller &, bool, Done<RetentionReport> done)
{
    return refuse(done, "tell what it keeps");
}

Ticket Backend::backup(const Caller &, const BackupRequest &, std::function<void(BackupProgress)>,
                       Done<BackupOutcome> done)
{
    return refuse(done, "make a backup");
}

Ticket Backend::ingest(const Caller &, IngestRequest, Done<IngestOutcome> done)
{
    return refuse(done, "take events");
}

Ticket Backend::doctor(const Caller &, bool, Done<std::vector<DoctorCheck>> done)
{
    return refuse(done, "look for what is wrong");
}

bool Caller::maySee(std::string_view tenant) const
{
    return tenants.empty() || std::find(tenants.begin(), tenants.end(), tenant) != tenants.end();
}

Ticket Backend::exportCapture(const Caller &, const ExportRequest &, std::function<void(ExportProgress)>,
                              Done<ExportProgress> done)
{
    done(Error{Error::Code::Refused, "this back end cannot export", {}, "open a workspace of this machine"});
    return {};
}

namespace {

constexpr std::string_view ExportNames[] = {"evcap", "ndjson", "kcat", "csv", "events"};

} // namespace

std::optional<ExportForm> exportFormByName(std::string_view name)
{
    for (const ExportForm form : ExportForms) {
        if (toString(form) == name)
            return form;
    }
    return std::nullopt;
}

std::string_view toString(ExportForm form)
{
    return ExportNames[static_cast<std::size_t>(form)];
}

} // namespace eventops
