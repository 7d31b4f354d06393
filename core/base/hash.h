// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace eventops {

/// XXH3-64 with seed 0 (https://xxhash.com). Stable across machines and versions: it may be stored.
/// Never for security; see Sha256 for that.
std::uint64_t hash64(std::string_view bytes);

/// Order-dependent mix of two hashes.
constexpr std::uint64_t hashCombine(std::uint64_t a, std::uint64_t b)
{
    std::uint64_t x = a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2));
    x *= 0xbf58476d1ce4e5b9ULL;
    return x ^ (x >> 31);
}

/// XXH3-64 over a stream: equal to hash64 of the concatenation.
class StreamHash64
{
public:
    StreamHash64();
    ~StreamHash64();
    StreamHash64(StreamHash64 &&) noexcept;
    StreamHash64 &operator=(StreamHash64 &&) noexcept;
    void update(std::string_view bytes);
    std::uint64_t digest() const;

private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// SHA-256 (FIPS 180-4) over a stream, by libcrypto.
class Sha256
{
public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256 &) = delete;
    Sha256 &operator=(const Sha256 &) = delete;
    void update(std::string_view bytes);
    /// Ends the stream; 64 lower-case hexadecimal digits. Call once.
    std::string hex();

private:
    void *m_context;
};

std::string sha256Hex(std::string_view bytes);

} // namespace eventops
