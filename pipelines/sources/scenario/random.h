// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"

#include <cstdint>
#include <string_view>

namespace eventops::scenario {

/// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014). Every actor of a
/// world has one of its own, seeded by the actor's name: what one does never shifts the luck of another. Only + − × on
/// doubles, which every machine rounds alike.
class Random
{
public:
    Random(std::uint64_t seed, std::string_view actor) : m_state(hashCombine(hash64(actor), seed)) {}

    std::uint64_t next()
    {
        std::uint64_t z = m_state += 0x9e3779b97f4a7c15ULL;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    /// In [0, 1).
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }
    bool chance(double percent) { return unit() * 100.0 < percent; }
    /// Bell-shaped, mean 0, standard deviation 1, within ±3.5: a sum of four uniforms (Irwin and Hall).
    double bell() { return (unit() + unit() + unit() + unit() - 2.0) * 1.7320508075688772; }
    /// Skewed to the right as waiting times are: mean 1, from a half to two and a half.
    double wait() { return 0.5 + 2.0 * unit() * unit(); }

private:
    std::uint64_t m_state;
};

} // namespace eventops::scenario
