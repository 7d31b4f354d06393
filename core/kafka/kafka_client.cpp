// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_client.h"

#include "core/kafka/connection_trouble.h"
#include "core/kafka/kafka_config.h"

#include <algorithm>
#include <condition_variable>

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr std::chrono::milliseconds LeaderWait{100};

int ms(std::chrono::milliseconds wait)
{
    return static_cast<int>(wait.count());
}

/// Asks again while the partition has no leader yet, as just after the topic was made or its broker came back.
template <typename Ask>
rd_kafka_resp_err_t askLeader(std::chrono::milliseconds wait, Ask ask)
{
    const auto until = std::chrono::steady_clock::now() + wait;
    for (;;) {
        const rd_kafka_resp_err_t failed = ask();
        const bool leaderless =
            failed == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || failed == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
        if (!leaderless || std::chrono::steady_clock::now() + LeaderWait > until)
            return failed;
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable().wait_for(lock, LeaderWait);
    }
}

} // namespace

struct KafkaClientCallbacks {
    static void error(rd_kafka_t *, int code, const char *reason, void *opaque)
    {
        KafkaClient &client = *static_cast<KafkaClient *>(opaque);
        const std::lock_guard lock(client.m_mutex);
        ++client.m_state.errors;
        if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || client.m_state.lastError.empty()) // which does not say why
            client.m_state.lastError = reason;
        if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__AUTHENTICATION
            || code == RD_KAFKA_RESP_ERR__SSL)
            client.m_state.away = true;
        if (code == RD_KAFKA_RESP_ERR__AUTHENTICATION)
            client.m_state.refused = true;
    }
};

Result<std::shared_ptr<KafkaClient>> KafkaClient::openConsumer(const KafkaSettings &settings, const Options &options)
{
    const std::string kilobytes = std::to_string(std::max<std::size_t>(options.bufferedBytesMax / 1'024, 64));
    // Offsets are the ledger's: nothing is committed, and a position that is not there is an error, not a new start.
    KafkaConfig config = EVENTOPS_TRY(
        makeKafkaConfig(settings, {{"isolation.level", options.committedOnly ? "read_committed" : "read_uncommitted"},
                                   {"auto.offset.reset", "error"},
                                   {"enable.partition.eof", "true"},
                                   {"enable.auto.commit", "false"},
                                   {"allow.auto.create.topics", "false"},
                                   {"check.crcs", "true"},
                                   {"fetch.wait.max.ms", "100"},
                                   {"fetch.error.backoff.ms", "200"},
                                   {"queued.max.messages.kbytes", kilobytes}}));
    std::shared_ptr<KafkaClient> client(new KafkaClient);
    client->m_brokers = settings.brokers;
    rd_kafka_conf_set_opaque(config.get(), client.get());
    rd_kafka_conf_set_error_cb(config.get(), KafkaClientCallbacks::error);
    char message[MessageBytes] = "";
    client->m_handle = rd_kafka_new(RD_KAFKA_CONSUMER, config.get(), message, sizeof message);
    if (client->m_handle == nullptr)
        return Error{Error::Code::InvalidConfig,
                     std::string("the Kafka client cannot be made: ") + message,
                     {},
                     "check the files and names of the connection"};
    (void)config.release(); // the handle has it
    return client;
}

KafkaClient::~KafkaClient()
{
    if (m_handle != nullptr)
        rd_kafka_destroy(m_handle);
}

void KafkaClient::serve()
{
    rd_kafka_poll(m_handle, 0);
}

KafkaConnectionState KafkaClient::state() const
{
    const std::lock_guard lock(m_mutex);
    return m_state;
}

void KafkaClient::answered()
{
    const std::lock_guard lock(m_mutex);
    m_state.away = m_state.refused = false;
}

Error KafkaClient::errorOf(int code, const std::string &what, const std::string &detail)
{
    const auto error = static_cast<rd_kafka_resp_err_t>(code);
    const std::string said = what + ": " + (detail.empty() ? rd_kafka_err2str(error) : detail);
    switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
        return {Error::Code::Refused, said, {}, "check sasl_user, sasl_mechanism and the password"};
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
        return {Error::Code::Refused, said, {}, "ask for the right in the cluster's ACLs"};
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return {Error::Code::NotFound, said, {},
                "make the topics with: eventops kafka init; if they are there, ask for the right (the cluster's ACLs)"};
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return {Error::Code::LimitExceeded, said, {}, "raise max.message.bytes of the topic"};
    case RD_KAFKA_RESP_ERR__SSL:
        return {Error::Code::Refused, said, {}, "check tls_ca_file, and that the brokers speak TLS at that port"};
    case RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION:
        return {Error::Code::Unavailable, said, {}, "this broker cannot do that; a newer one can"};
    default: break;
    }
    if (passes(code))
        return {Error::Code::Unavailable, said, {}, "start it, or check brokers, network and firewall"};
    return {Error::Code::Io, said};
}

bool KafkaClient::passes(int code)
{
    switch (static_cast<rd_kafka_resp_err_t>(code)) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR__WAIT_COORD: return true;
    default: return false;
    }
}

Result<std::string> KafkaClient::clusterId(std::chrono::milliseconds wait)
{
    auto id = kafkaClusterId(m_handle, wait, [this] {
        const KafkaConnectionState now = state();
        return isHopeless(now.lastError, now.refused);
    });
    if (id)
        answered();
    return id ? std::move(id) : explained(id.error());
}

Result<std::map<std::string, std::uint32_t>> KafkaClient::topics(std::chrono::milliseconds wait)
{
    auto found = kafkaTopics(m_handle, wait);
    if (found)
        answered();
    return found ? std::move(found) : explained(found.error());
}

void KafkaClient::askWhenAway()
{
    constexpr std::chrono::seconds AskEvery{2};
    constexpr std::chrono::milliseconds AskWait{500};
    {
        const std::lock_guard lock(m_mutex);
        const auto now = std::chrono::steady_clock::now();
        if (!m_state.away || now - m_askedAt < AskEvery)
            return;
        m_askedAt = now;
    }
    (void)topics(AskWait); // that it answers is all that is wanted
}

Error KafkaClient::explained(Error error) const
{
    const KafkaConnectionState now = state();
    return explainConnection(std::move(error), m_brokers, now.lastError, now.refused);
}

Result<KafkaOffsets> KafkaClient::offsets(const std::string &topic, std::uint32_t partition,
                                          std::chrono::milliseconds wait)
{
    std::int64_t low = 0, high = 0;
    const rd_kafka_resp_err_t failed = askLeader(wait, [&] {
        return rd_kafka_query_watermark_offsets(m_handle, topic.c_str(), static_cast<std::int32_t>(partition), &low,
                                                &high, ms(wait));
    });
    serve();
    if (failed != RD_KAFKA_RESP_ERR_NO_ERROR)
        return errorOf(failed, "the ends of " + topic + '/' + std::to_string(partition) + " are not to be had");
    answered();
    return KafkaOffsets{static_cast<std::uint64_t>(std::max<std::int64_t>(low, 0)),
                        static_cast<std::uint64_t>(std::max<std::int64_t>(high, 0))};
}

Result<std::uint64_t> KafkaClient::offsetAt(const std::string &topic, std::uint32_t partition, WallNs ts,
                                            std::chrono::milliseconds wait)
{
    struct ListFree {
        void operator()(rd_kafka_topic_partition_list_t *list) const { rd_kafka_topic_partition_list_destroy(list); }
    };
    const std::unique_ptr<rd_kafka_topic_partition_list_t, ListFree> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t *const one =
        rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), static_cast<std::int32_t>(partition));
    const rd_kafka_resp_err_t why = askLeader(wait, [&] {
        one->offset = raw(ts) / NsPerMs + (raw(ts) % NsPerMs > 0 ? 1 : 0);
        const rd_kafka_resp_err_t failed = rd_kafka_offsets_for_times(m_handle, list.get(), ms(wait));
        return failed != RD_KAFKA_RESP_ERR_NO_ERROR ? failed : one->err;
    });
    serve();
    if (why != RD_KAFKA_RESP_ERR_NO_ERROR)
        return errorOf(why,
                       "the offset of that time in " + topic + '/' + std::to_string(partition) + " is not to be had");
    answered();
    if (one->offset >= 0)
        return static_cast<std::uint64_t>(one->offset);
    return EVENTOPS_TRY(offsets(topic, partition, wait)).high;
}

} // namespace eventops
