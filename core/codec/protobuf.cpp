// SPDX-License-Identifier: MIT
#include "core/codec/protobuf.h"

#include <bit>

namespace eventops {
namespace {

constexpr std::size_t VarintBytesMax = 10;

std::optional<std::uint64_t> takeFixed(std::string_view &in, std::size_t bytes)
{
    if (in.size() < bytes)
        return std::nullopt;
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < bytes; ++i)
        out |= static_cast<std::uint64_t>(static_cast<unsigned char>(in[i])) << (8 * i);
    in.remove_prefix(bytes);
    return out;
}

} // namespace

std::optional<std::uint64_t> takeVarint(std::string_view &in)
{
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < in.size() && i < VarintBytesMax; ++i) {
        const auto byte = static_cast<unsigned char>(in[i]);
        out |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) {
            in.remove_prefix(i + 1);
            return out;
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> takeFixed64(std::string_view &in)
{
    return takeFixed(in, 8);
}

void appendProtobufInteger(std::string &out, std::uint32_t number, std::uint64_t value)
{
    const auto append = [&](std::uint64_t rest) {
        for (; rest > 0x7f; rest >>= 7)
            out += static_cast<char>(rest | 0x80);
        out += static_cast<char>(rest);
    };
    append(std::uint64_t{number} << 3);
    append(value);
}

void appendProtobufBytes(std::string &out, std::uint32_t number, std::string_view bytes)
{
    std::string head;
    appendProtobufInteger(head, number, bytes.size());
    head.front() = static_cast<char>(head.front() | 2); // the wire type; numbers here are below 16
    out += head;
    out += bytes;
}

bool ProtobufFields::next()
{
    if (m_rest.empty() || !m_whole)
        return false;
    const auto key = takeVarint(m_rest);
    std::optional<std::uint64_t> value;
    m_bytes = {};
    switch (key ? *key & 7 : 7) {
    case 0: value = takeVarint(m_rest); break;
    case 1: value = takeFixed(m_rest, 8); break;
    case 5: value = takeFixed(m_rest, 4); break;
    case 2:
        value = takeVarint(m_rest);
        if (value && *value > m_rest.size())
            value.reset();
        if (value) {
            m_bytes = m_rest.substr(0, *value);
            m_rest.remove_prefix(m_bytes.size());
        }
        break;
    default: break; // groups are gone from the format
    }
    m_whole = value.has_value() && *key >> 3 != 0 && *key >> 32 == 0;
    if (!m_whole)
        return false;
    m_number = static_cast<std::uint32_t>(*key >> 3);
    m_integer = *value;
    m_wire = static_cast<Wire>(*key & 7);
    return true;
}

double ProtobufFields::fixedDouble() const
{
    return std::bit_cast<double>(m_integer);
}

} // namespace eventops
