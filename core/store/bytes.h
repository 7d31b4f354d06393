// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace eventops {

static_assert(std::endian::native == std::endian::little, "the stored form is little-endian and is copied as it is");

constexpr std::uint64_t zigzag(std::int64_t v)
{
    return (static_cast<std::uint64_t>(v) << 1) ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v)
{
    return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

inline void putVarint(std::string &out, std::uint64_t v)
{
    while (v >= 0x80) {
        out += static_cast<char>(v | 0x80);
        v >>= 7;
    }
    out += static_cast<char>(v);
}

inline void putFixed64(std::string &out, std::uint64_t v)
{
    char bytes[8];
    std::memcpy(bytes, &v, 8);
    out.append(bytes, 8);
}

/// Reads what the above wrote, from untrusted bytes: reading past the end latches `failed` and gives 0 or nothing.
class ByteReader
{
public:
    explicit ByteReader(std::string_view bytes) : m_bytes(bytes) {}

    std::uint64_t varint()
    {
        std::uint64_t v = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            if (m_at >= m_bytes.size())
                break;
            const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
            v |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80)
                return v;
        }
        m_failed = true;
        return 0;
    }

    std::uint8_t byte()
    {
        if (m_at >= m_bytes.size()) {
            m_failed = true;
            return 0;
        }
        return static_cast<std::uint8_t>(m_bytes[m_at++]);
    }

    std::string_view take(std::uint64_t size)
    {
        if (size > m_bytes.size() - m_at) {
            m_failed = true;
            return {};
        }
        const std::string_view part = m_bytes.substr(m_at, size);
        m_at += size;
        return part;
    }

    std::uint64_t fixed64()
    {
        const std::string_view part = take(8);
        std::uint64_t v = 0;
        if (part.size() == 8)
            std::memcpy(&v, part.data(), 8);
        return v;
    }

    std::size_t left() const { return m_bytes.size() - m_at; }
    bool failed() const { return m_failed; }
    bool atEnd() const { return m_at == m_bytes.size(); }

private:
    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_failed = false;
};

} // namespace eventops
