// SPDX-License-Identifier: MIT
#include "core/entropy/end_sets.h"

#include "core/base/math.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr double ThresholdStep = 1.0 / 1024; ///< "Just above", in bits.

/// Twice as many, or more; a step or two are never far.
bool isFar(std::uint32_t expected, std::uint32_t seen)
{
    const auto [least, most] = std::minmax(expected, seen);
    return most + 1 >= 2 * (least + 2);
}

/// Calls @p each(step, expected, seen) for every step whose number differs.
template <typename Each>
void compareSets(const StepSet &expected, const StepSet &seen, Each each)
{
    auto a = expected.begin();
    auto b = seen.begin();
    while (a != expected.end() || b != seen.end()) {
        bool more = true;
        if (b == seen.end() || (a != expected.end() && a->step < b->step)) {
            more = each(a->step, a->count, 0U);
            ++a;
        } else if (a == expected.end() || b->step < a->step) {
            more = each(b->step, 0U, b->count);
            ++b;
        } else {
            if (a->count != b->count)
                more = each(a->step, a->count, b->count);
            ++a;
            ++b;
        }
        if (!more)
            return;
    }
}

} // namespace

void EndLearned::grow(std::uint64_t shape, std::uint64_t parent, StepSymbol step, bool odd, std::uint32_t age)
{
    const auto [entry, isNew] = m_growths.findOrInsert(shape);
    entry.seen = std::max(entry.seen, age);
    entry.odd = odd && (isNew || entry.odd);
    if (!isNew)
        return;
    entry.parent = parent;
    entry.step = step;
}

EndLearned::Scope &EndLearned::scopeOf(std::uint64_t key, std::uint32_t age)
{
    Scope &scope = m_scopes.findOrInsert(tableKey(key)).first;
    scope.seen = std::max(scope.seen, age);
    return scope;
}

void EndLearned::addKnown(Scope &scope, const Known &end)
{
    const auto it = std::lower_bound(scope.known.begin(), scope.known.end(), end.shape,
                                     [](const Known &k, std::uint64_t shape) { return k.shape < shape; });
    if (it != scope.known.end() && it->shape == end.shape) {
        it->count += end.count;
        return;
    }
    scope.known.insert(it, end);
    if (scope.known.size() <= KnownMax)
        return;
    scope.known.erase(std::min_element(scope.known.begin(), scope.known.end(), [&](const Known &a, const Known &b) {
        return std::pair(a.count + (a.shape == end.shape ? CasesMax : 0), a.shape)
             < std::pair(b.count + (b.shape == end.shape ? CasesMax : 0), b.shape);
    }));
}

void EndLearned::addEdits(Scope &scope, const EditCounts &counts)
{
    const auto it = std::lower_bound(scope.edits.begin(), scope.edits.end(), counts.step,
                                     [](const EditCounts &e, StepSymbol step) { return e.step < step; });
    if (it != scope.edits.end() && it->step == counts.step) {
        it->extra += counts.extra;
        it->extraFar += counts.extraFar;
        it->missing += counts.missing;
        it->missingFar += counts.missingFar;
    } else if (scope.edits.size() < EditsMax) {
        scope.edits.insert(it, counts);
    }
}

void EndLearned::fade(Scope &scope)
{
    if (scope.cases <= CasesMax)
        return;
    scope.cases /= 2;
    for (Known &known : scope.known)
        known.count /= 2;
    std::erase_if(scope.known, [](const Known &known) { return known.count == 0; });
    for (EditCounts &edit : scope.edits) {
        for (std::uint64_t *count : {&edit.extra, &edit.extraFar, &edit.missing, &edit.missingFar})
            *count /= 2;
    }
}

void EndLearned::add(std::uint64_t scopeKey, const Known &end, const std::vector<StepEdit> &edits, std::uint32_t age)
{
    Scope &scope = scopeOf(scopeKey, age);
    scope.cases += end.count;
    addKnown(scope, end);
    for (const StepEdit &edit : edits)
        addEdits(scope, edit.seen > edit.expected
                            ? EditCounts{edit.step, 1, isFar(edit.expected, edit.seen) ? 1U : 0U, 0, 0}
                            : EditCounts{edit.step, 0, 0, 1, isFar(edit.expected, edit.seen) ? 1U : 0U});
    fade(scope);
}

void EndLearned::merge(const EndLearned &delta)
{
    for (const Growth *from : delta.m_growths.sorted())
        grow(from->key, from->parent, from->step, from->odd, from->seen);
    for (const Scope *from : delta.m_scopes.sorted()) {
        Scope &to = scopeOf(from->key, from->seen);
        to.cases += from->cases;
        for (const Known &known : from->known)
            addKnown(to, known);
        for (const EditCounts &edit : from->edits)
            addEdits(to, edit);
        fade(to);
    }
}

std::size_t EndLearned::bytes() const
{
    return m_growths.bytes() + m_scopes.bytes() + m_scopes.sum([](const Scope &scope) {
        std::size_t all = scope.known.capacity() * sizeof(Known) + scope.edits.capacity() * sizeof(EditCounts);
        for (const Known &known : scope.known)
            all += known.steps.capacity() * sizeof(StepCount);
        return all;
    });
}

void EndLearned::clear()
{
    m_scopes.clear();
    m_growths.clear();
}

void EndLearned::save(StateWriter &out) const
{
    const auto scopes = m_scopes.sorted();
    out.u64(scopes.size());
    for (const Scope *scope : scopes) {
        out.u64(scope->key);
        out.u64(scope->cases);
        out.u64(scope->seen);
        out.u64(scope->known.size());
        for (const Known &known : scope->known) {
            out.u64(known.shape);
            out.u64(known.count);
            out.u64(known.steps.size());
            for (const StepCount &step : known.steps) {
                out.u64(step.step);
                out.u64(step.count);
            }
        }
        out.u64(scope->edits.size());
        for (const EditCounts &edit : scope->edits) {
            out.u64(edit.step);
            for (const std::uint64_t count : {edit.extra, edit.extraFar, edit.missing, edit.missingFar})
                out.u64(count);
        }
    }
    const auto growths = m_growths.sorted();
    out.u64(growths.size());
    for (const Growth *growth : growths) {
        out.u64(growth->key);
        out.u64(growth->parent);
        out.u64(growth->step);
        out.u64(growth->seen);
        out.u64(growth->odd ? 1 : 0);
    }
}

Status EndLearned::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "end state model is damaged"};
    clear();
    const std::uint64_t scopes = in.u64();
    if (scopes > m_scopes.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < scopes && !in.failed(); ++n) {
        Scope &scope = m_scopes.findOrInsert(tableKey(in.u64())).first;
        scope.cases = in.u64();
        scope.seen = static_cast<std::uint32_t>(in.u64());
        const std::uint64_t ends = in.u64();
        if (ends > KnownMax)
            return corrupt;
        for (std::uint64_t k = 0; k < ends && !in.failed(); ++k) {
            Known known{in.u64(), in.u64(), {}};
            const std::uint64_t steps = in.u64();
            if (steps > CaseState::LengthMax)
                return corrupt;
            for (std::uint64_t s = 0; s < steps && !in.failed(); ++s) {
                const auto step = static_cast<StepSymbol>(in.u64());
                if (s > 0 && step <= known.steps.back().step)
                    return corrupt;
                known.steps.push_back({step, static_cast<std::uint32_t>(in.u64())});
            }
            if (k > 0 && known.shape <= scope.known.back().shape)
                return corrupt;
            scope.known.push_back(std::move(known));
        }
        const std::uint64_t edits = in.u64();
        if (edits > EditsMax)
            return corrupt;
        for (std::uint64_t e = 0; e < edits && !in.failed(); ++e) {
            EditCounts edit;
            edit.step = static_cast<StepSymbol>(in.u64());
            for (std::uint64_t *count : {&edit.extra, &edit.extraFar, &edit.missing, &edit.missingFar})
                *count = in.u64();
            if (e > 0 && edit.step <= scope.edits.back().step)
                return corrupt;
            scope.edits.push_back(edit);
        }
    }
    const std::uint64_t growths = in.u64();
    if (growths > m_growths.entriesMax())
        return corrupt;
    for (std::uint64_t n = 0; n < growths && !in.failed(); ++n) {
        Growth &growth = m_growths.findOrInsert(tableKey(in.u64())).first;
        growth.parent = in.u64();
        growth.step = static_cast<StepSymbol>(in.u64());
        growth.seen = static_cast<std::uint32_t>(in.u64());
        growth.odd = in.u64() != 0;
    }
    return in.failed() ? Status(corrupt) : Status(Ok{});
}

/// Edit counts of a scope, of both parties together.
struct EndModel::Costs {
    double cases = 0.0;
    const EndLearned::Scope *parts[2] = {nullptr, nullptr};

    std::uint64_t count(StepSymbol step, std::uint32_t expected, std::uint32_t seen) const
    {
        const bool far = isFar(expected, seen);
        std::uint64_t sum = 0;
        for (const EndLearned::Scope *part : parts) {
            if (part == nullptr)
                continue;
            const auto it = std::lower_bound(
                part->edits.begin(), part->edits.end(), step,
                [](const EndLearned::EditCounts &e, StepSymbol s) { return e.step < s; });
            if (it != part->edits.end() && it->step == step)
                sum += seen > expected ? (far ? it->extraFar : it->extra) : (far ? it->missingFar : it->missing);
        }
        return sum;
    }
    double bits(StepSymbol step, std::uint32_t expected, std::uint32_t seen) const
    {
        const double known = static_cast<double>(count(step, expected, seen)) + 0.5;
        return std::max(detLog2((cases + 1.0) / known), 0.0);
    }
};

/// The known end that costs least.
struct EndModel::Nearest {
    double bits = 1e300;
    std::uint64_t steps = 0; ///< Of difference.
    const EndLearned::Known *end = nullptr;
};

void EndModel::grow(std::uint64_t shapeBefore, const CaseState &state, std::uint32_t age, bool odd)
{
    if (state.shape == 0)
        return;
    const EndLearned::Growth *agreed = m_agreed.growth(state.shape);
    if (agreed == nullptr || (agreed->odd && !odd))
        m_delta.grow(state.shape, shapeBefore, state.last, odd, age);
}

void EndModel::settle(const CaseState &state, std::uint32_t age)
{
    // A way is at most LengthMax long; a table that went wrong must not lead in circles.
    std::uint64_t shape = state.shape;
    for (unsigned i = 0; i < CaseState::LengthMax && shape != 0; ++i) {
        const EndLearned::Growth *growth = m_agreed.growth(shape);
        if (growth == nullptr)
            growth = m_delta.growth(shape);
        if (growth == nullptr)
            return;
        const EndLearned::Growth known = *growth; // the next line may move it
        m_delta.grow(shape, known.parent, known.step, false, age);
        shape = known.parent;
    }
}

std::optional<StepSet> EndModel::setOf(const CaseState &state) const
{
    if (state.shape == 0)
        return std::nullopt;
    StepSet set;
    std::uint64_t shape = state.shape;
    for (std::uint32_t n = 0; shape != 0 && n < CaseState::LengthMax; ++n) {
        const EndLearned::Growth *growth = m_agreed.growth(shape);
        if (growth == nullptr)
            growth = m_delta.growth(shape);
        if (growth == nullptr)
            return std::nullopt;
        const auto it = std::lower_bound(set.begin(), set.end(), growth->step,
                                         [](const StepCount &c, StepSymbol step) { return c.step < step; });
        if (it != set.end() && it->step == growth->step)
            ++it->count;
        else
            set.insert(it, {growth->step, 1});
        shape = growth->parent;
    }
    return set;
}

std::vector<EndLearned::Known> EndModel::knownOf(std::uint64_t scope) const
{
    std::vector<EndLearned::Known> known;
    for (const EndLearned *part : {&m_agreed, static_cast<const EndLearned *>(&m_delta)}) {
        const EndLearned::Scope *own = part->scope(scope);
        if (own == nullptr)
            continue;
        for (const EndLearned::Known &end : own->known) {
            const auto it = std::lower_bound(
                known.begin(), known.end(), end.shape,
                [](const EndLearned::Known &k, std::uint64_t shape) { return k.shape < shape; });
            if (it != known.end() && it->shape == end.shape)
                it->count += end.count;
            else
                known.insert(it, end);
        }
    }
    return known;
}

void EndModel::nearest(const std::vector<EndLearned::Known> &known, const StepSet &steps, const Costs &costs,
                       std::uint64_t skipShape, bool extraOnly, Nearest &out)
{
    for (const EndLearned::Known &end : known) {
        if (end.shape == skipShape)
            continue;
        double bits = 0.0;
        std::uint64_t differ = 0;
        compareSets(end.steps, steps, [&](StepSymbol step, std::uint32_t expected, std::uint32_t seen) {
            if (seen > expected || !extraOnly) {
                bits += costs.bits(step, expected, seen);
                differ += seen > expected ? seen - expected : expected - seen;
            }
            return bits <= out.bits;
        });
        // Of equals the one with fewer steps of difference, then the usual one.
        const bool better = bits < out.bits
            || (out.end != nullptr && bits == out.bits
                && (differ != out.steps ? differ < out.steps : end.count > out.end->count));
        if (better)
            out = {bits, differ, &end};
    }
}

EndSurprise EndModel::judge(std::uint64_t scope, std::uint64_t shape, const StepSet &steps,
                            std::uint64_t casesMin) const
{
    EndSurprise result;
    Costs costs;
    costs.parts[0] = m_agreed.scope(scope);
    costs.parts[1] = m_delta.scope(scope);
    for (const EndLearned::Scope *part : costs.parts) {
        if (part == nullptr)
            continue;
        result.cases += part->cases;
        const auto it = std::lower_bound(
            part->known.begin(), part->known.end(), shape,
            [](const EndLearned::Known &k, std::uint64_t s) { return k.shape < s; });
        if (it != part->known.end() && it->shape == shape)
            result.alike += it->count;
    }
    result.learning = shape == 0 || result.cases < casesMin;
    if (result.learning || result.alike > 0)
        return result;
    costs.cases = static_cast<double>(result.cases);
    return judgeNew(costs, steps, false, std::move(result), scope);
}

EndSurprise EndModel::judgeSoFar(std::uint64_t scope, const StepSet &steps, std::uint64_t casesMin) const
{
    EndSurprise result;
    Costs costs;
    costs.parts[0] = m_agreed.scope(scope);
    costs.parts[1] = m_delta.scope(scope);
    for (const EndLearned::Scope *part : costs.parts)
        result.cases += part != nullptr ? part->cases : 0;
    result.learning = result.cases < casesMin;
    if (result.learning)
        return result;
    costs.cases = static_cast<double>(result.cases);
    return judgeNew(costs, steps, true, std::move(result), scope);
}

EndSurprise EndModel::judgeNew(const Costs &costs, const StepSet &steps, bool extraOnly, EndSurprise result,
                               std::uint64_t scope) const
{
    const auto known = knownOf(scope);
    const auto once = std::count_if(known.begin(), known.end(), [](const auto &end) { return end.count == 1; });
    result.newShare = static_cast<double>(once) / std::max(costs.cases, 1.0);
    Nearest best;
    nearest(known, steps, costs, 0, extraOnly, best);
    if (best.end == nullptr)
        return result;
    result.alike = best.end->count;
    compareSets(best.end->steps, steps, [&](StepSymbol step, std::uint32_t expected, std::uint32_t seen) {
        if (seen > expected || !extraOnly)
            result.edits.push_back({step, expected, seen, costs.bits(step, expected, seen),
                                    costs.count(step, expected, seen)});
        return true;
    });
    std::stable_sort(result.edits.begin(), result.edits.end(),
                     [](const StepEdit &a, const StepEdit &b) { return a.bits > b.bits; });
    for (const StepEdit &edit : result.edits)
        result.bits += edit.bits;
    return result;
}

double EndSurprise::enough(double rarity) const
{
    const auto all = static_cast<double>(cases);
    return std::max(detLog2((all + 1.0) / (all * detExp2(-rarity) + 0.5)), 0.0);
}

double EndSurprise::rarity() const
{
    const auto all = static_cast<double>(cases);
    const double shown = (all + 1.0) * detExp2(-bits) - 0.5; // by at least one case, or by none
    return bits <= 0.0 ? 0.0 : shown < 0.5 ? RarityMax : std::min(detLog2(all / shown), RarityMax);
}

void EndModel::learn(std::uint64_t scope, std::uint64_t shape, const StepSet &steps, std::uint32_t age)
{
    if (shape == 0)
        return;
    const EndSurprise now = judge(scope, shape, steps, 0);
    m_delta.add(scope, {shape, 1, steps}, now.edits, age);
}

double EndModel::threshold(std::uint64_t scope, double rate) const
{
    const auto known = knownOf(scope);
    Costs costs;
    costs.parts[0] = m_agreed.scope(scope);
    costs.parts[1] = m_delta.scope(scope);
    double cheapest = 1e300;
    for (const EndLearned::Scope *part : costs.parts)
        costs.cases += part != nullptr ? static_cast<double>(part->cases) : 0.0;
    std::vector<double> bits;
    for (const EndLearned::Known &end : known) {
        for (const StepCount &step : end.steps)
            cheapest = std::min({cheapest, costs.bits(step.step, 0, 1), costs.bits(step.step, 1, 0)});
        if (end.count != 1)
            continue;
        Nearest best;
        nearest(known, end.steps, costs, end.shape, false, best);
        if (best.end != nullptr)
            bits.push_back(best.bits);
    }
    const double shown = std::max(rate * costs.cases, 0.0);
    const auto allowed = static_cast<std::size_t>(shown);
    double threshold = cheapest < 1e300 ? cheapest : 0.0; // fewer new ends than allowed: any is rare enough
    if (allowed < bits.size()) {
        const auto place = bits.begin() + static_cast<std::ptrdiff_t>(allowed);
        std::nth_element(bits.begin(), place, bits.end(), std::greater<>());
        threshold = *place + ThresholdStep;
    }
    return std::clamp(threshold, detLog2((costs.cases + 1.0) / (shown + 0.5)),
                      std::max(detLog2((costs.cases + 1.0) / 0.5), 0.0));
}

} // namespace eventops
