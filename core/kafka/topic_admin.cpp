// SPDX-License-Identifier: MIT
#include "core/kafka/topic_admin.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <condition_variable>

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr std::chrono::milliseconds LookEvery{50};

struct NewTopicFree {
    void operator()(rd_kafka_NewTopic_t *topic) const { rd_kafka_NewTopic_destroy(topic); }
};
using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, NewTopicFree>;

struct AdminFree {
    void operator()(rd_kafka_AdminOptions_t *options) const { rd_kafka_AdminOptions_destroy(options); }
    void operator()(rd_kafka_queue_t *queue) const { rd_kafka_queue_destroy(queue); }
    void operator()(rd_kafka_event_t *event) const { rd_kafka_event_destroy(event); }
};

Result<NewTopic> describe(const ContractTopic &topic, const TopicPlan &plan)
{
    char message[MessageBytes] = "";
    NewTopic out(rd_kafka_NewTopic_new(std::string(topic.name).c_str(), static_cast<int>(plan.partitions),
                                       plan.replication, message, sizeof message));
    if (out == nullptr)
        return Error{Error::Code::InvalidArgument, "topic " + std::string(topic.name) + ": " + message};
    for (const auto &[name, value] : topic.config())
        (void)rd_kafka_NewTopic_set_config(out.get(), name.c_str(), value.c_str()); // fails for no valid arguments
    return out;
}

/// Sends the request and files the broker's answer.
Status request(KafkaClient &client, std::vector<NewTopic> &wanted, std::vector<TopicOutcome> &outcomes,
               std::chrono::milliseconds wait)
{
    rd_kafka_t *const handle = client.handle();
    char message[MessageBytes] = "";
    const std::unique_ptr<rd_kafka_AdminOptions_t, AdminFree> options(
        rd_kafka_AdminOptions_new(handle, RD_KAFKA_ADMIN_OP_CREATETOPICS));
    const int ms = static_cast<int>(wait.count());
    (void)rd_kafka_AdminOptions_set_request_timeout(options.get(), ms, message, sizeof message);
    (void)rd_kafka_AdminOptions_set_operation_timeout(options.get(), ms, message, sizeof message);
    const std::unique_ptr<rd_kafka_queue_t, AdminFree> queue(rd_kafka_queue_new(handle));
    std::vector<rd_kafka_NewTopic_t *> list;
    for (const NewTopic &topic : wanted)
        list.push_back(topic.get());
    rd_kafka_CreateTopics(handle, list.data(), list.size(), options.get(), queue.get());
    const std::unique_ptr<rd_kafka_event_t, AdminFree> event(rd_kafka_queue_poll(queue.get(), 2 * ms));
    if (event == nullptr)
        return KafkaClient::errorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, "the topics were not made");
    if (const rd_kafka_resp_err_t failed = rd_kafka_event_error(event.get()))
        return KafkaClient::errorOf(failed, "the topics were not made", rd_kafka_event_error_string(event.get()));
    std::size_t count = 0;
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::string name = rd_kafka_topic_result_name(results[i]);
        const rd_kafka_resp_err_t failed = rd_kafka_topic_result_error(results[i]);
        const auto outcome =
            std::find_if(outcomes.begin(), outcomes.end(), [&](const TopicOutcome &one) { return one.name == name; });
        if (outcome == outcomes.end())
            continue;
        outcome->made = failed == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (failed != RD_KAFKA_RESP_ERR_NO_ERROR && failed != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            const char *const said = rd_kafka_topic_result_error_string(results[i]);
            outcome->error = said != nullptr ? said : rd_kafka_err2str(failed);
        }
    }
    return Ok{};
}

/// A broker tells of a topic a little after it has made it; whoever asks next is to find it.
Status waitUntilKnown(KafkaClient &client, const std::vector<TopicOutcome> &outcomes, std::chrono::milliseconds wait)
{
    const auto until = std::chrono::steady_clock::now() + wait;
    while (std::any_of(outcomes.begin(), outcomes.end(), [](const TopicOutcome &one) { return one.made; })) {
        const auto known = EVENTOPS_TRY(client.topics(wait));
        const bool all = std::all_of(outcomes.begin(), outcomes.end(),
                                     [&](const TopicOutcome &one) { return !one.made || known.contains(one.name); });
        if (all || std::chrono::steady_clock::now() > until)
            break; // made they are
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable().wait_for(lock, LookEvery);
    }
    return Ok{};
}

} // namespace

Result<std::vector<TopicOutcome>> makeTopics(KafkaClient &client, std::span<const ContractTopic> topics,
                                             const TopicPlan &plan, std::chrono::milliseconds wait)
{
    const auto known = EVENTOPS_TRY(client.topics(wait));
    std::vector<TopicOutcome> outcomes;
    std::vector<NewTopic> wanted;
    for (const ContractTopic &topic : topics) {
        outcomes.push_back({std::string(topic.name), false, {}});
        const std::vector<std::string> names = topicNames(topic.name);
        if (std::none_of(names.begin(), names.end(), [&](const std::string &name) { return known.contains(name); }))
            wanted.push_back(EVENTOPS_TRY(describe(topic, plan)));
    }
    if (!wanted.empty())
        EVENTOPS_TRY(request(client, wanted, outcomes, wait));
    EVENTOPS_TRY(waitUntilKnown(client, outcomes, wait));
    return outcomes;
}

} // namespace eventops
