// SPDX-License-Identifier: MIT
//
// Says in bits how surprising each event is and why. Values are judged by the series' own partition; steps and their
// timing by models that all partitions share, merged at epochs.
#include "core/base/hash.h"
#include "core/base/math.h"
#include "core/entropy/sequence_model.h"
#include "core/entropy/timing_model.h"
#include "core/entropy/value_model.h"
#include "core/base/limits.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/entropy/explain.h"

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

constexpr std::size_t AlternativesShown = 3;
/// Who watches n series looks n times as often for the one false alarm: a value's finding takes log2(n) bits more
/// (Bonferroni). Large fleets move together: more series than these are no more looks.
constexpr std::uint64_t LooksMax = 64;

struct EntropySettings {
    RobustValueOptions value;     ///< seriesMax, detailsMax: of one partition.
    double bitsMin = 0.0;
    double bitsCritical = 0.0;
    std::uint64_t stepSamplesMin = 0;
    std::size_t entitiesMax = 0;  ///< Of one partition.
    std::size_t transitionsMax = 0;
};

/// Models of steps and their timing as of the last epoch.
struct SharedModels {
    explicit SharedModels(std::size_t transitionsMax) : sequence(transitionsMax), timing(transitionsMax) {}
    TransitionCounts sequence;
    GapSketches timing;
    std::uint64_t series = 0; ///< Of all partitions.
};

class EntropyPartition final : public KeyedStage
{
public:
    EntropyPartition(const EntropySettings &settings, const SharedModels &shared)
        : m_settings(settings), m_shared(shared), m_values(settings.value), m_entities(settings.entitiesMax),
          m_sequence(shared.sequence, settings.transitionsMax, settings.stepSamplesMin),
          m_timing(shared.timing, settings.transitionsMax, settings.stepSamplesMin)
    {
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, Emitter &emitter) override
    {
        m_values.setBitsMin(m_settings.bitsMin
                            + detLog2(static_cast<double>(std::clamp<std::uint64_t>(m_shared.series, 1, LooksMax))));
        for (const std::uint32_t index : events) {
            const Event &event = batch.events[index];
            const bool hasStep = event[Field::Step] != NoStr && event[Field::EntityId] != NoStr;
            const bool hasMetric = event.hasValue && event[Field::Metric] != NoStr;
            if (!hasStep && !hasMetric)
                continue;
            const std::uint32_t age = ageOf(batch.records[event.record].seq);
            if (!hasStep) { // nearly all events of a metrics stream: no more than the value model
                const ValueScore score
                    = m_values.observe({seriesOf(batch, event), event.value, event.tsEvent, age, false});
                if (score.alarm) [[unlikely]]
                    emitValue(batch, index, score, emitter);
                continue;
            }
            scoreStep(batch, index, hasMetric, age, emitter);
        }
    }

    void save(StateWriter &out) const override
    {
        m_values.save(out);
        const auto entities = m_entities.sorted();
        out.u64(entities.size());
        for (const EntityState *entity : entities) {
            out.u64(entity->key);
            out.u64(entity->seen);
            out.u64(entity->step);
            out.i64(raw(entity->ts));
        }
        m_sequence.delta().save(out);
        m_timing.delta().save(out);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(m_values.load(in));
        m_entities.clear();
        const std::uint64_t count = in.u64();
        if (count > m_settings.entitiesMax)
            return Error{Error::Code::Corrupt, "entropy state holds more entities than entities_max allows"};
        for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
            EntityState &entity = m_entities.findOrInsert(tableKey(in.u64())).first;
            entity.seen = static_cast<std::uint32_t>(in.u64());
            entity.step = in.u64();
            entity.ts = WallNs{in.i64()};
        }
        EVENTOPS_TRY(m_sequence.delta().load(in));
        return m_timing.delta().load(in);
    }

    std::size_t series() const { return m_values.size(); }

    void mergeInto(SharedModels &shared)
    {
        if (m_sequence.delta().empty())
            return; // no step since the last epoch, so no gap either
        shared.sequence.merge(m_sequence.delta());
        shared.timing.merge(m_timing.delta());
        m_sequence.delta().clear();
        m_timing.delta().clear();
    }

private:
    /// Where an entity stands in its life.
    struct EntityState {
        std::uint64_t key = 0;
        std::uint64_t step = 0; ///< Hash of its last step.
        WallNs ts = NoTime;
        std::uint32_t seen = 0;
    };

    static std::uint64_t seriesOf(const Batch &batch, const Event &event)
    {
        return tableKey(hashCombine(event.entityKey, batch.strings.hash(event[Field::Metric])));
    }

    void emitValue(const Batch &batch, std::uint32_t index, const ValueScore &score, Emitter &emitter) const
    {
        EventSurprise surprise;
        surprise.value = score;
        emitter.emit(index, explainSurprise(batch, batch.events[index], surprise, m_settings.bitsCritical));
    }

    void scoreStep(const Batch &batch, std::uint32_t index, bool hasMetric, std::uint32_t age, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        EventSurprise surprise;
        if (hasMetric) {
            surprise.value = m_values.observe({seriesOf(batch, event), event.value, event.tsEvent, age});
        }
        const std::uint64_t scope = hashCombine(batch.strings.hash(event[Field::Tenant]),
                                                batch.strings.hash(event[Field::EntityType]));
        const std::uint64_t step = tableKey(batch.strings.hash(event[Field::Step]));
        const auto [entity, isNew] = m_entities.findOrInsert(tableKey(event.entityKey));
        const std::uint64_t previous = isNew ? StepStart : entity.step;
        surprise.firstStep = isNew;
        surprise.sequence = m_sequence.score(scope, previous, step);
        const std::uint64_t transition = hashCombine(hashCombine(scope, previous), step);
        const bool inOrder = event.tsEvent != NoTime && !isNew && entity.ts != NoTime && event.tsEvent >= entity.ts;
        // Two times may lie further apart than an int64 of nanoseconds: such a gap is as long as one can be.
        std::int64_t gap = 0;
        if (inOrder && __builtin_sub_overflow(raw(event.tsEvent), raw(entity.ts), &gap))
            gap = std::numeric_limits<std::int64_t>::max();
        if (inOrder) {
            surprise.gapNs = gap;
            surprise.timing = m_timing.score(transition, gap);
        }
        if (surprise.alarmBits() >= m_settings.bitsMin) [[unlikely]] {
            surprise.previousStep = isNew ? std::string_view() : m_sequence.name(previous);
            surprise.alternatives = m_sequence.expect(scope, previous, AlternativesShown);
            emitter.emit(index, explainSurprise(batch, event, surprise, m_settings.bitsCritical));
        }
        m_sequence.learn(scope, previous, step, batch.text(event, Field::Step), age);
        if (inOrder)
            m_timing.learn(transition, gap, age);
        entity.step = step;
        entity.seen = age;
        if (event.tsEvent != NoTime)
            entity.ts = event.tsEvent;
    }

    const EntropySettings m_settings;
    const SharedModels &m_shared;
    RobustValueModel m_values;
    FlatTable<EntityState> m_entities;
    EscapeSequenceModel m_sequence;
    SketchTimingModel m_timing;
};

class EntropyOperator final : public KeyedOperator
{
public:
    explicit EntropyOperator(const EntropySettings &settings) : m_settings(settings),
        m_shared(settings.transitionsMax) {}

    std::unique_ptr<KeyedStage> makePartition(unsigned) override
    {
        return std::make_unique<EntropyPartition>(m_settings, m_shared);
    }

    void mergeEpoch(std::span<const std::unique_ptr<KeyedStage>> partitions) override
    {
        m_shared.series = 0;
        for (const auto &partition : partitions) {
            auto &own = static_cast<EntropyPartition &>(*partition); // all made by makePartition
            own.mergeInto(m_shared);
            m_shared.series += own.series();
        }
    }

    void save(StateWriter &out) const override
    {
        m_shared.sequence.save(out);
        m_shared.timing.save(out);
        out.u64(m_shared.series);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(m_shared.sequence.load(in));
        EVENTOPS_TRY(m_shared.timing.load(in));
        m_shared.series = in.u64();
        return in.failed() ? Status(Error{Error::Code::Corrupt, "entropy state is cut short"}) : Status(Ok{});
    }

private:
    EntropySettings m_settings;
    SharedModels m_shared; ///< Partitions read it; only mergeEpoch and load change it.
};

constexpr FieldSpec Fields[] = {
    {"bits_min", "float", "10", "Surprise in bits from which an event becomes a finding (4 to 200)."},
    {"bits_critical", "float", "16", "Surprise in bits from which the finding is critical instead of a warning."},
    {"samples_min", "int", "24", "Samples of a series before its values are judged (2 to 1000000)."},
    {"memory_samples", "int", "256", "How many samples of a series the level and the spread remember (2 to 1000000)."},
    {"step_samples_min", "int", "30", "Samples of a transition before steps and gaps are judged (1 to 60000)."},
    {"series_max", "int", "200000", "Series (entity and metric) kept; the least recently seen go first."},
    {"details_max", "int", "16384", "Series whose season and shapes are learned too, 1.8 kB each; others do without."},
    {"entities_max", "int", "200000", "Entities whose last step is kept; the least recently seen go first."},
    {"transitions_max", "int", "16384", "Contexts, transitions and step names kept; the least recently seen go first."},
};

Result<double> numberIn(const Value &settings, std::string_view name, double low, double high)
{
    const Value &value = settings.at(name);
    const double number = EVENTOPS_TRY(value.number());
    if (!(number >= low && number <= high))
        return value.error(std::string(name) + " must lie between " + std::to_string(static_cast<std::int64_t>(low))
                           + " and " + std::to_string(static_cast<std::int64_t>(high)));
    return number;
}

template <typename Int>
Result<Int> integerIn(const Value &settings, std::string_view name, std::int64_t low, std::int64_t high)
{
    const std::int64_t number = EVENTOPS_TRY(settings.at(name).integer());
    if (number < low || number > high)
        return settings.at(name).error(std::string(name) + " must lie between " + std::to_string(low) + " and "
                                       + std::to_string(high));
    return static_cast<Int>(number);
}

/// A partition's share of a bound.
std::size_t share(std::size_t all)
{
    return (all + PartitionCount - 1) / PartitionCount;
}

Result<std::unique_ptr<KeyedOperator>> makeEntropy(const Value &settings)
{
    EntropySettings made;
    made.bitsMin = EVENTOPS_TRY(numberIn(settings, "bits_min", 4, 200));
    made.bitsCritical = EVENTOPS_TRY(numberIn(settings, "bits_critical", 4, 200));
    made.value.bitsMin = made.bitsMin;
    made.value.samplesMin = EVENTOPS_TRY(integerIn<std::uint32_t>(settings, "samples_min", 2, 1'000'000));
    made.value.memorySamples = EVENTOPS_TRY(integerIn<std::uint32_t>(settings, "memory_samples", 2, 1'000'000));
    made.stepSamplesMin = EVENTOPS_TRY(integerIn<std::uint64_t>(settings, "step_samples_min", 1, 60'000));
    made.value.seriesMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "series_max", 64, 10'000'000)));
    made.value.detailsMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "details_max", 0, 1'000'000)));
    made.entitiesMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "entities_max", 64, 10'000'000)));
    made.transitionsMax = EVENTOPS_TRY(integerIn<std::size_t>(settings, "transitions_max", 16, 1'000'000));
    return std::unique_ptr<KeyedOperator>(std::make_unique<EntropyOperator>(made));
}

} // namespace

extern const StageSpec EntropyStage;
const StageSpec EntropyStage{
    .name = "entropy",
    .summary = "Learns what values, steps and delays are normal and reports what surprises, "
               "in bits, with the expectation.",
    .fields = Fields,
    .losses = {},
    .makeKeyed = makeEntropy,
};

} // namespace eventops
