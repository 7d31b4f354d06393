// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>

namespace eventops {

/// Where in a text an error lies. Line and column count from 1; 0 means unknown.
struct Location {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

/// An operating error: expected, reported, handled. A programmer's error is an assertion, never an Error.
struct Error {
    enum class Code : std::uint8_t {
        InvalidConfig,  ///< A file that a person wrote is wrong; `where` says where.
        InvalidInput,   ///< Data from a source is wrong.
        InvalidArgument,///< A command or call was wrong in itself.
        NotFound,
        Refused,        ///< The request is understood and not allowed: stale version, expired, own proposal.
        Busy,           ///< Another process holds the workspace.
        Io,
        Full,           ///< No space left; nothing was lost.
        Corrupt,        ///< Stored data fails its own checks.
        Unavailable,    ///< A service or optional part is not there.
        LimitExceeded,
        Cancelled,
    };
    Code code = Code::Io;
    std::string message;  ///< One sentence, no trailing period; names the offending value.
    Location where = {};
    std::string remedy = {}; ///< What to do about it; may be empty.

    /// "file:line:column: message (remedy)", with the absent parts left out.
    std::string text() const;
};

/// "invalid_config", "busy", …: the stable name of a code for logs and JSON.
const char *toString(Error::Code code);

/// Either a T or an Error. Stand-in for std::expected, which C++20 does not have.
template <typename T>
class [[nodiscard]] Result
{
public:
    Result(T value) : m_state(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : m_state(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return m_state.index() == 0; }
    T &value() & { return std::get<0>(m_state); }
    const T &value() const & { return std::get<0>(m_state); }
    T &&value() && { return std::get<0>(std::move(m_state)); }
    T valueOr(T fallback) && { return *this ? std::move(*this).value() : std::move(fallback); }
    const Error &error() const & { return std::get<1>(m_state); }
    Error &&error() && { return std::get<1>(std::move(m_state)); }

private:
    std::variant<T, Error> m_state;
};

struct Ok {};
using Status = Result<Ok>;

} // namespace eventops

/// Propagate an Error to the caller: `auto spec = EVENTOPS_TRY(loadSpec(path));`
#define EVENTOPS_TRY(expression) EVENTOPS_TRY_COUNTED(expression, __COUNTER__)
#define EVENTOPS_TRY_COUNTED(expression, number) EVENTOPS_TRY_NAMED(expression, number) // expands the counter
#define EVENTOPS_TRY_NAMED(expression, number) EVENTOPS_TRY_BODY(expression, eventopsTryResult##number)
#define EVENTOPS_TRY_BODY(expression, name)     \
    __extension__({                             \
        auto name = (expression);               \
        if (!name) [[unlikely]]                 \
            return std::move(name).error();     \
        std::move(name).value();                \
    })
