// SPDX-License-Identifier: MIT
#include "core/entropy/next_step_model.h"

#include "core/base/hash.h"
#include "core/entropy/mix_tables.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr double WeightAtStart = 0.25;
constexpr double WeightMax = 2.0;
constexpr double LearningRate = 1.0 / 512.0; ///< Of weights, by bits of log loss.
constexpr double ProbabilityMin = 1e-9;      ///< Of a chain: one chain alone cannot veto.
constexpr std::size_t ContextsMax = StepContexts::ChainsMax * StepContexts::ChainLengthMax;

std::uint64_t scopeKey(std::uint64_t scope)
{
    return tableKey(hashCombine(scope, 0x53434f5045ULL));
}

std::uint64_t stepKey(std::uint64_t scope, StepSymbol symbol)
{
    return tableKey(hashCombine(scope, std::uint64_t{symbol} | (std::uint64_t{1} << 40U)));
}

/// The contexts of all chains, each read once.
class Readings
{
public:
    Readings(const StepContexts &contexts, const ContextCounts &agreed, const ContextCounts &delta)
    {
        for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
            for (std::size_t k = 0; k < StepContexts::ChainLengthMax; ++k) {
                const std::uint64_t key = contexts.chains[j][k];
                if (key == 0)
                    break;
                m_place[j][k] = k == 0 && j > 0 ? 0 : m_size; // the first context is everyone's
                if (m_place[j][k] < m_size)
                    continue;
                ContextReading &reading = m_readings[m_size++];
                reading.take(agreed.page(key));
                reading.take(delta.page(key));
            }
        }
    }
    std::span<const ContextReading> all() const { return std::span(m_readings).first(m_size); }
    const ContextReading &at(std::size_t chain, std::size_t k) const { return m_readings[m_place[chain][k]]; }

private:
    std::array<ContextReading, ContextsMax> m_readings;
    std::array<std::array<std::size_t, StepContexts::ChainLengthMax>, StepContexts::ChainsMax> m_place{};
    std::size_t m_size = 0;
};

} // namespace

void NextStepLearned::clear()
{
    contexts.clear();
    weights.clear();
    frequencies.clear();
}

void NextStepLearned::merge(std::span<const NextStepLearned *const> deltas)
{
    std::vector<const MixWeights *> moves;
    for (const NextStepLearned *delta : deltas) {
        contexts.merge(delta->contexts);
        moves.push_back(&delta->weights);
        for (const Frequency *from : delta->frequencies.sorted()) {
            const auto [to, isNew] = frequencies.findOrInsert(from->key);
            to.seen = std::max(to.seen, from->seen);
            to.count += from->count;
            to.scope = from->scope;
            // Two deltas may both think a step new: it is counted when it is agreed on.
            if (isNew && from->scope != 0)
                ++frequencies.findOrInsert(from->scope).first.distinct;
        }
    }
    weights.merge(moves);
}

void NextStepLearned::save(StateWriter &out) const
{
    contexts.save(out);
    weights.save(out);
    const auto all = frequencies.sorted();
    out.u64(all.size());
    for (const Frequency *entry : all) {
        out.u64(entry->key);
        out.u64(entry->scope);
        out.u64(entry->count);
        out.u64(entry->distinct);
        out.u64(entry->seen);
    }
}

Status NextStepLearned::load(StateReader &in)
{
    EVENTOPS_TRY(contexts.load(in));
    EVENTOPS_TRY(weights.load(in));
    const Error corrupt{Error::Code::Corrupt, "step frequencies are damaged"};
    frequencies.clear();
    const std::uint64_t count = in.u64();
    if (count > frequencies.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < count && !in.failed(); ++n) {
        Frequency &entry = frequencies.findOrInsert(tableKey(in.u64())).first;
        entry.scope = in.u64();
        entry.count = in.u64();
        entry.distinct = static_cast<std::uint32_t>(in.u64());
        entry.seen = static_cast<std::uint32_t>(in.u64());
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

const StepPrediction::Alternative *StepPrediction::find(StepSymbol symbol) const
{
    for (const Alternative &alternative : all()) {
        if (alternative.symbol == symbol)
            return &alternative;
    }
    return nullptr;
}

NextStepLearned::Frequency NextStepModel::totals(std::uint64_t scope) const
{
    NextStepLearned::Frequency both;
    for (const NextStepLearned *part : {&m_agreed, static_cast<const NextStepLearned *>(&m_delta)}) {
        if (const auto *entry = part->frequencies.find(scopeKey(scope))) {
            both.count += entry->count;
            both.distinct += entry->distinct;
        }
    }
    return both;
}

std::uint64_t NextStepLearned::count(std::uint64_t scope, StepSymbol symbol) const
{
    const Frequency *entry = frequencies.find(stepKey(scope, symbol));
    return entry != nullptr ? entry->count : 0;
}

double NextStepModel::frequency(std::uint64_t scope, StepSymbol symbol) const
{
    return static_cast<double>(m_agreed.count(scope, symbol)) + static_cast<double>(m_delta.count(scope, symbol));
}

void NextStepModel::predict(const StepContexts &contexts, StepPrediction &out) const
{
    const Readings readings(contexts, m_agreed.contexts, m_delta.contexts);
    const MixTables &tables = MixTables::instance();
    out.size = 0;
    out.samples = readings.all().front().total;
    for (const ContextReading &reading : readings.all()) {
        for (std::size_t i = 0; i < reading.size; ++i) {
            if (out.size < StepPrediction::AlternativesMax && out.find(reading.symbols[i]) == nullptr)
                out.alternatives[out.size++].symbol = reading.symbols[i];
        }
    }
    const NextStepLearned::Frequency scope = totals(contexts.scope);
    const double sum = std::max(static_cast<double>(scope.count) + scope.distinct, 1.0);
    std::array<double, StepPrediction::AlternativesMax + 1> base{};
    double left = 1.0;
    for (std::size_t i = 0; i < out.size; ++i)
        left -= base[i] = frequency(contexts.scope, out.alternatives[i].symbol) / sum;
    out.otherFrequency = base[out.size] = std::max(left, ProbabilityMin);

    out.weights.fill(WeightAtStart);
    m_agreed.weights.addTo(contexts.weights, out.weights);
    m_delta.weights.addTo(contexts.weights, out.weights);
    std::array<double, StepPrediction::AlternativesMax + 1> mixed{};
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        auto p = base;
        for (std::size_t k = 0; k < StepContexts::ChainLengthMax && contexts.chains[j][k] != 0; ++k) {
            const ContextReading &reading = readings.at(j, k);
            if (reading.total <= 0.0)
                continue;
            const auto distinct = static_cast<double>(reading.size);
            const double scale = 1.0 / (reading.total + distinct);
            const double escape = (distinct + reading.rest) * scale;
            for (std::size_t i = 0; i <= out.size; ++i)
                p[i] *= escape;
            for (std::size_t i = 0; i < out.size; ++i)
                p[i] += reading.count(out.alternatives[i].symbol) * scale;
        }
        const double weight = out.weights[j] = std::clamp(out.weights[j], 0.0, WeightMax);
        for (std::size_t i = 0; i <= out.size; ++i)
            mixed[i] += weight * (out.logs[j][i] = tables.log2(std::max(p[i], ProbabilityMin)));
    }
    const double top = *std::max_element(mixed.begin(), mixed.begin() + static_cast<std::ptrdiff_t>(out.size + 1));
    double norm = 0.0;
    for (std::size_t i = 0; i <= out.size; ++i)
        norm += mixed[i] = tables.exp2(mixed[i] - top);
    out.logNorm = detLog2(norm) + top;
    for (std::size_t i = 0; i < out.size; ++i)
        out.alternatives[i].probability = mixed[i] / norm;
    out.other = mixed[out.size] / norm;
}

StepSurprise NextStepModel::judge(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol,
                                  double samplesMin) const
{
    StepSurprise result;
    result.samples = prediction.samples;
    if (prediction.samples < samplesMin)
        return result;
    result.learning = false;
    const StepPrediction::Alternative *known = prediction.find(symbol);
    const std::size_t place = known != nullptr
        ? static_cast<std::size_t>(known - prediction.alternatives.data()) : prediction.size;
    double share = 0.0; // of `other`, in bits
    if (known == nullptr) {
        const NextStepLearned::Frequency scope = totals(contexts.scope);
        const double count = frequency(contexts.scope, symbol);
        const double sum = std::max(static_cast<double>(scope.count) + scope.distinct, 1.0);
        const double mass = (count > 0.0 ? count : std::max<double>(scope.distinct, 1.0)) / sum;
        share = std::max(-detLog2(std::min(mass / prediction.otherFrequency, 1.0)), 0.0);
    }
    double bits = 0.0;
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j)
        bits += result.terms[j] = -prediction.weights[j] * prediction.logs[j][place];
    bits += result.terms[StepContexts::ChainsMax] = prediction.logNorm + share;
    result.bits = bits;
    result.probability = detExp2(-bits);
    double likelier = 0.0;
    for (const StepPrediction::Alternative &alternative : prediction.all()) {
        if (alternative.symbol != symbol && alternative.probability > result.probability)
            likelier += alternative.probability;
    }
    result.rarityBits = -detLog2(std::clamp(1.0 - likelier, std::min(result.probability, 1.0), 1.0));
    return result;
}

double NextStepModel::count(const StepContexts &contexts, StepSymbol symbol) const
{
    ContextReading reading;
    reading.take(m_agreed.contexts.page(contexts.chains[0][0]));
    reading.take(m_delta.contexts.page(contexts.chains[0][0]));
    return reading.count(symbol);
}

void NextStepModel::learn(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol,
                          std::uint32_t age)
{
    const StepPrediction::Alternative *known = prediction.find(symbol);
    const std::size_t place = known != nullptr
        ? static_cast<std::size_t>(known - prediction.alternatives.data()) : prediction.size;
    MixWeights::Numbers step{};
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        double expected = prediction.other * prediction.logs[j][prediction.size];
        for (std::size_t i = 0; i < prediction.size; ++i)
            expected += prediction.alternatives[i].probability * prediction.logs[j][i];
        step[j] = LearningRate * (prediction.logs[j][place] - expected);
    }
    m_delta.weights.move(contexts.weights, step, age);
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        for (std::size_t k = j == 0 ? 0 : 1; k < StepContexts::ChainLengthMax && contexts.chains[j][k] != 0; ++k)
            m_delta.contexts.add(contexts.chains[j][k], symbol, age);
    }
    const bool isNew = frequency(contexts.scope, symbol) <= 0.0;
    auto &scope = m_delta.frequencies.findOrInsert(scopeKey(contexts.scope)).first;
    scope.seen = std::max(scope.seen, age);
    ++scope.count;
    if (isNew)
        ++scope.distinct;
    auto &own = m_delta.frequencies.findOrInsert(stepKey(contexts.scope, symbol)).first;
    own.scope = scopeKey(contexts.scope);
    own.seen = std::max(own.seen, age);
    ++own.count;
}

} // namespace eventops
