// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

/// Serialises state bit for bit: equal state gives equal bytes on every machine (little-endian, doubles as their bits).
/// The caller orders what has no order of its own (hash tables) before writing it.
class StateWriter
{
public:
    void u64(std::uint64_t value); ///< Variable length: 1 byte below 128.
    void i64(std::int64_t value);  ///< Zigzag, variable length.
    void f64(double value);
    void text(std::string_view value);
    const std::string &bytes() const { return m_bytes; }
    std::string take() { return std::move(m_bytes); }

private:
    std::string m_bytes;
};

/// Reads what StateWriter wrote. Reading past the end or a bad length latches `failed`; values are then 0 or empty.
class StateReader
{
public:
    explicit StateReader(std::string_view bytes) : m_bytes(bytes) {}
    std::uint64_t u64();
    std::int64_t i64();
    double f64();
    std::string_view text(); ///< A view into the bytes given.
    bool failed() const { return m_failed; }
    bool atEnd() const { return m_at == m_bytes.size(); }
    std::size_t left() const { return m_bytes.size() - m_at; } ///< Bytes not read yet.
    /// Corrupt when something failed or bytes are left over.
    Status finish() const;

private:
    std::string_view m_bytes;
    std::size_t m_at = 0;
    bool m_failed = false;
};

} // namespace eventops
