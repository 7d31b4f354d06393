// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_client.h"

#include <atomic>
#include <optional>
#include <string_view>
#include <vector>

struct rd_kafka_topic_s;
struct rd_kafka_message_s;

namespace eventops {

struct KafkaHeader {
    std::string_view name;
    std::optional<std::string_view> value; ///< Nothing: null.
};

/// A message as it came. Views live until the next call of the consumer.
struct KafkaMessage {
    std::uint64_t offset = 0;
    WallNs ts = NoTime;
    std::optional<std::string_view> key;
    std::optional<std::string_view> payload; ///< Nothing: a tombstone.
    std::vector<KafkaHeader> headers;
};

/// Reads one partition from an offset on, outside of any group: nobody is asked where to read, and nothing is committed
/// to the broker. Thread: one, but `statistics`, which any may call.
class KafkaConsumer
{
public:
    struct Statistics {
        std::uint64_t next = 0;           ///< Offset that comes next.
        std::optional<std::uint64_t> lag; ///< Messages behind it; nothing: not known yet.
        std::uint64_t errors = 0;         ///< Of this partition, and of the connection.
        std::string lastError;
        bool away = false; ///< No broker answers.
    };

    static Result<std::unique_ptr<KafkaConsumer>> open(std::shared_ptr<KafkaClient> client, std::string topic,
                                                       std::uint32_t partition);
    ~KafkaConsumer();
    KafkaConsumer(const KafkaConsumer &) = delete;
    KafkaConsumer &operator=(const KafkaConsumer &) = delete;

    /// Begins at @p offset, or begins again there.
    Status start(std::uint64_t offset);
    void stop();

    /// What a call of `next` met.
    enum class Met : std::uint8_t { Message, Nothing, End, OutOfRange, Gone };
    /// The next message within @p wait. Nothing: none came, or the broker is away (see statistics) and is tried again.
    /// End: all there is was read, up to the offset in @p message; more may have come since. OutOfRange: the offset is
    /// not there; Gone: the topic is not; reading stands until `start` is called. Errors: Refused, a right or sign-in
    /// that is missing.
    Result<Met> next(KafkaMessage &message, std::chrono::milliseconds wait);

    Statistics statistics() const;
    KafkaClient &client() const { return *m_client; }

private:
    KafkaConsumer(std::shared_ptr<KafkaClient> client, std::string topic, std::uint32_t partition);
    void drop();
    Result<Met> take(KafkaMessage &message);
    Result<Met> refused(int code, const char *detail);

    const std::shared_ptr<KafkaClient> m_client;
    const std::string m_topicName;
    const std::uint32_t m_partition;
    rd_kafka_topic_s *m_topic = nullptr;
    bool m_started = false;
    std::vector<rd_kafka_message_s *> m_fetched; ///< Not all handed out yet: those from m_at on.
    std::size_t m_at = 0;
    std::atomic<std::uint64_t> m_next{0};
    mutable std::mutex m_mutex;
    std::uint64_t m_errors = 0;
    std::string m_lastError;
};

} // namespace eventops
