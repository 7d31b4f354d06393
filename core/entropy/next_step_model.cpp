// SPDX-License-Identifier: MIT
#include "core/entropy/next_step_model.h"

#include "core/base/hash.h"
#include "core/entropy/mix_tables.h"

#include <algorithm>
#include <cstring>

namespace eventops {
namespace {

constexpr double WeightAtStart = 0.25;
constexpr double WeightMax = 2.0;
constexpr double LearningRate = 1.0 / 512.0; ///< Of weights, by bits of log loss.
constexpr float ProbabilityMin = 1e-9F;      ///< Of a chain: one chain alone cannot veto.
constexpr float NearlyOne = 1.0F - 1e-6F;
constexpr float Nothing = -1e9F;             ///< As log2 of a probability.
constexpr double CalmMargin = 1e-3;          ///< In bits: more than rounding can add.
constexpr double AlternativesLog = 5.044394119358453; ///< log2 of AlternativesMax and `other`.
constexpr std::uint64_t EachMovesMax = 256;  ///< Of weights; then each eighth calm step moves them, eight times as far.
constexpr std::uint64_t LaterStride = 8;

std::uint64_t scopeKey(std::uint64_t scope)
{
    return tableKey(hashCombine(scope, 0x53434f5045ULL));
}

/// Tables spread keys by themselves: this only has to differ.
std::uint64_t stepKey(std::uint64_t scope, StepSymbol symbol)
{
    return tableKey(scope ^ (symbol * 0xd6e8feb86659fd93ULL));
}

using Lanes = StepPrediction::Lanes;

FloatLanes splat(float x)
{
    return FloatLanes{x, x, x, x};
}

/// Of so many alternatives and `other`.
std::size_t blocksOf(std::size_t size)
{
    return (size + 1 + LanesWide - 1) / LanesWide;
}

/// Different symbols of two pages.
std::uint32_t distinctOf(const ContextPage &a, const ContextPage &b)
{
    std::uint32_t number = a.distinct();
    for (const StepSymbol symbol : b.symbols) {
        std::uint32_t shared = symbol == NoStepSymbol ? 1U : 0U;
        for (const StepSymbol other : a.symbols)
            shared |= other == symbol ? 1U : 0U;
        number += 1U - shared;
    }
    return number;
}

/// The Witten–Bell terms of a context: of a count's unit n/(n + d), of all else (d + rest)/(n + d).
void setShares(StepPages::Page &page)
{
    std::uint32_t total = 0;
    std::uint32_t rest = 0;
    for (const ContextPage *part : {page.agreed, page.delta}) {
        total += part != nullptr ? part->total : 0U;
        rest += part != nullptr ? part->rest : 0U;
    }
    if (total == 0) {
        page.escape = 1.0F;
        page.scale = 0.0F;
        return;
    }
    const std::uint32_t distinct = page.agreed == nullptr ? page.delta->distinct()
        : page.delta == nullptr                           ? page.agreed->distinct()
                                                          : distinctOf(*page.agreed, *page.delta);
    page.scale = 1.0F / static_cast<float>(total + ContextPage::Unit * distinct);
    page.escape = static_cast<float>(rest + ContextPage::Unit * distinct) * page.scale;
}

std::uint32_t countOf(const StepPages::Page &page, StepSymbol symbol)
{
    return (page.agreed != nullptr ? page.agreed->count(symbol) : 0U)
         + (page.delta != nullptr ? page.delta->count(symbol) : 0U);
}

/// The symbols of all pages as alternatives, and each page's counts by alternative.
class Gathering
{
public:
    explicit Gathering(StepPrediction &out)
    {
        std::memset(m_slots.data(), Free, sizeof m_slots);
        m_symbols[Free] = NoStepSymbol; // whose own slot is taken: a free slot is nobody's
        m_slots[slotOf(NoStepSymbol)] = NoPlace;
        m_symbols[NoPlace] = NoStepSymbol;
        const auto pages = out.pages.all();
        std::memset(m_counts.data(), 0, pages.size() * sizeof m_counts[0]);
        for (const ContextPage *part : {pages[0].agreed, pages[0].delta}) {
            for (std::size_t i = 0; part != nullptr && i < ContextPage::SlotsMax; ++i)
                search(part->symbols[i], slotOf(part->symbols[i]));
        }
        for (std::size_t i = 0; i < pages.size(); ++i) {
            for (const ContextPage *part : {pages[i].agreed, pages[i].delta}) {
                if (part != nullptr)
                    take(*part, m_counts[i]);
            }
        }
        out.size = m_size;
        for (std::size_t i = 0; i < m_size; ++i)
            out.alternatives[i].symbol = m_symbols[i];
    }
    const Lanes &counts(std::size_t page) const { return m_counts[page]; }

private:
    static constexpr std::uint8_t Free = StepPrediction::AlternativesMax; ///< A place of no symbol.
    static constexpr std::size_t Slots = 256;
    static constexpr std::size_t NoPlace = StepPrediction::BlocksMax * LanesWide - 1; ///< Where nobody looks.
    static_assert(NoPlace > StepPrediction::AlternativesMax);

    static std::size_t slotOf(StepSymbol symbol) { return (symbol * 0x9e3779b1U) >> 24U; }

    /// Free slots of the page count nothing, where nobody looks: which are free nobody can predict.
    void take(const ContextPage &page, Lanes &counts)
    {
        for (std::size_t i = 0; i < ContextPage::SlotsMax; ++i) {
            const StepSymbol symbol = page.symbols[i];
            const std::size_t slot = slotOf(symbol);
            std::size_t place = m_slots[slot];
            if (m_symbols[place] != symbol) [[unlikely]]
                place = search(symbol, slot);
            counts[place] += static_cast<float>(page.counts[i]);
        }
    }
    std::size_t search(StepSymbol symbol, std::size_t slot)
    {
        while (m_slots[slot] != Free) {
            if (m_symbols[m_slots[slot]] == symbol)
                return m_slots[slot];
            slot = (slot + 1) % Slots;
        }
        if (m_size == StepPrediction::AlternativesMax)
            return NoPlace;
        m_slots[slot] = static_cast<std::uint8_t>(m_size);
        m_symbols[m_size] = symbol;
        return m_size++;
    }

    std::size_t m_size = 0;
    std::array<StepSymbol, NoPlace + 1> m_symbols;
    std::array<std::uint8_t, Slots> m_slots;
    std::array<Lanes, StepPages::PagesMax> m_counts;
};

} // namespace

void NextStepLearned::clear()
{
    ++changes;
    contexts.clear();
    weights.clear();
    frequencies.clear();
}

void NextStepLearned::merge(std::span<const NextStepLearned *const> deltas)
{
    ++changes;
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
    ++changes;
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

std::vector<StepPrediction::Alternative> StepPrediction::likeliest() const
{
    std::vector<Alternative> likely(all().begin(), all().end());
    std::sort(likely.begin(), likely.end(), [](const Alternative &a, const Alternative &b) {
        return a.probability != b.probability ? a.probability > b.probability : a.symbol < b.symbol;
    });
    return likely;
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
    const std::uint64_t changes = m_agreed.changes + m_delta.changes + m_delta.frequencies.version();
    if (m_knownSince != changes) {
        m_known.fill({});
        m_knownSince = changes;
    }
    const std::uint64_t key = stepKey(scope, symbol);
    Known &known = m_known[placeOfKnown(key)];
    if (known.key == key)
        return known.count;
    double count = 0.0;
    for (const NextStepLearned *part : {&m_agreed, static_cast<const NextStepLearned *>(&m_delta)}) {
        if (const auto *entry = part->frequencies.find(key))
            count += static_cast<double>(entry->count);
    }
    known = {key, count};
    return count;
}

void NextStepModel::look(const StepContexts &contexts, StepPrediction &out) const
{
    StepPages &pages = out.pages;
    std::uint8_t size = 0;
    pages.pages[size++].context = contexts.chains[0][0];
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        pages.begins[j] = size;
        for (std::size_t k = 1; k < StepContexts::ChainLengthMax && contexts.chains[j][k] != 0; ++k)
            pages.pages[size++].context = contexts.chains[j][k];
    }
    pages.begins.back() = size;
    pages.version = m_delta.contexts.version();
    for (const StepPages::Page &page : pages.all()) {
        m_agreed.contexts.prefetch(page.context);
        m_delta.contexts.prefetch(page.context);
    }
    const NextStepLearned::Frequency scope = totals(contexts.scope);
    out.scopeSteps = scope.count;
    out.scopeDistinct = scope.distinct;
    for (StepPages::Page &page : std::span(pages.pages).first(size)) {
        page.agreed = m_agreed.contexts.likely(page.context);
        page.delta = m_delta.contexts.likely(page.context);
    }
    out.weights.fill(WeightAtStart);
    out.weightMoves = m_agreed.weights.addTo(contexts.weights, out.weights);
    out.weightMoves += m_delta.weights.addTo(contexts.weights, out.weights);
    for (double &weight : out.weights)
        weight = std::clamp(weight, 0.0, WeightMax);
    const StepPages::Page &first = pages.pages[0];
    for (StepPages::Page &page : std::span(pages.pages).first(size)) {
        const bool counts = &page == &first || first.scale > 0.0F; // without the least specific context none counts
        page.agreed = counts ? m_agreed.contexts.page(page.context, page.agreed) : nullptr;
        page.delta = counts ? m_delta.contexts.page(page.context, page.delta) : nullptr;
        setShares(page);
    }
    out.samples = ((first.agreed != nullptr ? first.agreed->total : 0U)
                   + (first.delta != nullptr ? first.delta->total : 0U)) / static_cast<double>(ContextPage::Unit);
    out.calm = false;
}

bool NextStepModel::isCalm(const StepContexts &contexts, StepSymbol symbol, StepPrediction &out) const
{
    const StepPages::Page &first = out.pages.pages[0];
    const std::uint32_t count = countOf(first, symbol);
    if (count == 0) // it may be no alternative at all
        return false;
    const double perStep = 1.0 / std::max(static_cast<double>(out.scopeSteps + out.scopeDistinct), 1.0);
    const auto base = static_cast<float>(frequency(contexts.scope, symbol) * perStep);
    const float start = base * first.escape + static_cast<float>(count) * first.scale;
    constexpr std::size_t Blocks = (StepContexts::ChainsMax + LanesWide - 1) / LanesWide;
    LaneArray<Blocks> lanes;
    lanes.numbers.fill(0.5F);
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        float p = start;
        for (const StepPages::Page &page : out.pages.chain(j)) {
            if (page.scale > 0.0F)
                p = p * page.escape + static_cast<float>(countOf(page, symbol)) * page.scale;
        }
        lanes[j] = std::clamp(p, ProbabilityMin, NearlyOne);
    }
    LaneArray<Blocks> others;
    for (std::size_t b = 0; b < Blocks; ++b) {
        others.setBlock(b, log2Lanes(1.0F - lanes.block(b)));
        lanes.setBlock(b, log2Lanes(lanes.block(b)));
    }
    double own = 0.0; // log2 of the weighted product, and of a bound of what it sums to over all else
    double rest = 0.0;
    double weights = 0.0;
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        out.calmLogs[j] = static_cast<double>(lanes[j]);
        own += out.weights[j] * out.calmLogs[j];
        rest += out.weights[j] * static_cast<double>(others[j]);
        weights += out.weights[j];
    }
    rest += std::max(0.0, 1.0 - weights) * AlternativesLog;
    if (own < rest + CalmMargin)
        return false;
    const MixTables &tables = MixTables::instance();
    out.logNorm = own + tables.log2(1.0 + tables.exp2(std::max(rest - own, -60.0)));
    return true;
}

void NextStepModel::mix(const StepContexts &contexts, StepPrediction &out) const
{
    const Gathering gathering(out);
    const std::size_t blocks = blocksOf(out.size);
    const std::size_t lanes = blocks * LanesWide;
    const double perStep = 1.0 / std::max(static_cast<double>(out.scopeSteps + out.scopeDistinct), 1.0);
    Lanes start;
    std::fill(&start[out.size], start.numbers.data() + lanes, 0.0F);
    double left = 1.0;
    for (std::size_t i = 0; i < out.size; ++i) {
        const double share = frequency(contexts.scope, out.alternatives[i].symbol) * perStep;
        start[i] = static_cast<float>(share);
        left -= share;
    }
    out.otherFrequency = std::max(left, static_cast<double>(ProbabilityMin));
    start[out.size] = static_cast<float>(out.otherFrequency);
    const auto spread = [&](Lanes &p, std::size_t place) {
        const StepPages::Page &page = out.pages.pages[place];
        const Lanes &counts = gathering.counts(place);
        for (std::size_t b = 0; b < blocks; ++b)
            p.setBlock(b, p.block(b) * page.escape + counts.block(b) * page.scale);
    };
    spread(start, 0);
    const FloatLanes least = splat(ProbabilityMin);
    Lanes mixed;
    for (std::size_t b = 0; b < blocks; ++b)
        mixed.setBlock(b, FloatLanes{});
    Lanes p;
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        for (std::size_t b = 0; b < blocks; ++b)
            p.setBlock(b, start.block(b));
        for (std::size_t place = out.pages.begins[j]; place < out.pages.begins[j + 1]; ++place)
            spread(p, place);
        const auto weight = static_cast<float>(out.weights[j]);
        for (std::size_t b = 0; b < blocks; ++b) {
            const FloatLanes some = p.block(b);
            const FloatLanes logs = log2Lanes(some > least ? some : least);
            out.logs[j].setBlock(b, logs);
            mixed.setBlock(b, mixed.block(b) + weight * logs);
        }
    }
    for (std::size_t i = out.size + 1; i < lanes; ++i)
        mixed[i] = Nothing;
    FloatLanes tops = mixed.block(0);
    for (std::size_t b = 1; b < blocks; ++b) {
        const FloatLanes some = mixed.block(b);
        tops = some > tops ? some : tops;
    }
    const float top = std::max(std::max(tops[0], tops[1]), std::max(tops[2], tops[3]));
    FloatLanes sums{};
    for (std::size_t b = 0; b < blocks; ++b) {
        const FloatLanes some = exp2Lanes(mixed.block(b) - top);
        mixed.setBlock(b, some);
        sums += some;
    }
    const auto norm = static_cast<double>((sums[0] + sums[1]) + (sums[2] + sums[3]));
    out.logNorm = MixTables::instance().log2(norm) + static_cast<double>(top);
    const double one = 1.0 / norm;
    for (std::size_t i = 0; i < out.size; ++i)
        out.alternatives[i].probability = static_cast<double>(mixed[i]) * one;
    out.other = static_cast<double>(mixed[out.size]) * one;
    out.calm = false;
}

void NextStepModel::predict(const StepContexts &contexts, StepPrediction &out) const
{
    look(contexts, out);
    mix(contexts, out);
}

void NextStepModel::expect(const StepContexts &contexts, StepSymbol symbol, StepPrediction &out) const
{
    look(contexts, out);
    out.calm = isCalm(contexts, symbol, out);
    if (!out.calm)
        mix(contexts, out);
}

StepSurprise NextStepModel::judge(const StepContexts &contexts, const StepPrediction &prediction, StepSymbol symbol,
                                  double samplesMin) const
{
    StepSurprise result;
    result.samples = prediction.samples;
    if (prediction.samples < samplesMin)
        return result;
    result.learning = false;
    const StepPrediction::Alternative *known = prediction.calm ? nullptr : prediction.find(symbol);
    const std::size_t place = known != nullptr
        ? static_cast<std::size_t>(known - prediction.alternatives.data()) : prediction.size;
    double share = 0.0; // of `other`, in bits
    if (!prediction.calm && known == nullptr) {
        const double count = frequency(contexts.scope, symbol);
        const double sum = std::max(static_cast<double>(prediction.scopeSteps + prediction.scopeDistinct), 1.0);
        const double mass
            = (count > 0.0 ? count : std::max(static_cast<double>(prediction.scopeDistinct), 1.0)) / sum;
        share = std::max(-detLog2(std::min(mass / prediction.otherFrequency, 1.0)), 0.0);
    }
    double bits = 0.0;
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        const double log = prediction.calm ? prediction.calmLogs[j] : static_cast<double>(prediction.logs[j][place]);
        bits += result.terms[j] = -prediction.weights[j] * log;
    }
    bits += result.terms[StepContexts::ChainsMax] = prediction.logNorm + share;
    result.bits = bits;
    result.probability = known != nullptr ? known->probability : MixTables::instance().exp2(std::max(-bits, -1000.0));
    if (prediction.calm)
        return result;
    double likelier = 0.0;
    for (const StepPrediction::Alternative &alternative : prediction.all()) {
        if (alternative.probability > result.probability)
            likelier += alternative.probability;
    }
    if (likelier > 0.0) {
        const double rest = std::max(1.0 - likelier, result.probability);
        result.rarityBits = std::clamp(-detLog2(rest), 0.0, std::max(bits, 0.0));
    }
    return result;
}

double NextStepModel::count(const StepContexts &contexts, StepSymbol symbol) const
{
    StepPages::Page page;
    page.agreed = m_agreed.contexts.page(contexts.chains[0][0]);
    page.delta = m_delta.contexts.page(contexts.chains[0][0]);
    return countOf(page, symbol) / static_cast<double>(ContextPage::Unit);
}

void NextStepModel::learnWeights(const StepContexts &contexts, StepPrediction &prediction, StepSymbol symbol,
                                 std::uint32_t age)
{
    if (prediction.samples <= 0.0) // all chains say the same
        return;
    std::uint32_t times = 1;
    if (prediction.calm) {
        if (prediction.weightMoves >= EachMovesMax) {
            if (hashCombine(contexts.weights, prediction.scopeSteps) % LaterStride != 0)
                return;
            times = LaterStride;
        }
        mix(contexts, prediction);
    }
    const StepPrediction::Alternative *known = prediction.find(symbol);
    const std::size_t place = known != nullptr
        ? static_cast<std::size_t>(known - prediction.alternatives.data()) : prediction.size;
    const std::size_t blocks = blocksOf(prediction.size);
    Lanes probabilities;
    std::fill(&probabilities[prediction.size], probabilities.numbers.data() + blocks * LanesWide, 0.0F);
    for (std::size_t i = 0; i < prediction.size; ++i)
        probabilities[i] = static_cast<float>(prediction.alternatives[i].probability);
    probabilities[prediction.size] = static_cast<float>(prediction.other);
    MixWeights::Numbers step{};
    for (std::size_t j = 0; j < StepContexts::ChainsMax; ++j) {
        FloatLanes sums{};
        for (std::size_t b = 0; b < blocks; ++b)
            sums += probabilities.block(b) * prediction.logs[j].block(b);
        const auto expected = static_cast<double>((sums[0] + sums[1]) + (sums[2] + sums[3]));
        step[j] = times * LearningRate * (static_cast<double>(prediction.logs[j][place]) - expected);
    }
    m_delta.weights.move(contexts.weights, step, times, age);
}

void NextStepModel::learnPages(const StepContexts &contexts, const StepPages &pages, StepSymbol symbol,
                               std::uint32_t age)
{
    const bool valid = pages.version == m_delta.contexts.version() && pages.pages[0].context == contexts.chains[0][0];
    if (pages.pages[0].scale <= 0.0F) { // a step that comes once leaves one context, not ten
        m_delta.contexts.add(pages.pages[0].context, symbol, age);
        return;
    }
    std::array<std::uint64_t, StepPages::PagesMax> missing;
    std::size_t missed = 0;
    for (const StepPages::Page &page : pages.all()) {
        if (valid && page.delta != nullptr)
            m_delta.contexts.add(page.delta, symbol, age);
        else
            missing[missed++] = page.context;
    }
    for (std::size_t i = 0; i < missed; ++i) // last: what they put in may move the others
        m_delta.contexts.add(missing[i], symbol, age);
}

void NextStepModel::learn(const StepContexts &contexts, StepPrediction &prediction, StepSymbol symbol,
                          std::uint32_t age)
{
    learnWeights(contexts, prediction, symbol, age);
    learnPages(contexts, prediction.pages, symbol, age);
    const bool isNew = !prediction.calm && frequency(contexts.scope, symbol) <= 0.0;
    auto &scope = m_delta.frequencies.findOrInsert(scopeKey(contexts.scope)).first;
    scope.seen = std::max(scope.seen, age);
    ++scope.count;
    if (isNew)
        ++scope.distinct;
    const std::uint64_t key = stepKey(contexts.scope, symbol);
    auto &own = m_delta.frequencies.findOrInsert(key).first;
    if (Known &known = m_known[placeOfKnown(key)]; known.key == key)
        known.count += 1.0;
    own.scope = scopeKey(contexts.scope);
    own.seen = std::max(own.seen, age);
    ++own.count;
}

} // namespace eventops
