// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/rule_set.h"

#include "core/base/json.h"
#include "core/pipeline/settings.h"

#include <algorithm>
#include <set>

namespace eventops::rules {
namespace {

constexpr FieldSpec FileFields[] = {
    {"description", "string", "", "What the rules are for."},
    {"rules", "list", "required", "A list of rules: `- {metric: cpu_load, warning: 80, critical: 90}`."},
};

constexpr FieldSpec RuleFields[] = {
    {"name", "string", "", "Name of its findings; <metric>_threshold when left out."},
    {"description", "string", "", "One sentence for people."},
    {"metric", "string", "", "Which measurements are looked at; without it, every event that `when` matches."},
    {"op", "enum:>=|>|<=|<|=|!=", ">=", "How a value is compared with the thresholds."},
    {"info", "float", "", "Threshold of this severity."},
    {"notice", "float", "", "Threshold of this severity."},
    {"warning", "float", "", "Threshold of this severity."},
    {"error", "float", "", "Threshold of this severity."},
    {"critical", "float", "", "Threshold of this severity."},
    {"severity", "enum:info|notice|warning|error|critical", "warning", "Severity of a rule without a metric."},
    {"when", "string", "", "Filter expression that an event must match: tags.env = prod"},
    {"window", "duration", "0s",
     "Length of a window of event time; what is compared is then a feature of all values in it, when it is over."},
    {"feature", "enum:none|count|p50|p95|avg|stddev", "none",
     "Which feature of the window is compared with the thresholds; none: it is only computed and stored."},
    {"for", "duration", "0s", "How long a breach must last before it is a finding."},
    {"hysteresis", "float", "0", "How far a value must come back from a threshold before the breach is over."},
    {"states", "bool", "false", "One finding a change (pending, firing, resolved) instead of one a sample."},
    {"message", "string", "",
     "Text of the finding, with {metric}, {value}, {severity}, {threshold}, {unit}, {source_id}, {entity_id}, {type}, "
     "{message}; with a window also {feature}, {window}, {count}."},
};

constexpr std::string_view ThresholdNames[] = {"info", "notice", "warning", "error", "critical"};
static_assert(std::size(ThresholdNames) == RuleSeverities.size());

/// In the order of RuleFeature.
constexpr std::string_view FeatureNames[] = {"none", "count", "p50", "p95", "avg", "stddev"};

RuleFeature featureFromText(std::string_view text)
{
    const auto *found = std::find(std::begin(FeatureNames), std::end(FeatureNames), text);
    return found == std::end(FeatureNames) ? RuleFeature::None : static_cast<RuleFeature>(found - FeatureNames);
}

RuleOp opFromText(std::string_view text)
{
    if (text == ">")
        return RuleOp::Greater;
    if (text == "<=")
        return RuleOp::LessEqual;
    if (text == "<")
        return RuleOp::Less;
    if (text == "=")
        return RuleOp::Equal;
    return text == "!=" ? RuleOp::NotEqual : RuleOp::GreaterEqual;
}

bool isRising(RuleOp op)
{
    return op == RuleOp::GreaterEqual || op == RuleOp::Greater;
}

bool isFalling(RuleOp op)
{
    return op == RuleOp::LessEqual || op == RuleOp::Less;
}

bool compare(RuleOp op, double value, double threshold)
{
    switch (op) {
    case RuleOp::GreaterEqual: return value >= threshold;
    case RuleOp::Greater: return value > threshold;
    case RuleOp::LessEqual: return value <= threshold;
    case RuleOp::Less: return value < threshold;
    case RuleOp::Equal: return value == threshold;
    case RuleOp::NotEqual: return value != threshold;
    }
    return false;
}

std::string_view defaultMessage(const Rule &rule)
{
    if (rule.windowed()) {
        if (rule.metric.empty())
            return "{count} events in {window}: {severity} threshold is {threshold}";
        if (isRising(rule.op))
            return "{feature}({metric})={value} over {window} exceeds {severity} threshold";
        return isFalling(rule.op) ? "{feature}({metric})={value} over {window} is below {severity} threshold"
                                  : "{feature}({metric})={value} over {window} meets {severity} threshold";
    }
    if (rule.metric.empty())
        return "{message}";
    if (isRising(rule.op))
        return "{metric}={value} exceeds {severity} threshold";
    return isFalling(rule.op) ? "{metric}={value} is below {severity} threshold"
                              : "{metric}={value} meets {severity} threshold";
}

Status readThresholds(const Value &given, const Value &settings, Rule &rule)
{
    bool any = false;
    for (std::size_t i = 0; i < RuleSeverities.size(); ++i) {
        const Value &value = settings.at(ThresholdNames[i]);
        if (value.isNull())
            continue;
        if (rule.metric.empty() && !rule.windowed())
            return value.error("a threshold needs a metric", "name one: `metric: cpu_load`");
        if (!rule.judges())
            return value.error("a threshold of a rule with a window needs a feature", "name one: `feature: p95`");
        rule.has[i] = true;
        rule.threshold[i] = EVENTOPS_TRY(value.number());
        any = true;
        for (std::size_t lower = 0; lower < i; ++lower) {
            const double difference = rule.threshold[i] - rule.threshold[lower];
            if (rule.has[lower] && (isRising(rule.op) ? difference < 0 : isFalling(rule.op) && difference > 0))
                return value.error("the " + std::string(ThresholdNames[i]) + " threshold is reached before the " +
                                       std::string(ThresholdNames[lower]) + " one",
                                   "swap them, or turn `op` around");
        }
    }
    const bool needed = rule.windowed() ? rule.feature != RuleFeature::None : !rule.metric.empty();
    if (needed && !any)
        return given.error("rule \"" + rule.name + "\" has no threshold", "add `warning: 80` or another severity");
    return Ok{};
}

Status readWindow(const Value &settings, Rule &rule)
{
    const Value &window = settings.at("window");
    const Value &feature = settings.at("feature");
    rule.windowNs = EVENTOPS_TRY(window.durationNs());
    rule.feature = featureFromText(EVENTOPS_TRY(feature.text()));
    if (!rule.windowed())
        return rule.feature == RuleFeature::None
                   ? Status(Ok{})
                   : feature.error("a feature needs a window", "give its length: `window: 5m`");
    if (rule.windowNs < RuleWindowNsMin || rule.windowNs > RuleWindowNsMax)
        return window.error("a window lasts from 1s to 31d", "write it as `window: 5m`");
    rule.windowText = canonicalDuration(rule.windowNs);
    if (rule.metric.empty() && rule.feature != RuleFeature::None && rule.feature != RuleFeature::Count)
        return feature.error("without a metric events can only be counted", "write `feature: count`, or name a metric");
    return Ok{};
}

Status readMessage(const Value &given, const Value &settings, Rule &rule)
{
    using Part = MessageTemplate::Part;
    const Value &message = settings.at("message");
    const bool own = !EVENTOPS_TRY(message.text()).empty();
    rule.message = EVENTOPS_TRY(
        MessageTemplate::parse(own ? message : Value::scalar(std::string(defaultMessage(rule)), given.where())));
    for (const auto &[part, literal] : rule.message.parts) {
        if (!rule.windowed() && (part == Part::Feature || part == Part::Window || part == Part::Count))
            return message.error("only a rule with a window has {feature}, {window} and {count}",
                                 "give it one: `window: 5m`");
        if (rule.windowed() && (part == Part::Type || part == Part::Message))
            return message.error("a window of many events has no {type} and no {message}", "leave them out");
    }
    return Ok{};
}

Status readCondition(const Value &given, const Value &settings, Rule &rule)
{
    const Value &when = settings.at("when");
    const std::string text = EVENTOPS_TRY(when.text());
    rule.filtered = !text.empty();
    if (rule.metric.empty() && !rule.filtered)
        return given.error("a rule needs a metric or a condition", "add `metric: name` or `when: expression`");
    if (!rule.filtered)
        return Ok{};
    Result<Filter> filter = Filter::parse(text);
    if (!filter)
        return when.error("condition of rule \"" + rule.name + "\": " + filter.error().text());
    rule.when = std::move(filter).value();
    return Ok{};
}

Result<Rule> readRule(const Value &given)
{
    const Value settings = EVENTOPS_TRY(checkSettings(given, RuleFields, "a rule"));
    Rule rule;
    rule.metric = EVENTOPS_TRY(settings.at("metric").text());
    rule.name = EVENTOPS_TRY(settings.at("name").text());
    EVENTOPS_TRY(readWindow(settings, rule));
    if (rule.name.empty() && !rule.metric.empty()) {
        rule.name = rule.metric;
        if (rule.windowed())
            rule.name.append("_").append(rule.judges() ? toString(rule.feature) : "window");
        if (rule.judges())
            rule.name += "_threshold";
    }
    if (rule.name.empty())
        return given.error("a rule without a metric needs a name", "add `name: failed_logins`");
    if (rule.name.size() > RuleTextBytesMax || rule.metric.size() > RuleTextBytesMax)
        return given.error("name or metric is longer than " + std::to_string(RuleTextBytesMax) + " bytes");
    rule.op = opFromText(EVENTOPS_TRY(settings.at("op").text()));
    rule.severity = severityFromText(EVENTOPS_TRY(settings.at("severity").text()));
    EVENTOPS_TRY(readThresholds(given, settings, rule));
    EVENTOPS_TRY(readCondition(given, settings, rule));
    rule.forNs = EVENTOPS_TRY(settings.at("for").durationNs());
    rule.hysteresis = EVENTOPS_TRY(settings.at("hysteresis").number());
    if (rule.hysteresis < 0)
        return settings.at("hysteresis").error("hysteresis must not be negative");
    rule.states = EVENTOPS_TRY(settings.at("states").boolean());
    if (rule.tracked() && (rule.windowed() ? !rule.judges() : rule.metric.empty()))
        return given.error(rule.windowed()
                               ? "`for` and `states` need a feature: what is only computed is never breached"
                               : "`for` and `states` need a metric: an event alone does not say when a breach ends");
    EVENTOPS_TRY(readMessage(given, settings, rule));
    return rule;
}

} // namespace

std::string_view toString(RuleFeature feature)
{
    return FeatureNames[static_cast<std::size_t>(feature)];
}

Result<MessageTemplate> MessageTemplate::parse(const Value &value)
{
    constexpr std::pair<std::string_view, Part> Names[] = {
        {"metric", Part::Metric}, {"value", Part::Value}, {"severity", Part::Severity}, {"threshold", Part::Threshold},
        {"unit", Part::Unit}, {"source_id", Part::SourceId}, {"entity_id", Part::EntityId}, {"type", Part::Type},
        {"message", Part::Message}, {"feature", Part::Feature}, {"window", Part::Window}, {"count", Part::Count}};
    const std::string text = EVENTOPS_TRY(value.text());
    if (text.size() > RuleTextBytesMax)
        return value.error("a message is longer than " + std::to_string(RuleTextBytesMax) + " bytes");
    MessageTemplate out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = text.find('{', at);
        if (open == std::string::npos || open > at)
            out.parts.emplace_back(Part::Literal, text.substr(at, open - at));
        if (open == std::string::npos)
            break;
        const std::size_t close = text.find('}', open);
        const std::string name = text.substr(open + 1, close == std::string::npos ? close : close - open - 1);
        const auto *found = std::find_if(std::begin(Names), std::end(Names),
                                         [&](const auto &n) { return n.first == name; });
        if (close == std::string::npos || found == std::end(Names)) {
            std::vector<std::string_view> known;
            for (const auto &entry : Names)
                known.push_back(entry.first);
            return value.error("a message has no place for {" + name + "}", unknownNameRemedy(name, known, "places"));
        }
        out.parts.emplace_back(found->second, std::string());
        at = close + 1;
    }
    return out;
}

std::uint8_t Rule::level(double value, std::uint8_t held) const
{
    for (std::size_t i = RuleSeverities.size(); i-- > 0;) {
        if (!has[i])
            continue;
        double limit = threshold[i];
        if (i < held) // this level, or one above it, is held now
            limit += isRising(op) ? -hysteresis : isFalling(op) ? hysteresis : 0.0;
        if (compare(op, value, limit))
            return static_cast<std::uint8_t>(i + 1);
    }
    return 0;
}

Result<RuleSet> readRules(const Value &files, const Value &inlined)
{
    std::vector<const Value *> lists;
    std::vector<Value> checked; // keeps what `lists` points to
    checked.reserve(files.items().size());
    for (const Value &file : files.items()) {
        if (file.isList()) {
            lists.push_back(&file);
            continue;
        }
        checked.push_back(EVENTOPS_TRY(checkSettings(file, FileFields, "a rule file")));
        lists.push_back(&checked.back().at("rules"));
    }
    lists.push_back(&inlined);
    RuleSet out;
    std::set<std::string> names;
    for (const Value *list : lists) {
        for (const Value &given : list->items()) {
            Rule rule = EVENTOPS_TRY(readRule(given));
            if (!names.insert(rule.name).second)
                return given.error("there are two rules \"" + rule.name + '"', "give one of them another `name`");
            if (out.rules.size() == RulesMax)
                return Error{Error::Code::LimitExceeded, "more than " + std::to_string(RulesMax) + " rules",
                             given.where(), {}};
            rule.index = static_cast<std::uint32_t>(out.rules.size());
            out.rules.push_back(std::move(rule));
        }
    }
    for (const Rule &rule : out.rules)
        out.byMetric[rule.metric].push_back(&rule);
    out.windowed = std::ranges::any_of(out.rules, &Rule::windowed);
    return out;
}

} // namespace eventops::rules
