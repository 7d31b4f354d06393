// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/kafka/kafka_settings.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct rd_kafka_s;

namespace eventops {

/// How the connection is, as it has been told so far.
struct KafkaConnectionState {
    bool away = false;    ///< No broker can be reached just now.
    bool refused = false; ///< And that because it refuses the sign-in.
    std::uint64_t errors = 0;
    std::string lastError; ///< Empty: none yet.
};

/// From where to where a partition's log goes just now.
struct KafkaOffsets {
    std::uint64_t low = 0;  ///< The oldest record that is still there.
    std::uint64_t high = 0; ///< One behind the newest.
};

/// A connection to a Kafka, which any number of consumers share: one set of network threads, however many partitions.
/// Thread: any. Errors: Unavailable while no broker answers, Refused for a sign-in or a right that is missing.
class KafkaClient
{
public:
    struct Options {
        bool committedOnly = true; ///< Leave out what belongs to a transaction that is open or was taken back.
        std::size_t bufferedBytesMax = 4u << 20; ///< Fetched ahead for each partition.
    };
    /// Makes the client; nothing is asked of a broker yet.
    static Result<std::shared_ptr<KafkaClient>> openConsumer(const KafkaSettings &settings, const Options &options);
    ~KafkaClient();
    KafkaClient(const KafkaClient &) = delete;
    KafkaClient &operator=(const KafkaClient &) = delete;

    /// The cluster's own id.
    Result<std::string> clusterId(std::chrono::milliseconds wait);
    /// Every topic and how many partitions it has.
    Result<std::map<std::string, std::uint32_t>> topics(std::chrono::milliseconds wait);
    Result<KafkaOffsets> offsets(const std::string &topic, std::uint32_t partition, std::chrono::milliseconds wait);
    /// The first record at or after @p ts; one behind the newest when there is none.
    Result<std::uint64_t> offsetAt(const std::string &topic, std::uint32_t partition, WallNs ts,
                                   std::chrono::milliseconds wait);

    /// Lets the connection tell what happened. Cheap; consumers call it while they wait.
    void serve();
    KafkaConnectionState state() const;
    void answered(); ///< A broker has answered: it is not away.
    /// Asks a broker that is away, at most every few seconds, and waits for it briefly: a topic in which nothing
    /// happens would not tell that it is back.
    void askWhenAway();

    rd_kafka_s *handle() const { return m_handle; }
    const std::string &brokers() const { return m_brokers; }

    /// The connection's error as ours, with what to do about it. @p code: rd_kafka_resp_err_t.
    static Error errorOf(int code, const std::string &what, const std::string &detail = {});
    /// True for errors that pass by themselves: a broker that is away, a leader that moves.
    static bool passes(int code);

private:
    KafkaClient() = default;
    Error explained(Error error) const;
    friend struct KafkaClientCallbacks;

    std::string m_brokers;
    rd_kafka_s *m_handle = nullptr;
    mutable std::mutex m_mutex;
    KafkaConnectionState m_state;
    std::chrono::steady_clock::time_point m_askedAt{}; ///< By askWhenAway.
};

} // namespace eventops
