// SPDX-License-Identifier: MIT
#include "core/model/expected_step.h"

#include "core/base/math.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace eventops {
namespace {

constexpr std::size_t ExpectedStepsMax = 32;

template<typename Number>
bool take(std::string_view &text, Number &number)
{
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{})
        return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

bool skip(std::string_view &text, std::string_view word)
{
    if (!text.starts_with(word))
        return false;
    text.remove_prefix(word.size());
    return true;
}

/// Reads "94 %, 47 of 50)" or "94 %)" off the front.
bool takeShare(std::string_view &text, ExpectedStep &step)
{
    double percent = 0.0;
    if (!take(text, percent) || !(percent >= 0.0 && percent <= 100.0) || !skip(text, " %"))
        return false;
    step.probability = percent / 100.0;
    std::string_view counts = text;
    if (skip(counts, ", ") && take(counts, step.count) && skip(counts, " of ") && take(counts, step.samples))
        text = counts;
    return skip(text, ")");
}

/// One alternative off the front; a step's name may itself hold brackets and commas.
std::optional<ExpectedStep> takeStep(std::string_view &text)
{
    for (std::size_t at = text.find(" ("); at != std::string_view::npos; at = text.find(" (", at + 1)) {
        ExpectedStep step;
        std::string_view rest = text.substr(at + 2);
        if (!takeShare(rest, step))
            continue;
        step.step = std::string(text.substr(0, at));
        skip(rest, ", ");
        text = rest;
        return step;
    }
    return std::nullopt;
}

} // namespace

std::vector<ExpectedStep> expectedSteps(const Finding &finding)
{
    std::vector<ExpectedStep> steps;
    std::string_view before;
    for (const BitsTerm &term : finding.terms) {
        std::string_view text = term.expected;
        if (text == before) // terms that part one expectation repeat it
            continue;
        before = text;
        while (steps.size() < ExpectedStepsMax) {
            auto step = takeStep(text);
            if (!step)
                break;
            steps.push_back(std::move(*step));
        }
    }
    return steps;
}

double expectedBits(const std::vector<ExpectedStep> &steps)
{
    double bits = 0.0;
    for (const ExpectedStep &step : steps) {
        if (step.probability > 0.0)
            bits -= step.probability * detLog2(step.probability);
    }
    return bits;
}

} // namespace eventops
