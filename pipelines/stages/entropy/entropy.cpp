// SPDX-License-Identifier: MIT
//
// Says in bits how surprising each event is and why. Values are judged by the series' own partition; steps and their
// timing by models that all partitions share, merged at epochs.
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/entropy/value_model.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/entropy/case_watch.h"
#include "pipelines/stages/entropy/stage_view.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace eventops {
namespace {

constexpr std::size_t ScopesMax = 1'024;
constexpr std::size_t StepsAhead = 8; ///< So early a step's case is read from memory.

/// Series that a person confirmed values of, of one partition.
constexpr std::size_t PinnedMax = 256;

struct EntropySettings {
    double falsePerDay = 0.0;
    RobustValueOptions value;     ///< seriesMax, detailsMax: of one partition.
    CaseSettings cases;
};

/// What all partitions have agreed on at the last epoch.
struct SharedModels {
    explicit SharedModels(const EntropySettings &settings)
        : cases(settings.cases.limits), judgement(settings.falsePerDay, settings.cases.bitsMin)
    {
    }
    CaseLearned cases;
    Judgement judgement;
};

class EntropyPartition final : public KeyedStage
{
public:
    EntropyPartition(const EntropySettings &settings, const SharedModels &shared)
        : m_settings(settings), m_shared(shared), m_values(settings.value),
          m_cases(shared.cases, shared.judgement, settings.cases), m_pinned(PinnedMax)
    {
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &time,
                 Emitter &emitter) override
    {
        m_newest = std::max(m_newest, time.last());
        for (std::size_t i = 0; i < events.size(); ++i) {
            const std::uint32_t index = events[i];
            const Event &event = batch.events[index];
            const bool hasStep = event[Field::Step] != NoStr && event[Field::EntityId] != NoStr;
            const bool hasMetric = event.hasValue && event[Field::Metric] != NoStr;
            if (!hasStep && !hasMetric)
                continue;
            const std::uint32_t age = ageOf(batch.records[event.record].seq);
            if (!hasStep) { // nearly all events of a metrics stream: no more than the value model
                bool confirmed = false;
                const ValueScore score = judgeValue(batch, event, age, false, confirmed);
                if (score.alarm) [[unlikely]]
                    tellValue(batch, index, score, confirmed, emitter);
                continue;
            }
            if (i + StepsAhead < events.size())
                m_cases.prefetch(batch.events[events[i + StepsAhead]].entityKey,
                                 batch.events[events[i + StepsAhead / 2]].entityKey);
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
        out.i64(raw(m_newest));
        const auto pinned = m_pinned.sorted();
        out.u64(pinned.size());
        for (const Pinned *entry : pinned) {
            out.u64(entry->key);
            out.u64(entry->seen);
            out.u64(entry->inFault ? 1 : 0);
        }
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(m_values.load(in));
        EVENTOPS_TRY(m_cases.load(in));
        m_newest = WallNs{in.i64()};
        m_pinned.clear();
        const std::uint64_t pinned = in.u64();
        if (pinned > PinnedMax)
            return Error{Error::Code::Corrupt, "entropy state holds more confirmed series than there may be"};
        for (std::uint64_t i = 0; i < pinned && !in.failed(); ++i) {
            Pinned &entry = m_pinned.findOrInsert(tableKey(in.u64())).first;
            entry.seen = static_cast<std::uint32_t>(in.u64());
            entry.inFault = in.u64() != 0;
        }
        return in.failed() ? Status(Error{Error::Code::Corrupt, "entropy state is cut short"}) : Status(Ok{});
    }

    std::size_t bytes() const override { return m_values.bytes() + m_cases.bytes(); }
    CaseModelSet &models() { return m_cases.models(); }
    CaseWatch &cases() { return m_cases; }
    const CaseWatch &cases() const { return m_cases; }
    WallNs newest() const { return m_newest; }

private:
    ValueScore judgeValue(const Batch &batch, const Event &event, std::uint32_t age, bool wantBits, bool &confirmed)
    {
        const std::uint64_t series = seriesOf(batch, event);
        ValueScore score = m_values.observe({series, event.value, event.tsEvent, age, wantBits});
        if (score.learning)
            m_cases.judged().learning(JudgedKind::Value);
        else
            m_cases.judged().judged(JudgedKind::Value, score.alarm ? score.bits : 0.0, m_settings.cases.bitsMin);
        if (!m_shared.judgement.verdicts.empty()) [[unlikely]]
            confirmed = heedVerdict(valuePattern(series, event, score), age, score);
        return score;
    }

    static FindingPattern valuePattern(std::uint64_t series, const Event &event, const ValueScore &score)
    {
        return {FindingPattern::Kind::Value, series, event.value, score.expected};
    }

    /// Whether the value is a finding because a person confirmed such values: when the series comes to them, not as
    /// long as it stays there.
    bool heedVerdict(const FindingPattern &pattern, std::uint32_t age, ValueScore &score)
    {
        const Verdicts::Verdict verdict = m_shared.judgement.verdicts.of(pattern);
        Pinned *pinned = m_pinned.find(pattern.key);
        if (verdict == Verdicts::Verdict::Normal)
            score.alarm = false;
        if (verdict != Verdicts::Verdict::Fault) {
            if (pinned != nullptr)
                pinned->inFault = false;
            return false;
        }
        if (pinned == nullptr)
            pinned = &m_pinned.findOrInsert(pattern.key).first;
        pinned->seen = age;
        score.alarm = !std::exchange(pinned->inFault, true);
        return score.alarm;
    }

    void tellValue(const Batch &batch, std::uint32_t index, const ValueScore &score, bool confirmed, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        const double rarity = m_shared.judgement.rarity(JudgedKind::Value, score.bits);
        if (rarity < m_shared.judgement.bits(JudgedKind::Value) && !confirmed) {
            const double takes = m_shared.judgement.bits(JudgedKind::Value);
            holdBack(m_cases.judged(), JudgedKind::Value, batch, event, rarity, takes);
            return;
        }
        EventSurprise surprise;
        surprise.value = score;
        surprise.patterns.push_back(valuePattern(seriesOf(batch, event), event, score));
        if (confirmed)
            surprise.confirmed = FindingPattern::Kind::Value;
        emitter.emit(index, explainSurprise(batch, event, surprise, m_settings.cases.bitsCritical));
    }

    void takeStep(const Batch &batch, std::uint32_t index, bool hasMetric, std::uint32_t age, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        EventSurprise surprise;
        bool confirmed = false;
        if (hasMetric)
            surprise.value = judgeValue(batch, event, age, true, confirmed);
        if (confirmed)
            surprise.confirmed = FindingPattern::Kind::Value;
        m_cases.judge(batch, index, age, surprise, emitter);
        if (surprise.alarmBits() >= m_settings.cases.bitsMin || !surprise.extra.edits.empty() || surprise.confirmed) {
            if (surprise.value.alarm)
                surprise.patterns.push_back(valuePattern(seriesOf(batch, event), event, surprise.value));
            if (m_cases.explain(batch, index, age, surprise))
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
    struct Pinned {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        bool inFault = false;
    };
    FlatTable<Pinned> m_pinned;
    WallNs m_newest = NoTime;
};

class EntropyOperator final : public KeyedOperator
{
public:
    explicit EntropyOperator(const EntropySettings &settings) : m_settings(settings), m_shared(settings)
    {
    }

    std::unique_ptr<KeyedStage> makePartition(unsigned) override
    {
        return std::make_unique<EntropyPartition>(m_settings, m_shared);
    }

    void mergeEpoch(std::span<const std::unique_ptr<KeyedStage>> partitions) override
    {
        std::vector<CaseModelSet *> models;
        Judged judged(m_settings.cases.bitsMin);
        WallNs newest = NoTime;
        for (const auto &partition : partitions) {
            auto &own = static_cast<EntropyPartition &>(*partition); // all made by makePartition
            models.push_back(&own.models());
            judged.add(own.cases().judged());
            own.cases().judged().clear();
            newest = std::max(newest, own.newest());
        }
        m_shared.judgement.take(judged, newest);
        CaseModelSet::merge(m_shared.cases, models);
    }

    std::size_t bytes() const override { return m_shared.cases.bytes(); }
    void takeFeedback(const Feedback &feedback, std::span<const std::unique_ptr<KeyedStage>> partitions,
                      std::uint32_t event, Emitter &emitter) override
    {
        if (feedback.kind == FeedbackKind::Budget) {
            m_shared.judgement.setFalsePerDay(feedback.falsePerDay);
            return;
        }
        const auto patterns = patternsOf(feedback.pattern);
        if (!patterns)
            return;
        const std::uint32_t age = ageOf(feedback.seq);
        for (const FindingPattern &pattern : *patterns) {
            if (feedback.kind == FeedbackKind::Dismissed)
                m_shared.judgement.verdicts.dismiss(pattern, age);
            else
                m_shared.judgement.verdicts.confirm(pattern, age);
        }
        if (feedback.kind != FeedbackKind::Dismissed)
            return;
        const std::uint64_t key = entityKey(feedback.tenant, feedback.entityType, feedback.entityId);
        auto &own = static_cast<EntropyPartition &>(*partitions[key % PartitionCount]); // made by makePartition
        own.cases().forgive(key, scopeOf(feedback), *patterns, age);
        mergeEpoch(partitions); // what it taught holds for all entities
        emitter.emit(event, dismissedFinding(feedback));
    }

    void view(std::span<const std::unique_ptr<KeyedStage>> partitions, StageView &out) const override
    {
        std::vector<const CaseWatch *> cases;
        for (const auto &partition : partitions)
            cases.push_back(&static_cast<const EntropyPartition &>(*partition).cases());
        viewCases(cases, out);
        Judged open(m_settings.cases.bitsMin); // since the last epoch
        for (const CaseWatch *watch : cases)
            open.add(watch->judged());
        m_shared.judgement.view(open, out.judgement);
    }

    void save(StateWriter &out) const override
    {
        eventops::save(m_shared.cases, out);
        m_shared.judgement.save(out);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(eventops::load(m_shared.cases, in));
        EVENTOPS_TRY(m_shared.judgement.load(in));
        return in.failed() ? Status(Error{Error::Code::Corrupt, "entropy state is cut short"}) : Status(Ok{});
    }

private:
    /// As an event of that type would have it.
    static std::uint64_t scopeOf(const Feedback &feedback)
    {
        const auto hashOf = [](const std::string &text) { return text.empty() ? 0 : hash64(text); };
        return hashCombine(hashOf(feedback.tenant), hashOf(feedback.entityType));
    }

    EntropySettings m_settings;
    SharedModels m_shared; ///< Partitions read it; only mergeEpoch and load change it.
};

constexpr FieldSpec Fields[] = {
    {"bits_min", "float", "10", "Surprise in bits from which an event becomes a finding (4 to 200)."},
    {"false_per_day", "float", "48", "False findings a day that a person bears (0.01 to 1000000); see Budget."},
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
    made.falsePerDay = EVENTOPS_TRY(numberIn(settings, "false_per_day", 0, FindingBudget::FalsePerDayMax));
    if (made.falsePerDay < FindingBudget::FalsePerDayMin)
        return settings.at("false_per_day").error("false_per_day must be 0.01 or more");
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
