// SPDX-License-Identifier: MIT
#include "pipelines/stages/rules/rule_set.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/limits.h"
#include "core/codec/alert.h"
#include "core/pipeline/spec.h"

#include <list>
#include <unordered_map>

namespace eventops::rules {
namespace {

constexpr FieldSpec Fields[] = {
    {"files", "yaml_files", "[]", "Files with rules."},
    {"rules", "list", "[]", "Rules written here."},
    {"keys_max", "int", "262144",
     "Breaches followed at once for rules with `for` or `states`; beyond it the longest untouched ones are forgotten."},
};

/// One rule's breach on one entity and source.
struct Breach {
    std::uint64_t key = 0;      ///< Of (entity, source, rule).
    std::uint32_t rule = 0;
    std::uint8_t level = 0;     ///< Held now.
    bool firing = false;
    WallNs since = NoTime;      ///< Event time of its first sample.
};

/// How long a breach lasts; 0 when a time is missing or runs backwards.
std::int64_t elapsed(WallNs now, WallNs since)
{
    std::int64_t ns = 0;
    if (now == NoTime || since == NoTime)
        return 0;
    return __builtin_sub_overflow(raw(now), raw(since), &ns) ? (now > since ? INT64_MAX : 0) : ns;
}

void appendNumber(std::string &out, double value)
{
    appendPythonFloat(out, value);
}

class Partition final : public KeyedStage
{
public:
    Partition(std::shared_ptr<const RuleSet> rules, std::size_t breachesMax)
        : m_rules(std::move(rules)), m_breachesMax(breachesMax)
    {
        if (const auto found = m_rules->byMetric.find(std::string_view()); found != m_rules->byMetric.end())
            m_conditions = &found->second;
    }

    void process(const Batch &batch, std::span<const std::uint32_t> events, Emitter &emitter) override
    {
        m_cached.fill({}); // ids mean nothing outside their batch
        for (const std::uint32_t index : events) {
            const Event &event = batch.events[index];
            if (event.hasValue && event[Field::Metric] != NoStr) {
                if (const auto *rules = rulesFor(batch, event[Field::Metric])) {
                    for (const Rule *rule : *rules)
                        check(*rule, batch, index, emitter);
                }
            }
            if (m_conditions != nullptr) {
                for (const Rule *rule : *m_conditions) {
                    if (rule->when.matches(batch, event))
                        emit(*rule, batch, index, FindingState::Firing, rule->severity, emitter);
                }
            }
        }
    }

    /// In the order of the list: the next eviction after loading is the one that would have come without.
    void save(StateWriter &out) const override
    {
        out.u64(m_breaches.size());
        for (const Breach &breach : m_breaches) {
            out.u64(breach.key);
            out.u64(breach.rule);
            out.u64(breach.level);
            out.u64(breach.firing ? 1 : 0);
            out.i64(raw(breach.since));
        }
    }

    Status load(StateReader &in) override
    {
        m_breaches.clear();
        m_byKey.clear();
        for (std::uint64_t n = in.u64(); n > 0 && !in.failed(); --n) {
            Breach breach;
            breach.key = in.u64();
            const std::uint64_t rule = in.u64();
            const std::uint64_t level = in.u64();
            breach.firing = in.u64() != 0;
            breach.since = WallNs{in.i64()};
            if (in.failed() || rule >= m_rules->rules.size() || level > RuleSeverities.size() ||
                m_byKey.contains(breach.key))
                return Error{Error::Code::Corrupt, "the stored state of the rules cannot be read", {},
                             "run again from the start"};
            breach.rule = static_cast<std::uint32_t>(rule);
            breach.level = static_cast<std::uint8_t>(level);
            m_breaches.push_back(breach);
            m_byKey.emplace(breach.key, std::prev(m_breaches.end()));
        }
        return Ok{};
    }

private:
    using Breaches = std::list<Breach>;
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
        if (rule.tracked()) {
            if (!rule.filtered || rule.when.matches(batch, event))
                follow(rule, batch, index, emitter);
            return;
        }
        const std::uint8_t level = rule.level(event.value, 0);
        if (level > 0 && (!rule.filtered || rule.when.matches(batch, event)))
            emit(rule, batch, index, FindingState::Firing, RuleSeverities[level - 1u], emitter);
    }

    /// A rule with memory: none → pending → firing → resolved.
    void follow(const Rule &rule, const Batch &batch, std::uint32_t index, Emitter &emitter)
    {
        const Event &event = batch.events[index];
        const std::uint64_t key =
            hashCombine(hashCombine(event.entityKey, batch.strings.hash(event[Field::SourceId])), rule.index);
        const auto found = m_byKey.find(key);
        const std::uint8_t held = found == m_byKey.end() ? std::uint8_t{0} : found->second->level;
        const std::uint8_t level = rule.level(event.value, held);
        if (level == 0) {
            if (found == m_byKey.end())
                return;
            if (found->second->firing && rule.states)
                emit(rule, batch, index, FindingState::Resolved, RuleSeverities[held - 1u], emitter);
            m_breaches.erase(found->second);
            m_byKey.erase(found);
            return;
        }
        const bool begins = found == m_byKey.end();
        Breach &breach = begins ? begin(key, rule, event.tsEvent) : touch(found->second);
        const bool wasFiring = breach.firing;
        breach.level = level;
        breach.firing = wasFiring || elapsed(event.tsEvent, breach.since) >= rule.forNs;
        const Severity severity = RuleSeverities[level - 1u];
        if (rule.states) {
            if (breach.firing ? !wasFiring || level != held : begins)
                emit(rule, batch, index, breach.firing ? FindingState::Firing : FindingState::Pending, severity,
                     emitter);
        } else if (breach.firing && rule.level(event.value, 0) > 0) {
            // One a sample; a sample that only the hysteresis keeps from ending the breach exceeds nothing.
            emit(rule, batch, index, FindingState::Firing, RuleSeverities[rule.level(event.value, 0) - 1u], emitter);
        }
    }

    Breach &begin(std::uint64_t key, const Rule &rule, WallNs since)
    {
        if (m_breaches.size() >= m_breachesMax) {
            m_byKey.erase(m_breaches.front().key);
            m_breaches.pop_front();
        }
        m_breaches.push_back({key, rule.index, 0, false, since});
        m_byKey[key] = std::prev(m_breaches.end());
        return m_breaches.back();
    }

    Breach &touch(Breaches::iterator breach)
    {
        m_breaches.splice(m_breaches.end(), m_breaches, breach);
        return *breach;
    }

    static std::string message(const Rule &rule, const Batch &batch, const Event &event, FindingState state,
                               Severity severity)
    {
        std::string out;
        for (const auto &[part, literal] : rule.message.parts) {
            switch (part) {
            case MessageTemplate::Part::Literal: out += literal; break;
            case MessageTemplate::Part::Metric: out += rule.metric; break;
            case MessageTemplate::Part::Value:
                if (event.hasValue)
                    appendNumber(out, event.value);
                break;
            case MessageTemplate::Part::Severity: out += severityName(static_cast<std::uint8_t>(severity)); break;
            case MessageTemplate::Part::Threshold:
                for (std::size_t i = 0; i < RuleSeverities.size(); ++i) {
                    if (RuleSeverities[i] == severity && rule.has[i])
                        appendNumber(out, rule.threshold[i]);
                }
                break;
            case MessageTemplate::Part::Unit: out += batch.text(event, Field::Unit); break;
            case MessageTemplate::Part::SourceId: out += batch.text(event, Field::SourceId); break;
            case MessageTemplate::Part::EntityId: out += batch.text(event, Field::EntityId); break;
            case MessageTemplate::Part::Type: out += batch.text(event, Field::Type); break;
            case MessageTemplate::Part::Message: out += batch.text(event, Field::Message); break;
            }
        }
        if (state == FindingState::Resolved)
            out = rule.metric + '=' + valueText(event.value) + " has come back from its " +
                  std::string(severityName(static_cast<std::uint8_t>(severity))) + " threshold";
        return out;
    }

    static std::string valueText(double value)
    {
        std::string out;
        appendNumber(out, value);
        return out;
    }

    static void emit(const Rule &rule, const Batch &batch, std::uint32_t index, FindingState state, Severity severity,
                     Emitter &emitter)
    {
        const Event &event = batch.events[index];
        const auto text = [&](Field field) { return std::string(batch.text(event, field)); };
        Finding finding;
        finding.origin = FindingOrigin::Rule;
        finding.state = state;
        finding.severity = severity;
        finding.ts = event.tsEvent;
        finding.tsText = text(Field::TsText);
        finding.tenant = text(Field::Tenant);
        finding.entityType = text(Field::EntityType);
        finding.entityId = text(Field::EntityId);
        finding.sourceId = text(event[Field::SourceId] == NoStr ? Field::EntityId : Field::SourceId);
        finding.name = rule.name;
        finding.step = text(Field::Step);
        finding.message = message(rule, batch, event, state, severity);
        if (!rule.metric.empty()) {
            finding.metric = rule.metric;
            finding.unit = text(Field::Unit);
            finding.hasValue = true;
            finding.value = event.value;
        }
        if (event[Field::Tags] != NoStr)
            finding.tags = text(Field::Tags);
        if (state == FindingState::Firing) // the wire form has no word for the other states
            finding.alert = encodeAlert(finding);
        emitter.emit(index, std::move(finding));
    }

    const std::shared_ptr<const RuleSet> m_rules;
    const std::size_t m_breachesMax;
    const Rules *m_conditions = nullptr; ///< Rules without a metric.
    std::array<Cached, 16> m_cached{};
    Breaches m_breaches;                 ///< Longest untouched first.
    std::unordered_map<std::uint64_t, Breaches::iterator> m_byKey; // looked up only, never walked
};

/// Thresholds on measurements and conditions on events become findings with the alert of the wire form.
class Operator final : public KeyedOperator
{
public:
    Operator(RuleSet rules, std::size_t breachesMax)
        : m_rules(std::make_shared<RuleSet>(std::move(rules))), m_breachesMax(breachesMax)
    {
    }
    std::unique_ptr<KeyedStage> makePartition(unsigned) override
    {
        return std::make_unique<Partition>(m_rules, std::max<std::size_t>(1, m_breachesMax / PartitionCount));
    }

private:
    std::shared_ptr<const RuleSet> m_rules;
    std::size_t m_breachesMax;
};

Result<std::unique_ptr<KeyedOperator>> make(const Value &settings)
{
    RuleSet rules = EVENTOPS_TRY(readRules(settings.at("files"), settings.at("rules")));
    const std::int64_t keysMax = EVENTOPS_TRY(settings.at("keys_max").integer());
    if (keysMax < PartitionCount || keysMax > 100'000'000)
        return settings.at("keys_max").error("keys_max must lie between 64 and 100000000");
    auto made = std::make_unique<Operator>(std::move(rules), static_cast<std::size_t>(keysMax));
    return std::unique_ptr<KeyedOperator>(std::move(made));
}

} // namespace

} // namespace eventops::rules

namespace eventops {

extern const StageSpec RulesStage;
const StageSpec RulesStage{"rules", "Turns thresholds and conditions into findings and alerts.", rules::Fields, {},
                           nullptr, rules::make, nullptr};

} // namespace eventops
