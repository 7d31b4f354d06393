// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/kafka/kafka_settings.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct rd_kafka_s;

namespace eventops {

/// A message to send. Texts are copied.
struct KafkaOutput {
    std::string_view topic;
    std::optional<std::string_view> key;     ///< Nothing: null, and any partition.
    std::optional<std::string_view> payload; ///< Nothing: a tombstone, which needs a key.
    std::vector<std::pair<std::string_view, std::string_view>> headers = {};
    std::optional<std::uint32_t> partition = {}; ///< Nothing: that of the key.
    WallNs ts = NoTime;                          ///< NoTime: now.
};

/// Writes to topics: idempotent, acknowledged by all replicas, in order of `send` within a partition. Keys choose
/// partitions as Java's clients choose them, so that topics shared with those stay in order. Thread: one.
class KafkaProducer
{
public:
    struct Options {
        std::chrono::milliseconds deliverWithin{30'000}; ///< A message that is not acknowledged by then has failed.
    };
    static Result<std::unique_ptr<KafkaProducer>> open(const KafkaSettings &settings, const Options &options);
    ~KafkaProducer(); ///< What is under way is given up.
    KafkaProducer(const KafkaProducer &) = delete;
    KafkaProducer &operator=(const KafkaProducer &) = delete;

    /// The cluster's own id, and every topic with the number of its partitions. Unavailable, Refused.
    Result<std::string> clusterId(std::chrono::milliseconds wait);
    Result<std::map<std::string, std::uint32_t>> topics(std::chrono::milliseconds wait);

    /// Queues a message; waits while the queue is full. Errors: that of an earlier message, LimitExceeded for one that
    /// is too long, InvalidArgument for a tombstone without a key.
    Status send(const KafkaOutput &message);
    /// Waits until everything sent is acknowledged. The first error of any message since the last call, NotFound for an
    /// unknown topic among them; Cancelled when @p mustStop says so. What failed may have been stored all the same.
    Status flush(const std::function<bool()> &mustStop = nullptr);

    std::uint64_t delivered() const { return m_delivered; } ///< Messages acknowledged so far.

private:
    KafkaProducer() = default;
    friend struct KafkaProducerCallbacks;
    void fail(int code, const std::string &topic);
    Error explained(Error error) const;

    std::string m_brokers;
    rd_kafka_s *m_handle = nullptr;
    std::uint64_t m_delivered = 0;
    std::optional<Error> m_failed; ///< The first since the last flush.
    std::string m_lastError;       ///< Of the connection.
    bool m_refused = false;        ///< It refused the sign-in.
};

} // namespace eventops
