// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/filter/filter.h"
#include "core/model/event.h"
#include "core/model/finding.h"
#include "core/model/value.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::rules {

constexpr std::size_t RulesMax = 10'000;
constexpr std::size_t RuleTextBytesMax = 4'096; ///< Of a name, metric or message.
constexpr std::int64_t RuleWindowNsMin = NsPerSecond;
constexpr std::int64_t RuleWindowNsMax = 31 * 86'400 * NsPerSecond;

enum class RuleOp : std::uint8_t { GreaterEqual, Greater, LessEqual, Less, Equal, NotEqual };

/// The severities that a rule may have a threshold for, lowest first. A level is 1 + the place here; 0: none.
constexpr std::array<Severity, 5> RuleSeverities = {Severity::Info, Severity::Notice, Severity::Warning,
                                                    Severity::Error, Severity::Critical};

/// What a rule with a window compares with its thresholds. None: it only computes.
enum class RuleFeature : std::uint8_t { None, Count, P50, P95, Avg, Stddev };
std::string_view toString(RuleFeature feature);

/// A message with places for values: "{metric}={value} exceeds {severity} threshold".
struct MessageTemplate {
    enum class Part : std::uint8_t {
        Literal, Metric, Value, Severity, Threshold, Unit, SourceId, EntityId, Type, Message,
        Feature, Window, Count, // of rules with a window
    };
    std::vector<std::pair<Part, std::string>> parts;
    static Result<MessageTemplate> parse(const Value &text);
};

/// One rule: thresholds on a metric or on a feature of a window of it, or, without a metric, a condition on any event
/// or thresholds on the number of events in a window. Immutable.
struct Rule {
    std::uint32_t index = 0;     ///< Place in the set; names the rule in stored state.
    std::string name;
    std::string metric;          ///< Empty: every event that `when` matches is a breach of `severity`.
    RuleOp op = RuleOp::GreaterEqual;
    std::array<bool, RuleSeverities.size()> has{};
    std::array<double, RuleSeverities.size()> threshold{};
    Severity severity = Severity::Unset;
    bool filtered = false;
    Filter when;
    std::int64_t forNs = 0;
    double hysteresis = 0.0;
    bool states = false;
    std::int64_t windowNs = 0;   ///< 0: none; each value is judged by itself.
    std::string windowText;      ///< "5m"
    RuleFeature feature = RuleFeature::None;
    MessageTemplate message;

    /// The level that @p value reaches, 0 for none. A level already held (@p held) is kept until the value has come
    /// back from its threshold by the hysteresis.
    std::uint8_t level(double value, std::uint8_t held) const;
    bool tracked() const { return forNs > 0 || states; }
    bool windowed() const { return windowNs > 0; }
    bool judges() const { return !windowed() || feature != RuleFeature::None; }
};

struct RuleSet {
    RuleSet() = default;
    RuleSet(RuleSet &&) = default; // never copied: byMetric points into rules
    std::vector<Rule> rules;
    /// By metric; "" holds the rules without one. In the order of the file.
    std::map<std::string, std::vector<const Rule *>, std::less<>> byMetric;
    bool windowed = false; ///< Some rule has a window.
};

/// @p files: rule files as loaded, each `{rules: [...]}` or a list; @p inlined: a list of rules.
/// Errors: InvalidConfig with the place.
Result<RuleSet> readRules(const Value &files, const Value &inlined);

} // namespace eventops::rules
