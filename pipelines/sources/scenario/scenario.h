// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/ground_truth.h"
#include "core/model/value.h"
#include "core/pipeline/spec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// A scenario: a world of hosts and of things with a life, the faults it will have, and how its records arrive. Written
// in YAML, see pipelines/scenarios/orders.yaml; immutable once read. All times are virtual: offsets from `start`.
namespace eventops::scenario {

constexpr std::size_t ServicesMax = 64;
constexpr std::size_t HostsMax = 1'024;
constexpr std::size_t MetricsMax = 64;     ///< Of one service.
constexpr std::size_t LivesMax = 64;
constexpr std::size_t LifeStepsMax = 64;
constexpr std::size_t FaultsMax = 256;
constexpr std::size_t EffectsMax = 64;     ///< Of one fault.
constexpr std::size_t HappeningsMax = 1'024;
constexpr std::size_t LinesMax = 1'024;
constexpr std::int64_t DurationNsMax = std::int64_t{31} * 24 * 3'600 * NsPerSecond;
constexpr std::int64_t TickNsMin = NsPerMs; ///< Nothing happens more often than this.

/// What is measured on each host of a service: level + wave + noise, now and then a spike.
struct MetricModel {
    std::string name, unit;
    double level = 0.0, spread = 0.0; ///< Mean; standard deviation of the noise.
    double wave = 0.0;                ///< Amplitude of a slow triangle wave.
    std::int64_t periodNs = 0;        ///< Of the wave.
    double spike = 0.0;               ///< Added in `spikePercent` of the samples, half as much to one and a half times.
    double spikePercent = 0.0;
    double min = 0.0, max = 0.0;      ///< Values are cut there.
};

struct Service {
    std::string name;
    std::int64_t everyNs = 0;
    std::string tags;                 ///< JSON object of its hosts' records.
    std::vector<std::string> hosts;
    std::vector<MetricModel> metrics;
};

struct LifeStep {
    std::string name;
    std::int64_t afterNs = 0;         ///< Mean time since the step before; real times are half of it to two and a half.
    std::string retryName;            ///< Step of a failed attempt; empty: attempts do not fail.
    std::int64_t retryAfterNs = 0;
    double retryPercent = 0.0;
};

/// A kind of thing that goes through steps: orders, jobs, steps of jobs.
struct Life {
    static constexpr std::size_t NoParent = SIZE_MAX;
    std::string type;                 ///< "order": the first part of entity ids and event types.
    std::string id;                   ///< Template of the rest of its id: {n}, {parent}, {step}.
    std::uint64_t first = 1;          ///< First {n}.
    std::int64_t everyNs = 0;         ///< Mean time between two; 0: only started by others.
    std::size_t parent = NoParent;    ///< Life whose steps start this one; always an earlier one, so it ends.
    std::vector<std::string> startedBy; ///< Names of those steps.
    bool partOf = false;              ///< It says the ids of what it is part of.
    std::string system;               ///< Where its records come from.
    std::string tags;                 ///< Members of the JSON object without braces, may be empty.
    std::vector<LifeStep> steps;
};

/// From `atNs` after the fault's start a metric moves to `value` within `overNs`.
struct Effect {
    std::string metric;
    std::int64_t atNs = 0;
    std::int64_t overNs = 0;
    double value = 0.0;
};

struct Fault {
    enum class Kind : std::uint8_t { Metric, LostStep, LateStep, Retries };
    Kind kind = Kind::Metric;
    bool harmless = false;            ///< No fault at all: looks like one, and whoever reports it is wrong.
    GroundTruthFault truth;           ///< Its start is what `startNs` is, as an instant; so is its end.
    std::int64_t startNs = 0, endNs = 0;
    std::string host;                 ///< Metric: without "host:".
    std::vector<Effect> effects;      ///< Metric.
    std::size_t life = 0;             ///< Others: the kind of thing; one more of it is born for the fault.
    std::string bornId;               ///< Without the type.
    std::int64_t beginsNs = 0;        ///< When it is born.
    std::string step;                 ///< Lost, late or retried.
    std::int64_t delayNs = 0;         ///< LateStep: time since the step before.
    std::uint32_t attempts = 0;       ///< Retries: failed attempts in a row.
};

/// A single event that is part of the story: a deployment.
struct Happening {
    std::int64_t atNs = 0;
    std::string key, type;
    std::string entity;               ///< "service:checkout"; or
    std::string host;                 ///< name of a host.
    std::string correlation, cause;
    std::string tags, attrs;          ///< Members of the JSON objects without braces, may be empty.
};

/// A record given as it is, broken or not.
struct Line {
    std::int64_t atNs = 0;
    std::string text;
};

struct Scenario {
    std::string name, description, tenant;
    WallNs start = NoTime;
    std::int64_t durationNs = 0;
    std::int64_t warmupNs = 0;        ///< The beginning that is handed out at once even when paced.
    std::uint64_t seed = 0;
    double latePercent = 0.0;         ///< Of the measurements arrive late,
    std::int64_t lateByNs = 0;        ///< by up to so much: out of order.
    double againPercent = 0.0;        ///< Of the events of lives arrive twice.
    std::vector<Service> services;
    std::vector<Life> lives;
    std::vector<Happening> happenings;
    std::vector<Line> lines;
    std::vector<Fault> faults;
    std::string fingerprint;          ///< SHA-256 over content, seed, start and duration; neither paths nor pace.
};

/// What overrules the file.
struct Overrides {
    std::optional<std::uint64_t> seed;
    std::optional<std::int64_t> durationNs, warmupNs;
    std::optional<WallNs> start;
};

/// Errors: InvalidConfig, LimitExceeded, with the place. Thread: any. O(size of the file).
Result<Scenario> readScenario(const Value &file, const Overrides &overrides);

/// The scenario that a configured source names: the checked settings of a source `scenario`.
Result<Scenario> scenarioOf(const Value &settings);

/// What will go wrong in the first source `scenario` of @p pipeline, without what is harmless. NotFound: it has none.
Result<GroundTruth> readGroundTruth(const PipelineSpec &pipeline);

} // namespace eventops::scenario
