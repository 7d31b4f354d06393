// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/group_settings.h"
#include "core/kafka/kafka_client.h"
#include "core/pipeline/spec.h"
#include "core/session/kafka_documents.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// One step of a group's work: a group of its own over topics of its own. There are two where records are brought into
/// order first. Immutable once made; shared by all tasks of the step.
struct GroupStep {
    bool rekeys = false;     ///< Brings records into the order of tenant and entity; else it finds.
    bool readsLines = false; ///< Its topic holds messages of others, brought into order.
    std::string group;
    std::vector<std::string> topics; ///< To read.
    PipelineSpec spec;               ///< What the step's runners run: no global stages, one source.
    std::string configHash;          ///< Of what its state hangs on.
};

/// What all members of a group do, read from the pipeline file and from the cluster. Immutable.
struct GroupPlan {
    std::string pipeline;
    KafkaGroupSettings settings;
    KafkaSettings connection;
    std::string cluster;
    std::shared_ptr<KafkaClient> client;         ///< Reads changelogs, and asks.
    std::map<std::string, std::uint32_t> topics; ///< Of the cluster, with the number of their partitions.
    KafkaFeedSettings feed;
    KafkaPayloads payloads;
    std::vector<GroupStep> steps;
    std::vector<std::string> notices; ///< What a person should know of the plan.

    /// The documents of one task.
    Result<KafkaDocuments> documents() const;
};

/// What of the pipeline's file is known without the cluster: settings, and the one Kafka source with its `group`.
/// InvalidConfig with the place.
Result<KafkaGroupSettings> groupSettingsOf(const PipelineSpec &spec);
/// The connection of that source.
Result<KafkaSettings> groupConnectionOf(const PipelineSpec &spec);
/// The topics that the pipeline reads, as the cluster has them. NotFound; InvalidConfig: several, and not brought into
/// order.
Result<std::vector<std::string>> groupTopicsOf(const PipelineSpec &spec, const KafkaGroupSettings &settings,
                                               const std::map<std::string, std::uint32_t> &known);
/// What a state hangs on: stages and how records are read, not how the cluster is reached or how often is committed.
std::string groupConfigHash(const PipelineSpec &spec, const KafkaGroupSettings &settings);

/// Asks the cluster and checks that all topics are there, the changelog with as many partitions as what it goes with.
/// NotFound, Refused: a topic is missing or has too few partitions; Unavailable; InvalidConfig.
Result<std::shared_ptr<const GroupPlan>> makeGroupPlan(const PipelineSpec &spec);

/// The settings of the source of one partition. @p fromBeginning: where it begins when it has no cursor, whatever the
/// pipeline says.
Value partitionSettings(const GroupStep &step, const std::string &topic, std::uint32_t partition, bool fromBeginning);

} // namespace eventops
