// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_consumer.h"

#include <string>

namespace eventops {

/// Appends @p message as one line of appendKcat, so that key, headers, time and place stay with the payload wherever it
/// goes. Thread: any.
void appendKafkaLine(std::string &out, const std::string &cluster, const std::string &topic, std::uint32_t partition,
                     const KafkaMessage &message);

/// True when @p writer put his name on it (X20); never for no name.
bool isWrittenBy(const KafkaMessage &message, const std::string &writer);

} // namespace eventops
