// SPDX-License-Identifier: MIT
#include "core/entropy/surprise.h"

#include "core/base/math.h"
#include "core/base/types.h"

#include <charconv>
#include <cmath>

namespace eventops {
namespace {

constexpr double SquareMax = 1e140; ///< Beyond it the tail would underflow; it is then c/z⁴ to the last bit.

} // namespace

double studentTailBits(double z)
{
    z = std::fabs(z);
    if (!(z > 0.0))
        return 0.0;
    if (!(z * z < SquareMax))
        return 4.0 * detLog2(z) - 2.584962500721156; // tail → 6/z⁴
    // With u = z/√(4+z²) the two tails hold (1−u)²(2+u)/2; 1−u is written without cancellation.
    const double square = 4.0 + z * z;
    const double u = z / std::sqrt(square);
    const double rest = 4.0 / (square * (1.0 + u));
    const double bits = -detLog2(rest * rest * (2.0 + u) * 0.5);
    return bits > 0.0 ? bits : 0.0;
}

double studentTailDeviation(double bits)
{
    double low = 0.0;
    double high = 1.0;
    while (studentTailBits(high) < bits && high < 1e30)
        high *= 2.0;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        (studentTailBits(middle) < bits ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

double medianOfSorted(const std::vector<double> &sorted)
{
    return sorted.empty() ? 0.0 : 0.5 * sorted[(sorted.size() - 1) / 2] + 0.5 * sorted[sorted.size() / 2];
}

std::string describeNumber(double value, double spread)
{
    char buffer[64];
    if (!(std::fabs(value) < 1e15)) {
        const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, 6);
        return {buffer, end.ptr};
    }
    int decimals = 0;
    for (double scaled = std::fabs(spread); decimals < 6 && scaled > 0.0 && scaled < 10.0; scaled *= 10.0)
        ++decimals;
    if (spread == 0.0)
        decimals = 6;
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
    std::string text(buffer, end.ptr);
    if (decimals > 0) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.back() == '.')
            text.pop_back();
    }
    return text == "-0" ? "0" : text;
}

std::string describeDuration(std::int64_t ns)
{
    struct Unit {
        const char *name;
        std::int64_t size;
    };
    constexpr std::int64_t Minute = 60 * NsPerSecond;
    constexpr Unit Units[] = {{"d", 1440 * Minute}, {"h", 60 * Minute}, {"m", Minute}, {"s", NsPerSecond}};
    if (ns < 0)
        ns = 0;
    if (ns < NsPerSecond)
        return std::to_string(ns / NsPerMs) + "ms";
    if (ns < 10 * NsPerSecond)
        return describeNumber(static_cast<double>(ns / (100 * NsPerMs)) / 10.0, 1.0) + "s";
    for (std::size_t i = 0; i < std::size(Units); ++i) {
        if (ns < Units[i].size)
            continue;
        std::string text = std::to_string(ns / Units[i].size) + Units[i].name;
        if (i + 1 < std::size(Units)) {
            if (const std::int64_t rest = ns % Units[i].size / Units[i + 1].size; rest > 0)
                text += ' ' + std::to_string(rest) + Units[i + 1].name;
        }
        return text;
    }
    return "0s";
}

} // namespace eventops
