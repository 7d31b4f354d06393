// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/http_peer.h"
#include "core/queue/aws_signature.h"
#include "core/queue/raw_event_queue.h"

#include <functional>
#include <memory>

namespace eventops {

/// How to reach a queue of SQS. Holds no secret.
struct SqsSettings {
    std::string queueUrl;       ///< As SQS calls it; of a FIFO queue it ends with ".fifo".
    std::string deadLettersUrl; ///< Queue of what failed; empty: none.
    std::string endpoint;       ///< Where to ask; empty: AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, else the URL's host.
    std::string region;         ///< Empty: AWS_REGION, AWS_DEFAULT_REGION, else what the host says.
    std::string caFile;         ///< PEM of the authorities to trust; empty: the system's.
    std::int64_t visibilitySeconds = 300; ///< What was taken is nobody else's for so long.
};

/// A queue of SQS by its JSON protocol, each request signed. What was taken is nobody else's until its time is over;
/// who ends gives it back at once. Order: that of a FIFO queue, where it is one, else none.
class SqsEventQueue final : public RawEventQueue
{
public:
    static constexpr std::int64_t VisibilitySecondsMax = 43'200;

    /// Asks nobody yet. @p environment: as std::getenv. InvalidConfig names what is missing or wrong.
    static Result<std::unique_ptr<SqsEventQueue>> open(SqsSettings settings,
                                                       const std::function<const char *(const char *)> &environment,
                                                       std::function<bool()> mustStop);

    std::string name() const override { return "sqs:" + m_settings.queueUrl; }
    Status publish(std::span<const WaitingEvent> events) override;
    Result<std::vector<TakenEvent>> take(std::size_t max, std::chrono::milliseconds wait) override;
    Status acknowledge(std::span<const TakenEvent> events) override;
    void release(std::span<const TakenEvent> events) override;
    Status deadLetter(std::span<const FailedEvent> events) override;

private:
    SqsEventQueue(SqsSettings settings, AwsCredentials credentials)
        : m_settings(std::move(settings)), m_credentials(std::move(credentials))
    {
    }
    Result<std::string> ask(std::string_view operation, const std::string &body);
    Status sendMessage(const std::string &queue, const std::string &message, const std::string &group,
                       std::string_view reason);

    const SqsSettings m_settings;
    const AwsCredentials m_credentials;
    std::string m_host; ///< As it is signed.
    std::unique_ptr<HttpPeer> m_peer;
    bool m_givingBack = false; ///< What we end with is not to be ended.
};

} // namespace eventops
