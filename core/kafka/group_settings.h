// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/value.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace eventops {

/// `group:` of a Kafka source: the pipeline is run by any number of members of one consumer group, and what they know
/// lies in Kafka. Without it a pipeline is a workspace's, whose ledger knows.
struct KafkaGroupSettings {
    std::string application;  ///< Name of the group, and of its topics and transactions.
    bool repartition = false; ///< What is read is brought into the order of tenant and entity first.
    std::vector<std::string> publish;
    std::string writer;                                             ///< Our name in every message's header (X20).
    bool mirror = false, legacyTopLevel = false, legacyKey = false; ///< See the fields of kafka.json.
    std::string avro;
    std::uint64_t checkpointRecords = 0; ///< Between two states in the changelog.
    std::uint64_t dedupeRecords = 0;     ///< A key is known for so many records of its partition.
    std::chrono::milliseconds commitDelay{0};
    std::chrono::milliseconds sessionTimeout{0};

    std::string changelogTopic() const { return application + "-changelog"; }
    std::string repartitionTopic() const { return application + "-repartition"; }
    /// The group that brings records into order.
    std::string repartitionGroup() const { return application + "-repartition"; }

    /// @p group: as it stands in the source's settings. InvalidConfig names field and place.
    static Result<KafkaGroupSettings> read(const Value &group);
};

/// True when a source's settings @p source have a `group`.
bool hasGroup(const Value &source);

} // namespace eventops
