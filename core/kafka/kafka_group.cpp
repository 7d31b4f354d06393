// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_group.h"

#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_config.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr std::chrono::milliseconds PollMax{300'000}; ///< Between two polls, before a member is taken for dead.

struct GroupFree {
    void operator()(rd_kafka_topic_partition_list_t *list) const { rd_kafka_topic_partition_list_destroy(list); }
    void operator()(rd_kafka_message_t *message) const { rd_kafka_message_destroy(message); }
    void operator()(rd_kafka_error_t *error) const { rd_kafka_error_destroy(error); }
    void operator()(const rd_kafka_group_list *groups) const { rd_kafka_group_list_destroy(groups); }
    void operator()(rd_kafka_t *handle) const { rd_kafka_destroy(handle); }
};
template <typename T>
using Owned = std::unique_ptr<T, GroupFree>;

int ms(std::chrono::milliseconds wait)
{
    return static_cast<int>(wait.count());
}

std::vector<TopicPartition> placesOf(const rd_kafka_topic_partition_list_t &list)
{
    std::vector<TopicPartition> out;
    for (int i = 0; i < list.cnt; ++i)
        out.push_back({list.elems[i].topic, static_cast<std::uint32_t>(list.elems[i].partition)});
    return out;
}

Owned<rd_kafka_topic_partition_list_t> listOf(const std::vector<TopicPartition> &places)
{
    Owned<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(static_cast<int>(places.size())));
    for (const TopicPartition &place : places)
        rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), static_cast<std::int32_t>(place.partition));
    return list;
}

Result<KafkaConfig> groupConfig(const KafkaSettings &settings, const std::string &group,
                                std::chrono::milliseconds session)
{
    return makeKafkaConfig(settings, {{"group.id", group},
                                      {"partition.assignment.strategy", "cooperative-sticky"},
                                      {"session.timeout.ms", std::to_string(session.count())},
                                      {"heartbeat.interval.ms", std::to_string(session.count() / 4)},
                                      {"max.poll.interval.ms", std::to_string(PollMax.count())},
                                      {"enable.auto.commit", "false"},
                                      {"enable.auto.offset.store", "false"},
                                      {"isolation.level", "read_committed"},
                                      {"auto.offset.reset", "latest"}, // what is fetched here is never looked at
                                      {"queued.max.messages.kbytes", "64"},
                                      {"allow.auto.create.topics", "false"}});
}

Error notMade(const char *message)
{
    return {Error::Code::InvalidConfig,
            std::string("the Kafka client cannot be made: ") + message,
            {},
            "check the files and names of the connection"};
}

} // namespace

struct KafkaGroupCallbacks {
    static void rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t *list,
                          void *opaque)
    {
        KafkaGroup &group = *static_cast<KafkaGroup *>(opaque);
        const bool oneByOne = std::string_view(rd_kafka_rebalance_protocol(handle)) == "COOPERATIVE";
        const std::vector<TopicPartition> places = placesOf(*list);
        Owned<rd_kafka_error_t> failed;
        if (what == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
            if (oneByOne)
                failed.reset(rd_kafka_incremental_assign(handle, list));
            else
                rd_kafka_assign(handle, list);
            (void)rd_kafka_pause_partitions(handle, list); // read elsewhere
            count(group, places, true);
            noteMember(group);
            group.m_listener.assigned(places);
        } else {
            const bool lost = rd_kafka_assignment_lost(handle) != 0;
            count(group, places, false);
            group.m_listener.revoked(places, lost); // before anybody else may have them
            if (oneByOne)
                failed.reset(rd_kafka_incremental_unassign(handle, list));
            else
                rd_kafka_assign(handle, nullptr);
        }
        if (failed != nullptr)
            group.told(rd_kafka_error_code(failed.get()), rd_kafka_error_string(failed.get()));
    }
    static void count(KafkaGroup &group, const std::vector<TopicPartition> &places, bool came)
    {
        const std::lock_guard lock(group.m_mutex);
        group.m_statistics.rebalances += places.empty() ? 0 : 1;
        group.m_statistics.owned += came ? places.size() : 0;
        group.m_statistics.owned -= came ? 0 : std::min(group.m_statistics.owned, places.size());
        group.m_statistics.away = false;
    }
    static void noteMember(KafkaGroup &group)
    {
        char *const member = rd_kafka_memberid(group.m_handle);
        const std::lock_guard lock(group.m_mutex);
        group.m_statistics.member = member != nullptr ? member : "";
        if (member != nullptr)
            rd_kafka_mem_free(group.m_handle, member);
    }
    static void error(rd_kafka_t *, int code, const char *reason, void *opaque)
    {
        static_cast<KafkaGroup *>(opaque)->told(code, reason);
    }
};

KafkaGroup::Listener::~Listener() = default;

Result<std::unique_ptr<KafkaGroup>> KafkaGroup::join(const KafkaSettings &settings, const Options &options,
                                                     Listener &listener)
{
    KafkaConfig config = EVENTOPS_TRY(groupConfig(settings, options.group, options.sessionTimeout));
    std::unique_ptr<KafkaGroup> group(new KafkaGroup(options, listener));
    rd_kafka_conf_set_opaque(config.get(), group.get());
    rd_kafka_conf_set_rebalance_cb(config.get(), KafkaGroupCallbacks::rebalance);
    rd_kafka_conf_set_error_cb(config.get(), KafkaGroupCallbacks::error);
    char message[MessageBytes] = "";
    group->m_handle = rd_kafka_new(RD_KAFKA_CONSUMER, config.get(), message, sizeof message);
    if (group->m_handle == nullptr)
        return notMade(message);
    (void)config.release(); // the handle has it
    rd_kafka_poll_set_consumer(group->m_handle);
    std::vector<TopicPartition> topics;
    for (const std::string &topic : options.topics)
        topics.push_back({topic, 0});
    const auto list = listOf(topics);
    if (const rd_kafka_resp_err_t failed = rd_kafka_subscribe(group->m_handle, list.get()))
        return KafkaClient::errorOf(failed, "group " + options.group + " cannot be joined");
    return group;
}

KafkaGroup::~KafkaGroup()
{
    if (m_handle == nullptr)
        return;
    leave();
    rd_kafka_destroy(m_handle);
}

void KafkaGroup::leave()
{
    if (!std::exchange(m_left, true))
        (void)rd_kafka_consumer_close(m_handle); // tells the listener; an error changes nothing any more
}

void KafkaGroup::told(int code, const char *reason)
{
    const std::lock_guard lock(m_mutex);
    ++m_statistics.errors;
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || m_statistics.lastError.empty()) // which does not say why
        m_statistics.lastError = reason;
    m_statistics.away = m_statistics.away || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
}

Status KafkaGroup::poll(std::chrono::milliseconds wait)
{
    const Owned<rd_kafka_message_t> message(rd_kafka_consumer_poll(m_handle, ms(wait)));
    if (message == nullptr || message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return Ok{}; // fetched before the pause took hold; it is read elsewhere
    told(message->err, rd_kafka_message_errstr(message.get()));
    const Error error = KafkaClient::errorOf(message->err, "group " + m_options.group);
    if (error.code == Error::Code::Refused)
        return error;
    return Ok{}; // the client goes on by itself
}

KafkaGroup::Statistics KafkaGroup::statistics() const
{
    const std::lock_guard lock(m_mutex);
    return m_statistics;
}

Result<std::vector<std::pair<TopicPartition, std::uint64_t>>>
committedOffsets(rd_kafka_t *handle, const std::vector<TopicPartition> &places, std::chrono::milliseconds wait)
{
    const auto list = listOf(places);
    if (const rd_kafka_resp_err_t failed = rd_kafka_committed(handle, list.get(), ms(wait)))
        return KafkaClient::errorOf(failed, "the group's offsets are not to be had");
    std::vector<std::pair<TopicPartition, std::uint64_t>> out;
    for (int i = 0; i < list->cnt; ++i) {
        const rd_kafka_topic_partition_t &one = list->elems[i];
        if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
            return KafkaClient::errorOf(one.err, "the group's offsets are not to be had");
        if (one.offset >= 0)
            out.emplace_back(TopicPartition{one.topic, static_cast<std::uint32_t>(one.partition)},
                             static_cast<std::uint64_t>(one.offset));
    }
    return out;
}

Result<KafkaGroupState> groupState(const KafkaSettings &settings, const std::string &group,
                                   const std::vector<TopicPartition> &places, std::chrono::milliseconds wait)
{
    KafkaConfig config = EVENTOPS_TRY(groupConfig(settings, group, KafkaGroup::Options{}.sessionTimeout));
    char message[MessageBytes] = "";
    const Owned<rd_kafka_t> handle(rd_kafka_new(RD_KAFKA_CONSUMER, config.get(), message, sizeof message));
    if (handle == nullptr)
        return notMade(message);
    (void)config.release(); // the handle has it
    KafkaGroupState out;
    const rd_kafka_group_list *found = nullptr;
    if (const rd_kafka_resp_err_t failed = rd_kafka_list_groups(handle.get(), group.c_str(), &found, ms(wait)))
        return KafkaClient::errorOf(failed, "group " + group + " cannot be asked for");
    const Owned<const rd_kafka_group_list> groups(found);
    for (int i = 0; i < groups->group_cnt; ++i) {
        if (group != groups->groups[i].group)
            continue;
        out.state = groups->groups[i].state;
        out.members = static_cast<std::size_t>(groups->groups[i].member_cnt);
    }
    out.committed = EVENTOPS_TRY(committedOffsets(handle.get(), places, wait));
    return out;
}

} // namespace eventops
