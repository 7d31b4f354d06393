// SPDX-License-Identifier: MIT
#include "core/entropy/verdicts.h"

#include "core/base/hash.h"

#include <array>
#include <charconv>
#include <cmath>

namespace eventops {
namespace {

constexpr std::array<std::string_view, 5> KindNames = {"step", "wait", "extra", "end", "value"};

bool hasNumber(FindingPattern::Kind kind)
{
    return kind == FindingPattern::Kind::Wait || kind == FindingPattern::Kind::Value;
}

std::optional<FindingPattern> patternOf(std::string_view text)
{
    const std::size_t equals = text.find('=');
    for (std::size_t i = 0; i < KindNames.size(); ++i) {
        if (equals == std::string_view::npos || text.substr(0, equals) != KindNames[i])
            continue;
        FindingPattern pattern;
        pattern.kind = static_cast<FindingPattern::Kind>(i);
        const char *end = text.data() + text.size();
        auto [at, failed] = std::from_chars(text.data() + equals + 1, end, pattern.key, 16);
        if (failed != std::errc{})
            return std::nullopt;
        if (hasNumber(pattern.kind)) {
            for (double *number : {&pattern.at, &pattern.expected}) {
                if (at == end || *at != ':')
                    return std::nullopt;
                const auto read = std::from_chars(at + 1, end, *number);
                if (read.ec != std::errc{} || !std::isfinite(*number))
                    return std::nullopt;
                at = read.ptr;
            }
        }
        return at == end ? std::optional(pattern) : std::nullopt;
    }
    return std::nullopt;
}

} // namespace

std::string toText(std::span<const FindingPattern> patterns)
{
    std::string text;
    for (const FindingPattern &pattern : patterns) {
        char buffer[48];
        text += text.empty() ? "" : ";";
        text += KindNames[static_cast<std::size_t>(pattern.kind)];
        text += '=';
        text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, pattern.key, 16).ptr);
        if (hasNumber(pattern.kind)) {
            for (const double number : {pattern.at, pattern.expected}) {
                text += ':';
                text.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, number).ptr);
            }
        }
    }
    return text;
}

std::optional<std::vector<FindingPattern>> patternsOf(std::string_view text)
{
    std::vector<FindingPattern> patterns;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(';'), text.size());
        const auto pattern = patternOf(text.substr(0, end));
        if (!pattern || patterns.size() == PatternsMax)
            return std::nullopt;
        patterns.push_back(*pattern);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return patterns.empty() ? std::nullopt : std::optional(std::move(patterns));
}

std::uint64_t Verdicts::keyOf(const FindingPattern &pattern)
{
    return tableKey(hashCombine(static_cast<std::uint64_t>(pattern.kind) + 1, pattern.key));
}

void Verdicts::dismiss(const FindingPattern &pattern, std::uint32_t age)
{
    Entry &entry = m_table.findOrInsert(keyOf(pattern)).first;
    entry.seen = age;
    const double room = (pattern.at - pattern.expected) * Room;
    if (pattern.above()) {
        entry.normalUpTo = std::max(entry.normalUpTo, pattern.at + room);
        if (entry.faultFrom <= entry.normalUpTo)
            entry.faultFrom = Entry::Infinite;
    } else {
        entry.normalDownTo = std::min(entry.normalDownTo, pattern.at + room);
        if (entry.faultDownFrom >= entry.normalDownTo)
            entry.faultDownFrom = -Entry::Infinite;
    }
}

void Verdicts::confirm(const FindingPattern &pattern, std::uint32_t age)
{
    Entry &entry = m_table.findOrInsert(keyOf(pattern)).first;
    entry.seen = age;
    const double room = (pattern.at - pattern.expected) * Room;
    if (pattern.above()) {
        entry.faultFrom = std::min(entry.faultFrom, pattern.at - room);
        if (entry.normalUpTo >= entry.faultFrom)
            entry.normalUpTo = -Entry::Infinite;
    } else {
        entry.faultDownFrom = std::max(entry.faultDownFrom, pattern.at - room);
        if (entry.normalDownTo <= entry.faultDownFrom)
            entry.normalDownTo = Entry::Infinite;
    }
}

Verdicts::Verdict Verdicts::of(const FindingPattern &pattern) const
{
    const Entry *entry = m_table.find(keyOf(pattern));
    if (entry == nullptr)
        return Verdict::None;
    // A fault is one from whichever side the expectation is seen by now.
    if (pattern.at >= entry->faultFrom || pattern.at <= entry->faultDownFrom)
        return Verdict::Fault;
    const bool normal = pattern.above() ? pattern.at <= entry->normalUpTo : pattern.at >= entry->normalDownTo;
    return normal ? Verdict::Normal : Verdict::None;
}

std::int64_t Verdicts::wait(std::uint64_t key, std::int64_t patienceNs) const
{
    const Entry *entry = m_table.find(keyOf({FindingPattern::Kind::Wait, key}));
    if (entry == nullptr)
        return patienceNs;
    constexpr double Max = 9.0e18; // below 2^63
    double wait = static_cast<double>(patienceNs);
    if (entry->normalUpTo >= wait)
        wait = std::min(entry->normalUpTo, Max);
    if (entry->faultFrom < wait)
        wait = std::max(entry->faultFrom, 0.0);
    return wait == static_cast<double>(patienceNs) ? patienceNs : static_cast<std::int64_t>(wait);
}

void Verdicts::save(StateWriter &out) const
{
    const auto all = m_table.sorted();
    out.u64(all.size());
    for (const Entry *entry : all) {
        out.u64(entry->key);
        out.u64(entry->seen);
        for (const double number : {entry->normalUpTo, entry->faultFrom, entry->normalDownTo, entry->faultDownFrom})
            out.f64(number);
    }
}

Status Verdicts::load(StateReader &in)
{
    m_table.clear();
    const std::uint64_t count = in.u64();
    if (count > VerdictsMax)
        return Error{Error::Code::Corrupt, "the state of dismissals is damaged"};
    for (std::uint64_t i = 0; i < count && !in.failed(); ++i) {
        Entry &entry = m_table.findOrInsert(tableKey(in.u64())).first;
        entry.seen = static_cast<std::uint32_t>(in.u64());
        for (double *number : {&entry.normalUpTo, &entry.faultFrom, &entry.normalDownTo, &entry.faultDownFrom})
            *number = in.f64();
    }
    return in.failed() ? Status(Error{Error::Code::Corrupt, "the state of dismissals is cut short"}) : Status(Ok{});
}

} // namespace eventops
