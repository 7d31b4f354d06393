// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/math.h"

#include <array>
#include <bit>
#include <cstdint>

namespace eventops {

/// log2 and exp2 by tables with linear interpolation, for mixing: absolute error of log2 below 2e-7, relative error of
/// exp2 below 2e-7, a few nanoseconds a call. Built from detLog2 and detExp2, so every machine gives the same bits.
/// Thread: any.
class MixTables
{
public:
    static const MixTables &instance();

    /// @p x: positive and normal.
    double log2(double x) const
    {
        const auto bits = std::bit_cast<std::uint64_t>(x);
        const auto index = static_cast<std::size_t>((bits >> (52U - Bits)) & (Size - 1));
        const auto rest = static_cast<double>(bits & RestMask) * RestScale;
        return static_cast<double>(static_cast<std::int64_t>(bits >> 52U) - 1023) + m_log[index]
             + rest * (m_log[index + 1] - m_log[index]);
    }

    /// @p x: −1000 to 1000.
    double exp2(double x) const
    {
        const auto whole = static_cast<std::int64_t>(x + 1024.0) - 1024; // rounds down
        const double scaled = (x - static_cast<double>(whole)) * static_cast<double>(Size);
        const auto index = static_cast<std::size_t>(scaled);
        const double part = m_exp[index] + (scaled - static_cast<double>(index)) * (m_exp[index + 1] - m_exp[index]);
        return part * std::bit_cast<double>(static_cast<std::uint64_t>(whole + 1023) << 52U);
    }

private:
    static constexpr unsigned Bits = 10;
    static constexpr std::size_t Size = std::size_t{1} << Bits;
    static constexpr std::uint64_t RestMask = (std::uint64_t{1} << (52U - Bits)) - 1;
    static constexpr double RestScale = 1.0 / static_cast<double>(RestMask + 1);
    MixTables();
    std::array<double, Size + 2> m_log{};
    std::array<double, Size + 2> m_exp{};
};

} // namespace eventops
