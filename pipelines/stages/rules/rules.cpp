// SPDX-License-Identifier: MIT
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/rules/breaches.h"
#include "pipelines/stages/rules/reading.h"
#include "pipelines/stages/rules/rule_set.h"
#include "pipelines/stages/rules/windows.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

namespace eventops::rules {
namespace {

constexpr FieldSpec Fields[] = {
    {"files", "yaml_files", "[]", "Files with rules."},
    {"rules", "list", "[]", "Rules written here."},
    {"keys_max", "int", "262144",
     "Breaches followed at once for rules with `for` or `states`; beyond it the longest untouched ones are forgotten."},
    {"windows_max", "int", "65536",
     "Windows open at once for rules with `window`; beyond it those that would close first are forgotten."},
};

constexpr double WindowValueMax = 1e150; ///< Squares of greater values are no numbers.

class Partition final : public KeyedStage
{
public:
    struct Limits {
        std::size_t breachesMax = 0;
        std::size_t windowsMax = 0;
    };

    Partition(std::shared_ptr<const RuleSet> rules, const Limits &limits)
        : m_rules(std::move(rules)), m_breaches(limits.breachesMax), m_windows(m_rules->rules, limits.windowsMax)
    {
        if (const auto found = m_rules->byMetric.find(std::string_view()); found != m_rules->byMetric.end())
            m_conditions = &found->second;
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, const TimeProgress &,
                 Emitter &emitter) override
    {
        m_cached.fill({}); // ids mean nothing outside their batch
        for (const std::uint32_t index : events) {
            const Event &event = batch.events[index];
            if (m_rules->windowed) {
                m_windows.pass(event.entityKey, event.tsEvent, m_closed);
                tellClosed(index, emitter);
            }
            if (event.hasValue && event[Field::Metric] != NoStr) {
                if (const auto *rules = rulesFor(batch, event[Field::Metric])) {
                    for (const Rule *rule : *rules)
                        check(*rule, batch, index, emitter);
                }
            }
            if (m_conditions != nullptr) {
                for (const Rule *rule : *m_conditions) {
                    if (!rule->when.matches(batch, event))
                        continue;
                    if (rule->windowed())
                        collect(*rule, batch, index, 0.0, emitter);
                    else
                        emitter.emit(index, findingOf(*rule, readingOf(batch, event), FindingState::Firing,
                                                      rule->severity));
                }
            }
        }
    }

    void save(StateWriter &out) const override
    {
        m_breaches.save(out);
        if (m_rules->windowed)
            m_windows.save(out);
    }

    Status load(StateReader &in) override
    {
        EVENTOPS_TRY(m_breaches.load(in, m_rules->rules));
        return m_rules->windowed ? m_windows.load(in) : Status(Ok{});
    }

private:
    using Rules = std::vector<const Rule *>;
    struct Cached {
        StrId metric = NoStr;
        const Rules *rules = nullptr;
    };

    const Rules *rulesFor(const Batch &batch, StrId metric)
    {
        Cached &cached = m_cached[static_cast<std::uint32_t>(metric) % m_cached.size()];
        if (cached.metric != metric) {
            const auto found = m_rules->byMetric.find(batch.text(metric));
            cached = {metric, found == m_rules->byMetric.end() ? nullptr : &found->second};
        }
        return cached.rules;
    }

    void check(const Rule &rule, const Batch &batch, std::uint32_t index, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        const auto wanted = [&] { return !rule.filtered || rule.when.matches(batch, event); };
        if (rule.windowed()) {
            if (std::fabs(event.value) < WindowValueMax && wanted())
                collect(rule, batch, index, event.value, emitter);
            return;
        }
        Breaches::Change change{FindingState::Firing, rule.tracked() ? std::uint8_t{0} : rule.level(event.value, 0)};
        if ((change.level == 0 && !rule.tracked()) || !wanted())
            return;
        if (rule.tracked()) {
            const std::uint64_t source = batch.strings.hash(event[Field::SourceId]);
            const std::uint64_t key = hashCombine(hashCombine(event.entityKey, source), rule.index);
            change = m_breaches.follow(rule, key, event.value, event.tsEvent);
        }
        if (change.level > 0)
            emitter.emit(index, findingOf(rule, readingOf(batch, event), change.state,
                                          RuleSeverities[change.level - 1u]));
    }

    void collect(const Rule &rule, const Batch &batch, std::uint32_t index, double value, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        std::uint64_t key = hashCombine(event.entityKey, batch.strings.hash(event[Field::SourceId]));
        key = hashCombine(hashCombine(key, batch.strings.hash(event[Field::Step])), rule.index);
        const auto [texts, opens] = m_windows.add(rule, {key, event.entityKey, event.tsEvent, value}, m_closed);
        const auto text = [&](Field field) { return batch.text(event, field); };
        if (texts != nullptr)
            texts->eventId = text(Field::EventId);
        if (opens) {
            texts->tenant = text(Field::Tenant);
            texts->entityType = text(Field::EntityType);
            texts->entityId = text(Field::EntityId);
            texts->sourceId = text(event[Field::SourceId] == NoStr ? Field::EntityId : Field::SourceId);
            texts->step = text(Field::Step);
            texts->unit = text(Field::Unit);
            if (event[Field::Tags] != NoStr && text(Field::Tags).size() <= WindowTagsBytesMax)
                texts->tags = text(Field::Tags);
        }
        tellClosed(index, emitter);
    }

    /// Findings and rows of the windows that event @p index closed.
    void tellClosed(std::uint32_t index, Emitter &emitter)
    {
        for (const ClosedWindow &window : m_closed) {
            const Rule &rule = m_rules->rules[window.rule];
            emitter.emitFeature(index, featureWindowOf(rule, window));
            if (!rule.judges())
                continue;
            const double value = featureOf(rule, window.summary);
            const Breaches::Change change = rule.tracked()
                                                ? m_breaches.follow(rule, window.key, value, window.end)
                                                : Breaches::Change{FindingState::Firing, rule.level(value, 0)};
            if (change.level > 0)
                emitter.emit(index, findingOf(rule, readingOf(rule, window), change.state,
                                              RuleSeverities[change.level - 1u]));
        }
        m_closed.clear();
    }

    const std::shared_ptr<const RuleSet> m_rules;
    const Rules *m_conditions = nullptr; ///< Rules without a metric.
    std::array<Cached, 16> m_cached{};
    Breaches m_breaches;
    Windows m_windows;
    std::vector<ClosedWindow> m_closed; ///< Empty between two events.
};

/// Thresholds on measurements and conditions on events become findings with the alert of the wire form.
class Operator final : public KeyedOperator
{
public:
    Operator(RuleSet rules, const Partition::Limits &limits)
        : m_rules(std::make_shared<RuleSet>(std::move(rules))), m_limits(limits)
    {
    }
    std::unique_ptr<KeyedStage> makePartition(unsigned) override
    {
        return std::make_unique<Partition>(m_rules, m_limits);
    }

private:
    std::shared_ptr<const RuleSet> m_rules;
    Partition::Limits m_limits;
};

/// A limit of the stage, shared by the partitions.
Result<std::size_t> readLimit(const Value &settings, std::string_view name)
{
    const std::int64_t max = EVENTOPS_TRY(settings.at(name).integer());
    if (max < PartitionCount || max > 100'000'000)
        return settings.at(name).error(std::string(name) + " must lie between 64 and 100000000");
    return std::max<std::size_t>(1, static_cast<std::size_t>(max) / PartitionCount);
}

Result<std::unique_ptr<KeyedOperator>> make(const Value &settings)
{
    RuleSet rules = EVENTOPS_TRY(readRules(settings.at("files"), settings.at("rules")));
    Partition::Limits limits;
    limits.breachesMax = EVENTOPS_TRY(readLimit(settings, "keys_max"));
    limits.windowsMax = EVENTOPS_TRY(readLimit(settings, "windows_max"));
    auto made = std::make_unique<Operator>(std::move(rules), limits);
    return std::unique_ptr<KeyedOperator>(std::move(made));
}

} // namespace

} // namespace eventops::rules

namespace eventops {

extern const StageSpec RulesStage;
const StageSpec RulesStage{"rules", "Turns thresholds and conditions into findings and alerts.", rules::Fields, {},
                           nullptr, rules::make, nullptr};

} // namespace eventops
