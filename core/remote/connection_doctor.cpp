// SPDX-License-Identifier: MIT
#include "core/remote/connection_doctor.h"

#include <algorithm>
#include <array>
#include <vector>

namespace eventops::remote {
namespace {

constexpr unsigned Unauthorized = 401, Forbidden = 403, NotFound = 404, Misdirected = 421, UpgradeRequired = 426,
                   Overloaded = 503, BadGateway = 502;

std::string withScheme(const std::string &url, std::string_view scheme)
{
    const std::size_t at = url.find("://");
    return std::string(scheme) + (at == std::string::npos ? url : url.substr(at));
}

Error unavailable(std::string message, std::string remedy)
{
    return Error{Error::Code::Unavailable, std::move(message), {}, std::move(remedy)};
}

Error refused(std::string message, std::string remedy)
{
    return Error{Error::Code::Refused, std::move(message), {}, std::move(remedy)};
}

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return out;
}

Error explainTls(const ConnectionFacts &facts)
{
    if (facts.speaksHttp)
        return refused(facts.url + " speaks no TLS", "attach " + betterUrl(facts) + " instead");
    const std::string said = lower(facts.text);
    const auto isSaid = [&](std::string_view words) {
        return said.find(words) != std::string::npos;
    };
    std::string remedy = "let the server have a certificate for this name from an authority that this machine trusts";
    if (isSaid("host name") || isSaid("hostname"))
        remedy = "attach it by a name that its certificate has, or give it a certificate with this name";
    else if (isSaid("self-signed") || isSaid("issuer") || isSaid("not trusted") || isSaid("untrusted"))
        remedy = "name the certificate of the authority that signed the engine's: as CA file where the window asks for "
                 "the address, or with --ca FILE";
    else if (isSaid("expired"))
        remedy = "have the engine's certificate renewed, or set this machine's clock";
    return refused("the TLS connection to " + facts.url + " is not trusted: " + facts.text, remedy);
}

Error explainStatus(const ConnectionFacts &facts)
{
    const auto said = [&](std::string_view otherwise) {
        return facts.problem.empty() ? std::string(otherwise) : facts.problem;
    };
    switch (facts.status) {
    case Unauthorized:
        return refused(facts.url + " does not know the token",
                       "use a token of the engine's workspace, from its file api_tokens; the engine reads it when it "
                       "starts");
    case Forbidden:
        return refused(facts.url + " does not let us in: " + said("it answers 403"),
                       facts.remedy.empty() ? "use a token of a higher role" : facts.remedy);
    case Misdirected:
        return refused(facts.url + " is not called by this name: " + said("it answers 421"),
                       "attach localhost or 127.0.0.1 with the port it listens on, from another machine by ssh -L with "
                       "the same port on both sides; or let the engine know the name: eventops serve --host-name NAME");
    case NotFound:
        return refused("what answers at " + facts.url + " has no engine to attach",
                       "check address and port; an engine of an earlier version has to be updated");
    case UpgradeRequired:
        return refused("something between here and " + facts.url + " lets no WebSocket through",
                       "let the proxy pass the headers Upgrade and Connection on");
    case Overloaded: return unavailable(facts.url + " has no room: " + said("it answers 503"), "close another console");
    default: break;
    }
    if (facts.status >= BadGateway)
        return unavailable("the proxy before " + facts.url + " does not reach the engine: it answers "
                               + std::to_string(facts.status),
                           "start the engine: eventops serve");
    return refused("what answers at " + facts.url + " is no engine: it answers " + std::to_string(facts.status),
                   "check address and port; the engine is started with: eventops serve");
}

bool isOneOf(char c, std::string_view set)
{
    return set.find(c) != std::string_view::npos;
}

/// Words are looked for with nothing of a word before or behind them.
bool says(const std::string &text, std::string_view word)
{
    const auto isPart = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || isOneOf(c, "_");
    };
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const bool before = at > 0 && isPart(text[at - 1]);
        const std::size_t end = at + word.size();
        if (!before && (end == text.size() || !isPart(text[end])))
            return true;
    }
    return false;
}

/// A trouble and what gives it away: one of the words of each group.
struct Row {
    KnownTrouble trouble;
    std::vector<std::vector<std::string_view>> words;
};

const std::vector<Row> &rows()
{
    static const std::vector<Row> table{
        {{"missing topic", "The broker has no topic of that name, and makes none by itself.",
          "Make the topics, then start again.", "eventops kafka init --brokers HOST:9092"},
         {{"unknown_topic_or_part", "unknown_topic_or_partition", "unknown topic or partition",
           "broker: unknown topic"}}},
        {{"port published twice",
          "Two services publish port 8081, the broker and the schema registry: the second one cannot start.",
          "Let the broker's embedded registry have it, and take the separate registry out.",
          "--schema-registry-addr=0.0.0.0:8081"},
         {{"8081"}, {"port is already allocated", "address already in use", "published twice", "already exposed"}}},
        {{"no schema registry", "Nothing serves a schema registry there: the broker runs without its own.",
          "Start the broker with its embedded registry.", "--schema-registry-addr=0.0.0.0:8081"},
         {{"registry", "subjects", "schemas", "8081"}, {"404", "not found", "connection refused"}}},
        {{"build context", "The build began in another folder than the one its file names.",
          "Build from the folder that holds the compose file.", "docker compose build --no-cache"},
         {{"build context", "failed to compute cache key", "unable to prepare context"}}},
        {{"no broker", "Nobody answers at the brokers' address.",
          "Start the broker, or name another one; inside containers the address is not localhost.",
          "eventops kafka status --brokers HOST:9092"},
         {{"all broker connections are down", "broker transport failure", "_all_brokers_down", "9092"},
          {"connection refused", "down", "transport failure", "failed to resolve", "timed out"}}},
    };
    return table;
}

} // namespace

Error explainConnection(const ConnectionFacts &facts)
{
    using enum ConnectionFacts::Failure;
    switch (facts.failure) {
    case Refused:
        return unavailable("nobody listens at " + facts.url,
                           "start the engine there (eventops serve), or check the port; an engine on another machine "
                           "is reached by ssh -L");
    case UnknownHost:
        return unavailable("there is no machine of the name in " + facts.url, "check the name, and the DNS");
    case Unreachable:
        return unavailable("nothing answers at " + facts.url + " in time",
                           "check address and network; a firewall may swallow what is sent");
    case Tls: return explainTls(facts);
    case Http: return explainStatus(facts);
    case Closed:
    case Other: break;
    }
    if (!facts.wantedTls && facts.speaksTls)
        return refused(facts.url + " speaks TLS, and was asked in plain text",
                       "attach " + betterUrl(facts) + " instead");
    return unavailable("the connection to " + facts.url + " broke" + (facts.text.empty() ? "" : ": " + facts.text),
                       "look at the engine's output on its machine");
}

std::string betterUrl(const ConnectionFacts &facts)
{
    if (facts.wantedTls && facts.speaksHttp && facts.failure == ConnectionFacts::Failure::Tls)
        return withScheme(facts.url, "ws");
    return !facts.wantedTls && facts.speaksTls ? withScheme(facts.url, "wss") : std::string();
}

std::optional<KnownTrouble> recogniseTrouble(std::string_view text)
{
    constexpr std::size_t LookedAtMax = 64u << 10;
    const std::string words = lower(text.substr(0, LookedAtMax));
    for (const Row &row : rows()) {
        const bool fits = std::all_of(row.words.begin(), row.words.end(), [&](const auto &group) {
            return std::any_of(group.begin(), group.end(), [&](std::string_view word) { return says(words, word); });
        });
        if (fits)
            return row.trouble;
    }
    return std::nullopt;
}

} // namespace eventops::remote
