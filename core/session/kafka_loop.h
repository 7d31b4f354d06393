// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/spec.h"
#include "core/session/kafka_feed.h"

namespace eventops {

/// Refuses a pipeline that would hear itself (X20): one that reads a topic of a broker to which the workspace publishes
/// as well, and does not leave out what it wrote. InvalidConfig names the source's place in the file and the remedy.
/// Two clusters of one name are not told apart, nor one of two names. Thread: any.
Status checkKafkaLoop(const PipelineSpec &spec, const KafkaFeedSettings &feed);

} // namespace eventops
