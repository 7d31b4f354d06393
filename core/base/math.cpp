// SPDX-License-Identifier: MIT
#include "core/base/math.h"

#include <bit>
#include <cstdint>
#include <limits>

namespace eventops {

double detLog2(double x)
{
    if (!(x > 0.0))
        return -1075.0;
    if (x > std::numeric_limits<double>::max())
        return 1024.0;
    int exponent = 0;
    if (x < std::numeric_limits<double>::min()) { // subnormal: scale into the normal range first
        x *= 18014398509481984.0;                 // 2^54
        exponent = -54;
    }
    const auto bits = std::bit_cast<std::uint64_t>(x);
    exponent += static_cast<int>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000FFFFFFFFFFFFFULL) | 0x3FF0000000000000ULL);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        ++exponent;
    }
    // ln m = 2 artanh(s), s = (m − 1)/(m + 1), |s| ≤ 0.1716: twelve terms of the odd series reach 1e-20.
    const double s = (m - 1.0) / (m + 1.0);
    const double s2 = s * s;
    double sum = 0.0;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    constexpr double TwoOverLn2 = 2.8853900817779268;
    return exponent + s * sum * TwoOverLn2;
}

double detExp2(double x)
{
    if (!(x >= -1074.0))
        return 0.0;
    if (x >= 1024.0)
        return std::numeric_limits<double>::infinity();
    auto whole = static_cast<int>(x);
    double fraction = x - whole;
    if (fraction < -0.5) {
        fraction += 1.0;
        --whole;
    } else if (fraction > 0.5) {
        fraction -= 1.0;
        ++whole;
    }
    const double y = fraction * 0.69314718055994531; // |y| ≤ 0.347: sixteen Taylor terms reach 1e-20
    double sum = 1.0;
    for (int k = 16; k >= 1; --k)
        sum = 1.0 + sum * y / k;
    while (whole > 1000) { // two steps keep every factor a normal double
        sum *= 2.0;
        --whole;
    }
    double scale = 1.0;
    if (whole < -1000) {
        scale = std::bit_cast<double>(static_cast<std::uint64_t>(-1000 + 1023) << 52);
        whole += 1000;
    }
    return sum * std::bit_cast<double>(static_cast<std::uint64_t>(whole + 1023) << 52) * scale;
}

} // namespace eventops
