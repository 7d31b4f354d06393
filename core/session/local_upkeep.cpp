// SPDX-License-Identifier: MIT
//
// LocalBackend's upkeep: retention, backup, doctor.
#include "core/session/local_backend.h"

#include "core/session/retention_run.h"

namespace eventops {

Ticket LocalBackend::retention(const Caller &caller, bool run, Done<RetentionReport> done)
{
    using Report = RetentionReport;
    return post<Report>(m_exports, std::move(done), [=, this](const Ticket &ticket) -> Result<Report> {
        if (!caller.tenants.empty() || (run && caller.role == Role::Viewer))
            return Error{Error::Code::Refused, caller.user + " may not look after what all tenants keep"};
        const auto spec = EVENTOPS_TRY(workspacePipeline());
        if (spec == nullptr)
            return Error{Error::Code::NotFound, "nothing ran in this workspace yet", {m_workspace.directory, 0, 0},
                         "replay a capture into it first"};
        const auto ledger = EVENTOPS_TRY(openLedger(run ? LedgerMode::Decide : LedgerMode::Read));
        const RetentionRules rules = retentionRules(*spec, caller.user);
        Report report;
        report.policy = spec->retention;
        if (run)
            report.done = EVENTOPS_TRY(runRetention(*ledger, rules, *ticket.flag()));
        report.rows = EVENTOPS_TRY(ledger->retentionState(rules));
        report.dropped = EVENTOPS_TRY(ledger->droppedHistory());
        return report;
    });
}

Ticket LocalBackend::backup(const Caller &caller, const BackupRequest &request,
                            std::function<void(BackupProgress)> progress, Done<BackupOutcome> done)
{
    return post<BackupOutcome>(m_exports, std::move(done), [=, this](const Ticket &ticket) -> Result<BackupOutcome> {
        if (!caller.tenants.empty() || caller.role == Role::Viewer)
            return Error{Error::Code::Refused, caller.user + " may not copy what all tenants keep"};
        return backupWorkspace(m_workspace, request, *ticket.flag(), progress);
    });
}

Ticket LocalBackend::doctor(const Caller &caller, bool full, Done<std::vector<DoctorCheck>> done)
{
    using Checks = std::vector<DoctorCheck>;
    return post<Checks>(m_exports, std::move(done), [=, this](const Ticket &ticket) -> Result<Checks> {
        if (!caller.tenants.empty())
            return Error{Error::Code::Refused, caller.user + " may not look at what all tenants keep"};
        return examineWorkspace(m_workspace, full, *ticket.flag());
    });
}

} // namespace eventops
