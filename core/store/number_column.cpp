// SPDX-License-Identifier: MIT
#include "core/store/number_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace eventops {
namespace {

enum Kind : std::uint8_t { Constant = 0, Frame = 1, Delta = 2 };
constexpr std::array<std::uint64_t, 4> Scales = {1, 1'000, 1'000'000, 1'000'000'000};
constexpr std::array<double, 16> Powers = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr unsigned WidthMax = 57; ///< What one unaligned 64-bit access reaches; wider values go as 64.
constexpr unsigned PatchBits = 72;///< About what an outlier costs.

struct Plan {
    std::int64_t base = 0;
    unsigned scale = 0;
    unsigned width = 0;
    std::size_t bits = 0;
};

/// The largest of the four scales that divides all offsets; divides them by it.
unsigned reduceScale(std::vector<std::uint64_t> &offsets)
{
    for (unsigned scale = 3; scale > 0; --scale) {
        const std::uint64_t by = Scales[scale];
        if (std::all_of(offsets.begin(), offsets.end(), [by](std::uint64_t v) { return v % by == 0; })) {
            for (std::uint64_t &v : offsets)
                v /= by;
            return scale;
        }
    }
    return 0;
}

/// The width that costs least when wider values are patched.
void chooseWidth(std::span<const std::uint64_t> offsets, Plan &plan)
{
    std::array<std::uint32_t, 65> histogram{};
    for (const std::uint64_t v : offsets)
        ++histogram[static_cast<unsigned>(std::bit_width(v))];
    std::size_t over = 0;
    plan.bits = SIZE_MAX;
    for (unsigned width = 64;; --width) {
        const std::size_t bits = offsets.size() * (width > WidthMax ? 64 : width) + over * PatchBits;
        if (bits <= plan.bits && (width <= WidthMax || width == 64)) {
            plan.bits = bits;
            plan.width = width;
        }
        over += histogram[width];
        if (width == 0)
            break;
    }
}

void pack(std::string &out, std::span<const std::uint64_t> values, unsigned width)
{
    if (width == 0)
        return;
    if (width == 64) {
        out.append(reinterpret_cast<const char *>(values.data()), values.size() * 8);
        return;
    }
    const std::size_t from = out.size();
    const std::size_t size = (values.size() * width + 7) / 8;
    out.resize(from + size + 8, '\0');
    char *at = out.data() + from;
    const std::uint64_t mask = (1ULL << width) - 1;
    std::size_t bit = 0;
    for (const std::uint64_t v : values) {
        std::uint64_t word;
        std::memcpy(&word, at + (bit >> 3), 8);
        word |= (v & mask) << (bit & 7);
        std::memcpy(at + (bit >> 3), &word, 8);
        bit += width;
    }
    out.resize(from + size);
}

/// Writes @p offsets by the plan: header, packed low bits, patches.
void putPlanned(std::string &out, Kind kind, const Plan &plan, std::span<const std::uint64_t> offsets, NumberScratch &scratch)
{
    out += static_cast<char>(kind);
    putVarint(out, zigzag(plan.base));
    out += static_cast<char>(plan.scale);
    out += static_cast<char>(plan.width);
    scratch.odd.clear();
    if (plan.width < 64) {
        for (std::size_t i = 0; i < offsets.size(); ++i) {
            if (offsets[i] >> plan.width != 0)
                scratch.odd.push_back(static_cast<std::uint32_t>(i));
        }
    }
    putVarint(out, scratch.odd.size());
    std::uint32_t last = 0;
    for (const std::uint32_t i : scratch.odd) {
        putVarint(out, i - last);
        putVarint(out, offsets[i] >> plan.width);
        last = i;
    }
    pack(out, offsets, plan.width);
}

void frameOffsets(std::span<const std::int64_t> values, std::vector<std::uint64_t> &offsets, Plan &plan)
{
    plan.base = *std::min_element(values.begin(), values.end());
    offsets.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        offsets[i] = static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(plan.base);
}

/// Deltas as unsigned offsets from the least one; wraps, so it is exact over the whole range.
void deltaOffsets(std::span<const std::int64_t> values, std::vector<std::uint64_t> &offsets, Plan &plan)
{
    const auto delta = [&](std::size_t i) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(values[i - 1]));
    };
    offsets.resize(values.size() - 1);
    std::int64_t least = delta(1);
    for (std::size_t i = 2; i < values.size(); ++i)
        least = std::min(least, delta(i));
    plan.base = least;
    for (std::size_t i = 1; i < values.size(); ++i)
        offsets[i - 1] = static_cast<std::uint64_t>(delta(i)) - static_cast<std::uint64_t>(least);
}

} // namespace

void putIntegers(std::string &out, std::span<const std::int64_t> values, NumberScratch &scratch)
{
    const bool constant = std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == values.front(); });
    if (constant) {
        out += static_cast<char>(Constant);
        putVarint(out, values.empty() ? 0 : zigzag(values.front()));
        return;
    }
    Plan frame;
    frameOffsets(values, scratch.offsets, frame);
    frame.scale = reduceScale(scratch.offsets);
    chooseWidth(scratch.offsets, frame);
    Plan delta;
    deltaOffsets(values, scratch.offsets, delta);
    delta.scale = reduceScale(scratch.offsets);
    chooseWidth(scratch.offsets, delta);
    if (delta.bits + 64 < frame.bits) {
        putPlanned(out, Delta, delta, scratch.offsets, scratch);
        putVarint(out, zigzag(values.front()));
        return;
    }
    frameOffsets(values, scratch.offsets, frame);
    for (std::uint64_t &v : scratch.offsets)
        v /= Scales[frame.scale];
    putPlanned(out, Frame, frame, scratch.offsets, scratch);
}

bool takeIntegers(ByteReader &in, std::size_t count, std::vector<std::int64_t> &values)
{
    values.resize(count);
    const std::uint8_t kind = in.byte();
    const std::int64_t base = unzigzag(in.varint());
    if (kind == Constant) {
        std::fill(values.begin(), values.end(), base);
        return !in.failed();
    }
    const unsigned scale = in.byte();
    const unsigned width = in.byte();
    const std::uint64_t patches = in.varint();
    if ((kind != Frame && kind != Delta) || scale >= Scales.size() || (width > WidthMax && width != 64) || count < 2
        || patches > count || in.failed())
        return false;
    const std::size_t packed = kind == Delta ? count - 1 : count;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> patch(patches);
    std::uint64_t at = 0;
    for (auto &[index, high] : patch) {
        at += in.varint();
        index = at;
        high = in.varint();
        if (index >= packed || width == 64)
            return false;
    }
    const std::string_view bits = in.take((packed * width + 7) / 8);
    if (in.failed())
        return false;
    std::int64_t *to = values.data() + (kind == Delta ? 1 : 0);
    if (width == 64)
        std::memcpy(to, bits.data(), packed * 8);
    else {
        const std::uint64_t mask = (1ULL << width) - 1;
        for (std::size_t i = 0, bit = 0; i < packed; ++i, bit += width) {
            std::uint64_t word = 0;
            if (width > 0)
                std::memcpy(&word, bits.data() + (bit >> 3), 8);
            to[i] = static_cast<std::int64_t>((word >> (bit & 7)) & mask);
        }
    }
    for (const auto &[index, high] : patch)
        to[index] = static_cast<std::int64_t>(static_cast<std::uint64_t>(to[index]) | high << width);
    const std::uint64_t by = Scales[scale];
    std::uint64_t previous = 0;
    if (kind == Delta)
        values[0] = static_cast<std::int64_t>(previous = static_cast<std::uint64_t>(unzigzag(in.varint())));
    for (std::size_t i = 0; i < packed; ++i) {
        const std::uint64_t v = static_cast<std::uint64_t>(to[i]) * by + static_cast<std::uint64_t>(base);
        to[i] = static_cast<std::int64_t>(previous = kind == Delta ? previous + v : v);
    }
    return !in.failed();
}

namespace {

bool asDecimal(double v, double power, std::int64_t &out)
{
    const double scaled = v * power;
    if (!(std::abs(scaled) < 9.0e15)) // also not-a-number
        return false;
    out = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
    return std::bit_cast<std::uint64_t>(static_cast<double>(out) / power) == std::bit_cast<std::uint64_t>(v);
}

/// The exponent at which most of a sample of the values are decimals; the smallest among equals.
unsigned chooseExponent(std::span<const double> values)
{
    const std::size_t step = std::max<std::size_t>(1, values.size() / 32);
    unsigned best = 0;
    std::size_t bestHits = 0, sampled = 0;
    for (unsigned exponent = 0; exponent < Powers.size(); ++exponent) {
        std::size_t hits = 0;
        sampled = 0;
        std::int64_t unused;
        for (std::size_t i = 0; i < values.size(); i += step, ++sampled)
            hits += asDecimal(values[i], Powers[exponent], unused) ? 1 : 0;
        if (hits > bestHits) {
            best = exponent;
            bestHits = hits;
        }
        if (hits == sampled)
            break;
    }
    return best;
}

} // namespace

void putDoubles(std::string &out, std::span<const double> values, NumberScratch &scratch)
{
    unsigned exponent = chooseExponent(values);
    scratch.decimals.resize(values.size());
    std::vector<std::uint32_t> odd;
    std::int64_t fill = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (asDecimal(values[i], Powers[exponent], scratch.decimals[i]))
            fill = scratch.decimals[i];
        else {
            scratch.decimals[i] = fill; // any value that packs well
            odd.push_back(static_cast<std::uint32_t>(i));
        }
    }
    const bool plain = odd.size() > values.size() / 2;
    out += static_cast<char>(plain ? 0xff : exponent);
    if (plain) {
        out.append(reinterpret_cast<const char *>(values.data()), values.size() * 8);
        return;
    }
    putVarint(out, odd.size());
    std::uint32_t last = 0;
    for (const std::uint32_t i : odd) {
        putVarint(out, i - last);
        putFixed64(out, std::bit_cast<std::uint64_t>(values[i]));
        last = i;
    }
    putIntegers(out, scratch.decimals, scratch);
}

bool takeDoubles(ByteReader &in, std::size_t count, std::vector<double> &values)
{
    values.resize(count);
    const std::uint8_t exponent = in.byte();
    if (exponent == 0xff) {
        const std::string_view bytes = in.take(count * 8);
        if (in.failed())
            return false;
        if (count > 0)
            std::memcpy(values.data(), bytes.data(), count * 8);
        return true;
    }
    const std::uint64_t oddCount = in.varint();
    if (exponent >= Powers.size() || oddCount > count || in.failed())
        return false;
    std::vector<std::pair<std::uint64_t, double>> odd(oddCount);
    std::uint64_t at = 0;
    for (auto &[index, value] : odd) {
        at += in.varint();
        index = at;
        value = std::bit_cast<double>(in.fixed64());
        if (index >= count)
            return false;
    }
    std::vector<std::int64_t> decimals;
    if (in.failed() || !takeIntegers(in, count, decimals))
        return false;
    for (std::size_t i = 0; i < count; ++i)
        values[i] = static_cast<double>(decimals[i]) / Powers[exponent];
    for (const auto &[index, value] : odd)
        values[index] = value;
    return true;
}

} // namespace eventops
