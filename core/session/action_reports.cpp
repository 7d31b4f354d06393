// SPDX-License-Identifier: MIT
#include "core/session/action_reports.h"

#include "core/actions/executor.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/text.h"
#include "core/codec/action_events.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace eventops {
namespace {

constexpr std::size_t SeenMax = 4'096;
constexpr int TriesMax = 4; ///< When somebody else moves the same action meanwhile.

bool wasAsked(ActionState state)
{
    return state != ActionState::Proposed && state != ActionState::Rejected && state != ActionState::Expired
           && state != ActionState::Approved;
}

std::string detailOf(const ActionReport &report)
{
    std::string detail;
    JsonWriter json(detail);
    json.beginObject().field("said", toString(report.kind));
    if (report.attempt > 0)
        json.key("attempts").unsignedInteger(report.attempt);
    if (report.durationMs)
        json.key("duration_ms").number(*report.durationMs);
    if (!report.error.empty())
        json.field("error", report.error);
    json.endObject();
    return detail;
}

/// What makes a report another one than the last.
std::string nameOf(const ActionReport &report)
{
    std::string name =
        report.idempotencyKey + ':' + std::string(toString(report.kind)) + ':' + std::to_string(report.attempt) + ':';
    if (report.percent)
        appendJsonNumber(name, *report.percent);
    return name;
}

InputRow inputOf(const ActionReport &report)
{
    InputRow row;
    row.kind = "action_event";
    row.payload = encodeActionReport(report);
    return row;
}

} // namespace

std::vector<ActionState> wayTo(ActionState from, ActionState to)
{
    std::vector<std::vector<ActionState>> ways{{from}};
    for (std::size_t i = 0; i < ways.size() && ways.size() < 64; ++i) {
        const std::vector<ActionState> way = ways[i];
        for (const ActionState next : nextStates(way.back())) {
            ways.push_back(way);
            ways.back().push_back(next);
            if (next == to)
                return {ways.back().begin() + 1, ways.back().end()};
        }
    }
    return {};
}

/// By the id that was shown, else by the key of the request, which ends with it (X3).
Result<Action> ActionReports::find(const std::string &id)
{
    auto found = m_ledger.action(id);
    const std::size_t colon = id.rfind(':');
    if (found || colon == std::string::npos)
        return found;
    auto byKey = m_ledger.action(std::string_view(id).substr(colon + 1));
    return byKey && byKey.value().idempotencyKey == id ? std::move(byKey) : std::move(found);
}

Result<ActionReports::Taken> ActionReports::take(std::string_view document)
{
    ActionReport report = EVENTOPS_TRY(decodeActionReport(document));
    for (int i = 0;; ++i) {
        const auto action = find(report.actionId);
        if (!action) {
            const Error::Code why = action.error().code;
            if (why == Error::Code::Refused) // an older version, which nobody waits for any more
                return Taken::Known;
            if (why == Error::Code::NotFound || why == Error::Code::InvalidArgument)
                return Taken::Foreign;
            return action.error();
        }
        auto taken = apply(action.value(), report);
        if (taken || taken.error().code != Error::Code::Refused || i == TriesMax)
            return taken;
    }
}

Result<ActionReports::Taken> ActionReports::apply(const Action &action, const ActionReport &given)
{
    if (given.tenant != "default" && given.tenant != action.suggestion.tenant)
        return Error{Error::Code::InvalidInput, "the report names tenant " + given.tenant + ", and action "
                                                    + action.displayId() + " is of another one"};
    if (!wasAsked(action.state))
        return Error{Error::Code::InvalidInput, "action " + action.displayId() + " is "
                                                    + std::string(toString(action.state))
                                                    + ": nobody was asked to carry it out"};
    if (isFinal(action.state))
        return Taken::Known;
    // As our own executor says it: at the workspace's time, under a key of its own.
    ActionReport report = given;
    report.actionId = action.displayId();
    report.idempotencyKey = action.idempotencyKey;
    report.tenant = action.suggestion.tenant;
    report.entityId = action.suggestion.entityId;
    report.correlationId = action.suggestion.correlationId;
    report.ts = EVENTOPS_TRY(m_ledger.watermark());
    report.output = utf8Prefix(given.output, ExecutorOutputBytesMax);
    report.component = OutsideComponent;

    const ActionState target = stateTold(report);
    const bool progress = report.percent.has_value() || report.kind == ActionReportKind::Retrying;
    if (action.state == target) {
        if (!progress || !isNew(nameOf(report)))
            return Taken::Known;
        EVENTOPS_TRY(m_ledger.recordInput(inputOf(report)));
        return Taken::Noted;
    }
    const std::vector<ActionState> way = wayTo(action.state, target);
    if (way.empty())
        return Taken::Known; // it is further than that
    Transition transition;
    transition.actionId = report.actionId;
    transition.from = action.state;
    transition.actor = m_actor;
    transition.detail = detailOf(report);
    for (const ActionState next : way) {
        transition.to = next;
        if (next == target) {
            transition.output = report.output;
            transition.input = inputOf(report);
            (void)isNew(nameOf(report));
        }
        EVENTOPS_TRY(m_ledger.transition(transition));
        transition.from = next;
    }
    return Taken::Moved;
}

bool ActionReports::isNew(const std::string &name)
{
    const std::uint64_t hash = hash64(name);
    if (!m_seen.insert(hash).second)
        return false;
    m_order.push_back(hash);
    if (m_order.size() > SeenMax) {
        m_seen.erase(m_order.front());
        m_order.pop_front();
    }
    return true;
}

} // namespace eventops
