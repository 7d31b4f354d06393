// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_client.h"
#include "core/kafka/topics.h"

namespace eventops {

struct TopicPlan {
    std::uint32_t partitions = 3;
    int replication = -1; ///< -1: the broker's default.
};

/// What became of one topic.
struct TopicOutcome {
    std::string name;
    bool made = false; ///< False: it was there, or:
    std::string error; ///< why it could not be made; empty: it is there.
};

/// Makes those of @p topics that the cluster has under none of their names; what is there stays as it is. Errors: those
/// of the whole request; a topic's own is in its outcome.
Result<std::vector<TopicOutcome>> makeTopics(KafkaClient &client, std::span<const ContractTopic> topics,
                                             const TopicPlan &plan, std::chrono::milliseconds wait);

} // namespace eventops
