// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/explain.h"

#include "core/base/json.h"
#include "core/entropy/surprise.h"

#include <charconv>
#include <string>

namespace eventops {
namespace {

constexpr std::size_t TextBytesMax = 200; ///< Of one text of the event in a sentence.

std::string cut(std::string_view text)
{
    if (text.size() <= TextBytesMax)
        return std::string(text);
    std::size_t size = TextBytesMax;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
        --size;
    return std::string(text.substr(0, size)) + "…";
}

std::string fixed(double value, int decimals)
{
    char buffer[64];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
    return {buffer, end.ptr};
}

std::string evidence(double bits, std::uint64_t samples)
{
    return " (" + fixed(bits, 1) + " bits, " + std::to_string(samples) + " samples)";
}

std::string entityText(const Batch &batch, const Event &event)
{
    const std::string_view id = batch.text(event, Field::EntityId);
    return id.empty() ? std::string("an unnamed entity") : cut(id);
}

/// What the expectation goes by.
const char *circumstance(ValuePart part)
{
    switch (part) {
    case ValuePart::Nothing:
    case ValuePart::Record: break;
    case ValuePart::Jump: return " right after the last values";
    case ValuePart::Level: return " in the mean";
    case ValuePart::Season: return " at this hour";
    case ValuePart::Shape: return " after values like the last";
    }
    return "";
}

BitsTerm valueTerm(const Batch &batch, const Event &event, const ValueScore &score)
{
    BitsTerm term{"value", score.bits, {}, {}, {}, score.samples};
    const std::string_view type = batch.text(event, Field::EntityType);
    term.context = (type.empty() ? "" : cut(type) + ':') + cut(batch.text(event, Field::EntityId)) + ' '
                 + cut(batch.text(event, Field::Metric));
    appendJsonNumber(term.observed, event.value);
    term.expected = describeNumber(score.expected, score.spread) + " ± " + describeNumber(score.spread, score.spread)
                  + circumstance(score.part);
    if (score.alarm && score.unsurprisingFrom <= score.unsurprisingTo) {
        const bool above = event.value > score.unsurprisingTo;
        term.expected += (above ? ", at most " : ", at least ")
                       + describeNumber(above ? score.unsurprisingTo : score.unsurprisingFrom, score.spread);
    }
    return term;
}

std::string describeAlternatives(const std::vector<StepExpectation> &alternatives, std::uint64_t samples)
{
    std::string text;
    for (const StepExpectation &next : alternatives) {
        if (!text.empty())
            text += ", ";
        text += (next.step.empty() ? std::string("a forgotten step") : next.step) + " ("
              + fixed(next.probability * 100.0, next.probability < 0.1 ? 1 : 0) + " %, " + std::to_string(next.count)
              + " of " + std::to_string(samples) + ')';
    }
    return text;
}

BitsTerm transitionTerm(const Batch &batch, const Event &event, const EventSurprise &surprise)
{
    BitsTerm term{"transition", surprise.sequence.bits, {}, {}, {}, surprise.sequence.samples};
    if (surprise.firstStep)
        term.context = "first step";
    else
        term.context = "after " + (surprise.previousStep.empty() ? std::string("a forgotten step")
                                                                 : std::string(surprise.previousStep));
    term.observed = cut(batch.text(event, Field::Step)) + " (" + std::to_string(surprise.sequence.count) + " of "
                  + std::to_string(surprise.sequence.samples) + ')';
    term.expected = describeAlternatives(surprise.alternatives, surprise.sequence.samples);
    return term;
}

BitsTerm timingTerm(const Batch &batch, const Event &event, const EventSurprise &surprise)
{
    BitsTerm term{"timing", surprise.timing.bits, {}, {}, {}, surprise.timing.samples};
    term.context = (surprise.previousStep.empty() ? std::string("a forgotten step")
        : std::string(surprise.previousStep))
                 + " to " + cut(batch.text(event, Field::Step));
    term.observed = describeDuration(surprise.gapNs);
    term.expected = "p50 " + describeDuration(surprise.timing.p50Ns) + ", p95 "
        + describeDuration(surprise.timing.p95Ns);
    return term;
}

/// The sentence for the term that counts most.
std::string sentence(const Batch &batch, const Event &event, const BitsTerm &term)
{
    const std::string entity = entityText(batch, event);
    const std::string tail = "; expected " + term.expected + evidence(term.bits, term.samples);
    if (term.name == "value") {
        const std::string_view unit = batch.text(event, Field::Unit);
        return cut(batch.text(event, Field::Metric)) + " of " + entity + " is " + term.observed
             + (unit.empty() ? "" : ' ' + cut(unit)) + tail;
    }
    if (term.name == "transition")
        return cut(batch.text(event, Field::Step)) + " of " + entity + " came "
             + (term.context == "first step" ? "as first step" : term.context) + tail;
    return cut(batch.text(event, Field::Step)) + " of " + entity + " came after " + term.observed + tail;
}

double counted(const ValueScore &score) { return score.alarm ? score.bits : 0.0; }
double counted(const SequenceScore &score) { return score.learning ? 0.0 : score.rarityBits; }
double counted(const TimingScore &score) { return score.late ? score.bits : 0.0; }

} // namespace

double EventSurprise::alarmBits() const
{
    return counted(value) + counted(sequence) + counted(timing);
}

Finding explainSurprise(const Batch &batch, const Event &event, const EventSurprise &surprise, double bitsCritical)
{
    Finding finding;
    const BitsTerm *main = nullptr;
    double mainCounts = -1.0;
    finding.terms.reserve(3); // `main` points into it
    const auto add = [&](BitsTerm term, double counts, const char *name) {
        finding.bits += term.bits;
        finding.terms.push_back(std::move(term));
        if (counts <= mainCounts)
            return;
        mainCounts = counts;
        main = &finding.terms.back();
        finding.name = name;
    };
    if (!surprise.value.learning)
        add(valueTerm(batch, event, surprise.value), counted(surprise.value), "value_surprise");
    if (!surprise.sequence.learning)
        add(transitionTerm(batch, event, surprise), counted(surprise.sequence), "sequence_surprise");
    if (!surprise.timing.learning)
        add(timingTerm(batch, event, surprise), counted(surprise.timing), "timing_surprise");
    finding.origin = FindingOrigin::Entropy;
    finding.state = FindingState::Firing;
    finding.severity = finding.bits >= bitsCritical ? Severity::Critical : Severity::Warning;
    finding.ts = event.tsEvent;
    const auto copy = [&](std::string &to, Field field) { to = std::string(batch.text(event, field)); };
    copy(finding.tsText, Field::TsText);
    copy(finding.tenant, Field::Tenant);
    copy(finding.entityType, Field::EntityType);
    copy(finding.entityId, Field::EntityId);
    copy(finding.sourceId, Field::SourceId);
    copy(finding.metric, Field::Metric);
    copy(finding.unit, Field::Unit);
    copy(finding.step, Field::Step);
    finding.hasValue = event.hasValue;
    finding.value = event.value;
    if (event[Field::Tags] != NoStr)
        copy(finding.tags, Field::Tags);
    if (main != nullptr)
        finding.message = sentence(batch, event, *main);
    return finding;
}

} // namespace eventops
