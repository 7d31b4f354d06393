// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

// The wire format of Protocol Buffers, as much of it as its few readers here need. Thread: any.

/// A number in groups of seven bits at the beginning of @p in, which is taken away. Nothing: it is cut, or too long.
std::optional<std::uint64_t> takeVarint(std::string_view &in);

/// The same for eight bytes of a fixed number.
std::optional<std::uint64_t> takeFixed64(std::string_view &in);

/// Appends a field with a varint, or with bytes.
void appendProtobufInteger(std::string &out, std::uint32_t number, std::uint64_t value);
void appendProtobufBytes(std::string &out, std::uint32_t number, std::string_view bytes);

/// Steps through the fields of a message.
class ProtobufFields
{
public:
    enum class Wire : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };
    explicit ProtobufFields(std::string_view message) : m_rest(message) {}
    /// False: no more, or damage; see isWhole().
    bool next();
    bool isWhole() const { return m_whole; }

    std::uint32_t number() const { return m_number; }
    Wire wire() const { return m_wire; } ///< How the field is written; one that is written otherwise is another field.
    std::string_view bytes() const { return m_bytes; }  ///< Of a length-delimited field; else empty.
    std::uint64_t integer() const { return m_integer; } ///< Of a varint, or the bits of a fixed number.
    double fixedDouble() const;                         ///< Of a fixed64.

private:
    std::string_view m_rest, m_bytes;
    std::uint64_t m_integer = 0;
    std::uint32_t m_number = 0;
    Wire m_wire = Wire::Varint;
    bool m_whole = true;
};

} // namespace eventops
