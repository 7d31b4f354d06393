// SPDX-License-Identifier: MIT
//
// How a value and a literal compare. Numbers that are whole on both sides compare exactly, past 2^53 too.
#include "core/base/time.h"
#include "core/filter/node.h"

#include <charconv>
#include <cmath>
#include <compare>

namespace eventops {
namespace {

bool holds(FilterOp op, std::partial_ordering order)
{
    switch (op) {
    case FilterOp::Equal: return order == 0;
    case FilterOp::NotEqual: return order != 0 && order != std::partial_ordering::unordered;
    case FilterOp::Less: return order < 0;
    case FilterOp::LessEqual: return order <= 0;
    case FilterOp::Greater: return order > 0;
    case FilterOp::GreaterEqual: return order >= 0;
    }
    return false;
}

/// Sign and magnitude, so that one type holds −2^63 as well as 2^64 − 1.
struct Whole {
    bool negative = false;
    std::uint64_t magnitude = 0;
};

std::optional<Whole> readWhole(std::string_view text)
{
    Whole out;
    out.negative = text.starts_with('-');
    if (out.negative)
        text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out.magnitude);
    if (text.empty() || error != std::errc() || end != text.data() + text.size())
        return std::nullopt;
    out.negative = out.negative && out.magnitude != 0;
    return out;
}

std::strong_ordering compareWhole(const Whole &a, const Whole &b)
{
    if (a.negative != b.negative)
        return a.negative ? std::strong_ordering::less : std::strong_ordering::greater;
    return a.negative ? b.magnitude <=> a.magnitude : a.magnitude <=> b.magnitude;
}

std::partial_ordering compareNumbers(double value, std::string_view written, const FilterLiteral &literal)
{
    // A double decides unless both are near enough to hide a difference below its precision.
    if (value == *literal.number && std::fabs(value) >= 9007199254740992.0 && !written.empty()) {
        const auto a = readWhole(written);
        const auto b = readWhole(literal.text);
        if (a && b)
            return compareWhole(*a, *b);
    }
    return value <=> *literal.number;
}

/// Severities count by band: OpenTelemetry's 14 is a warning like 13.
int severityBand(double number)
{
    const auto name = severityName(static_cast<std::uint8_t>(number < 0 ? 0 : number > 24 ? 24 : number));
    return static_cast<int>(severityFromText(name));
}

std::partial_ordering compareTexts(std::string_view a, std::string_view b)
{
    const int order = a.compare(b);
    return order < 0 ? std::partial_ordering::less
           : order > 0 ? std::partial_ordering::greater
                       : std::partial_ordering::equivalent;
}

bool compareText(std::string_view text, FilterOp op, const FilterLiteral &literal)
{
    if (op == FilterOp::Equal)
        return text == literal.text;
    if (op == FilterOp::NotEqual)
        return text != literal.text;
    if (literal.number && !literal.quoted) {
        // A text against a number: "503" counts as a number, "n/a" has no place in the order.
        double number = 0.0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (text.empty() || error != std::errc() || end != text.data() + text.size())
            return false;
        return holds(op, compareNumbers(number, text, literal));
    }
    if (literal.time) {
        const auto time = parseTimestamp(text);
        return time && holds(op, raw(*time) <=> raw(*literal.time));
    }
    return holds(op, compareTexts(text, literal.text));
}

} // namespace

bool isSeverityField(std::string_view name)
{
    return name == "severity" || name == "severity_number";
}

bool filterCompare(const FilterValue &value, FilterOp op, const FilterLiteral &literal, bool isSeverity)
{
    switch (value.kind) {
    case FilterValue::Kind::Absent:
        return false;
    case FilterValue::Kind::Text:
        return compareText(value.text, op, literal);
    case FilterValue::Kind::Time:
        return literal.time && holds(op, raw(value.time) <=> raw(*literal.time));
    case FilterValue::Kind::Number:
        break;
    }
    if (literal.number)
        return holds(op, compareNumbers(value.number, value.text, literal));
    if (isSeverity && literal.severity != Severity::Unset)
        return holds(op, severityBand(value.number) <=> static_cast<int>(literal.severity));
    return !value.text.empty() && compareText(value.text, op, literal);
}

} // namespace eventops
