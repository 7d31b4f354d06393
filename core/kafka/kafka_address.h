// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_settings.h"

#include <optional>
#include <string>
#include <vector>

namespace eventops {

/// Topics to look at, as a person writes them:
/// kafka://host:9092,other:9092?topics=signals.metric.v1,ops.alert.v1&start=latest&security_protocol=sasl_ssl
struct KafkaAddress {
    Value connection;                ///< Every field of kafkaConnectionFields(), checked.
    std::vector<std::string> topics; ///< Empty: what a console needs, of those that are there.
    std::string start;               ///< earliest, latest, or an instant; empty: earliest.
    std::string preset;              ///< Of the kafka source; empty: its default.

    Result<KafkaSettings> settings() const { return readKafkaSettings(connection); }
    std::string shown() const; ///< "kafka://host:9092,other:9092", without settings.
};

bool isKafkaAddress(const std::string &text);
/// What is not in @p text comes from the environment, see readKafkaSettings; secrets only from there or from files.
/// InvalidArgument names what is wrong. Thread: any.
Result<KafkaAddress> readKafkaAddress(const std::string &text);

/// What is read of a cluster with @p known topics: events, alerts and actions, each under any of its names. @p wanted:
/// those instead. NotFound: there is nothing to look at.
Result<std::vector<std::string>> topicsToAttach(const std::vector<std::string> &known,
                                                const std::vector<std::string> &wanted, const std::string &brokers);

/// The pipeline that takes in what is published there, as JSON. @p follow: goes on for ever.
std::string attachPipeline(const KafkaAddress &address, const std::vector<std::string> &topics, bool follow);

} // namespace eventops
