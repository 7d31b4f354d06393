// SPDX-License-Identifier: MIT
#include "app/cli/past_cases.h"

#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/entropy/surprise.h"
#include "core/filter/quoted.h"
#include "core/model/expected_step.h"

#include <algorithm>
#include <map>

namespace eventops::cli {
namespace {

constexpr std::uint64_t PastEventsMax = 50'000;

/// Events before the finding, newest first; @p take says whether it wants more.
using TakeEvent = std::function<bool(const Batch &batch, const Event &event)>;

Status eventsBefore(const Context &context, Backend &backend, const Finding &finding, const std::string &filter,
                    const TakeEvent &take)
{
    Query query;
    query.filter = filter + " and tenant = " + filterQuoted(finding.tenant);
    if (finding.ts != NoTime)
        query.filter += " and ts <= " + formatTimestamp(finding.ts);
    query.rowsMax = PastEventsMax;
    query.oldestFirst = false;
    bool wants = true;
    const auto done = await<Ok>([&](Done<Ok> end) {
        return backend.events(context.caller(), query, [&](EventPage page) {
            for (const std::uint32_t row : page.rows) {
                const Event &event = page.batch.events[row];
                const std::string_view id = page.batch.text(event, Field::EventId);
                const bool isOwn = finding.evidence.find(id) != std::string::npos && !id.empty();
                if (wants && !isOwn)
                    wants = take(page.batch, event);
            }
        }, std::move(end));
    });
    return done ? Status(Ok{}) : Status(done.error());
}

PastCase caseOf(const Batch &batch, const Event &event)
{
    return {std::string(batch.text(event, Field::EventId)), event.tsEvent,
            std::string(batch.text(event, Field::EntityId)), {}};
}

Result<std::vector<PastCase>> pastValues(const Context &context, Backend &backend, const Finding &finding)
{
    std::vector<PastCase> cases;
    const std::string filter = "entity.id = " + filterQuoted(finding.entityId)
                             + " and metric = " + filterQuoted(finding.metric);
    EVENTOPS_TRY(eventsBefore(context, backend, finding, filter, [&](const Batch &batch, const Event &event) {
        PastCase one = caseOf(batch, event);
        appendJsonNumber(one.text, event.value);
        if (event[Field::Unit] != NoStr)
            one.text += ' ' + std::string(batch.text(event, Field::Unit));
        cases.push_back(std::move(one));
        return cases.size() < PastCasesMax;
    }));
    return cases;
}

/// Walks back in time: an expected step waits until its entity's step before it turns up.
class StepPairs
{
public:
    StepPairs(Expectation expected, std::string entityId) : m_expected(std::move(expected)),
        m_notOf(std::move(entityId)) {}

    bool take(const Batch &batch, const Event &event)
    {
        const std::string entity(batch.text(event, Field::EntityId));
        const std::string_view step = batch.text(event, Field::Step);
        if (step.empty() || entity == m_notOf)
            return true;
        if (const auto waiting = m_waiting.find(entity); waiting != m_waiting.end()) {
            PastCase found = std::move(waiting->second);
            m_waiting.erase(waiting);
            if (step == m_expected.previous)
                keep(std::move(found), event.tsEvent);
        }
        if (step == m_expected.step && m_cases.size() < PastCasesMax) {
            if (m_expected.previous.empty())
                keep(caseOf(batch, event), NoTime);
            else if (m_waiting.size() < WaitingMax)
                m_waiting.emplace(entity, caseOf(batch, event));
        }
        return m_cases.size() < PastCasesMax;
    }
    std::vector<PastCase> takeCases()
    {
        std::stable_sort(m_cases.begin(), m_cases.end(),
                         [](const PastCase &a, const PastCase &b) { return raw(a.ts) > raw(b.ts); });
        return std::move(m_cases);
    }

private:
    static constexpr std::size_t WaitingMax = 4'096;

    void keep(PastCase found, WallNs before)
    {
        found.text = m_expected.step;
        if (!m_expected.previous.empty())
            found.text += " after " + m_expected.previous;
        if (found.ts != NoTime && before != NoTime && raw(found.ts) >= raw(before))
            found.text += ", " + describeDuration(raw(found.ts) - raw(before)) + " later";
        m_cases.push_back(std::move(found));
    }
    Expectation m_expected;
    std::string m_notOf; ///< The finding's own entity.
    std::map<std::string, PastCase> m_waiting;
    std::vector<PastCase> m_cases;
};

} // namespace

Expectation expectationOf(const Finding &finding)
{
    Expectation out;
    if (finding.step.empty())
        return out;
    const std::vector<ExpectedStep> steps = expectedSteps(finding);
    const bool isTiming = finding.name == "timing_surprise";
    out.step = isTiming || steps.empty() ? finding.step : steps.front().step;
    if (finding.name == "missing_step")
        return out; // after which step it is missing nobody knows
    constexpr std::string_view After = "after ";
    for (const BitsTerm &term : finding.terms) {
        if (term.context.starts_with(After)) // "after job.picked", maybe ", by steps so far"
            out.previous = term.context.substr(After.size(), term.context.find(", by ", After.size()) - After.size());
        else if (const std::size_t to = term.context.rfind(" to " + finding.step);
                 out.previous.empty() && isTiming && to != std::string::npos)
            out.previous = term.context.substr(0, to);
    }
    return out;
}

Result<std::vector<PastCase>> pastCases(const Context &context, Backend &backend, const Finding &finding)
{
    const bool isValue = !finding.metric.empty() && (finding.step.empty() || finding.name == "value_surprise");
    if (isValue)
        return pastValues(context, backend, finding);
    const Expectation expected = expectationOf(finding);
    if (expected.step.empty())
        return std::vector<PastCase>();
    StepPairs pairs(expected, finding.entityId);
    EVENTOPS_TRY(eventsBefore(context, backend, finding, "entity.type = " + filterQuoted(finding.entityType),
                              [&pairs](const Batch &batch, const Event &event) { return pairs.take(batch, event); }));
    return pairs.takeCases();
}

} // namespace eventops::cli
