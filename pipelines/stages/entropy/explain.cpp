// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/explain.h"

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time.h"
#include "core/entropy/surprise.h"

#include <charconv>
#include <limits>
#include <string>
#include <utility>

namespace eventops {
namespace {

constexpr double StepTellsShare = 0.5;
constexpr std::size_t TextBytesMax = 200; ///< Of one text of the event in a sentence.

std::string cut(std::string_view text)
{
    return shortened(text, TextBytesMax);
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

std::string stepName(const std::string &name)
{
    return name.empty() ? std::string("a forgotten step") : name;
}

/// One term for each chain of contexts, and what they say in common. They sum to the step's bits.
void addTransitionTerms(const Batch &batch, const Event &event, const EventSurprise &surprise,
                        std::vector<BitsTerm> &terms)
{
    const auto samples = static_cast<std::uint64_t>(surprise.step.samples);
    const std::string after = surprise.firstStep ? "first step" : "after " + stepName(surprise.previousStep);
    // The first term says what was seen and what is expected; the others only by what else.
    std::string observed = cut(batch.text(event, Field::Step)) + " (" + std::to_string(surprise.stepCount) + " of "
                         + std::to_string(samples) + ')';
    std::string expected = describeAlternatives(surprise.alternatives, samples);
    for (std::size_t i = 0; i < surprise.step.terms.size(); ++i) {
        const bool chain = i < StepContexts::ChainsMax;
        terms.push_back({"transition", surprise.step.terms[i],
                         after + ", by " + (chain ? StepContexts::Names[i] : "what the others share"),
                         std::exchange(observed, {}), std::exchange(expected, {}), samples});
    }
}

BitsTerm timingTerm(const Batch &batch, const Event &event, const EventSurprise &surprise)
{
    BitsTerm term{"timing", surprise.timing.bits, {}, {}, {}, surprise.timing.samples};
    term.context = stepName(surprise.previousStep) + " to " + cut(batch.text(event, Field::Step));
    term.observed = describeDuration(surprise.gapNs);
    term.expected = "p50 " + describeDuration(surprise.timing.p50Ns) + ", p95 "
        + describeDuration(surprise.timing.p95Ns);
    return term;
}

/// A step that is missing or too many.
BitsTerm editTerm(const StepEdit &edit, const std::string &name, const EndSurprise &end)
{
    const std::string step = stepName(name);
    return {edit.seen < edit.expected ? "missing_step" : "extra_step", edit.bits,
            "beside " + std::to_string(end.alike) + " cases that are nearly so", step + ' ' + std::to_string(edit.seen)
            + "×", step + ' ' + std::to_string(edit.expected) + "×", end.cases};
}

std::string describeEdits(const EndSurprise &end, const std::vector<std::string> &names)
{
    std::string text;
    for (std::size_t i = 0; i < end.edits.size(); ++i) {
        const StepEdit &edit = end.edits[i];
        text += (text.empty() ? "" : ", ") + stepName(names[i])
              + (edit.seen < edit.expected ? " is missing" : " is too many") + " (expected "
              + std::to_string(edit.expected) + "×, saw " + std::to_string(edit.seen) + "×)";
    }
    return text;
}

/// The sentence for the part that counts most. @p bits: of the whole part.
std::string sentence(const Batch &batch, const Event &event, const EventSurprise &surprise, const BitsTerm &term,
                     double bits)
{
    const std::string entity = entityText(batch, event);
    const std::string tail = "; expected " + term.expected + evidence(bits, term.samples);
    if (term.name == "value") {
        const std::string_view unit = batch.text(event, Field::Unit);
        return cut(batch.text(event, Field::Metric)) + " of " + entity + " is " + term.observed
             + (unit.empty() ? "" : ' ' + cut(unit)) + tail;
    }
    if (term.name == "extra_step")
        return describeEdits(surprise.extra, surprise.extraSteps) + " of " + entity + evidence(bits, term.samples);
    const std::string came = cut(batch.text(event, Field::Step)) + " of " + entity + " came ";
    if (term.name == "timing")
        return came + "after " + term.observed + tail;
    return came + (surprise.firstStep ? "as first step" : "after " + stepName(surprise.previousStep)) + tail;
}

/// Sums to nothing; says why there is a finding though the bits may be few.
BitsTerm confirmedTerm()
{
    return {"confirmed", 0.0, "by a person", "again", "never", 0};
}

Severity severityOf(double bits, double bitsCritical, bool confirmed)
{
    return bits >= bitsCritical || confirmed ? Severity::Critical : Severity::Warning;
}

double counted(const ValueScore &score) { return score.alarm ? score.bits : 0.0; }
double counted(const StepSurprise &score) { return score.learning ? 0.0 : score.rarityBits; }
double counted(const TimingScore &score) { return score.late ? score.bits : 0.0; }

} // namespace

double EventSurprise::alarmBits() const
{
    return counted(value) + counted(step) + counted(timing) + extra.bits;
}

double EventSurprise::alarmBitsOf(FindingPattern::Kind kind) const
{
    switch (kind) {
    case FindingPattern::Kind::Value: return counted(value);
    case FindingPattern::Kind::Step: return counted(step);
    case FindingPattern::Kind::Wait: return counted(timing);
    case FindingPattern::Kind::Extra:
    case FindingPattern::Kind::End: break;
    }
    return extra.bits;
}

void takeSubject(Finding &finding, const Batch &batch, const Event &event)
{
    finding.ts = event.tsEvent;
    const auto copy = [&](std::string &to, Field field) { to = std::string(batch.text(event, field)); };
    copy(finding.tsText, Field::TsText);
    copy(finding.tenant, Field::Tenant);
    copy(finding.entityType, Field::EntityType);
    copy(finding.entityId, Field::EntityId);
    copy(finding.sourceId, Field::SourceId);
    copy(finding.step, Field::Step);
}

Finding dismissedFinding(const Feedback &feedback)
{
    Finding finding;
    finding.origin = feedback.origin;
    finding.state = FindingState::Resolved;
    finding.severity = Severity::Info;
    finding.ts = feedback.ts;
    finding.tsText = formatTimestamp(feedback.ts);
    finding.tenant = feedback.tenant;
    finding.entityType = feedback.entityType;
    finding.entityId = feedback.entityId;
    finding.sourceId = feedback.sourceId;
    finding.name = feedback.name;
    finding.metric = feedback.metric;
    finding.step = feedback.step;
    finding.message = cut(feedback.user) + " dismissed it: " + cut(feedback.reason);
    return finding;
}

Finding explainSurprise(const Batch &batch, const Event &event, const EventSurprise &surprise, double bitsCritical)
{
    Finding finding;
    // The part that counts most tells the sentence and names the finding.
    std::size_t main = 0;
    double mainCounts = -1.0;
    double mainBits = 0.0;
    const auto took = [&](std::size_t first, double counts, FindingPattern::Kind kind, const char *name) {
        if (surprise.confirmed == kind)
            counts = std::numeric_limits<double>::infinity();
        double bits = 0.0;
        for (std::size_t i = first; i < finding.terms.size(); ++i)
            bits += finding.terms[i].bits;
        if (counts <= mainCounts)
            return;
        main = first;
        mainCounts = counts;
        mainBits = bits;
        finding.name = name;
    };
    if (!surprise.value.learning) {
        finding.terms.push_back(valueTerm(batch, event, surprise.value));
        took(finding.terms.size() - 1, counted(surprise.value), FindingPattern::Kind::Value, "value_surprise");
    }
    if (!surprise.step.learning) {
        const std::size_t first = finding.terms.size();
        addTransitionTerms(batch, event, surprise, finding.terms);
        took(first, counted(surprise.step), FindingPattern::Kind::Step, "sequence_surprise");
    }
    if (!surprise.extra.edits.empty()) {
        const std::size_t first = finding.terms.size();
        for (std::size_t i = 0; i < surprise.extra.edits.size(); ++i)
            finding.terms.push_back(editTerm(surprise.extra.edits[i], surprise.extraSteps[i], surprise.extra));
        took(first, surprise.extra.bits, FindingPattern::Kind::Extra, "extra_step");
    }
    if (!surprise.timing.learning) {
        finding.terms.push_back(timingTerm(batch, event, surprise));
        // A step that should hardly come tells more than when it came, unless that is surprising by far.
        took(finding.terms.size() - 1, StepTellsShare * counted(surprise.timing), FindingPattern::Kind::Wait,
             "timing_surprise");
    }
    if (surprise.confirmed)
        finding.terms.push_back(confirmedTerm());
    for (const BitsTerm &term : finding.terms)
        finding.bits += term.bits;
    finding.pattern = toText(surprise.patterns);
    finding.origin = FindingOrigin::Entropy;
    finding.state = FindingState::Firing;
    finding.severity = severityOf(finding.bits, bitsCritical, surprise.confirmed.has_value());
    takeSubject(finding, batch, event);
    finding.metric = std::string(batch.text(event, Field::Metric));
    finding.unit = std::string(batch.text(event, Field::Unit));
    finding.hasValue = event.hasValue;
    finding.value = event.value;
    if (event[Field::Tags] != NoStr)
        finding.tags = std::string(batch.text(event, Field::Tags));
    if (main < finding.terms.size())
        finding.message = sentence(batch, event, surprise, finding.terms[main], mainBits);
    return finding;
}

Finding explainAbsence(const SilentCase &silent, double bitsCritical)
{
    Finding finding;
    const std::string after = "after " + stepName(silent.lastStep);
    const std::string missing = describeEdits(silent.end, silent.editSteps);
    for (std::size_t i = 0; i < silent.end.edits.size(); ++i)
        finding.terms.push_back(editTerm(silent.end.edits[i], silent.editSteps[i], silent.end));
    const std::string silence = describeDuration(silent.due - silent.since);
    // After a step that nothing ever followed no wait is known.
    const std::string expected = silent.timing.learning ? std::string("nothing more")
                                                        : "p50 " + describeDuration(silent.timing.p50Ns) + ", p95 "
                                                              + describeDuration(silent.timing.p95Ns);
    finding.terms.push_back({"silence", silent.timing.bits, after, silence, expected, silent.timing.samples});
    if (silent.confirmed)
        finding.terms.push_back(confirmedTerm());
    for (const BitsTerm &term : finding.terms)
        finding.bits += term.bits;
    finding.origin = FindingOrigin::Absence;
    finding.state = FindingState::Firing;
    finding.name = silent.end.edits.empty() ? "silence" : "missing_step";
    finding.severity = severityOf(finding.bits, bitsCritical, silent.confirmed);
    finding.pattern = toText(silent.patterns);
    finding.ts = silent.due;
    finding.tsText = formatTimestamp(silent.due);
    finding.tenant = silent.tenant;
    finding.entityType = silent.entityType;
    finding.entityId = silent.entityId;
    finding.sourceId = silent.sourceId;
    finding.step = silent.editSteps.empty() ? silent.lastStep : silent.editSteps.front();
    finding.message = (silent.entityId.empty() ? std::string("an unnamed entity") : cut(silent.entityId))
                    + " has been silent for " + silence + ' ' + after
                    + (missing.empty() ? "; expected " + expected : "; " + missing)
                    + evidence(finding.bits, missing.empty() ? silent.timing.samples : silent.end.cases);
    return finding;
}

} // namespace eventops
