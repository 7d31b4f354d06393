// SPDX-License-Identifier: MIT
#include "core/api/browser_sessions.h"

#include "core/base/hash.h"

namespace eventops::api {

void BrowserSessions::forgetEnded()
{
    const auto now = std::chrono::steady_clock::now();
    std::size_t gone = m_sessions.size() >= SessionsMax ? 1 : 0;
    while (gone < m_ends.size() && m_ends[gone] <= now) // all live equally long
        ++gone;
    m_sessions.erase(m_sessions.begin(), m_sessions.begin() + static_cast<std::ptrdiff_t>(gone));
    m_ends.erase(m_ends.begin(), m_ends.begin() + static_cast<std::ptrdiff_t>(gone));
}

Result<std::string> BrowserSessions::open(const Caller &caller)
{
    const std::string value = EVENTOPS_TRY(newToken());
    const std::lock_guard lock(m_mutex);
    forgetEnded();
    m_sessions.push_back({sha256Hex(value), caller});
    m_ends.push_back(std::chrono::steady_clock::now() + LifeMax);
    // No script reads it, no other site sends it. Loopback may be served without TLS, and then it is not Secure.
    return std::string(CookieName) + '=' + value + (m_secure ? "; Secure" : "")
           + "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(std::chrono::seconds(LifeMax).count());
}

std::optional<Caller> BrowserSessions::find(std::string_view cookies)
{
    while (!cookies.empty()) {
        std::string_view pair = cookies.substr(0, cookies.find(';'));
        cookies.remove_prefix(std::min(pair.size() + 1, cookies.size()));
        pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || pair.substr(0, equals) != CookieName)
            continue;
        const std::lock_guard lock(m_mutex);
        const Caller *caller = findCaller(m_sessions, pair.substr(equals + 1));
        if (caller == nullptr)
            return std::nullopt;
        for (std::size_t i = 0; i < m_sessions.size(); ++i) {
            if (&m_sessions[i].caller == caller && m_ends[i] > std::chrono::steady_clock::now())
                return *caller;
        }
        return std::nullopt;
    }
    return std::nullopt;
}

} // namespace eventops::api
