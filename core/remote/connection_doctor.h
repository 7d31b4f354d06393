// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Why a connection cannot be had, and what to do about it. Pure functions: thread any, O(length).
namespace eventops::remote {

/// What was found out about an address after a connection failed.
struct ConnectionFacts {
    enum class Failure : std::uint8_t {
        Refused, ///< Nobody listens there.
        UnknownHost,
        Unreachable, ///< No way there, or nobody answers in time.
        Tls,         ///< The handshake failed; `text` says how.
        Closed,      ///< The other end closed without a word.
        Http,        ///< It answered in HTTP, with `status`.
        Other,       ///< `text` says what.
    };
    std::string url;
    Failure failure = Failure::Other;
    std::string text; ///< As the operating system or the TLS library puts it.
    bool wantedTls = false;
    bool speaksTls = false;      ///< The port answers plain text with a TLS alert.
    bool speaksHttp = false;     ///< The port answers plain text with HTTP.
    unsigned status = 0;         ///< Of HTTP.
    std::string problem, remedy; ///< What an engine said in its answer.
};

/// What is wrong as one sentence, with the remedy: Unavailable for what may pass, Refused for what will not.
Error explainConnection(const ConnectionFacts &facts);
/// The address that would do instead; empty: none is known.
std::string betterUrl(const ConnectionFacts &facts);

/// A known error of the tools around an engine, by the words it is told in.
struct KnownTrouble {
    std::string_view name;   ///< "missing topic"
    std::string_view cause;  ///< One sentence.
    std::string_view remedy; ///< One sentence.
    std::string_view fix;    ///< A command or a setting that mends it.
};
/// @p text: a log line or an error message of Kafka, kcat, rpk, a schema registry or docker compose, as it was printed.
std::optional<KnownTrouble> recogniseTrouble(std::string_view text);

} // namespace eventops::remote
