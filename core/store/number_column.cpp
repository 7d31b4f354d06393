// SPDX-License-Identifier: MIT
#include "core/store/number_column.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace eventops {
namespace {

enum Kind : std::uint8_t { Constant = 0, Frame = 1, Delta = 2, Runs = 3 };
constexpr std::size_t RunsPay = 4; ///< Values a run, on average, from which on runs are written.
constexpr std::array<std::uint64_t, 4> Scales = {1, 1'000, 1'000'000, 1'000'000'000};
constexpr std::array<double, 16> Powers = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                           1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
constexpr unsigned WidthMax = 57;  ///< What one unaligned 64-bit access reaches; wider values go as 64.
constexpr unsigned PatchBits = 72; ///< About what an outlier costs.

struct Plan {
    std::int64_t base = 0;
    unsigned scale = 0;
    unsigned width = 0;
    std::size_t bits = 0;
    bool patched = false; ///< Some values are wider.
};

/// Divides offsets as signed numbers: those below the base stay multiples.
void divide(std::vector<std::uint64_t> &offsets, std::uint64_t by)
{
    if (by == 1)
        return;
    for (std::uint64_t &v : offsets)
        v = static_cast<std::uint64_t>(static_cast<std::int64_t>(v) / static_cast<std::int64_t>(by));
}

bool takePlanned(ByteReader &in, std::uint8_t kind, std::size_t count, std::vector<std::int64_t> &values);

/// The largest of the four scales that divides all offsets; divides them by it.
unsigned reduceScale(std::vector<std::uint64_t> &offsets)
{
    for (unsigned scale = 3; scale > 0; --scale) {
        const auto by = static_cast<std::int64_t>(Scales[scale]);
        if (std::all_of(offsets.begin(), offsets.end(),
                        [by](std::uint64_t v) { return static_cast<std::int64_t>(v) % by == 0; })) {
            divide(offsets, Scales[scale]);
            return scale;
        }
    }
    return 0;
}

/// A base for @p count values: the least, unless that lies far below a sample of them. Values below the base wrap and
/// are patched.
template <typename At>
std::int64_t chooseBase(std::size_t count, At at)
{
    std::int64_t least = at(0);
    for (std::size_t i = 1; i < count; ++i)
        least = std::min(least, at(i));
    constexpr std::size_t Samples = 64;
    if (count < 2 * Samples)
        return least;
    std::int64_t low = at(0), high = low;
    for (std::size_t i = 0; i < count; i += count / Samples) {
        low = std::min(low, at(i));
        high = std::max(high, at(i));
    }
    const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    const std::uint64_t below = static_cast<std::uint64_t>(low) - static_cast<std::uint64_t>(least);
    return below / 4 > range ? low : least;
}

/// The width that costs least when wider values are patched.
void chooseWidth(std::span<const std::uint64_t> offsets, Plan &plan)
{
    std::uint64_t all = 0;
    for (const std::uint64_t v : offsets)
        all |= v;
    const auto widest = static_cast<unsigned>(std::bit_width(all));
    plan.width = widest > WidthMax ? 64 : widest;
    plan.bits = offsets.size() * plan.width;
    plan.patched = false;
    if (widest <= 2)
        return; // nothing to gain
    std::array<std::uint32_t, 65> histogram{};
    for (const std::uint64_t v : offsets)
        ++histogram[static_cast<unsigned>(std::bit_width(v))];
    std::size_t over = 0;
    for (unsigned width = widest; width > 0;) {
        over += histogram[width];
        --width;
        const std::size_t bits = offsets.size() * width + over * PatchBits;
        if (width <= WidthMax && bits < plan.bits) {
            plan.bits = bits;
            plan.width = width;
            plan.patched = over > 0;
        }
    }
}

void pack(std::string &out, const std::uint64_t *values, std::size_t count, unsigned width)
{
    if (width == 0)
        return;
    if (width == 64) {
        out.append(reinterpret_cast<const char *>(values), count * 8);
        return;
    }
    const std::size_t from = out.size();
    const std::size_t size = (count * width + 7) / 8;
    out.resize(from + size + 16);
    char *at = out.data() + from;
    const std::uint64_t mask = (1ULL << width) - 1;
    std::uint64_t word = 0;
    unsigned bits = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t v = values[i] & mask;
        word |= v << bits;
        bits += width;
        if (bits >= 64) {
            std::memcpy(at, &word, 8);
            at += 8;
            bits -= 64;
            word = bits == 0 ? 0 : v >> (width - bits);
        }
    }
    std::memcpy(at, &word, 8);
    out.resize(from + size);
}

/// Writes @p offsets by the plan: header, packed low bits, patches.
void putPlanned(std::string &out, Kind kind, const Plan &plan, std::span<const std::uint64_t> offsets,
                NumberScratch &scratch)
{
    out += static_cast<char>(kind);
    putVarint(out, zigzag(plan.base));
    out += static_cast<char>(plan.scale);
    out += static_cast<char>(plan.width);
    scratch.odd.clear();
    for (std::size_t i = 0; plan.patched && i < offsets.size(); ++i) {
        if (offsets[i] >> plan.width != 0)
            scratch.odd.push_back(static_cast<std::uint32_t>(i));
    }
    putVarint(out, scratch.odd.size());
    std::uint32_t last = 0;
    for (const std::uint32_t i : scratch.odd) {
        putVarint(out, i - last);
        putVarint(out, offsets[i] >> plan.width);
        last = i;
    }
    pack(out, offsets.data(), offsets.size(), plan.width);
}

void frameOffsets(std::span<const std::int64_t> values, std::vector<std::uint64_t> &offsets, Plan &plan)
{
    plan.base = chooseBase(values.size(), [&](std::size_t i) { return values[i]; });
    offsets.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        offsets[i] = static_cast<std::uint64_t>(values[i]) - static_cast<std::uint64_t>(plan.base);
}

/// Whether a sample of the deltas is narrower than the frame, which costs little to find out.
bool deltasLookSmaller(std::span<const std::int64_t> values, const Plan &frame)
{
    constexpr std::size_t Samples = 64;
    if (values.size() < 4 * Samples)
        return true;
    std::int64_t low = INT64_MAX, high = INT64_MIN;
    std::size_t within = 0;
    for (std::size_t i = 1; i < values.size(); i += values.size() / Samples, ++within) {
        const auto delta = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i])
                                                     - static_cast<std::uint64_t>(values[i - 1]));
        low = std::min(low, delta);
        high = std::max(high, delta);
    }
    const std::uint64_t range =
        (static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low)) / Scales[frame.scale];
    return static_cast<unsigned>(std::bit_width(range)) < frame.width + 2;
}

/// Deltas as unsigned offsets from the least one; wraps, so it is exact over the whole range.
void deltaOffsets(std::span<const std::int64_t> values, std::vector<std::uint64_t> &offsets, Plan &plan)
{
    const auto delta = [&](std::size_t i) {
        return static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i])
                                         - static_cast<std::uint64_t>(values[i - 1]));
    };
    offsets.resize(values.size() - 1);
    plan.base = chooseBase(values.size() - 1, [&](std::size_t i) { return delta(i + 1); });
    for (std::size_t i = 1; i < values.size(); ++i)
        offsets[i - 1] = static_cast<std::uint64_t>(delta(i)) - static_cast<std::uint64_t>(plan.base);
}

} // namespace

namespace {

void putFrame(std::string &out, std::span<const std::int64_t> values, std::uint64_t max)
{
    if (values.size() < 2 || max == 0) {
        out += static_cast<char>(Constant);
        putVarint(out, values.empty() ? 0 : zigzag(values.front()));
        return;
    }
    const auto width = static_cast<unsigned>(std::bit_width(max));
    out += static_cast<char>(Frame);
    putVarint(out, 0); // base
    out += '\0';       // scale
    out += static_cast<char>(width);
    putVarint(out, 0); // patches
    // The same bits signed and unsigned; the two types may alias.
    pack(out, reinterpret_cast<const std::uint64_t *>(values.data()), values.size(), width);
}

} // namespace

void putCodes(std::string &out, std::span<const std::int64_t> values, std::uint64_t max, NumberScratch &scratch)
{
    std::size_t runs = values.empty() ? 0 : 1;
    for (std::size_t i = 1; i < values.size(); ++i)
        runs += values[i] != values[i - 1] ? 1 : 0;
    if (runs < 2 || runs * RunsPay > values.size()) {
        putFrame(out, values, max);
        return;
    }
    scratch.runValues.clear();
    scratch.runLengths.clear();
    for (std::size_t i = 0; i < values.size();) {
        std::size_t end = i + 1;
        while (end < values.size() && values[end] == values[i])
            ++end;
        scratch.runValues.push_back(values[i]);
        scratch.runLengths.push_back(static_cast<std::int64_t>(end - i));
        i = end;
    }
    out += static_cast<char>(Runs);
    putVarint(out, runs);
    putFrame(out, scratch.runValues, max);
    putIntegers(out, scratch.runLengths, scratch);
}

void putIntegers(std::string &out, std::span<const std::int64_t> values, NumberScratch &scratch)
{
    const bool constant =
        std::all_of(values.begin(), values.end(), [&](std::int64_t v) { return v == values.front(); });
    if (constant) {
        out += static_cast<char>(Constant);
        putVarint(out, values.empty() ? 0 : zigzag(values.front()));
        return;
    }
    Plan frame;
    frameOffsets(values, scratch.offsets, frame);
    frame.scale = reduceScale(scratch.offsets);
    chooseWidth(scratch.offsets, frame);
    // Deltas are tried where neighbours lie nearer to each other than the whole does.
    if (deltasLookSmaller(values, frame)) {
        Plan delta;
        deltaOffsets(values, scratch.deltas, delta);
        delta.scale = reduceScale(scratch.deltas);
        chooseWidth(scratch.deltas, delta);
        if (delta.bits + 64 < frame.bits) {
            putPlanned(out, Delta, delta, scratch.deltas, scratch);
            putVarint(out, zigzag(values.front()));
            return;
        }
    }
    putPlanned(out, Frame, frame, scratch.offsets, scratch);
}

namespace {

bool takeRuns(ByteReader &in, std::size_t count, std::vector<std::int64_t> &values)
{
    const std::uint64_t runs = in.varint();
    std::vector<std::int64_t> runValues, lengths;
    if (in.failed() || runs > count || !takePlanned(in, in.byte(), runs, runValues)
        || !takePlanned(in, in.byte(), runs, lengths))
        return false;
    std::size_t at = 0;
    for (std::size_t i = 0; i < runs; ++i) {
        const auto length = static_cast<std::uint64_t>(lengths[i]);
        if (length > count - at)
            return false;
        std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(at), length, runValues[i]);
        at += length;
    }
    return at == count;
}

} // namespace

bool takeIntegers(ByteReader &in, std::size_t count, std::vector<std::int64_t> &values)
{
    const std::uint8_t kind = in.byte();
    values.resize(count);
    return kind == Runs ? takeRuns(in, count, values) : takePlanned(in, kind, count, values);
}

namespace {

bool takePlanned(ByteReader &in, std::uint8_t kind, std::size_t count, std::vector<std::int64_t> &values)
{
    values.resize(count);
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
