// SPDX-License-Identifier: MIT
#include "app/cli/case_models.h"

#include "core/base/hash.h"

#include <algorithm>

namespace eventops::cli {
namespace {

constexpr std::size_t ContextsMax = std::size_t{1} << 20U;
constexpr double SecondWayBits = 1.0;

} // namespace

CaseModels::CaseModels()
    : m_stepsAgreed(1), m_gapsAgreed(1), m_endsAgreed(1, 1), m_steps(m_stepsAgreed, ContextsMax),
      m_gaps(m_gapsAgreed, ContextsMax), m_ends(m_endsAgreed, 1, ContextsMax)
{
}

StepSymbol CaseModels::symbol(std::string_view step)
{
    const StepSymbol symbol = symbolOf(hash64(step));
    const auto it = std::lower_bound(m_names.begin(), m_names.end(), symbol,
                                     [](const auto &entry, StepSymbol s) { return entry.first < s; });
    if (it == m_names.end() || it->first != symbol)
        m_names.insert(it, {symbol, std::string(step)});
    return symbol;
}

const std::string &CaseModels::name(StepSymbol symbol) const
{
    static const std::string Unknown;
    const auto it = std::lower_bound(m_names.begin(), m_names.end(), symbol,
                                     [](const auto &entry, StepSymbol s) { return entry.first < s; });
    return it != m_names.end() && it->first == symbol ? it->second : Unknown;
}

void CaseModels::takeStep(CaseState &state, const FileCase &one, std::size_t index)
{
    const std::uint64_t before = state.shape;
    state.take(Scope, one.steps[index], one.times.empty() ? NoTime : one.times[index]);
    m_ends.grow(before, state, 0);
}

CaseState CaseModels::stateAfter(const FileCase &one, std::size_t prefix)
{
    CaseState state;
    for (std::size_t i = 0; i < prefix; ++i)
        takeStep(state, one, i);
    return state;
}

double CaseModels::walk(const FileCase &one, bool learn, CaseState &state)
{
    StepPrediction prediction;
    double rarest = 0.0;
    for (std::size_t i = 0; i <= one.steps.size(); ++i) {
        const StepContexts contexts = stepContextsOf(Scope, state);
        m_steps.predict(contexts, prediction);
        const bool over = i == one.steps.size();
        const StepSymbol next = over ? EndSymbol : one.steps[i];
        rarest = std::max(rarest, m_steps.judge(contexts, prediction, next, 0.0).rarityBits);
        if (learn)
            m_steps.learn(contexts, prediction, next, 0);
        if (over)
            break;
        if (learn && i > 0 && !one.times.empty())
            m_gaps.learn(gapContextsOf(Scope, state), state.gapTo(one.times[i]), 0);
        takeStep(state, one, i);
    }
    return rarest;
}

CaseScore CaseModels::score(const FileCase &one)
{
    CaseScore result;
    CaseState state;
    const double rarest = walk(one, false, state);
    if (rarest > m_order.tailFrom())
        result.orderBits = m_order.rarity(rarest) - SecondWayBits;
    if (const auto set = m_ends.setOf(state))
        result.endBits = m_ends.judge(Scope, state.shape, *set, 0).bits;
    return result;
}

void CaseModels::learn(const FileCase &one)
{
    CaseState state;
    m_order.add(walk(one, true, state));
    if (const auto set = m_ends.setOf(state))
        m_ends.learn(Scope, state.shape, *set, 0);
}

void CaseModels::predict(const FileCase &one, std::size_t prefix, StepPrediction &step, GapForecast &gap)
{
    const CaseState state = stateAfter(one, prefix);
    m_steps.predict(stepContextsOf(Scope, state), step);
    m_gaps.forecast(gapContextsOf(Scope, state), gap);
}

} // namespace eventops::cli
