// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Values as bytes and back. A struct is described once, for both ways, by a function
//
//     template <typename Io, Is<Link> T> void describe(Io &io, T &link)
//     {
//         auto &[tenant, sourceType, …] = link; // all members: one more no longer compiles
//         io(tenant, sourceType, …);
//     }
//
// so that a writer and a reader of one build cannot differ. Between builds PacketVersion says whether they do.
namespace eventops::wire {

/// A struct's type, const for writers.
template <typename T, typename Plain>
concept Is = std::same_as<std::remove_const_t<T>, Plain>;

/// `value`: the last one of an enum that counts from 0. What comes over the wire is checked against it.
template <typename E>
struct LastOf;

template <typename T>
struct IsVector : std::false_type {
};
template <typename T>
struct IsVector<std::vector<T>> : std::true_type {
};
template <typename T>
struct IsOptional : std::false_type {
};
template <typename T>
struct IsOptional<std::optional<T>> : std::true_type {
};
template <typename T>
struct IsPair : std::false_type {
};
template <typename A, typename B>
struct IsPair<std::pair<A, B>> : std::true_type {
};

/// Thread: one. Complexity: O(bytes).
class Writer
{
public:
    template <typename... T>
    void operator()(const T &...values)
    {
        (put(values), ...);
    }
    /// Bytes that are read back by `Reader::bytes`.
    void bytes(std::string_view value) { m_out.text(value); }
    std::size_t size() const { return m_out.bytes().size(); }
    std::string take() { return m_out.take(); }

private:
    template <typename T>
    void put(const T &value)
    {
        if constexpr (std::is_same_v<T, std::string>)
            m_out.text(value);
        else if constexpr (std::is_same_v<T, double>)
            m_out.f64(value);
        else if constexpr (std::is_enum_v<T>)
            put(static_cast<std::underlying_type_t<T>>(value));
        else if constexpr (std::signed_integral<T>)
            m_out.i64(value);
        else if constexpr (std::integral<T>)
            m_out.u64(value);
        else if constexpr (IsVector<T>::value)
            putAll(value);
        else if constexpr (IsOptional<T>::value)
            putOptional(value);
        else if constexpr (IsPair<T>::value)
            (*this)(value.first, value.second);
        else
            describe(*this, value);
    }
    template <typename T>
    void putAll(const std::vector<T> &values)
    {
        m_out.u64(values.size());
        for (const T &value : values)
            put(value);
    }
    template <typename T>
    void putOptional(const std::optional<T> &value)
    {
        put(value.has_value());
        if (value)
            put(*value);
    }

    StateWriter m_out;
};

/// Reads what somebody else wrote and trusts none of it: every count is checked against the bytes that remain and
/// against the memory that all values together may take. What is wrong latches; values are then empty, and `finish`
/// says so. Thread: one. Complexity: O(bytes).
class Reader
{
public:
    /// @p bytes must outlive it.
    explicit Reader(std::string_view bytes) : m_in(bytes) {}

    template <typename... T>
    void operator()(T &...values)
    {
        (get(values), ...);
    }
    std::string_view bytes() { return m_in.text(); }
    bool failed() const { return m_failed || m_in.failed(); }
    void fail() { m_failed = true; }
    std::size_t left() const { return m_in.left(); }
    /// InvalidInput when something was wrong or bytes are left over.
    Status finish() const
    {
        if (!failed() && m_in.atEnd())
            return Ok{};
        return Error{Error::Code::InvalidInput,
                     m_tooLarge ? "what came over the connection would take too much memory"
                                : "what came over the connection is damaged",
                     {},
                     "connect again; if it comes back, something between the two ends alters it"};
    }
    /// Whether @p count values of @p size bytes of memory each can follow; latches if not.
    bool mayHold(std::uint64_t count, std::size_t size)
    {
        if (failed() || count > m_in.left()) {
            m_failed = true;
            return false;
        }
        m_memory += count * size; // count is at most the size of a message: no overflow
        m_tooLarge = m_memory > MemoryBytesMax;
        m_failed = m_failed || m_tooLarge;
        return !m_failed;
    }

    static constexpr std::uint64_t MemoryBytesMax = 128u << 20; ///< Of the values of one message, texts aside.

private:
    template <typename T>
    void get(T &value)
    {
        if constexpr (std::is_same_v<T, std::string>)
            value = m_in.text();
        else if constexpr (std::is_same_v<T, double>)
            value = m_in.f64();
        else if constexpr (std::is_enum_v<T>)
            getEnum(value);
        else if constexpr (std::integral<T>)
            value = number<T>();
        else if constexpr (IsVector<T>::value)
            getAll(value);
        else if constexpr (IsOptional<T>::value)
            getOptional(value);
        else if constexpr (IsPair<T>::value)
            (*this)(value.first, value.second);
        else
            describe(*this, value);
    }
    template <typename T>
    T number()
    {
        if constexpr (std::is_same_v<T, bool>) {
            const std::uint64_t value = m_in.u64();
            m_failed = m_failed || value > 1;
            return value == 1;
        } else if constexpr (std::signed_integral<T>) {
            const std::int64_t value = m_in.i64();
            const bool fits = std::in_range<T>(value);
            m_failed = m_failed || !fits;
            return fits ? static_cast<T>(value) : T{};
        } else {
            const std::uint64_t value = m_in.u64();
            const bool fits = std::in_range<T>(value);
            m_failed = m_failed || !fits;
            return fits ? static_cast<T>(value) : T{};
        }
    }
    template <typename E>
    void getEnum(E &value)
    {
        using Number = std::underlying_type_t<E>;
        const auto read = number<Number>();
        if constexpr (std::unsigned_integral<Number>) {
            const bool known = read <= static_cast<Number>(LastOf<E>::value);
            m_failed = m_failed || !known;
            value = known ? static_cast<E>(read) : E{};
        } else {
            value = static_cast<E>(read); // a number with a type of its own, as WallNs
        }
    }
    template <typename T>
    void getAll(std::vector<T> &values)
    {
        values.clear();
        const std::uint64_t count = m_in.u64();
        if (!mayHold(count, sizeof(T)))
            return;
        values.resize(count);
        for (T &value : values) {
            get(value);
            if (failed())
                return values.clear();
        }
    }
    template <typename T>
    void getOptional(std::optional<T> &value)
    {
        value.reset();
        if (number<bool>() && !failed())
            get(value.emplace());
    }

    StateReader m_in;
    std::uint64_t m_memory = 0;
    bool m_failed = false;
    bool m_tooLarge = false;
};

/// @p value as bytes.
template <typename T>
std::string encode(const T &value)
{
    Writer out;
    out(value);
    return out.take();
}

/// The value of exactly these bytes. InvalidInput.
template <typename T>
Result<T> decode(std::string_view bytes)
{
    Reader in(bytes);
    T value{};
    in(value);
    EVENTOPS_TRY(in.finish());
    return value;
}

} // namespace eventops::wire
