// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_producer.h"

#include <librdkafka/rdkafka.h>

namespace eventops {

/// Queues @p message, copying its texts. QUEUE_FULL, MSG_SIZE_TOO_LARGE and what else the client refuses.
rd_kafka_resp_err_t kafkaProduce(rd_kafka_t *handle, const KafkaOutput &message);

} // namespace eventops
