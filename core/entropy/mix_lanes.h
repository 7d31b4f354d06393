// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace eventops {

/// Four floats at a time, for mixing. + − × ÷ of lanes are those of IEEE 754, so every machine gives the same bits; the
/// compiler makes one instruction of four where the machine has it.
using FloatLanes [[gnu::vector_size(16)]] = float;
using IntLanes [[gnu::vector_size(16)]] = std::int32_t;
constexpr std::size_t LanesWide = 4;

/// Numbers to be taken one by one or in blocks of four. They begin as anything.
template <std::size_t Blocks>
struct LaneArray {
    alignas(16) std::array<float, Blocks * LanesWide> numbers;

    float &operator[](std::size_t i) { return numbers[i]; }
    float operator[](std::size_t i) const { return numbers[i]; }
    FloatLanes block(std::size_t b) const
    {
        FloatLanes lanes;
        std::memcpy(&lanes, &numbers[b * LanesWide], sizeof lanes);
        return lanes;
    }
    void setBlock(std::size_t b, FloatLanes lanes) { std::memcpy(&numbers[b * LanesWide], &lanes, sizeof lanes); }
};

/// log2 of positive normal numbers: exponent, and 2·artanh((m − 1)/(m + 1)) of the mantissa m in [√½, √2) to its
/// seventh power. Absolute error below 2e-6.
inline FloatLanes log2Lanes(FloatLanes x)
{
    constexpr std::int32_t RootHalf = 0x3f3504f3; // its bits
    constexpr std::int32_t ExponentMask = ~0x7fffff;
    const auto bits = std::bit_cast<IntLanes>(x);
    const IntLanes above = bits - RootHalf;
    const auto mantissa = std::bit_cast<FloatLanes>(bits - (above & ExponentMask));
    const FloatLanes s = (mantissa - 1.0F) / (mantissa + 1.0F);
    const FloatLanes square = s * s;
    const FloatLanes series = 2.88539008F + square * (0.961796694F + square * (0.577078016F + square * 0.412198583F));
    return __builtin_convertvector(above >> 23, FloatLanes) + s * series;
}

/// 2^x, where numbers below −120 count as −120; up to 120. The nearest power of two and the Taylor series of what is
/// left. Relative error below 2e-6.
inline FloatLanes exp2Lanes(FloatLanes x)
{
    constexpr float Round = 12582912.0F; // 1.5·2^23: adding it leaves the nearest whole number in the low bits
    constexpr float Least = -120.0F;
    const FloatLanes least = {Least, Least, Least, Least};
    const FloatLanes y = x > least ? x : least;
    const FloatLanes rounded = y + Round;
    const FloatLanes f = y - (rounded - Round);
    const FloatLanes series = 1.0F
        + f * (0.693147181F
               + f * (0.240226507F
                      + f * (0.0555041087F + f * (0.00961812911F + f * (0.00133335581F + f * 0.000154035304F)))));
    const IntLanes whole = std::bit_cast<IntLanes>(rounded) - std::bit_cast<std::int32_t>(Round);
    return std::bit_cast<FloatLanes>(std::bit_cast<IntLanes>(series) + (whole << 23));
}

} // namespace eventops
