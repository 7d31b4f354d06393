// SPDX-License-Identifier: MIT
#include "core/entropy/gap_model.h"

#include "core/base/math.h"
#include "core/entropy/mix_tables.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace eventops {
namespace {

constexpr double SamplesForHalf = 8.0;  ///< A context with so many samples counts as much as what lies below it.
constexpr double ErrorRate = 1.0 / 128; ///< Of the running errors.
constexpr double ErrorSharpness = 64.0; ///< Bits a mean error of difference takes from a chain's weight.
constexpr std::uint64_t EachMovesMax = 256; ///< Errors are followed at each gap until then, later at each eighth.
constexpr std::uint64_t LaterStride = 8;
constexpr double LateTailIndex = 2.0;
constexpr double LateFactor = 1.5;   ///< Of the longest gap known: nothing earlier is late.
constexpr std::size_t MeanPlace = MixWeights::NumbersMax - 1;
static_assert(GapContexts::ChainsMax <= MeanPlace);

} // namespace

void GapLearned::merge(std::span<const GapLearned *const> deltas)
{
    std::vector<const MixWeights *> moves;
    for (const GapLearned *delta : deltas) {
        sketches.merge(delta->sketches);
        moves.push_back(&delta->errors);
        transitions.merge(delta->transitions);
    }
    errors.merge(moves);
}

void GapLearned::clear()
{
    sketches.clear();
    errors.clear();
    transitions.clear();
}

void GapLearned::save(StateWriter &out) const
{
    sketches.save(out);
    errors.save(out);
    transitions.save(out);
}

Status GapLearned::load(StateReader &in)
{
    EVENTOPS_TRY(sketches.load(in));
    EVENTOPS_TRY(errors.load(in));
    return transitions.load(in);
}

void GapForecast::clear()
{
    if (m_weights.empty())
        m_weights.assign(BucketsEnd, 0.0);
    else if (m_first <= m_last && m_first < BucketsEnd)
        std::fill(m_weights.begin() + static_cast<std::ptrdiff_t>(m_first),
                  m_weights.begin() + static_cast<std::ptrdiff_t>(m_last) + 1, 0.0);
    m_first = BucketsEnd;
    m_last = 0;
    m_sum = m_samples = 0.0;
}

void GapForecast::take(const GapSketch &sketch, double weight)
{
    const auto buckets = sketch.buckets();
    if (buckets.empty() || weight <= 0.0)
        return;
    for (const GapSketch::Bucket &bucket : buckets)
        m_weights[bucket.index] += weight * bucket.count;
    m_first = std::min<std::size_t>(m_first, buckets.front().index);
    m_last = std::max<std::size_t>(m_last, buckets.back().index);
    m_sum += weight * static_cast<double>(sketch.total());
}

std::int64_t GapForecast::quantileNs(double q) const
{
    if (m_sum <= 0.0)
        return 0;
    const double rank = q * m_sum;
    double below = 0.0;
    for (std::size_t i = m_first; i <= m_last; ++i) {
        if (m_weights[i] <= 0.0 || (below += m_weights[i]) < rank)
            continue;
        const std::int64_t low = GapSketch::lowerEdgeNs(static_cast<unsigned>(i));
        const double part = 1.0 - (below - rank) / m_weights[i];
        const std::int64_t width = GapSketch::upperEdgeNs(static_cast<unsigned>(i)) - low;
        return low + static_cast<std::int64_t>(part * static_cast<double>(width));
    }
    return longestNs();
}

std::int64_t GapForecast::longestNs() const
{
    return m_sum > 0.0 ? GapSketch::upperEdgeNs(static_cast<unsigned>(m_last)) : 0;
}

double GapForecast::tail(std::int64_t ns) const
{
    if (m_sum <= 0.0)
        return 1.0;
    const std::size_t index = GapSketch::bucketOf(std::max<std::int64_t>(ns, 0));
    double later = 0.0;
    for (std::size_t i = std::max(index, m_first); i <= m_last; ++i)
        later += i == index ? 0.5 * m_weights[i] : m_weights[i];
    double tail = (later / m_sum * m_samples + 0.5) / (m_samples + 1.0);
    const auto longest = static_cast<double>(std::max(longestNs(), NsPerMs));
    if (static_cast<double>(ns) > longest) {
        const double ratio = longest / static_cast<double>(ns);
        static_assert(LateTailIndex == 2.0);
        tail *= ratio * ratio;
    }
    return std::min(tail, 1.0);
}

void GapModel::addChain(const GapContexts &contexts, std::size_t chain, double weight, GapForecast &out) const
{
    const auto &keys = contexts.chains[chain];
    std::size_t length = 0;
    while (length < keys.size() && keys[length] != 0)
        ++length;
    double rest = weight;
    for (std::size_t k = length; k-- > 0;) {
        const GapSketch *agreed = m_agreed.sketches.sketch(keys[k]);
        const GapSketch *delta = m_delta.sketches.sketch(keys[k]);
        const double samples = (agreed != nullptr ? static_cast<double>(agreed->total()) : 0.0)
                             + (delta != nullptr ? static_cast<double>(delta->total()) : 0.0);
        if (samples <= 0.0)
            continue;
        const double share = k == 0 ? rest : rest * samples / (samples + SamplesForHalf);
        rest -= share;
        for (const GapSketch *part : {agreed, delta}) {
            if (part != nullptr)
                out.take(*part, share / samples);
        }
        if (k == 0)
            out.m_samples = std::max(out.m_samples, samples);
    }
}

void GapModel::forecast(const GapContexts &contexts, GapForecast &out) const
{
    out.clear();
    MixWeights::Numbers errors{};
    m_agreed.errors.addTo(contexts.weights, errors);
    m_delta.errors.addTo(contexts.weights, errors);
    const double least = *std::min_element(errors.begin(), errors.begin() + GapContexts::ChainsMax);
    for (std::size_t j = 0; j < GapContexts::ChainsMax; ++j) {
        const double behind = std::clamp(ErrorSharpness * (errors[j] - least), 0.0, 60.0);
        addChain(contexts, j, MixTables::instance().exp2(-behind), out);
    }
}

std::optional<GapModel::Patience> GapModel::patience(const GapContexts &contexts, double bits,
                                                     double samplesMin) const
{
    const auto known = [&](std::uint64_t context) {
        std::pair<std::int64_t, double> all{0, 0.0};
        for (const GapLearned *part : {&m_agreed, static_cast<const GapLearned *>(&m_delta)}) {
            if (const GapSketch *sketch = part->sketches.sketch(context)) {
                all.first = std::max(all.first, sketch->longestNs());
                all.second += static_cast<double>(sketch->total());
            }
        }
        return all;
    };
    Patience patience;
    auto [longest, samples] = known(contexts.chains[0][0]);
    patience.samples = samples;
    if (samples <= 0.0)
        std::tie(longest, samples) = known(contexts.scope);
    if (samples < samplesMin)
        return std::nullopt;
    const double factor = std::max(LateFactor, std::sqrt(0.5 / (samples + 1.0) * detExp2(bits)));
    patience.ns = static_cast<std::int64_t>(std::min(factor * static_cast<double>(std::max(longest, NsPerMs)), 9e18));
    return patience;
}

void GapModel::learnErrors(const GapContexts &contexts, std::int64_t gapNs, std::uint32_t age)
{
    MixWeights::Numbers errors{};
    std::uint64_t moves = m_agreed.errors.addTo(contexts.weights, errors);
    moves += m_delta.errors.addTo(contexts.weights, errors);
    const GapSketch *own = m_delta.sketches.sketch(contexts.chains[0][0]);
    if (moves >= EachMovesMax && own != nullptr && own->total() % LaterStride != 0)
        return;
    MixWeights::Numbers step{};
    double mean = 0.0;
    for (std::size_t j = 0; j < GapContexts::ChainsMax; ++j) {
        m_scratch.clear();
        addChain(contexts, j, 1.0, m_scratch);
        const double miss = std::fabs(static_cast<double>(gapNs - m_scratch.quantileNs(0.5)))
                          / static_cast<double>(NsPerSecond);
        step[j] = miss;
        mean += miss / GapContexts::ChainsMax;
    }
    const double scale = moves == 0 ? mean : errors[MeanPlace] + ErrorRate * (mean - errors[MeanPlace]);
    if (scale <= 0.0)
        return;
    for (std::size_t j = 0; j < GapContexts::ChainsMax; ++j)
        step[j] = ErrorRate * (step[j] / scale - errors[j]);
    step[MeanPlace] = scale - errors[MeanPlace];
    m_delta.errors.move(contexts.weights, step, 1, age);
}

void GapModel::learn(const GapContexts &contexts, std::int64_t gapNs, std::uint32_t age)
{
    if (gapNs < 0)
        return;
    m_delta.sketches.add(contexts.scope, gapNs, age);
    const std::uint64_t one = contexts.chains[0][0];
    if (m_agreed.sketches.sketch(one) == nullptr && m_delta.sketches.sketch(one) == nullptr) {
        m_delta.sketches.add(one, gapNs, age); // a step that comes once leaves one context, not eight
        return;
    }
    learnErrors(contexts, gapNs, age);
    for (std::size_t j = 0; j < GapContexts::ChainsMax; ++j) {
        for (std::size_t k = j == 0 ? 0 : 1; k < GapContexts::ChainLengthMax && contexts.chains[j][k] != 0; ++k) {
            if (j == 0 || contexts.chains[j][k] != contexts.chains[j - 1][k]) // two chains may share a context
                m_delta.sketches.add(contexts.chains[j][k], gapNs, age);
        }
    }
}

} // namespace eventops
