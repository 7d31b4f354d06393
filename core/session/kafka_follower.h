// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_consumer.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// A message of a partition, as it is taken in.
struct FollowedMessage {
    const std::string &topic;
    std::uint32_t partition;
    const KafkaMessage &message;
    std::string place() const; ///< "topic/partition/offset"
};

/// Reads topics from where it stopped, which a file remembers; one that is there under several names is read under all
/// of them (X1). A message is behind it once it was taken; one whose taking fails comes again, also after a crash.
/// Thread: one.
class KafkaFollower
{
public:
    struct Options {
        std::vector<std::string> topics;
        std::string markFile;
        bool fromEnd = false; ///< Where a topic begins that was never read: behind what is there.
        std::function<bool()> mustStop;
        /// Takes a message in. An error leaves it where it is.
        std::function<Status(const FollowedMessage &)> take;
    };
    /// NotFound: none of the topics is there; Unavailable, Refused.
    static Result<std::unique_ptr<KafkaFollower>> open(const KafkaSettings &connection, Options options);
    ~KafkaFollower();

    /// Takes in what is here by now; waits for nothing.
    Status poll();
    /// Takes in all that was in the topics when this was called. Cancelled: stopped. Unavailable: no broker answers.
    Status catchUp();

    const std::string &cluster() const { return m_cluster; }
    /// The name under which the cluster has @p topic; empty: it has none.
    std::string nameOf(std::string_view topic) const;

private:
    struct Reading;
    explicit KafkaFollower(Options options);
    Status connect(const KafkaSettings &connection);
    Status begin(Reading &reading, const std::map<std::string, std::uint64_t> &mark);
    Result<bool> readSome(Reading &reading, std::chrono::milliseconds wait);
    Status writeMark() const;
    std::map<std::string, std::uint64_t> readMark() const;

    const Options m_options;
    std::shared_ptr<KafkaClient> m_client;
    std::map<std::string, std::uint32_t> m_topics; ///< Of the cluster.
    std::string m_cluster;
    std::vector<std::unique_ptr<Reading>> m_readings;
};

} // namespace eventops
