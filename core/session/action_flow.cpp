// SPDX-License-Identifier: MIT
#include "core/session/action_flow.h"

#include "core/actions/retry.h"
#include "core/base/json.h"
#include "core/codec/action_events.h"

#include <algorithm>
#include <chrono>

namespace eventops {
namespace {

constexpr std::size_t ReasonBytesMax = 4'096;
constexpr char ExecutorActor[] = "executor";

/// What an executor says of an action, as a document for the input log.
ActionReport reportOf(const Action &action, ActionReportKind kind, WallNs ts, std::uint32_t attempt)
{
    ActionReport report;
    report.kind = kind;
    report.actionId = action.displayId();
    report.idempotencyKey = action.idempotencyKey;
    report.tenant = action.suggestion.tenant;
    report.entityId = action.suggestion.entityId;
    report.correlationId = action.suggestion.correlationId;
    report.ts = ts;
    report.attempt = attempt;
    return report;
}

InputRow inputOf(const ActionReport &report)
{
    InputRow row;
    row.kind = "action_event";
    row.payload = encodeActionReport(report);
    return row;
}

} // namespace

Status applyDecision(Ledger &ledger, const Action &shown, const Decision &decision, std::string_view via)
{
    if (decision.reason.empty() || decision.reason.size() > ReasonBytesMax)
        return Error{Error::Code::InvalidArgument, "a decision needs a reason of 1 to 4096 bytes"};
    const bool approve = decision.kind == DecisionKind::Approve;
    Transition transition;
    transition.actionId = decision.actionId;
    transition.from = ActionState::Proposed;
    transition.to = approve ? ActionState::Approved : ActionState::Rejected;
    transition.actor = decision.user;
    transition.approver = decision.user;
    transition.reason = decision.reason;
    transition.checkExpiry = true;
    transition.detail.clear();
    JsonWriter detail(transition.detail);
    detail.beginObject().field("digest", shown.digest).field("reason", decision.reason);
    if (!via.empty())
        detail.field("via", via);
    detail.endObject();

    InputRow input;
    input.kind = "decision";
    JsonWriter(input.payload).beginObject().field("action", decision.actionId)
        .field("decision", approve ? "approve" : "reject").field("user", decision.user)
        .field("reason", decision.reason).endObject();
    transition.input = std::move(input);
    if (approve) {
        OutboxRow row;
        row.actionId = decision.actionId;
        row.topic = ActionsRequestedTopic;
        row.key = shown.suggestion.entityId;
        row.document = encodeActionRequested(shown, EVENTOPS_TRY(ledger.watermark()));
        row.state = "waiting";
        transition.outbox = std::move(row);
    }
    return ledger.transition(transition);
}

Result<unsigned> publishApproved(Ledger &ledger)
{
    unsigned published = 0;
    for (OutboxRow &row : EVENTOPS_TRY(ledger.outbox("waiting"))) {
        const Action action = EVENTOPS_TRY(ledger.action(row.actionId));
        if (action.state == ActionState::Approved) {
            Transition transition;
            transition.actionId = row.actionId;
            transition.from = ActionState::Approved;
            transition.to = ActionState::Published;
            transition.actor = "publisher";
            transition.detail.clear();
            JsonWriter(transition.detail).beginObject().field("topic", row.topic).endObject();
            InputRow input;
            input.kind = "action_event";
            input.payload = row.document;
            transition.input = std::move(input);
            const Status moved = ledger.transition(transition);
            if (!moved && moved.error().code != Error::Code::Refused) // refused: another publisher was first
                return moved.error();
        }
        row.state = "published";
        EVENTOPS_TRY(ledger.updateOutbox(row));
        ++published;
    }
    return published;
}

ExecutorRole::ExecutorRole(Ledger &ledger, std::vector<std::unique_ptr<Executor>> executors, const Clock *clock)
    : m_ledger(ledger), m_executors(std::move(executors)), m_clock(clock != nullptr ? *clock : m_systemClock)
{
}

Executor *ExecutorRole::executorFor(std::string_view command) const
{
    for (const auto &executor : m_executors) {
        if (executor->accepts(command))
            return executor.get();
    }
    return nullptr;
}

Result<bool> ExecutorRole::pending()
{
    // A dead letter is published too; it waits for a person, not for this role.
    const auto isRequest = [](const OutboxRow &row) { return row.topic == ActionsRequestedTopic; };
    for (const char *state : {"taken", "published"}) {
        const std::vector<OutboxRow> rows = EVENTOPS_TRY(m_ledger.outbox(state));
        if (std::any_of(rows.begin(), rows.end(), isRequest))
            return true;
    }
    return false;
}

Result<unsigned> ExecutorRole::runDue()
{
    unsigned attempts = 0;
    // Taken rows are left over from a role that died: this one holds the role's lock, so nobody works on them.
    for (const char *state : {"taken", "published"}) {
        for (const OutboxRow &row : EVENTOPS_TRY(m_ledger.outbox(state))) {
            if (row.topic != ActionsRequestedTopic || (row.notBefore != NoTime && row.notBefore > m_clock.now()))
                continue;
            EVENTOPS_TRY(attempt(row));
            ++attempts;
        }
    }
    return attempts;
}

Status ExecutorRole::attempt(OutboxRow row)
{
    Action action = EVENTOPS_TRY(m_ledger.action(row.actionId));
    const WallNs clock = EVENTOPS_TRY(m_ledger.watermark());
    row.state = "taken";
    ++row.attempt;
    EVENTOPS_TRY(m_ledger.updateOutbox(row));
    const auto step = [&](ActionState from, ActionState to, ActionReportKind kind) -> Status {
        Transition transition;
        transition.actionId = row.actionId;
        transition.from = from;
        transition.to = to;
        transition.actor = ExecutorActor;
        transition.input = inputOf(reportOf(action, kind, clock, row.attempt));
        EVENTOPS_TRY(m_ledger.transition(transition));
        action.state = to;
        return Ok{};
    };
    if (action.state == ActionState::Published)
        EVENTOPS_TRY(step(ActionState::Published, ActionState::Acknowledged, ActionReportKind::Accepted));
    if (action.state == ActionState::Acknowledged)
        EVENTOPS_TRY(step(ActionState::Acknowledged, ActionState::Started, ActionReportKind::Started));
    else if (action.state == ActionState::Started)
        EVENTOPS_TRY(m_ledger.recordInput(inputOf(reportOf(action, ActionReportKind::Retrying, clock, row.attempt))));
    if (action.state != ActionState::Started) { // cancelled or timed out meanwhile
        row.state = "done";
        return m_ledger.updateOutbox(row);
    }

    Executor *executor = executorFor(action.suggestion.command);
    ActionOutcome outcome;
    if (executor == nullptr) {
        outcome.error = "no executor of this role carries out " + action.suggestion.command;
    } else {
        ActionRequest request = requestOf(action, row.attempt);
        request.envelope = row.document;
        const auto progress = [&](int percent, std::string_view) {
            ActionReport report = reportOf(action, ActionReportKind::Started, clock, row.attempt);
            report.percent = percent;
            (void)m_ledger.recordInput(inputOf(report)); // progress that cannot be noted must not stop the work
        };
        outcome = executor->execute(request, progress);
    }
    return finish(row, action, outcome);
}

Status ExecutorRole::finish(const OutboxRow &given, const Action &action, const ActionOutcome &outcome)
{
    OutboxRow row = given;
    const WallNs clock = EVENTOPS_TRY(m_ledger.watermark());
    const NextStep next = planAfter(outcome, row.attempt);
    if (next.kind == NextStep::Kind::Retry) {
        row.state = "published";
        row.notBefore = m_clock.now() + next.delayMs * NsPerMs;
        EVENTOPS_TRY(m_ledger.recordInput(inputOf(reportOf(action, ActionReportKind::Retrying, clock, row.attempt))));
        return m_ledger.updateOutbox(row);
    }
    const bool succeeded = next.kind == NextStep::Kind::Succeeded;
    const bool cancelled = outcome.kind == ActionOutcome::Kind::Cancelled;
    Transition transition;
    transition.actionId = row.actionId;
    transition.from = ActionState::Started;
    transition.to = succeeded ? ActionState::Succeeded : cancelled ? ActionState::Cancelled : ActionState::Failed;
    transition.actor = ExecutorActor;
    transition.output = outcome.output;
    transition.detail.clear();
    JsonWriter detail(transition.detail);
    detail.beginObject().key("attempts").unsignedInteger(row.attempt).key("duration_ms").integer(outcome.durationMs);
    if (!outcome.error.empty())
        detail.field("error", outcome.error);
    detail.endObject();
    ActionReport report = reportOf(action, succeeded ? ActionReportKind::Succeeded
                                           : cancelled ? ActionReportKind::Cancelled : ActionReportKind::Failed,
                                   clock, row.attempt);
    report.durationMs = static_cast<double>(outcome.durationMs);
    report.error = outcome.error;
    report.output = outcome.output;
    transition.input = inputOf(report);
    if (next.kind == NextStep::Kind::DeadLetter) {
        OutboxRow letter;
        letter.actionId = row.actionId;
        letter.topic = ActionsDlqTopic;
        letter.key = row.key;
        letter.document = row.document;
        letter.state = "published";
        letter.attempt = row.attempt;
        transition.outbox = std::move(letter);
    }
    EVENTOPS_TRY(m_ledger.transition(transition));
    row.state = "done";
    return m_ledger.updateOutbox(row);
}

} // namespace eventops
