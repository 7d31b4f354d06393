// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_settings.h"

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <utility>

namespace eventops {

/// How messages are packed: so that every client can unpack them. Several, kafkajs among them, know nothing but gzip
/// without further packages.
inline constexpr char KafkaCompression[] = "gzip", KafkaCompressionLevel[] = "1";

struct KafkaConfigFree {
    void operator()(rd_kafka_conf_t *config) const { rd_kafka_conf_destroy(config); }
};
using KafkaConfig = std::unique_ptr<rd_kafka_conf_t, KafkaConfigFree>;
using KafkaProperty = std::pair<const char *, std::string>;

/// A client's configuration from settings and secrets, and then @p own. InvalidConfig with what the client said.
Result<KafkaConfig> makeKafkaConfig(const KafkaSettings &settings, std::initializer_list<KafkaProperty> own);

/// What a handle of any kind can ask of the cluster. Unavailable when no broker answers within @p wait.
Result<std::string> kafkaClusterId(rd_kafka_t *handle, std::chrono::milliseconds wait,
                                   const std::function<bool()> &hopeless);
/// Every topic and how many partitions it has.
Result<std::map<std::string, std::uint32_t>> kafkaTopics(rd_kafka_t *handle, std::chrono::milliseconds wait);

} // namespace eventops
