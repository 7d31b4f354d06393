// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/reading.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/alert.h"

namespace eventops::rules {
namespace {

void appendThreshold(std::string &out, const Rule &rule, Severity severity)
{
    for (std::size_t i = 0; i < RuleSeverities.size(); ++i) {
        if (RuleSeverities[i] == severity && rule.has[i])
            appendPythonFloat(out, rule.threshold[i]);
    }
}

/// What a rule compares: "cpu_load", "p95(latency_ms)", "count".
std::string label(const Rule &rule)
{
    if (!rule.windowed())
        return rule.metric;
    std::string out(toString(rule.feature));
    return rule.metric.empty() ? out : out + '(' + rule.metric + ')';
}

std::string message(const Rule &rule, const Reading &reading, FindingState state, Severity severity)
{
    using Part = MessageTemplate::Part;
    std::string out;
    if (state == FindingState::Resolved) {
        out = label(rule) + '=';
        appendPythonFloat(out, reading.value);
        return out + " has come back from its " + std::string(severityName(static_cast<std::uint8_t>(severity)))
               + " threshold";
    }
    for (const auto &[part, literal] : rule.message.parts) {
        switch (part) {
        case Part::Literal: out += literal; break;
        case Part::Metric: out += rule.metric; break;
        case Part::Value:
            if (reading.hasValue)
                appendPythonFloat(out, reading.value);
            break;
        case Part::Severity: out += severityName(static_cast<std::uint8_t>(severity)); break;
        case Part::Threshold: appendThreshold(out, rule, severity); break;
        case Part::Unit: out += reading.unit; break;
        case Part::SourceId: out += reading.sourceId; break;
        case Part::EntityId: out += reading.entityId; break;
        case Part::Type: out += reading.type; break;
        case Part::Message: out += reading.message; break;
        case Part::Feature: out += toString(rule.feature); break;
        case Part::Window: out += rule.windowText; break;
        case Part::Count: out += std::to_string(reading.count); break;
        }
    }
    return out;
}

} // namespace

Reading readingOf(const Batch &batch, const Event &event)
{
    Reading out;
    out.at = event.tsEvent;
    out.tsText = batch.text(event, Field::TsText);
    out.tenant = batch.text(event, Field::Tenant);
    out.entityType = batch.text(event, Field::EntityType);
    out.entityId = batch.text(event, Field::EntityId);
    out.sourceId = batch.text(event, Field::SourceId);
    out.hasSource = event[Field::SourceId] != NoStr;
    out.step = batch.text(event, Field::Step);
    out.unit = batch.text(event, Field::Unit);
    out.type = batch.text(event, Field::Type);
    out.message = batch.text(event, Field::Message);
    if (event[Field::Tags] != NoStr)
        out.tags = batch.text(event, Field::Tags);
    out.hasValue = event.hasValue;
    out.value = event.value;
    return out;
}

Reading readingOf(const Rule &rule, const ClosedWindow &window)
{
    const WindowTexts &texts = window.texts;
    Reading out;
    out.at = window.end;
    out.tsText = formatTimestamp(window.end);
    out.tenant = texts.tenant;
    out.entityType = texts.entityType;
    out.entityId = texts.entityId;
    out.sourceId = texts.sourceId;
    out.step = texts.step;
    if (rule.feature != RuleFeature::Count)
        out.unit = texts.unit;
    out.tags = texts.tags;
    out.eventId = texts.eventId;
    out.hasValue = true;
    out.value = featureOf(rule, window.summary);
    out.count = window.summary.count();
    return out;
}

double featureOf(const Rule &rule, const WindowSummary &summary)
{
    switch (rule.feature) {
    case RuleFeature::None:
    case RuleFeature::Count: break;
    case RuleFeature::P50: return summary.quantile(0.5);
    case RuleFeature::P95: return summary.quantile(0.95);
    case RuleFeature::Avg: return summary.mean();
    case RuleFeature::Stddev: return summary.stddev();
    }
    return static_cast<double>(summary.count());
}

FeatureWindow featureWindowOf(const Rule &rule, const ClosedWindow &window)
{
    FeatureWindow out;
    out.start = window.start;
    out.end = window.end;
    out.tenant = window.texts.tenant;
    out.entityType = window.texts.entityType;
    out.entityId = window.texts.entityId;
    out.sourceId = window.texts.sourceId;
    out.rule = rule.name;
    out.metric = rule.metric;
    out.step = window.texts.step;
    out.count = window.summary.count();
    out.late = window.late;
    if (rule.metric.empty())
        return out;
    out.unit = window.texts.unit;
    out.p50 = window.summary.quantile(0.5);
    out.p95 = window.summary.quantile(0.95);
    out.avg = window.summary.mean();
    out.stddev = window.summary.stddev();
    return out;
}

Finding findingOf(const Rule &rule, const Reading &reading, FindingState state, Severity severity)
{
    Finding finding;
    finding.origin = FindingOrigin::Rule;
    finding.state = state;
    finding.severity = severity;
    finding.ts = reading.at;
    finding.tsText = reading.tsText;
    finding.tenant = reading.tenant;
    finding.entityType = reading.entityType;
    finding.entityId = reading.entityId;
    finding.sourceId = reading.hasSource ? reading.sourceId : reading.entityId;
    finding.name = rule.name;
    finding.step = reading.step;
    finding.message = message(rule, reading, state, severity);
    if (!rule.metric.empty() || rule.windowed()) {
        finding.metric = rule.metric;
        finding.unit = reading.unit;
        finding.hasValue = true;
        finding.value = reading.value;
    }
    if (!reading.tags.empty())
        finding.tags = reading.tags;
    if (!reading.eventId.empty()) {
        finding.evidence = "[";
        appendJsonString(finding.evidence, reading.eventId);
        finding.evidence += ']';
    }
    if (state == FindingState::Firing) // the wire form has no word for the other states
        finding.alert = encodeAlert(finding);
    return finding;
}

} // namespace eventops::rules
