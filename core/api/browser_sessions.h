// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/tokens.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::api {

/// Browsers that showed a token once and come back with a cookie, because their EventSource can send no header. A
/// cookie is 256 random bits, is good for LifeMax, for reading alone, and for nothing after the server's end.
/// Bounded: when there are SessionsMax, the oldest goes. Thread: any.
class BrowserSessions
{
public:
    static constexpr std::string_view CookieName = "eventops_session";
    static constexpr std::chrono::hours LifeMax{12};
    static constexpr std::size_t SessionsMax = 256;

    /// @p secure: cookies are for encrypted connections alone.
    explicit BrowserSessions(bool secure = false) : m_secure(secure) {}
    /// The value of a Set-Cookie header for @p caller. Unavailable: the system gives no random bits.
    Result<std::string> open(const Caller &caller);
    /// Whose cookie is in @p cookies, the value of a Cookie header. Nothing: nobody's. Takes as long whichever it is.
    std::optional<Caller> find(std::string_view cookies);

private:
    void forgetEnded();

    const bool m_secure;
    std::mutex m_mutex;
    std::vector<ApiToken> m_sessions;                          ///< Cookies as tokens, oldest first …
    std::vector<std::chrono::steady_clock::time_point> m_ends; ///< … and until when they are good.
};

} // namespace eventops::api
