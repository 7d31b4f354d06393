// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/kafka/kafka_settings.h"

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

struct rd_kafka_s;

namespace eventops {

struct TopicPartition {
    std::string topic;
    std::uint32_t partition = 0;
    std::string text() const { return topic + '/' + std::to_string(partition); }
    auto operator<=>(const TopicPartition &) const = default;
};

/// A member of a consumer group, for membership alone: it is told which partitions are its own, and reads none of them
/// itself. Partitions move one by one (cooperative-sticky): those that stay go on undisturbed. Thread: `poll` and
/// `leave` one; all else any.
class KafkaGroup
{
public:
    struct Options {
        std::string group;
        std::vector<std::string> topics;
        /// A member that is not heard of for so long is taken for dead.
        std::chrono::milliseconds sessionTimeout{10'000};
    };
    /// Hears within `poll` and `leave`. Until `revoked` returns nobody else gets those partitions, unless they are
    /// lost.
    class Listener
    {
    public:
        virtual ~Listener();
        virtual void assigned(const std::vector<TopicPartition> &places) = 0;
        /// @p lost: the group has given them up without us; others may work on them already.
        virtual void revoked(const std::vector<TopicPartition> &places, bool lost) = 0;
    };
    struct Statistics {
        std::uint64_t rebalances = 0; ///< Times that partitions came or went.
        std::uint64_t errors = 0;     ///< Of the connection and the group …
        std::string lastError;        ///< … and the last of them.
        bool away = false;            ///< No broker answers.
        std::string member;           ///< The broker's name of this member; empty: it is in no group yet.
        std::size_t owned = 0;        ///< Partitions.
    };

    /// Asks to join; the answer comes in `poll`. InvalidConfig.
    static Result<std::unique_ptr<KafkaGroup>> join(const KafkaSettings &settings, const Options &options,
                                                    Listener &listener);
    ~KafkaGroup(); ///< Leaves.
    KafkaGroup(const KafkaGroup &) = delete;
    KafkaGroup &operator=(const KafkaGroup &) = delete;

    /// Waits for news; to be called again and again: who does not for five minutes is taken for dead. Refused.
    Status poll(std::chrono::milliseconds wait);
    /// Gives everything back and goes, so that others need not wait for the session's end. Nothing can be done after.
    void leave();

    Statistics statistics() const;
    const std::string &name() const { return m_options.group; }
    rd_kafka_s *handle() const { return m_handle; }

private:
    KafkaGroup(const Options &options, Listener &listener) : m_options(options), m_listener(listener) {}
    friend struct KafkaGroupCallbacks;
    void told(int code, const char *reason);

    const Options m_options;
    Listener &m_listener;
    rd_kafka_s *m_handle = nullptr;
    mutable std::mutex m_mutex;
    Statistics m_statistics;
    bool m_left = false;
};

/// The offsets that @p group has committed for the partitions of @p topics; partitions without one are left out. Waits
/// for those of transactions that are just being committed. @p handle: of a consumer that has the group's name.
Result<std::vector<std::pair<TopicPartition, std::uint64_t>>>
committedOffsets(rd_kafka_s *handle, const std::vector<TopicPartition> &places, std::chrono::milliseconds wait);

/// How a group is just now, as its coordinator tells.
struct KafkaGroupState {
    std::string state; ///< "Stable", "Empty", "PreparingRebalance", …
    std::size_t members = 0;
    std::vector<std::pair<TopicPartition, std::uint64_t>> committed;
};
/// Asks from outside, without joining. Unavailable, Refused.
Result<KafkaGroupState> groupState(const KafkaSettings &settings, const std::string &group,
                                   const std::vector<TopicPartition> &places, std::chrono::milliseconds wait);

} // namespace eventops
