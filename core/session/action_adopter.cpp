// SPDX-License-Identifier: MIT
#include "core/session/action_adopter.h"

#include "core/codec/action_state.h"
#include "core/session/action_reports.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view AdoptingStage = "adopt_actions", FromRequests = "requests";
constexpr std::uint64_t EventsAtOnce = 4'096;

} // namespace

std::optional<AdoptedFrom> adoptedActions(const PipelineSpec &spec)
{
    for (const Configured<StageSpec> &stage : spec.stages) {
        if (stage.spec->name == AdoptingStage)
            return stage.settings.at("from").text().valueOr(std::string()) == FromRequests ? AdoptedFrom::Requests
                                                                                           : AdoptedFrom::Steps;
    }
    return std::nullopt;
}

ActionAdopter::ActionAdopter(AdoptedFrom from, std::function<bool()> mustStop)
    : m_from(from), m_mustStop(std::move(mustStop))
{
}

Result<std::unique_ptr<ActionAdopter>> ActionAdopter::open(const Workspace &workspace, AdoptedFrom from,
                                                           std::function<bool()> mustStop)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    std::unique_ptr<ActionAdopter> adopter(new ActionAdopter(from, std::move(mustStop)));
    Ledger::Options options;
    options.clock = &adopter->m_clock;
    adopter->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Decide, options));
    return adopter;
}

Status ActionAdopter::step()
{
    const std::uint64_t changes = EVENTOPS_TRY(m_ledger->changeCounter());
    if (changes == m_changes)
        return Ok{};
    const Status done = catchUp();
    if (done)
        m_changes = changes;
    return !done && done.error().code == Error::Code::Busy ? Status(Ok{}) : done; // it comes again
}

Status ActionAdopter::catchUp()
{
    const std::uint64_t end = EVENTOPS_TRY(m_ledger->eventCount());
    while (m_place < end) {
        const std::uint64_t count = std::min(EventsAtOnce, end - m_place);
        std::vector<ActionStep> steps; // no statement is open while the ledger is written
        EVENTOPS_TRY(m_ledger->eventsAt(
            m_place, count, AllFields, [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t) {
                for (const std::uint32_t row : rows) {
                    auto step = m_from == AdoptedFrom::Steps ? actionStepOf(batch, batch.events[row])
                                                             : reportedStepOf(batch, batch.events[row]);
                    if (step && step.value())
                        steps.push_back(std::move(*step.value()));
                }
                return !m_mustStop();
            }));
        for (const ActionStep &step : steps)
            EVENTOPS_TRY(apply(step));
        if (m_mustStop())
            return Error{Error::Code::Cancelled, "stopped; actions go on from here next time"};
        m_place += count;
    }
    return Ok{};
}

/// Steps that nobody told of are gone through: who says that it succeeded has started.
Status ActionAdopter::apply(const ActionStep &told)
{
    const std::string id = told.action.displayId();
    const auto current = m_ledger->action(id);
    if (!current) {
        const Error::Code why = current.error().code; // not proposed here, or an older version
        return why == Error::Code::NotFound || why == Error::Code::Refused ? Status(Ok{}) : Status(current.error());
    }
    Transition transition;
    transition.actionId = id;
    transition.from = current.value().state;
    transition.actor = told.actor;
    for (const ActionState next : wayTo(transition.from, told.action.state)) {
        transition.to = next;
        if (next == told.action.state) {
            transition.detail = told.detail;
            transition.approver = told.action.approver;
            transition.reason = told.action.decisionReason;
            transition.output = told.action.output;
        }
        m_clock.set(told.at);
        const Status moved = m_ledger->transition(transition);
        if (!moved)
            return moved.error().code == Error::Code::Refused ? Status(Ok{}) : moved; // it is no step of ours to judge
        transition.from = next;
    }
    return Ok{};
}

} // namespace eventops
