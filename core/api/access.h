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
    Signed, ///< Who signs the request with a secret of its own: `handle` asks for it.
    Public, ///< Anybody who reaches the server: it tells nothing of the workspace.
};

/// How this server is reached.
struct ServerNames {
    std::vector<std::string> hosts; ///< Names and addresses besides those of loopback; an IPv6 one in brackets. With a
                                    ///< port: as somebody reaches it who is handed on.
    bool tls = false;
};

/// Who is let in: names this server is called by, pages that may ask, tokens. Thread: any, once the port is set.
class Access
{
public:
    Access(std::vector<ApiToken> tokens, bool insecureLoopback, ServerNames names = {});
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
    const ServerNames m_names; ///< In lower case.
    BrowserSessions m_sessions;
    std::atomic<std::uint16_t> m_port{0};
};

} // namespace eventops::api
