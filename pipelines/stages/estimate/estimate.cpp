// SPDX-License-Identifier: MIT
//
// Judges durations by a named estimator (contract X18), beside or instead of the entropy stage, whose expectations need
// no settings.
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/base/text.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/estimate/latency_estimators.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace eventops::estimate {
namespace {

struct Settings {
    bool isEntropy = false;
    std::string metric;      ///< Empty: how long steps last.
    std::int64_t unitNs = 0; ///< Of values whose event names no unit.
    std::size_t keysMax = 0; ///< Of one partition.
    LatencyEntropyOptions entropy;
};

struct TimeUnit {
    std::string_view name;
    std::int64_t ns;
};
constexpr TimeUnit Units[] = {
    {"ns", 1},
    {"us", 1'000},
    {"µs", 1'000},
    {"ms", NsPerMs},
    {"s", NsPerSecond},
    {"sec", NsPerSecond},
    {"seconds", NsPerSecond},
    {"min", 60 * NsPerSecond},
    {"h", 3'600 * NsPerSecond},
};

/// 0: it is no unit of time.
std::int64_t unitNsOf(std::string_view name)
{
    const auto found = std::ranges::find(Units, name, &TimeUnit::name);
    return found == std::end(Units) ? 0 : found->ns;
}

class Partition final : public KeyedStage
{
public:
    explicit Partition(const Settings &settings)
        : m_settings(settings),
          m_estimator(settings.isEntropy ? makeLatencyEntropy(settings.entropy) : makeLateP95(settings.keysMax)),
          m_running(settings.metric.empty() ? settings.keysMax : 1)
    {
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &,
                 Emitter &emitter) override
    {
        for (const std::uint32_t index : events) {
            const Event &event = batch.events[index];
            if (event.tsEvent == NoTime)
                continue;
            if (m_settings.metric.empty())
                takeStep(batch, index, emitter);
            else if (event.hasValue && batch.text(event, Field::Metric) == m_settings.metric)
                takeValue(batch, index, emitter);
        }
    }

    void save(StateWriter &out) const override
    {
        m_estimator->save(out);
        const auto all = m_running.sorted();
        out.u64(all.size());
        for (const Running *running : all) {
            out.u64(running->key);
            out.u64(running->seen);
            out.i64(raw(running->since));
            out.u64(running->step);
            out.text(running->name);
        }
    }

    Status load(StateReader &in) override
    {
        const Error corrupt{
            Error::Code::Corrupt, "the stored state of the estimator cannot be read", {}, "run again from the start"};
        EVENTOPS_TRY(m_estimator->load(in));
        m_running.clear();
        const std::uint64_t number = in.u64();
        if (number > m_running.entriesMax())
            return corrupt;
        for (std::uint64_t i = 0; i < number && !in.failed(); ++i) {
            Running &running = m_running.findOrInsert(tableKey(in.u64())).first;
            running.seen = static_cast<std::uint32_t>(in.u64());
            running.since = WallNs{in.i64()};
            running.step = in.u64();
            running.name = in.text();
        }
        return in.failed() ? Status(corrupt) : Status(Ok{});
    }

private:
    /// The step that an entity is at.
    struct Running {
        std::uint64_t key = 0; ///< Of the entity.
        std::uint32_t seen = 0;
        WallNs since = NoTime;
        std::uint64_t step = 0; ///< Hash of its name.
        std::string name;
    };

    void takeValue(const Batch &batch, std::uint32_t index, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        const std::string_view unit = batch.text(event, Field::Unit);
        const std::int64_t unitNs = unit.empty() ? m_settings.unitNs : unitNsOf(unit);
        const double ns = event.value * static_cast<double>(unitNs);
        if (unitNs == 0 || !(ns >= 0.0) || ns >= 9e18)
            return; // no time
        std::uint64_t key = hashCombine(event.entityKey, batch.strings.hash(event[Field::Step]));
        key = hashCombine(key, batch.strings.hash(event[Field::SourceId]));
        tell({batch, event, tableKey(key), m_settings.metric, static_cast<std::int64_t>(ns),
              ageOf(batch.records[event.record].seq)},
             index, emitter);
    }

    /// The step before has lasted until now.
    void takeStep(const Batch &batch, std::uint32_t index, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        if (event[Field::Step] == NoStr || event[Field::EntityId] == NoStr)
            return;
        const std::uint32_t age = ageOf(batch.records[event.record].seq);
        Running &running = m_running.findOrInsert(tableKey(event.entityKey)).first;
        if (running.since != NoTime && event.tsEvent >= running.since) {
            tell({batch, event, tableKey(hashCombine(event.entityKey, running.step)), running.name,
                  event.tsEvent - running.since, age},
                 index, emitter);
        }
        running.seen = age;
        running.since = event.tsEvent;
        running.step = batch.strings.hash(event[Field::Step]);
        running.name = utf8Prefix(batch.text(event, Field::Step), NameBytesMax);
    }

    void tell(const Duration &duration, std::uint32_t index, Emitter &emitter)
    {
        if (auto finding = m_estimator->observe(duration))
            emitter.emit(index, std::move(*finding));
    }

    static constexpr std::size_t NameBytesMax = 1'024;

    const Settings &m_settings; ///< The operator's.
    const std::unique_ptr<LatencyEstimator> m_estimator;
    FlatTable<Running> m_running; ///< Only when steps are judged.
};

class Operator final : public KeyedOperator
{
public:
    explicit Operator(Settings settings) : m_settings(std::move(settings)) {}
    std::unique_ptr<KeyedStage> makePartition(unsigned) override { return std::make_unique<Partition>(m_settings); }

private:
    const Settings m_settings;
};

constexpr FieldSpec Fields[] = {
    {"estimator", "enum:latency_entropy|late_p95", "required",
     "latency_entropy: how many different latencies a slice of time has; late_p95: a duration beyond most."},
    {"metric", "string", "", "Durations are this metric's values; empty: how long an entity stays at a step."},
    {"unit", "enum:ns|us|ms|s", "ms", "Unit of values whose event names none; values of other units are no durations."},
    {"bucket", "duration", "0s", "latency_entropy: latencies as close count as one; 0s: 500ms, of steps 30s."},
    {"slice", "duration", "1h", "latency_entropy: what one entropy is taken over."},
    {"window", "duration", "7d", "latency_entropy: how far back the median goes that it is compared with."},
    {"tolerance", "enum:mad|pct|abs", "mad", "latency_entropy: how far from the median is a finding; see the next."},
    {"tolerance_mads", "float", "3", "With mad: so many median absolute deviations, scaled to σ (0.1 to 100)."},
    {"tolerance_pct", "float", "20", "With pct: this part of the median, in percent (0.1 to 1000)."},
    {"tolerance_bits", "float", "0.5", "With abs: bits (0.01 to 64)."},
    {"keys_max", "int", "65536", "Entities and steps that are followed; the least recently seen go first."},
};

Result<double> numberIn(const Value &settings, std::string_view name, double low, double high)
{
    const double number = EVENTOPS_TRY(settings.at(name).number());
    if (number >= low && number <= high)
        return number;
    std::string text = std::string(name) + " must lie between ";
    appendJsonNumber(text, low);
    text += " and ";
    appendJsonNumber(text, high);
    return settings.at(name).error(text);
}

Result<LatencyEntropyOptions> readEntropy(const Value &settings, bool ofSteps)
{
    LatencyEntropyOptions out;
    out.bucketNs = EVENTOPS_TRY(settings.at("bucket").durationNs());
    if (out.bucketNs == 0)
        out.bucketNs = ofSteps ? LatencyEntropyOptions::StepBucketNs : LatencyEntropyOptions::LatencyBucketNs;
    out.sliceNs = EVENTOPS_TRY(settings.at("slice").durationNs());
    out.windowNs = EVENTOPS_TRY(settings.at("window").durationNs());
    if (out.bucketNs < 0)
        return settings.at("bucket").error("bucket must not be negative");
    if (out.sliceNs < NsPerSecond)
        return settings.at("slice").error("slice must be 1s or more");
    const auto slicesMin = static_cast<std::int64_t>(out.slicesMin);
    if (out.windowNs / out.sliceNs < slicesMin
        || out.windowNs / out.sliceNs > static_cast<std::int64_t>(LatencyEntropy::SlicesMax))
        return settings.at("window").error("window must hold " + std::to_string(slicesMin) + " to "
                                           + std::to_string(LatencyEntropy::SlicesMax) + " slices");
    const std::string tolerance = EVENTOPS_TRY(settings.at("tolerance").text());
    out.tolerance = tolerance == "pct"   ? EntropyTolerance::Pct
                    : tolerance == "abs" ? EntropyTolerance::Abs
                                         : EntropyTolerance::Mad;
    out.toleranceMads = EVENTOPS_TRY(numberIn(settings, "tolerance_mads", 0.1, 100));
    out.tolerancePct = EVENTOPS_TRY(numberIn(settings, "tolerance_pct", 0.1, 1'000));
    out.toleranceAbs = EVENTOPS_TRY(numberIn(settings, "tolerance_bits", 0.01, 64));
    return out;
}

Result<std::unique_ptr<KeyedOperator>> make(const Value &settings)
{
    Settings made;
    made.isEntropy = EVENTOPS_TRY(settings.at("estimator").text()) == "latency_entropy";
    made.metric = EVENTOPS_TRY(settings.at("metric").text());
    made.unitNs = unitNsOf(EVENTOPS_TRY(settings.at("unit").text()));
    const std::int64_t keysMax = EVENTOPS_TRY(settings.at("keys_max").integer());
    if (keysMax < PartitionCount || keysMax > 10'000'000)
        return settings.at("keys_max").error("keys_max must lie between 64 and 10000000");
    made.keysMax = static_cast<std::size_t>(keysMax) / PartitionCount;
    made.entropy = EVENTOPS_TRY(readEntropy(settings, made.metric.empty()));
    made.entropy.keysMax = made.keysMax;
    return std::unique_ptr<KeyedOperator>(std::make_unique<Operator>(std::move(made)));
}

} // namespace
} // namespace eventops::estimate

namespace eventops {

extern const StageSpec EstimateStage;
const StageSpec EstimateStage{
    .name = "estimate",
    .summary = "Judges latencies by a named estimator: the entropy of their spread, or lateness past p95.",
    .fields = estimate::Fields,
    .losses = {},
    .makeKeyed = estimate::make,
};

} // namespace eventops
