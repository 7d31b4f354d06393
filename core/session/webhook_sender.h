// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/clock.h"
#include "core/session/webhook_settings.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// Posts signed messages to one target, by libcurl: no redirect, no proxy, no more of an answer than AnswerBytesMax.
/// Thread: one.
class WebhookSender
{
public:
    static constexpr std::size_t AnswerBytesMax = 64u << 10;

    /// What came of one attempt.
    struct Answer {
        enum class Kind : std::uint8_t {
            Delivered, ///< 2xx.
            Away,      ///< Nobody is there, or says that it is too much just now: it may be there later.
            Refused,   ///< It does not take this message.
            Gone,      ///< 410: it wants none any more.
            Stopped,   ///< We were told to stop meanwhile.
        };
        Kind kind = Kind::Away;
        long status = 0;                          ///< 0: no answer.
        std::string why;                          ///< One sentence without a period; empty when it is delivered.
        std::optional<std::int64_t> retryAfterMs; ///< What the target asks for.
    };

    /// Unavailable: libcurl cannot start. @p hook was checked.
    static Result<std::unique_ptr<WebhookSender>> open(const WebhookHook &hook, std::function<bool()> mustStop);
    ~WebhookSender();

    /// Signs with @p keys at the time of @p clock and posts. Takes no longer than the hook's limit.
    Answer post(const WebhookKeys &keys, const Clock &clock, const std::string &id, const std::string &body);
    /// Posts a message that tells nothing of the workspace.
    Answer test(const WebhookKeys &keys, const Clock &clock);

private:
    struct Handle;
    WebhookSender(const WebhookHook &hook, std::function<bool()> mustStop);
    void prepare(const WebhookKeys &keys, std::int64_t seconds, const std::string &id, const std::string &body);

    const WebhookHook m_hook;
    const std::function<bool()> m_mustStop;
    const std::unique_ptr<Handle> m_handle;
};

} // namespace eventops
