// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A topic of the contracts: what it is made with where it does not exist.
struct ContractTopic {
    std::string_view name;
    std::uint32_t days;     ///< Retention; 0: the broker's own.
    bool compacted;         ///< The last record of each key stays beyond it.
    std::string_view alias; ///< The other name under which some write it (X1); empty: none.
    std::string_view summary;
    std::uint64_t segmentBytes = 0; ///< Its log is cut into pieces of that size; 0: the broker's own.

    /// retention.ms and cleanup.policy as the broker wants them (contracts E11-E13, X23).
    std::vector<std::pair<std::string, std::string>> config() const;
};

/// All of them, sorted by name.
std::span<const ContractTopic> contractTopics();
const ContractTopic *contractTopic(std::string_view name);
/// @p name and the other names of the same topic.
std::vector<std::string> topicNames(std::string_view name);

/// Normalised events of Karma's envelope (K6), deviations among them (X11).
inline constexpr std::string_view NormalizedTopic = "events.normalized";
/// Agents' raw metrics and logs (E11), and one of them as published (E18).
inline constexpr std::string_view RawAgentTopic = "ingest.raw.agent";
inline constexpr std::string_view RawAgentExample =
    R"({"tenant_id":"acme","host":"host-a","metric":"cpu_load","value":92,"ts_event":"2025-10-16T09:00:00Z",)"
    R"("unit":"percent","tags":{"env":"prod"}})";
/// How we are called in KafkaWriterHeader where no other name is set.
inline constexpr std::string_view WriterDefault = "eventops";
/// Of what went to a topic of dead letters: why, and where it came from.
inline constexpr std::string_view ReasonHeader = "eventops-reason";
inline constexpr std::string_view OriginHeader = "eventops-origin";
/// Dead letters of Karma's normaliser; and their numbers, as Chronos has them (X36).
inline constexpr std::string_view NormalizedDlqTopic = "events.normalized.dlq";
inline constexpr std::string_view LetterNumbersTopic = "dlq-events";
/// Ids of raw events that wait for transformers, where Kafka is their queue.
inline constexpr std::string_view RawEventsTopic = "raw-events";
/// What a workspace publishes when nothing else is said, as a list in YAML, and what the names mean.
inline constexpr std::string_view PublishedDefault =
    "[ops.alert.v1, deviations, actions.requested, actions.progress, actions.result, actions.dlq]";
/// What a group of members publishes then: actions are a workspace's, and there is no ledger to keep dead letters.
inline constexpr std::string_view GroupPublishedDefault = "[ops.alert.v1, deviations, events.normalized.dlq]";
inline constexpr std::string_view PublishedHelp =
    "What is published: names of topics; events.normalized is every event, deviations only those, "
    "findings those that are neither alerts nor deviations.";

} // namespace eventops
