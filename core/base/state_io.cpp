// SPDX-License-Identifier: MIT
#include "core/base/state_io.h"

#include <bit>
#include <cstring>

namespace eventops {

void StateWriter::u64(std::uint64_t value)
{
    while (value >= 0x80) {
        m_bytes += static_cast<char>(value | 0x80);
        value >>= 7;
    }
    m_bytes += static_cast<char>(value);
}

void StateWriter::i64(std::int64_t value)
{
    u64((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
}

void StateWriter::f64(double value)
{
    static_assert(std::endian::native == std::endian::little);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    char buffer[8];
    std::memcpy(buffer, &bits, 8);
    m_bytes.append(buffer, 8);
}

void StateWriter::text(std::string_view value)
{
    u64(value.size());
    m_bytes += value;
}

std::uint64_t StateReader::u64()
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (m_at >= m_bytes.size())
            break;
        const auto byte = static_cast<unsigned char>(m_bytes[m_at++]);
        value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
        if (byte < 0x80)
            return value;
    }
    m_failed = true;
    return 0;
}

std::int64_t StateReader::i64()
{
    const std::uint64_t value = u64();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

double StateReader::f64()
{
    if (m_bytes.size() - m_at < 8) {
        m_failed = true;
        m_at = m_bytes.size();
        return 0.0;
    }
    std::uint64_t bits = 0;
    std::memcpy(&bits, m_bytes.data() + m_at, 8);
    m_at += 8;
    return std::bit_cast<double>(bits);
}

std::string_view StateReader::text()
{
    const std::uint64_t size = u64();
    if (size > m_bytes.size() - m_at) {
        m_failed = true;
        return {};
    }
    const std::string_view value = m_bytes.substr(m_at, size);
    m_at += size;
    return value;
}

Status StateReader::finish() const
{
    if (m_failed || !atEnd())
        return Error{
            Error::Code::Corrupt, "stored state does not have the expected shape", {}, "it is rebuilt from the log"};
    return Ok{};
}

} // namespace eventops
