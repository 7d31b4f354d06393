// SPDX-License-Identifier: MIT
#include "pipelines/sources/scenario/scenario.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/pipeline/settings.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <span>

namespace eventops::scenario {
namespace {

constexpr FieldSpec FileFields[] = {
    {"scenario", "string", "required", "The scenario's name; the system that its records come from."},
    {"description", "string", "", "One sentence."},
    {"tenant", "string", "default", "Tenant of all records."},
    {"start", "string", "required", "Instant at which virtual time begins: 2025-11-03T08:00:00Z"},
    {"duration", "duration", "required", "How long the world lasts."},
    {"warmup", "duration", "0s", "The beginning that is handed out at once even when paced."},
    {"seed", "int", "1", "The same seed gives the same bytes."},
    {"grace", "duration", "5m", "How long after a fault's end a finding still counts for it."},
    {"arrival", "map", "{}", "How records arrive: {late_percent: 1, late_by: 20s, again_percent: 0.5}"},
    {"services", "list", "[]", "Hosts and what is measured on them."},
    {"lives", "list", "[]", "Things that go through steps: orders, jobs."},
    {"happenings", "list", "[]", "Single events: a deployment."},
    {"lines", "list", "[]", "Records given as they are: {at: 61m, text: '…'}"},
    {"faults", "list", "[]", "What goes wrong, and what a detector should say of it."},
};

constexpr FieldSpec ArrivalFields[] = {
    {"late_percent", "float", "0", "Of the measurements, so many arrive late and out of order."},
    {"late_by", "duration", "0s", "At most so late."},
    {"again_percent", "float", "0", "Of the events of lives, so many are sent twice."},
};

constexpr FieldSpec ServiceFields[] = {
    {"name", "string", "required", "The service's name."},
    {"every", "duration", "5s", "How often its hosts are measured."},
    {"hosts", "list", "required", "Names of its hosts."},
    {"tags", "map", "{}", "Tags of the measurements."},
    {"metrics", "list", "required", "What is measured: `- {name: cpu_load, unit: percent, level: 34, spread: 2}`."},
};

constexpr FieldSpec MetricFields[] = {
    {"name", "string", "required", "The metric's name."},
    {"unit", "string", "", "Its unit."},
    {"level", "float", "required", "Mean."},
    {"spread", "float", "0", "Standard deviation of the noise."},
    {"wave", "float", "0", "Amplitude of a slow wave."},
    {"period", "duration", "20m", "Period of the wave."},
    {"spike", "float", "0", "Height of a spike of one sample."},
    {"spike_percent", "float", "0", "Of the samples, so many are spikes."},
    {"min", "float", "0", "Smallest value."},
    {"max", "float", "1e9", "Largest value."},
};

constexpr FieldSpec LifeFields[] = {
    {"type", "string", "required", "Entity type, and first part of ids and event types: order"},
    {"id", "string", "required", "The rest of the id, with {n} (a number), {parent} and {step} (that it was born of)."},
    {"first", "int", "1", "The first {n}."},
    {"every", "duration", "0s", "Mean time between two that begin; 0s: only those that others start."},
    {"started_by", "map", "{}", "Steps of an earlier kind that start one: {life: order, steps: [paid]}"},
    {"part_of", "bool", "false", "Whether its events name what it is part of: step, job."},
    {"system", "string", "", "Id of the system that tells of it."},
    {"tags", "map", "{}", "Tags of its events."},
    {"steps", "list", "required", "Its steps in order: `- {name: paid, after: 20s}`."},
};

constexpr FieldSpec StartedByFields[] = {
    {"life", "string", "required", "Type of the kind whose steps start this one."},
    {"steps", "list", "required", "Which of its steps."},
};

constexpr FieldSpec StepFields[] = {
    {"name", "string", "required", "The step; events are of type <life>.<step>."},
    {"after", "duration", "0s", "Mean time since the step before."},
    {"retry", "map", "{}", "Attempts that fail: {name: payment_failed, percent: 3, after: 20s}"},
};

constexpr FieldSpec RetryFields[] = {
    {"name", "string", "", "Step of a failed attempt."},
    {"percent", "float", "0", "Of the attempts, so many fail."},
    {"after", "duration", "10s", "Mean time until the next attempt."},
};

constexpr FieldSpec HappeningFields[] = {
    {"at", "duration", "required", "When."},
    {"key", "string", "required", "Its idempotency key; what it causes names it."},
    {"type", "string", "required", "Event type: deployment.finished"},
    {"entity", "string", "", "What it is about: service:checkout"},
    {"host", "string", "", "Or the host that it is about."},
    {"correlation", "string", "", "Correlation id."},
    {"cause", "string", "", "Key of the event that caused it."},
    {"tags", "map", "{}", "Tags."},
    {"attrs", "map", "{}", "Attributes."},
};

constexpr FieldSpec LineFields[] = {
    {"at", "duration", "required", "When it arrives."},
    {"text", "string", "required", "The record, on one line."},
};

constexpr FieldSpec FaultFields[] = {
    {"id", "string", "required", "The fault's name."},
    {"kind", "enum:metric|lost_step|late_step|retries", "required", "What goes wrong."},
    {"harmless", "bool", "false", "It only looks like a fault: whoever reports it is wrong."},
    {"description", "string", "", "One sentence."},
    {"target", "map", "required", "What is broken: {type: Host, id: 'host:checkout-2'}"},
    {"start", "duration", "required", "From when on it can be seen."},
    {"end", "duration", "required", "When it is over if nobody does anything."},
    {"expects", "map", "{}", "What a finding must be about: {metrics: [cpu_load]} or {steps: [job.packed]}"},
    {"remedy", "string", "", "Command that ends it, for its target."},
    {"effects", "list", "[]", "metric: `- {metric: cpu_load, at: 0s, value: 85, over: 0s}`."},
    {"begins", "duration", "0s", "Others: when the thing is born to which it happens; default: at the start."},
    {"step", "string", "", "Others: the step that is lost, late or retried."},
    {"delay", "duration", "0s", "late_step: time since the step before."},
    {"attempts", "int", "3", "retries: failed attempts in a row."},
};

constexpr FieldSpec TargetFields[] = {
    {"type", "string", "required", "Entity type."},
    {"id", "string", "required", "Entity id."},
};

constexpr FieldSpec ExpectsFields[] = {
    {"metrics", "list", "[]", "One of these metrics."},
    {"steps", "list", "[]", "Or one of these steps."},
};

constexpr FieldSpec EffectFields[] = {
    {"metric", "string", "required", "The metric that moves."},
    {"at", "duration", "0s", "Since the fault's start."},
    {"over", "duration", "0s", "How long it takes to get there."},
    {"value", "float", "required", "Where to."},
};

constexpr std::size_t TextBytesMax = 4'096;
constexpr std::uint32_t AttemptsMax = 1'000;
constexpr double RetryPercentMax = 90.0;

Status tooMany(const Value &list, std::size_t max, std::string_view what)
{
    if (list.items().size() <= max)
        return Ok{};
    return Error{Error::Code::LimitExceeded, "more than " + std::to_string(max) + ' ' + std::string(what),
                 list.keyWhere(), {}};
}

/// A text of one line.
Result<std::string> textIn(const Value &settings, std::string_view name)
{
    const Value &value = settings.at(name);
    std::string text = EVENTOPS_TRY(value.text());
    if (text.size() > TextBytesMax || text.find('\n') != std::string::npos)
        return value.error(std::string(name) + " must be one line of at most " + std::to_string(TextBytesMax)
                           + " bytes");
    return text;
}

Result<std::int64_t> timeIn(const Value &settings, std::string_view name, std::int64_t least = 0)
{
    const Value &value = settings.at(name);
    const std::int64_t ns = EVENTOPS_TRY(value.durationNs());
    if (ns < least || ns > DurationNsMax)
        return value.error(std::string(name) + " must lie between " + canonicalDuration(least) + " and 31d");
    return ns / NsPerMs * NsPerMs;
}

Result<double> percentIn(const Value &settings, std::string_view name, double most = 100.0)
{
    const Value &value = settings.at(name);
    const double percent = EVENTOPS_TRY(value.number());
    if (!(percent >= 0.0 && percent <= most))
        return value.error(std::string(name) + " must lie between 0 and "
                           + std::to_string(static_cast<std::int64_t>(most)));
    return percent;
}

Result<std::vector<std::string>> namesIn(const Value &settings, std::string_view name)
{
    const Value &list = settings.at(name);
    EVENTOPS_TRY(tooMany(list, HostsMax, name));
    std::vector<std::string> out;
    for (const Value &item : list.items())
        out.push_back(EVENTOPS_TRY(item.text()));
    return out;
}

/// A map as JSON members without the braces.
Result<std::string> membersIn(const Value &settings, std::string_view name)
{
    std::string json;
    settings.at(name).appendJson(json);
    if (json.size() > TextBytesMax)
        return settings.at(name).error(std::string(name) + " is longer than " + std::to_string(TextBytesMax)
                                       + " bytes");
    return json.size() < 2 ? std::string() : json.substr(1, json.size() - 2);
}

Result<MetricModel> readMetric(const Value &given)
{
    const Value settings = EVENTOPS_TRY(checkSettings(given, MetricFields, "a metric"));
    MetricModel out;
    out.name = EVENTOPS_TRY(textIn(settings, "name"));
    out.unit = EVENTOPS_TRY(textIn(settings, "unit"));
    constexpr std::pair<std::string_view, double MetricModel::*> Numbers[] = {
        {"level", &MetricModel::level}, {"spread", &MetricModel::spread}, {"wave", &MetricModel::wave},
        {"spike", &MetricModel::spike}, {"min", &MetricModel::min},       {"max", &MetricModel::max}};
    constexpr double NumberMax = 1e12;
    for (const auto &[name, field] : Numbers) {
        out.*field = EVENTOPS_TRY(settings.at(name).number());
        if (!(out.*field >= -NumberMax && out.*field <= NumberMax))
            return settings.at(name).error(std::string(name) + " must lie between -1e12 and 1e12");
    }
    out.spikePercent = EVENTOPS_TRY(percentIn(settings, "spike_percent"));
    out.periodNs = EVENTOPS_TRY(timeIn(settings, "period", NsPerSecond));
    if (out.min > out.max)
        return settings.at("min").error("min is above max");
    return out;
}

Status readServices(const Value &list, Scenario &out)
{
    EVENTOPS_TRY(tooMany(list, ServicesMax, "services"));
    std::size_t hosts = 0;
    for (const Value &given : list.items()) {
        const Value settings = EVENTOPS_TRY(checkSettings(given, ServiceFields, "a service"));
        Service service;
        service.name = EVENTOPS_TRY(textIn(settings, "name"));
        service.everyNs = EVENTOPS_TRY(timeIn(settings, "every", TickNsMin));
        service.tags = '{' + EVENTOPS_TRY(membersIn(settings, "tags")) + '}';
        service.hosts = EVENTOPS_TRY(namesIn(settings, "hosts"));
        EVENTOPS_TRY(tooMany(settings.at("metrics"), MetricsMax, "metrics"));
        for (const Value &metric : settings.at("metrics").items())
            service.metrics.push_back(EVENTOPS_TRY(readMetric(metric)));
        if ((hosts += service.hosts.size()) > HostsMax)
            return Error{Error::Code::LimitExceeded, "more than " + std::to_string(HostsMax) + " hosts", given.where(),
                         {}};
        out.services.push_back(std::move(service));
    }
    return Ok{};
}

Result<LifeStep> readStep(const Value &given)
{
    const Value settings = EVENTOPS_TRY(checkSettings(given, StepFields, "a step"));
    const Value retry = EVENTOPS_TRY(checkSettings(settings.at("retry"), RetryFields, "\"retry\""));
    LifeStep step;
    step.name = EVENTOPS_TRY(textIn(settings, "name"));
    step.afterNs = EVENTOPS_TRY(timeIn(settings, "after"));
    step.retryName = EVENTOPS_TRY(textIn(retry, "name"));
    step.retryPercent = EVENTOPS_TRY(percentIn(retry, "percent", RetryPercentMax));
    step.retryAfterNs = EVENTOPS_TRY(timeIn(retry, "after", TickNsMin));
    return step;
}

Result<std::size_t> lifeNamed(const Value &value, const Scenario &scenario)
{
    const std::string type = EVENTOPS_TRY(value.text());
    std::vector<std::string_view> known;
    for (std::size_t i = 0; i < scenario.lives.size(); ++i) {
        if (scenario.lives[i].type == type)
            return i;
        known.push_back(scenario.lives[i].type);
    }
    return value.error("there is no kind \"" + type + "\" above", unknownNameRemedy(type, known, "kinds"));
}

Status readParent(const Value &settings, const Scenario &scenario, Life &life)
{
    const Value &given = settings.at("started_by");
    if (given.members().empty())
        return Ok{};
    const Value checked = EVENTOPS_TRY(checkSettings(given, StartedByFields, "\"started_by\""));
    life.parent = EVENTOPS_TRY(lifeNamed(checked.at("life"), scenario));
    life.startedBy = EVENTOPS_TRY(namesIn(checked, "steps"));
    for (const Value &name : checked.at("steps").items()) {
        const auto &steps = scenario.lives[life.parent].steps;
        const std::string text = EVENTOPS_TRY(name.text());
        if (std::none_of(steps.begin(), steps.end(), [&](const LifeStep &s) { return s.name == text; }))
            return name.error("there is no step \"" + text + "\" of " + scenario.lives[life.parent].type);
    }
    return Ok{};
}

Status readLives(const Value &list, Scenario &out)
{
    EVENTOPS_TRY(tooMany(list, LivesMax, "lives"));
    for (const Value &given : list.items()) {
        const Value settings = EVENTOPS_TRY(checkSettings(given, LifeFields, "a life"));
        Life life;
        life.type = EVENTOPS_TRY(textIn(settings, "type"));
        life.id = EVENTOPS_TRY(textIn(settings, "id"));
        const std::int64_t first = EVENTOPS_TRY(settings.at("first").integer());
        if (first < 0)
            return settings.at("first").error("first must not be negative");
        life.first = static_cast<std::uint64_t>(first);
        life.everyNs = EVENTOPS_TRY(timeIn(settings, "every"));
        EVENTOPS_TRY(readParent(settings, out, life));
        life.partOf = EVENTOPS_TRY(settings.at("part_of").boolean());
        if (life.partOf && life.parent == Life::NoParent)
            return settings.at("part_of").error("only what another kind starts can be part of it");
        life.system = EVENTOPS_TRY(textIn(settings, "system"));
        life.tags = EVENTOPS_TRY(membersIn(settings, "tags"));
        EVENTOPS_TRY(tooMany(settings.at("steps"), LifeStepsMax, "steps"));
        for (const Value &step : settings.at("steps").items())
            life.steps.push_back(EVENTOPS_TRY(readStep(step)));
        if (life.steps.empty())
            return settings.at("steps").error("a life has at least one step");
        out.lives.push_back(std::move(life));
    }
    return Ok{};
}

Status readHappenings(const Value &list, Scenario &out)
{
    EVENTOPS_TRY(tooMany(list, HappeningsMax, "happenings"));
    for (const Value &given : list.items()) {
        const Value settings = EVENTOPS_TRY(checkSettings(given, HappeningFields, "a happening"));
        Happening happening;
        happening.atNs = EVENTOPS_TRY(timeIn(settings, "at"));
        happening.key = EVENTOPS_TRY(textIn(settings, "key"));
        happening.type = EVENTOPS_TRY(textIn(settings, "type"));
        happening.entity = EVENTOPS_TRY(textIn(settings, "entity"));
        happening.host = EVENTOPS_TRY(textIn(settings, "host"));
        happening.correlation = EVENTOPS_TRY(textIn(settings, "correlation"));
        happening.cause = EVENTOPS_TRY(textIn(settings, "cause"));
        happening.tags = EVENTOPS_TRY(membersIn(settings, "tags"));
        happening.attrs = EVENTOPS_TRY(membersIn(settings, "attrs"));
        if (happening.entity.empty() == happening.host.empty())
            return given.error("a happening is about an entity or about a host", "name one of the two");
        out.happenings.push_back(std::move(happening));
    }
    return Ok{};
}

Status readLines(const Value &list, Scenario &out)
{
    EVENTOPS_TRY(tooMany(list, LinesMax, "lines"));
    for (const Value &given : list.items()) {
        const Value settings = EVENTOPS_TRY(checkSettings(given, LineFields, "a line"));
        const auto at = EVENTOPS_TRY(timeIn(settings, "at"));
        out.lines.push_back({at, EVENTOPS_TRY(textIn(settings, "text"))});
    }
    return Ok{};
}

Status readMetricFault(const Value &settings, const Value &target, const Scenario &scenario, Fault &fault)
{
    constexpr std::string_view Prefix = "host:";
    if (!fault.truth.entityId.starts_with(Prefix))
        return target.error("the target of a metric fault is a host", "write id: 'host:NAME'");
    fault.host = fault.truth.entityId.substr(Prefix.size());
    const Service *service = nullptr;
    for (const Service &candidate : scenario.services) {
        if (std::find(candidate.hosts.begin(), candidate.hosts.end(), fault.host) != candidate.hosts.end())
            service = &candidate;
    }
    if (service == nullptr)
        return target.error("there is no host \"" + fault.host + '"');
    const Value &effects = settings.at("effects");
    EVENTOPS_TRY(tooMany(effects, EffectsMax, "effects"));
    for (const Value &given : effects.items()) {
        const Value checked = EVENTOPS_TRY(checkSettings(given, EffectFields, "an effect"));
        Effect effect;
        effect.metric = EVENTOPS_TRY(textIn(checked, "metric"));
        effect.atNs = EVENTOPS_TRY(timeIn(checked, "at"));
        effect.overNs = EVENTOPS_TRY(timeIn(checked, "over"));
        effect.value = EVENTOPS_TRY(checked.at("value").number());
        const auto &metrics = service->metrics;
        if (std::none_of(metrics.begin(), metrics.end(), [&](const MetricModel &m) { return m.name == effect.metric; }))
            return checked.at("metric").error("there is no metric \"" + effect.metric + "\" on " + fault.host);
        fault.effects.push_back(std::move(effect));
    }
    return fault.effects.empty() ? Status(settings.at("effects").error("a metric fault needs effects")) : Status(Ok{});
}

Status readStepFault(const Value &settings, const Value &target, const Scenario &scenario, Fault &fault)
{
    fault.life = EVENTOPS_TRY(lifeNamed(target.at("type"), scenario));
    const std::string prefix = fault.truth.entityType + ':';
    if (!fault.truth.entityId.starts_with(prefix) || fault.truth.entityId.size() == prefix.size())
        return target.at("id").error("the id of a " + fault.truth.entityType + " begins with \"" + prefix + '"');
    fault.bornId = fault.truth.entityId.substr(prefix.size());
    fault.beginsNs = EVENTOPS_TRY(timeIn(settings, "begins"));
    if (fault.beginsNs == 0)
        fault.beginsNs = fault.startNs;
    if (fault.beginsNs > fault.startNs)
        return settings.at("begins").error("the thing must be born before its fault starts");
    fault.step = EVENTOPS_TRY(textIn(settings, "step"));
    const auto &steps = scenario.lives[fault.life].steps;
    const auto step = std::find_if(steps.begin(), steps.end(), [&](const LifeStep &s) { return s.name == fault.step; });
    if (step == steps.end())
        return settings.at("step").error("there is no step \"" + fault.step + "\" of " + fault.truth.entityType);
    fault.delayNs = EVENTOPS_TRY(timeIn(settings, "delay"));
    const std::int64_t attempts = EVENTOPS_TRY(settings.at("attempts").integer());
    if (attempts < 1 || attempts > AttemptsMax)
        return settings.at("attempts").error("attempts must lie between 1 and " + std::to_string(AttemptsMax));
    fault.attempts = static_cast<std::uint32_t>(attempts);
    if (fault.kind == Fault::Kind::Retries && step->retryName.empty())
        return settings.at("step").error("attempts at \"" + fault.step + "\" do not fail", "give the step a `retry`");
    return Ok{};
}

Result<Fault> readFault(const Value &given, const Scenario &scenario, std::int64_t graceNs)
{
    const Value settings = EVENTOPS_TRY(checkSettings(given, FaultFields, "a fault"));
    const Value target = EVENTOPS_TRY(checkSettings(settings.at("target"), TargetFields, "\"target\""));
    const Value expects = EVENTOPS_TRY(checkSettings(settings.at("expects"), ExpectsFields, "\"expects\""));
    Fault fault;
    GroundTruthFault &truth = fault.truth;
    truth.id = EVENTOPS_TRY(textIn(settings, "id"));
    truth.kind = EVENTOPS_TRY(textIn(settings, "kind"));
    truth.description = EVENTOPS_TRY(textIn(settings, "description"));
    truth.tenant = scenario.tenant;
    truth.entityType = EVENTOPS_TRY(textIn(target, "type"));
    truth.entityId = EVENTOPS_TRY(textIn(target, "id"));
    truth.metrics = EVENTOPS_TRY(namesIn(expects, "metrics"));
    truth.steps = EVENTOPS_TRY(namesIn(expects, "steps"));
    truth.remedy = EVENTOPS_TRY(textIn(settings, "remedy"));
    truth.graceNs = graceNs;
    fault.harmless = EVENTOPS_TRY(settings.at("harmless").boolean());
    fault.startNs = EVENTOPS_TRY(timeIn(settings, "start"));
    fault.endNs = EVENTOPS_TRY(timeIn(settings, "end"));
    if (fault.endNs <= fault.startNs)
        return settings.at("end").error("a fault ends after its start");
    truth.start = scenario.start + fault.startNs;
    truth.end = scenario.start + fault.endNs;
    fault.kind = truth.kind == "metric"      ? Fault::Kind::Metric
                 : truth.kind == "lost_step" ? Fault::Kind::LostStep
                 : truth.kind == "late_step" ? Fault::Kind::LateStep
                                             : Fault::Kind::Retries;
    if (fault.kind == Fault::Kind::Metric)
        EVENTOPS_TRY(readMetricFault(settings, target, scenario, fault));
    else
        EVENTOPS_TRY(readStepFault(settings, target, scenario, fault));
    return fault;
}

Status readFaults(const Value &list, std::int64_t graceNs, Scenario &out)
{
    EVENTOPS_TRY(tooMany(list, FaultsMax, "faults"));
    for (const Value &given : list.items()) {
        Fault fault = EVENTOPS_TRY(readFault(given, out, graceNs));
        if (std::any_of(out.faults.begin(), out.faults.end(),
                        [&](const Fault &f) { return f.truth.id == fault.truth.id; }))
            return given.error("there are two faults \"" + fault.truth.id + '"');
        out.faults.push_back(std::move(fault));
    }
    return Ok{};
}

Result<WallNs> instantOf(const Value &value)
{
    const std::string text = EVENTOPS_TRY(value.text());
    const auto time = parseTimestamp(text);
    // So far from the ends of what a time can hold that no offset overflows.
    constexpr std::int64_t Most = std::numeric_limits<std::int64_t>::max() / 2;
    if (!time || raw(*time) > Most || raw(*time) < -Most)
        return value.error("\"" + text + "\" is no time", "write 2025-11-03T08:00:00Z");
    return *time;
}

Status readHead(const Value &settings, const Overrides &overrides, Scenario &out)
{
    out.name = EVENTOPS_TRY(textIn(settings, "scenario"));
    out.description = EVENTOPS_TRY(textIn(settings, "description"));
    out.tenant = EVENTOPS_TRY(textIn(settings, "tenant"));
    out.start = overrides.start ? *overrides.start : EVENTOPS_TRY(instantOf(settings.at("start")));
    out.durationNs =
        overrides.durationNs ? *overrides.durationNs : EVENTOPS_TRY(timeIn(settings, "duration", TickNsMin));
    out.warmupNs = overrides.warmupNs ? *overrides.warmupNs : EVENTOPS_TRY(timeIn(settings, "warmup"));
    const std::int64_t seed = EVENTOPS_TRY(settings.at("seed").integer());
    out.seed = overrides.seed ? *overrides.seed : static_cast<std::uint64_t>(seed);
    const Value arrival = EVENTOPS_TRY(checkSettings(settings.at("arrival"), ArrivalFields, "\"arrival\""));
    out.latePercent = EVENTOPS_TRY(percentIn(arrival, "late_percent"));
    out.lateByNs = EVENTOPS_TRY(timeIn(arrival, "late_by"));
    out.againPercent = EVENTOPS_TRY(percentIn(arrival, "again_percent"));
    return Ok{};
}

/// Zero and nothing are the same: not given.
Result<std::optional<std::int64_t>> overridingTime(const Value &settings, std::string_view name)
{
    if (settings.at(name).isNull())
        return std::optional<std::int64_t>();
    return std::optional<std::int64_t>(EVENTOPS_TRY(timeIn(settings, name, name == "duration" ? TickNsMin : 0)));
}

} // namespace

Result<Scenario> readScenario(const Value &file, const Overrides &overrides)
{
    const Value settings = EVENTOPS_TRY(checkSettings(file, FileFields, "the scenario"));
    Scenario out;
    EVENTOPS_TRY(readHead(settings, overrides, out));
    EVENTOPS_TRY(readServices(settings.at("services"), out));
    EVENTOPS_TRY(readLives(settings.at("lives"), out));
    EVENTOPS_TRY(readHappenings(settings.at("happenings"), out));
    EVENTOPS_TRY(readLines(settings.at("lines"), out));
    const auto grace = EVENTOPS_TRY(timeIn(settings, "grace"));
    EVENTOPS_TRY(readFaults(settings.at("faults"), grace, out));
    std::string identity = "scenario 1\n";
    appendCanonicalJson(identity, settings, FileFields);
    identity += '\n' + std::to_string(out.seed) + ' ' + std::to_string(out.durationNs) + ' '
                + std::to_string(raw(out.start));
    out.fingerprint = sha256Hex(identity);
    return out;
}

Result<Scenario> scenarioOf(const Value &settings)
{
    const Value &file = settings.at("file");
    if (file.isNull())
        return settings.error("the scenario has no file", "set file: ../scenarios/orders.yaml");
    Overrides overrides;
    if (const Value &seed = settings.at("seed"); !seed.isNull())
        overrides.seed = static_cast<std::uint64_t>(EVENTOPS_TRY(seed.integer()));
    overrides.durationNs = EVENTOPS_TRY(overridingTime(settings, "duration"));
    overrides.warmupNs = EVENTOPS_TRY(overridingTime(settings, "warmup"));
    if (const Value &start = settings.at("start"); !EVENTOPS_TRY(start.text()).empty())
        overrides.start = EVENTOPS_TRY(instantOf(start));
    return readScenario(file, overrides);
}

Result<GroundTruth> readGroundTruth(const PipelineSpec &pipeline)
{
    for (const Configured<SourceSpec> &source : pipeline.sources) {
        if (source.spec->name != "scenario")
            continue;
        const Scenario scenario = EVENTOPS_TRY(scenarioOf(source.settings));
        GroundTruth out{scenario.start, scenario.durationNs, scenario.warmupNs, {}};
        for (const Fault &fault : scenario.faults) {
            if (!fault.harmless)
                out.faults.push_back(fault.truth);
        }
        return out;
    }
    return Error{Error::Code::NotFound, "pipeline \"" + pipeline.name + "\" has no source \"scenario\"", {},
                 "what is known of real sources is not known beforehand"};
}

} // namespace eventops::scenario
