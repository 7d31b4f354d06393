// SPDX-License-Identifier: MIT
//
// Says in bits how surprising each event is and why. Values are judged by the series' own partition; steps and their
// timing by models that all partitions share, merged at epochs.
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/base/math.h"
#include "core/entropy/value_model.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/entropy/case_watch.h"
#include "pipelines/stages/entropy/stage_view.h"

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

/// Who watches n series looks n times as often for the one false alarm: a value's finding takes log2(n) bits more
/// (Bonferroni). Large fleets move together: more series than these are no more looks.
constexpr std::uint64_t LooksMax = 64;
constexpr std::size_t ScopesMax = 1'024;

struct EntropySettings {
    RobustValueOptions value;     ///< seriesMax, detailsMax: of one partition.
    CaseSettings cases;
};

/// What all partitions have agreed on at the last epoch.
struct SharedModels {
    explicit SharedModels(const CaseLimits &limits) : cases(limits) {}
    CaseLearned cases;
    std::uint64_t series = 0; ///< Of all partitions.
};

class EntropyPartition final : public KeyedStage
{
public:
    EntropyPartition(const EntropySettings &settings, const SharedModels &shared)
        : m_settings(settings), m_shared(shared), m_values(settings.value), m_cases(shared.cases, settings.cases)
    {
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &time,
                 Emitter &emitter) override
    {
        m_values.setBitsMin(m_settings.cases.bitsMin
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
            m_cases.pass(time, index, emitter);
            takeStep(batch, index, hasMetric, age, emitter);
        }
        m_cases.pass(time, time.end(), emitter);
    }

    WallNs nextDue() const override { return m_cases.nextDue(); }

    void save(StateWriter &out) const override
    {
        m_values.save(out);
        m_cases.save(out);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(m_values.load(in));
        return m_cases.load(in);
    }

    std::size_t series() const { return m_values.size(); }
    CaseModelSet &models() { return m_cases.models(); }
    const CaseWatch &cases() const { return m_cases; }

private:
    void emitValue(const Batch &batch, std::uint32_t index, const ValueScore &score, Emitter &emitter) const
    {
        EventSurprise surprise;
        surprise.value = score;
        emitter.emit(index, explainSurprise(batch, batch.events[index], surprise, m_settings.cases.bitsCritical));
    }

    void takeStep(const Batch &batch, std::uint32_t index, bool hasMetric, std::uint32_t age, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        EventSurprise surprise;
        if (hasMetric)
            surprise.value = m_values.observe({seriesOf(batch, event), event.value, event.tsEvent, age, true});
        m_cases.judge(batch, index, age, surprise, emitter);
        if (surprise.alarmBits() >= m_settings.cases.bitsMin || !surprise.extra.edits.empty()) {
            m_cases.explain(surprise);
            emitter.emit(index, explainSurprise(batch, event, surprise, m_settings.cases.bitsCritical));
        }
        m_cases.learn(batch, index, age);
    }

    static std::uint64_t seriesOf(const Batch &batch, const Event &event)
    {
        return tableKey(hashCombine(event.entityKey, batch.strings.hash(event[Field::Metric])));
    }

    const EntropySettings m_settings;
    const SharedModels &m_shared;
    RobustValueModel m_values;
    CaseWatch m_cases;
};

class EntropyOperator final : public KeyedOperator
{
public:
    explicit EntropyOperator(const EntropySettings &settings) : m_settings(settings), m_shared(settings.cases.limits)
    {
    }

    std::unique_ptr<KeyedStage> makePartition(unsigned) override
    {
        return std::make_unique<EntropyPartition>(m_settings, m_shared);
    }

    void mergeEpoch(std::span<const std::unique_ptr<KeyedStage>> partitions) override
    {
        m_shared.series = 0;
        std::vector<CaseModelSet *> models;
        for (const auto &partition : partitions) {
            auto &own = static_cast<EntropyPartition &>(*partition); // all made by makePartition
            models.push_back(&own.models());
            m_shared.series += own.series();
        }
        CaseModelSet::merge(m_shared.cases, models);
    }

    void view(std::span<const std::unique_ptr<KeyedStage>> partitions, StageView &out) const override
    {
        std::vector<const CaseWatch *> cases;
        for (const auto &partition : partitions)
            cases.push_back(&static_cast<const EntropyPartition &>(*partition).cases());
        viewCases(cases, out);
    }

    void save(StateWriter &out) const override
    {
        eventops::save(m_shared.cases, out);
        out.u64(m_shared.series);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(eventops::load(m_shared.cases, in));
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
    {"step_samples_min", "int", "30", "Samples of a context before steps and times are judged (1 to 2000)."},
    {"cases_min", "int", "100", "Finished cases of an entity type before ends are judged (1 to 1000000)."},
    {"series_max", "int", "200000", "Series (entity and metric) kept; the least recently seen go first."},
    {"details_max", "int", "16384", "Series whose season and shapes are learned too, 1.8 kB each; others do without."},
    {"entities_max", "int", "200000", "Entities whose case is followed; the least recently seen go first."},
    {"transitions_max", "int", "16384", "Contexts and step names kept, each; the least recently seen go first."},
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
    CaseSettings &cases = made.cases;
    cases.bitsMin = EVENTOPS_TRY(numberIn(settings, "bits_min", 4, 200));
    cases.bitsCritical = EVENTOPS_TRY(numberIn(settings, "bits_critical", 4, 200));
    made.value.bitsMin = cases.bitsMin;
    made.value.samplesMin = EVENTOPS_TRY(integerIn<std::uint32_t>(settings, "samples_min", 2, 1'000'000));
    made.value.memorySamples = EVENTOPS_TRY(integerIn<std::uint32_t>(settings, "memory_samples", 2, 1'000'000));
    // A context's counts fade beyond ContextPage::TotalMax.
    cases.stepSamplesMin = EVENTOPS_TRY(integerIn<std::uint32_t>(settings, "step_samples_min", 1, 2'000));
    cases.casesMin = EVENTOPS_TRY(integerIn<std::uint64_t>(settings, "cases_min", 1, 1'000'000));
    made.value.seriesMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "series_max", 64, 10'000'000)));
    made.value.detailsMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "details_max", 0, 1'000'000)));
    cases.casesMax = share(EVENTOPS_TRY(integerIn<std::size_t>(settings, "entities_max", 64, 10'000'000)));
    cases.limits.contextsMax = EVENTOPS_TRY(integerIn<std::size_t>(settings, "transitions_max", 16, 1'000'000));
    cases.limits.scopesMax = ScopesMax;
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
