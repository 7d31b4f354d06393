// SPDX-License-Identifier: MIT
#include "core/session/scorecard.h"

#include "core/base/json.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t NoFault = SIZE_MAX;
constexpr double NsPerHour = 3'600.0 * static_cast<double>(NsPerSecond);

bool holds(const std::vector<std::string> &names, const std::string &name)
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

bool isAbout(const Finding &finding, const GroundTruthFault &fault)
{
    if (finding.tenant != fault.tenant || finding.entityId != fault.entityId || finding.entityType != fault.entityType)
        return false;
    if (fault.metrics.empty() && fault.steps.empty())
        return true;
    return (!finding.metric.empty() && holds(fault.metrics, finding.metric))
           || (!finding.step.empty() && holds(fault.steps, finding.step));
}

/// When a finding comes too late. A sum that no time can hold is no bound.
bool isOver(const GroundTruthFault &fault, WallNs at)
{
    std::int64_t last = 0;
    return !__builtin_add_overflow(raw(fault.end), fault.graceNs, &last) && raw(at) > last;
}

std::size_t faultOf(const Finding &finding, std::span<const GroundTruthFault> truth)
{
    std::size_t found = NoFault;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        const GroundTruthFault &fault = truth[i];
        if (finding.ts >= fault.start && !isOver(fault, finding.ts) && isAbout(finding, fault)
            && (found == NoFault || fault.start > truth[found].start))
            found = i;
    }
    return found;
}

std::int64_t median(std::vector<std::int64_t> values)
{
    std::sort(values.begin(), values.end());
    const std::size_t middle = values.size() / 2;
    if (values.size() % 2 == 1)
        return values[middle];
    return values[middle - 1] + (values[middle] - values[middle - 1]) / 2;
}

double ratio(std::size_t part, std::size_t rest)
{
    return part == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(part + rest);
}

std::string_view nameOf(FaultScore::Outcome outcome)
{
    switch (outcome) {
    case FaultScore::Outcome::Detected: return "detected";
    case FaultScore::Outcome::Missed: return "missed";
    case FaultScore::Outcome::Open: return "open";
    }
    return "";
}

} // namespace

Scorecard scoreFindings(const ScorecardInput &input)
{
    Scorecard card;
    std::vector<FaultScore> scores(input.truth.size());
    for (std::size_t i = 0; i < input.findings.size(); ++i) {
        const Finding &finding = input.findings[i];
        if (finding.state != FindingState::Firing || finding.ts == NoTime || finding.ts <= input.from
            || finding.ts > input.to)
            continue;
        ++card.findings;
        const std::size_t at = faultOf(finding, input.truth);
        if (at == NoFault) {
            ++card.falseFindings;
            continue;
        }
        FaultScore &score = scores[at];
        if (score.findings++ > 0 && finding.ts >= input.findings[score.first].ts)
            continue;
        score.outcome = FaultScore::Outcome::Detected;
        score.first = i;
        score.leadNs = finding.ts - input.truth[at].start;
    }
    std::vector<std::int64_t> leads;
    for (std::size_t i = 0; i < scores.size(); ++i) {
        FaultScore &score = scores[i];
        score.fault = i;
        if (input.truth[i].start > input.to)
            continue;
        if (score.findings == 0)
            score.outcome = isOver(input.truth[i], input.to) ? FaultScore::Outcome::Missed : FaultScore::Outcome::Open;
        else
            leads.push_back(score.leadNs);
        card.missed += score.outcome == FaultScore::Outcome::Missed ? 1U : 0U;
        card.open += score.outcome == FaultScore::Outcome::Open ? 1U : 0U;
        card.faults.push_back(score);
    }
    card.detected = leads.size();
    card.recall = ratio(card.detected, card.missed);
    card.precision = ratio(card.detected, card.falseFindings);
    if (!leads.empty())
        card.leadNsMedian = median(std::move(leads));
    if (input.from != NoTime && input.to > input.from)
        card.scoredNs = input.to - input.from;
    if (card.scoredNs > 0)
        card.falseAlarmsPerHour =
            static_cast<double>(card.falseFindings) * NsPerHour / static_cast<double>(card.scoredNs);
    return card;
}

void appendScorecardJson(std::string &out, const Scorecard &card, std::span<const GroundTruthFault> truth)
{
    JsonWriter json(out);
    json.beginObject().key("precision").number(card.precision).key("recall").number(card.recall);
    json.key("lead_time_ms");
    if (card.leadNsMedian)
        json.integer(*card.leadNsMedian / NsPerMs);
    else
        json.null();
    json.key("false_alarms_per_hour").number(card.falseAlarmsPerHour);
    json.key("detected").unsignedInteger(card.detected).key("missed").unsignedInteger(card.missed);
    json.key("open").unsignedInteger(card.open).key("false_findings").unsignedInteger(card.falseFindings);
    json.key("findings").unsignedInteger(card.findings).key("scored_ms").integer(card.scoredNs / NsPerMs);
    json.key("faults").beginArray();
    for (const FaultScore &score : card.faults) {
        const GroundTruthFault &fault = truth[score.fault];
        json.beginObject().field("id", fault.id).field("kind", fault.kind).field("entity", fault.entityId);
        json.field("outcome", nameOf(score.outcome)).key("lead_time_ms");
        if (score.outcome == FaultScore::Outcome::Detected)
            json.integer(score.leadNs / NsPerMs);
        else
            json.null();
        json.key("findings").unsignedInteger(score.findings).endObject();
    }
    json.endArray().endObject();
}

} // namespace eventops
