// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_consumer.h"
#include "core/kafka/kafka_producer.h"
#include "core/queue/raw_event_queue.h"

#include <functional>
#include <memory>
#include <optional>

namespace eventops {

/// A topic as the queue. Messages of one source have one key, so they stay in order; they are acknowledged by all
/// replicas. Places are `cluster/topic/partition`: the ledger keeps how far each was read, in the transaction that
/// holds what was made of it, and nothing is committed to the broker. A place that the broker does not have any more is
/// read from its beginning, and what is done is passed over.
class KafkaEventQueue final : public RawEventQueue
{
public:
    struct Options {
        KafkaSettings connection;
        std::string topic;
        std::string deadLetters; ///< Topic of what failed; empty: none.
        /// Where reading of a place goes on; nothing: it was never read.
        std::function<Result<std::optional<std::uint64_t>>(const std::string &place)> position;
        std::function<bool()> mustStop;
    };
    /// Connects to nothing yet.
    explicit KafkaEventQueue(Options options);
    ~KafkaEventQueue() override;

    std::string name() const override;
    Status publish(std::span<const WaitingEvent> events) override;
    Result<std::vector<TakenEvent>> take(std::size_t max, std::chrono::milliseconds wait) override;
    Status acknowledge(std::span<const TakenEvent> events) override;
    void release(std::span<const TakenEvent> events) override;
    Status deadLetter(std::span<const FailedEvent> events) override;

private:
    struct Partition {
        std::string place;
        std::uint32_t number = 0;
        std::unique_ptr<KafkaConsumer> consumer;
    };
    Status openProducer();
    Status findPartitions();
    Result<std::vector<TakenEvent>> takeSome(std::size_t max, std::chrono::milliseconds wait);
    Result<bool> takeOne(Partition &from, std::chrono::milliseconds wait, std::vector<TakenEvent> &out);
    Status send(const KafkaOutput &message);
    Status flush();

    const Options m_options;
    std::unique_ptr<KafkaProducer> m_producer;
    std::shared_ptr<KafkaClient> m_client;
    std::vector<Partition> m_partitions; ///< Of the topic, all of them, by number.
    std::size_t m_turn = 0;              ///< Which of them is waited for next.
    std::chrono::steady_clock::time_point m_countedAt{};
};

} // namespace eventops
