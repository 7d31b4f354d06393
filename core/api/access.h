// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/browser_sessions.h"
#include "core/api/http_message.h"
#include "core/api/tokens.h"

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

namespace eventops::api {

/// Who may ask for a route.
enum class RouteAccess : std::uint8_t {
    Token,  ///< Who has a token.
    Seed,   ///< The same, unless the server is open for demos.
    SeedIngest, ///< The same, and whoever comes without a token then may hand in events.
    Public, ///< Anybody who reaches the server: it tells nothing of the workspace.
};

/// Who is let in: names this server is called by, pages that may ask, tokens. Thread: any, once the port is set.
class Access
{
public:
    Access(std::vector<ApiToken> tokens, bool insecureLoopback)
        : m_tokens(std::move(tokens)), m_insecureLoopback(insecureLoopback)
    {
    }
    /// Before it is set, everybody is refused.
    void setPort(std::uint16_t port) { m_port = port; }

    /// Nothing, or the refusal: a name that is not ours (a foreign page that calls our address by a name of its own),
    /// or a page of another origin.
    std::optional<HttpResponse> checkOrigin(const HttpRequest &request) const;
    /// Who asks. Nothing: nobody that is known; `challenge` says so.
    std::optional<Caller> callerOf(const HttpRequest &request, RouteAccess access);
    BrowserSessions &sessions() { return m_sessions; }
    static HttpResponse challenge(const HttpRequest &request);

private:
    bool isOurs(std::string_view authority) const;

    const std::vector<ApiToken> m_tokens;
    const bool m_insecureLoopback;
    BrowserSessions m_sessions;
    std::atomic<std::uint16_t> m_port{0};
};

} // namespace eventops::api
