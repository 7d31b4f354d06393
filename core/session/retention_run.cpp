// SPDX-License-Identifier: MIT
#include "core/session/retention_run.h"

#include <algorithm>

namespace eventops {

RetentionRules retentionRules(const PipelineSpec &spec, std::string actor)
{
    const bool keepsState = std::any_of(spec.stages.begin(), spec.stages.end(),
                                        [](const auto &stage) { return stage.spec->makeMap == nullptr; });
    return {spec.retention, keepsState ? spec.hash : std::string(), std::move(actor)};
}

Result<RetentionDone> runRetention(Ledger &ledger, const RetentionRules &rules, const std::atomic<bool> &stop)
{
    RetentionDone all;
    RetentionCursor cursor;
    do {
        if (stop.load())
            return Error{Error::Code::Cancelled, "stopped; what is due is dropped by the next run"};
        all += EVENTOPS_TRY(ledger.retain(rules, cursor));
    } while (cursor.under);
    return all;
}

Result<std::string> missedByRetention(Ledger &ledger, Seq mark, const std::string &who)
{
    const DroppedHistory gone = EVENTOPS_TRY(ledger.droppedHistory());
    if (gone.beginsAfter <= mark)
        return std::string();
    return "retention dropped events up to record " + std::to_string(gone.beginsAfter) + " of the ledger before " + who
           + " took them in";
}

Status requireHistory(Ledger &ledger, bool withRaw)
{
    const DroppedHistory gone = EVENTOPS_TRY(ledger.droppedHistory());
    if (gone.events > 0)
        return Error{Error::Code::Refused,
                     "the history is whole only behind record " + std::to_string(gone.beginsAfter) + ": "
                         + std::to_string(gone.events) + " events of " + std::to_string(gone.records)
                         + " records were dropped by retention",
                     {},
                     "run it over a workspace made from a capture, or keep events longer (retention: in the pipeline)"};
    if (withRaw && gone.rawRecords > 0)
        return Error{Error::Code::Refused,
                     "raw records are kept only behind record " + std::to_string(gone.rawBeginsAfter) + ": those of "
                         + std::to_string(gone.rawRecords) + " records were dropped by retention",
                     {},
                     "change stages after enrichment only, or keep raw records longer (retention: in the pipeline)"};
    return Ok{};
}

} // namespace eventops
