// SPDX-License-Identifier: MIT
#include "core/entropy/sequence_model.h"

#include "core/base/hash.h"
#include "core/base/math.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::uint64_t OrderZero = 0x4f52444552ULL;

std::uint64_t contextKey(std::uint64_t scope, std::uint64_t previous)
{
    return hashCombine(scope, previous);
}

/// Snapshot and delta of one context read as one, by step hash.
struct Merged {
    std::vector<TransitionCounts::Next> next;
    std::uint64_t total = 0;
    std::uint64_t distinct = 0;

    Merged(const TransitionCounts::Context *a, const TransitionCounts::Context *b)
    {
        for (const auto *part : {a, b}) {
            if (part == nullptr)
                continue;
            total += part->total;
            distinct += part->untracked;
        }
        static const std::vector<TransitionCounts::Next> None;
        const auto &left = a != nullptr ? a->next : None;
        const auto &right = b != nullptr ? b->next : None;
        next.reserve(left.size() + right.size());
        auto l = left.begin();
        auto r = right.begin();
        while (l != left.end() || r != right.end()) {
            if (r == right.end() || (l != left.end() && l->step < r->step))
                next.push_back(*l++);
            else if (l == left.end() || r->step < l->step)
                next.push_back(*r++);
            else
                next.push_back({l->step, (l++)->count + (r++)->count});
        }
        distinct += next.size();
    }

    std::uint64_t count(std::uint64_t step) const
    {
        const auto it = std::lower_bound(next.begin(), next.end(), step,
                                         [](const TransitionCounts::Next &n, std::uint64_t s) { return n.step < s; });
        return it != next.end() && it->step == step ? it->count : 0;
    }

    /// Order-0 probability of a step that was counted @p count times; never counted: of anything new.
    double base(std::uint64_t count) const
    {
        if (total == 0)
            return 1.0;
        return static_cast<double>(count > 0 ? count : distinct) / static_cast<double>(total + distinct);
    }
};

} // namespace

SequenceModel::~SequenceModel() = default;
EscapeSequenceModel::~EscapeSequenceModel() = default;

void TransitionCounts::addTo(Context &context, std::uint64_t step, std::uint64_t count)
{
    context.total += count;
    const auto it = std::lower_bound(context.next.begin(), context.next.end(), step,
                                     [](const Next &n, std::uint64_t s) { return n.step < s; });
    if (it != context.next.end() && it->step == step)
        it->count += count;
    else if (context.next.size() < AlternativesMax)
        context.next.insert(it, {step, count});
    else
        context.untracked += count;
    if (context.total <= TotalMax)
        return;
    context.total = context.untracked /= 2;
    for (Next &n : context.next)
        context.total += n.count /= 2;
    std::erase_if(context.next, [](const Next &n) { return n.count == 0; });
}

void TransitionCounts::add(std::uint64_t context, std::uint64_t step, std::uint64_t count, std::uint32_t age)
{
    Context &entry = m_contexts.findOrInsert(tableKey(context)).first;
    entry.seen = std::max(entry.seen, age);
    addTo(entry, step, count);
}

void TransitionCounts::nameStep(std::uint64_t step, std::string_view text, std::uint32_t age)
{
    const auto [entry, isNew] = m_names.findOrInsert(tableKey(step));
    entry.seen = std::max(entry.seen, age);
    if (!isNew)
        return;
    std::size_t size = std::min(text.size(), NameBytesMax);
    while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U)
        --size; // never cut inside a character
    entry.text = std::string(text.substr(0, size));
}

void TransitionCounts::merge(const TransitionCounts &delta)
{
    for (const Context *from : delta.m_contexts.sorted()) {
        Context &to = m_contexts.findOrInsert(from->key).first;
        to.seen = std::max(to.seen, from->seen);
        for (const Next &next : from->next)
            addTo(to, next.step, next.count);
        to.total += from->untracked;
        to.untracked += from->untracked;
    }
    for (const Name *name : delta.m_names.sorted())
        nameStep(name->key, name->text, name->seen);
}

void TransitionCounts::clear()
{
    m_contexts.clear();
    m_names.clear();
}

std::string_view TransitionCounts::name(std::uint64_t step) const
{
    const Name *entry = m_names.find(tableKey(step));
    return entry != nullptr ? std::string_view(entry->text) : std::string_view();
}

void TransitionCounts::save(StateWriter &out) const
{
    const auto contexts = m_contexts.sorted();
    out.u64(contexts.size());
    for (const Context *context : contexts) {
        out.u64(context->key);
        out.u64(context->seen);
        out.u64(context->total);
        out.u64(context->untracked);
        out.u64(context->next.size());
        for (const Next &next : context->next) {
            out.u64(next.step);
            out.u64(next.count);
        }
    }
    const auto names = m_names.sorted();
    out.u64(names.size());
    for (const Name *name : names) {
        out.u64(name->key);
        out.u64(name->seen);
        out.text(name->text);
    }
}

Status TransitionCounts::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "sequence model state is damaged"};
    clear();
    const std::uint64_t contexts = in.u64();
    if (contexts > m_contexts.entriesMax())
        return corrupt;
    for (std::uint64_t i = 0; i < contexts && !in.failed(); ++i) {
        Context &context = m_contexts.findOrInsert(tableKey(in.u64())).first;
        context.seen = static_cast<std::uint32_t>(in.u64());
        context.total = in.u64();
        context.untracked = in.u64();
        const std::uint64_t alternatives = in.u64();
        if (alternatives > AlternativesMax)
            return corrupt;
        for (std::uint64_t k = 0; k < alternatives; ++k) {
            const std::uint64_t step = in.u64();
            if (k > 0 && step <= context.next.back().step)
                return corrupt;
            context.next.push_back({step, in.u64()});
        }
    }
    const std::uint64_t names = in.u64();
    if (names > m_names.entriesMax())
        return corrupt;
    for (std::uint64_t i = 0; i < names && !in.failed(); ++i) {
        Name &name = m_names.findOrInsert(tableKey(in.u64())).first;
        name.seen = static_cast<std::uint32_t>(in.u64());
        name.text = std::string(in.text());
    }
    if (in.failed())
        return corrupt;
    return Ok{};
}

SequenceScore EscapeSequenceModel::score(std::uint64_t scope, std::uint64_t previous, std::uint64_t step) const
{
    SequenceScore result;
    const std::uint64_t key = contextKey(scope, previous);
    const Merged context(m_snapshot.context(key), m_delta.context(key));
    result.samples = context.total;
    if (context.total < m_samplesMin)
        return result;
    const std::uint64_t baseKey = contextKey(scope, OrderZero);
    const Merged all(m_snapshot.context(baseKey), m_delta.context(baseKey));
    const auto n = static_cast<double>(context.total);
    const auto t = static_cast<double>(context.distinct);
    const auto probability = [&](std::uint64_t s, std::uint64_t count) {
        return (static_cast<double>(count) + t * all.base(all.count(s))) / (n + t);
    };
    result.learning = false;
    result.count = context.count(step);
    result.probability = std::min(probability(step, result.count), 1.0);
    result.bits = -detLog2(result.probability);
    // The mass of what is likelier; the rest is as rare as this or rarer.
    double likelier = 0.0;
    for (const TransitionCounts::Next &next : context.next) {
        if (next.step == step)
            continue;
        if (const double p = probability(next.step, next.count); p > result.probability)
            likelier += p;
    }
    result.rarityBits = -detLog2(std::clamp(1.0 - likelier, result.probability, 1.0));
    return result;
}

void EscapeSequenceModel::learn(std::uint64_t scope, std::uint64_t previous, std::uint64_t step, std::string_view name,
                                std::uint32_t age)
{
    m_delta.add(contextKey(scope, previous), step, 1, age);
    m_delta.add(contextKey(scope, OrderZero), step, 1, age);
    m_delta.nameStep(step, name, age);
}

std::vector<StepExpectation> EscapeSequenceModel::expect(std::uint64_t scope, std::uint64_t previous,
                                                         std::size_t countMax) const
{
    const std::uint64_t key = contextKey(scope, previous);
    const Merged context(m_snapshot.context(key), m_delta.context(key));
    std::vector<StepExpectation> all;
    for (const TransitionCounts::Next &next : context.next) {
        all.push_back({std::string(this->name(next.step)),
                       static_cast<double>(next.count) / static_cast<double>(context.total), next.count});
    }
    std::sort(all.begin(), all.end(), [](const StepExpectation &a, const StepExpectation &b) {
        return a.count != b.count ? a.count > b.count : a.step < b.step;
    });
    if (all.size() > countMax)
        all.resize(countMax);
    return all;
}

std::string_view EscapeSequenceModel::name(std::uint64_t step) const
{
    const std::string_view known = m_snapshot.name(step);
    return !known.empty() ? known : m_delta.name(step);
}

} // namespace eventops
