// SPDX-License-Identifier: MIT
#include "core/kafka/topics.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::uint64_t MsPerDay = 86'400'000;

constexpr ContractTopic Topics[] = {
    {"actions.dlq", 30, false, "action.dlq", "actions that nobody could carry out"},
    {"actions.progress", 30, false, "action.progress", "what executors say while they work"},
    {"actions.requested", 30, false, "action.requested", "approved actions, for executors"},
    {"actions.result", 30, false, "action.result", "how actions ended"},
    {"actions.state", 30, true, "", "every action as it is, proposals among them, for consoles"},
    {"ctrl.command.v1", 3, false, "", "commands of a closed loop"},
    {"dlq-events", 30, false, "", "numbers of records that could not become events, as Chronos has them"},
    {"events.normalized", 14, false, "", "events in Karma's envelope, deviations among them"},
    {"events.normalized.dlq", 30, false, "", "records that could not become events"},
    {"ingest.raw.agent", 3, false, "", "raw metrics and logs of agents"},
    {"ops.alert.v1", 30, true, "", "alerts of rules"},
    {"raw-events", 14, false, "", "numbers of raw events that wait for transformers, where that queue is Kafka's"},
    {"signals.enriched.v1", 14, false, "", "signals with what the CMDB adds"},
    {"signals.log.v1", 14, false, "", "normalised logs"},
    {"signals.metric.v1", 14, false, "", "normalised metrics"},
    {"signals.trace.v1", 14, false, "", "normalised traces"},
};

} // namespace

std::vector<std::pair<std::string, std::string>> ContractTopic::config() const
{
    const char *const policy = !compacted ? "delete" : days > 0 ? "compact,delete" : "compact";
    std::vector<std::pair<std::string, std::string>> out{{"cleanup.policy", policy}};
    if (segmentBytes > 0)
        out.emplace_back("segment.bytes", std::to_string(segmentBytes));
    if (days > 0)
        out.emplace_back("retention.ms", std::to_string(days * MsPerDay));
    return out;
}

std::span<const ContractTopic> contractTopics()
{
    return Topics;
}

const ContractTopic *contractTopic(std::string_view name)
{
    const auto found = std::find_if(std::begin(Topics), std::end(Topics), [&](const ContractTopic &topic) {
        return topic.name == name || (!topic.alias.empty() && topic.alias == name);
    });
    return found == std::end(Topics) ? nullptr : found;
}

std::vector<std::string> topicNames(std::string_view name)
{
    std::vector<std::string> names{std::string(name)};
    const ContractTopic *const known = contractTopic(name);
    if (known != nullptr && !known->alias.empty())
        names.emplace_back(known->name == name ? known->alias : known->name);
    return names;
}

} // namespace eventops
