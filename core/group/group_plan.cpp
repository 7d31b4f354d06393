// SPDX-License-Identifier: MIT
#include "core/group/group_plan.h"

#include "core/base/hash.h"
#include "core/config/pipeline_file.h"
#include "core/group/rekey.h"
#include "core/kafka/topics.h"
#include "core/pipeline/settings.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds ConnectWait{10'000};

Value flag(bool on)
{
    return Value::scalar(on ? "true" : "false");
}

/// Those of the stages that look at each event alone, or also those that know one partition.
PipelineSpec withStages(const PipelineSpec &spec, bool keyed)
{
    PipelineSpec out = spec;
    out.executors = Value::map({});
    std::erase_if(out.stages, [&](const Configured<StageSpec> &stage) {
        return stage.spec->makeGlobal != nullptr || (!keyed && stage.spec->makeKeyed != nullptr);
    });
    return out;
}

KafkaFeedSettings feedSettings(const KafkaGroupSettings &settings)
{
    KafkaFeedSettings feed;
    feed.set("writer", settings.writer);
    feed.set("mirror", settings.mirror ? "true" : "false");
    feed.set("legacy_top_level", settings.legacyTopLevel ? "true" : "false");
    feed.set("legacy_key", settings.legacyKey ? "true" : "false");
    feed.set("avro", settings.avro);
    return feed;
}

Error initFirst(std::string message)
{
    return {Error::Code::NotFound, std::move(message), {}, "make the topics with: eventops group init PIPELINE"};
}

Status checkChangelog(const GroupPlan &plan)
{
    const std::string name = plan.settings.changelogTopic();
    const auto found = plan.topics.find(name);
    if (found == plan.topics.end())
        return initFirst("the Kafka at " + plan.connection.brokers + " has no topic " + name);
    const std::string &input = plan.steps.back().topics.front();
    const std::uint32_t partitions = plan.topics.at(input);
    if (found->second < partitions)
        return Error{Error::Code::Refused,
                     "topic " + name + " has " + std::to_string(found->second) + " partitions, and " + input + " has "
                         + std::to_string(partitions),
                     {},
                     "add partitions to it (kafka-topics --alter), as each keeps the state of the same one"};
    return Ok{};
}

void addNotices(const PipelineSpec &spec, GroupPlan &plan)
{
    std::string global;
    for (const Configured<StageSpec> &stage : spec.stages) {
        if (stage.spec->makeGlobal != nullptr)
            global += (global.empty() ? "" : ", ") + std::string(stage.spec->name);
    }
    if (!global.empty())
        plan.notices.push_back("left out, as no member sees all entities: " + global
                               + "; a workspace that reads what the group publishes does that");
}

} // namespace

Result<KafkaDocuments> GroupPlan::documents() const
{
    return KafkaDocuments::make(feed, topics, connection.brokers, payloads);
}

Result<KafkaGroupSettings> groupSettingsOf(const PipelineSpec &spec)
{
    const Error none{Error::Code::InvalidConfig,
                     "pipeline " + spec.name + " is not run by a group",
                     {},
                     "give its one kafka source the setting group: {application: " + spec.name + "}"};
    if (spec.sources.size() != 1 || spec.sources.front().spec->name != "kafka"
        || !hasGroup(spec.sources.front().settings))
        return none;
    return KafkaGroupSettings::read(spec.sources.front().settings.at("group"));
}

Result<KafkaSettings> groupConnectionOf(const PipelineSpec &spec)
{
    return readKafkaSettings(spec.sources.front().settings);
}

Result<std::vector<std::string>> groupTopicsOf(const PipelineSpec &spec, const KafkaGroupSettings &settings,
                                               const std::map<std::string, std::uint32_t> &known)
{
    const Value &source = spec.sources.front().settings;
    const bool aliases = EVENTOPS_TRY(source.at("aliases").boolean());
    std::vector<std::string> out;
    for (const Value &item : source.at("topics").items()) {
        std::vector<std::string> names = topicNames(EVENTOPS_TRY(item.text()));
        names.resize(aliases ? names.size() : 1);
        const std::size_t before = out.size();
        for (const std::string &name : names) {
            if (known.contains(name) && std::find(out.begin(), out.end(), name) == out.end())
                out.push_back(name);
        }
        if (out.size() == before)
            return Error{Error::Code::NotFound, "there is no topic " + names.front(), item.where(),
                         "make it first; one that is there is not shown without the right to it"};
    }
    if (out.empty())
        return source.at("topics").error("topics: no topic is named", "name one");
    if (out.size() > 1 && !settings.repartition)
        return source.at("topics").error("a group reads one topic, keyed by tenant and entity",
                                         "set repartition: true in group: several topics are then brought into one");
    return out;
}

std::string groupConfigHash(const PipelineSpec &spec, const KafkaGroupSettings &settings)
{
    PipelineSpec bare = withStages(spec, true);
    bare.description.clear();
    bare.retention = {};
    Value &source = bare.sources.front().settings;
    for (const FieldSpec &field : kafkaConnectionFields())
        source.set(std::string(field.name), Value::scalar(""));
    source.set("partition", Value::scalar("-1"));
    source.set("group", Value::map({{"dedupe_records", Value::scalar(std::to_string(settings.dedupeRecords))},
                                    {"repartition", flag(settings.repartition)}}));
    return sha256Hex(canonicalText(bare));
}

Result<std::shared_ptr<const GroupPlan>> makeGroupPlan(const PipelineSpec &spec)
{
    const auto plan = std::make_shared<GroupPlan>();
    plan->pipeline = spec.name;
    plan->settings = EVENTOPS_TRY(groupSettingsOf(spec));
    plan->connection = EVENTOPS_TRY(groupConnectionOf(spec));
    plan->feed = feedSettings(plan->settings);
    EVENTOPS_TRY(plan->feed.publish(plan->settings.publish));
    plan->client = EVENTOPS_TRY(KafkaClient::openConsumer(plan->connection, {}));
    plan->cluster = EVENTOPS_TRY(plan->client->clusterId(ConnectWait));
    plan->topics = EVENTOPS_TRY(plan->client->topics(ConnectWait));
    const std::set<std::string> avroTopics = EVENTOPS_TRY(plan->feed.avroTopics());
    plan->payloads = EVENTOPS_TRY(KafkaPayloads::open(avroTopics, plan->connection));
    const auto topics = EVENTOPS_TRY(groupTopicsOf(spec, plan->settings, plan->topics));
    const KafkaGroupSettings &settings = plan->settings;
    const std::string hash = groupConfigHash(spec, settings);
    GroupStep finds{false, settings.repartition, settings.application, topics, withStages(spec, true), hash};
    if (settings.repartition) {
        if (!plan->topics.contains(settings.repartitionTopic()))
            return initFirst("the Kafka at " + plan->connection.brokers + " has no topic "
                             + settings.repartitionTopic());
        GroupStep rekeys{true, false, settings.repartitionGroup(), topics, withStages(spec, false), hash};
        plan->steps.push_back(std::move(rekeys));
        finds.topics = {settings.repartitionTopic()};
        const auto keyed = std::find_if(finds.spec.stages.begin(), finds.spec.stages.end(),
                                        [](const auto &stage) { return stage.spec->makeMap == nullptr; });
        finds.spec.stages.insert(keyed, {&KeepKeyStage, Value::map({})});
    }
    plan->steps.push_back(std::move(finds));
    EVENTOPS_TRY(checkChangelog(*plan));
    EVENTOPS_TRY(plan->documents());
    addNotices(spec, *plan);
    return std::shared_ptr<const GroupPlan>(plan);
}

Value partitionSettings(const GroupStep &step, const std::string &topic, std::uint32_t partition, bool fromBeginning)
{
    Value settings = step.spec.sources.front().settings;
    settings.set("topics", Value::list({Value::scalar(topic)}));
    settings.set("lines", flag(step.readsLines));
    settings.set("isolation", Value::scalar("read_committed"));
    if (fromBeginning || step.readsLines)
        settings.set("start", Value::scalar("earliest"));
    settings.set("partition", Value::scalar(std::to_string(partition)));
    settings.set("follow", flag(true));
    settings.set("aliases", flag(false));
    settings.set("group", Value::map({}));
    return settings;
}

} // namespace eventops
