// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// Webhooks by the Standard Webhooks specification 1.0.0 (contracts E32, L20): what is signed, how, and what is inside.
// Thread: any.

inline constexpr char WebhookIdHeader[] = "webhook-id";
inline constexpr char WebhookTimestampHeader[] = "webhook-timestamp";
inline constexpr char WebhookSignatureHeader[] = "webhook-signature";
inline constexpr char WebhookContentType[] = "application/cloudevents+json";

constexpr std::int64_t WebhookToleranceSeconds = 300; ///< So far a timestamp may lie from our clock, either way.
constexpr std::size_t WebhookIdBytesMax = 256;

/// What stands in a request's head, as it was sent.
struct WebhookHead {
    std::string id;        ///< The same whenever the message is sent again.
    std::string timestamp; ///< Seconds since 1970: of this attempt.
    std::string signature; ///< "v1,BASE64", several with blanks between.
};

/// The secrets of one hook: it signs with all of them and knows all of them, so that both sides can change over to a
/// new one in turn.
class WebhookKeys
{
public:
    static constexpr std::size_t KeysMax = 4;

    /// @p text: secrets as "whsec_" and base64 of 24 to 64 bytes, with white space between; what stands behind a # is
    /// left out. InvalidConfig, which never tells the text.
    static Result<WebhookKeys> parse(std::string_view text);

    std::string sign(std::string_view id, std::int64_t timestamp, std::string_view body) const;
    /// Refused: no signature of @p head is ours, or its timestamp is not of now. Takes as long for any wrong signature.
    Status verify(const WebhookHead &head, std::string_view body, std::int64_t now) const;
    std::size_t size() const { return m_keys.size(); }

private:
    std::vector<std::string> m_keys;
};

/// A new secret for a settings file: 32 random bytes. Unavailable: the system gives none.
Result<std::string> newWebhookSecret();

/// One message, in the form that CloudEvents 1.0 calls structured: envelope and document in one JSON object.
struct WebhookMessage {
    std::string id;      ///< The webhook's id.
    std::string type;    ///< Of the document in the contracts' words.
    std::string subject; ///< Entity; empty: none.
    WallNs time = NoTime;
    std::string data;     ///< The contracts' wire form, JSON.
    std::string callback; ///< Where what becomes of it is to be told, as the extension "callbackurl"; empty: nowhere.
};
std::string encodeWebhookMessage(const WebhookMessage &message);

/// The document in @p body: `data` of a CloudEvent, or the body itself. InvalidInput: no JSON object.
Result<std::string> webhookDocument(std::string_view body);

} // namespace eventops
