// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_transactions.h"

#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_config.h"
#include "core/kafka/kafka_send.h"

#include <condition_variable>

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr int StepMs = 10'000; ///< One wait for the broker; repeated.
constexpr int AbortMs = 3'000; ///< So long the broker is told of a transaction that is taken back.
constexpr int PollMs = 100;
constexpr std::chrono::milliseconds RetryEvery{50};

struct TransactionFree {
    void operator()(rd_kafka_error_t *error) const { rd_kafka_error_destroy(error); }
    void operator()(rd_kafka_topic_partition_list_t *list) const { rd_kafka_topic_partition_list_destroy(list); }
    void operator()(rd_kafka_consumer_group_metadata_t *group) const
    {
        rd_kafka_consumer_group_metadata_destroy(group);
    }
};
template <typename T>
using OwnedPart = std::unique_ptr<T, TransactionFree>;

void pause()
{
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, RetryEvery);
}

/// Somebody else goes on where we were.
bool isFenced(int code)
{
    switch (static_cast<rd_kafka_resp_err_t>(code)) {
    case RD_KAFKA_RESP_ERR__FENCED:
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
    case RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID: return true;
    default: return false;
    }
}

} // namespace

struct KafkaTransactionsCallbacks {
    static void error(rd_kafka_t *, int code, const char *reason, void *opaque)
    {
        KafkaTransactions &self = *static_cast<KafkaTransactions *>(opaque);
        const std::lock_guard lock(self.m_mutex);
        if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || self.m_lastError.empty()) // which does not say why
            self.m_lastError = reason;
    }
};

Result<std::unique_ptr<KafkaTransactions>> KafkaTransactions::open(const KafkaSettings &settings, const std::string &id,
                                                                   Options options)
{
    KafkaConfig config =
        EVENTOPS_TRY(makeKafkaConfig(settings, {{"transactional.id", id},
                                                {"transaction.timeout.ms", std::to_string(options.timeout.count())},
                                                {"partitioner", "murmur2_random"},
                                                {"compression.type", KafkaCompression},
                                                {"compression.level", KafkaCompressionLevel},
                                                {"linger.ms", "5"},
                                                {"allow.auto.create.topics", "false"},
                                                {"queue.buffering.max.messages", "100000"},
                                                {"queue.buffering.max.kbytes", "65536"}}));
    std::unique_ptr<KafkaTransactions> self(new KafkaTransactions(std::move(options)));
    rd_kafka_conf_set_opaque(config.get(), self.get());
    rd_kafka_conf_set_error_cb(config.get(), KafkaTransactionsCallbacks::error);
    char message[MessageBytes] = "";
    self->m_handle = rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), message, sizeof message);
    if (self->m_handle == nullptr)
        return Error{Error::Code::InvalidConfig,
                     std::string("the Kafka client cannot be made: ") + message,
                     {},
                     "check the files and names of the connection"};
    (void)config.release(); // the handle has it
    EVENTOPS_TRY(self->until("transactions of " + id + " cannot begin",
                             [&] { return rd_kafka_init_transactions(self->m_handle, StepMs); }));
    return self;
}

KafkaTransactions::~KafkaTransactions()
{
    if (m_handle == nullptr)
        return;
    abort();
    (void)rd_kafka_purge(m_handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(m_handle);
}

Error KafkaTransactions::errorOf(int code, const std::string &what, const char *detail) const
{
    char fatal[MessageBytes] = "";
    const rd_kafka_resp_err_t root = rd_kafka_fatal_error(m_handle, fatal, sizeof fatal);
    if (isFenced(code) || isFenced(root))
        return {Error::Code::Refused, what + ": another member has taken over", {}, {}};
    return KafkaClient::errorOf(root != RD_KAFKA_RESP_ERR_NO_ERROR ? root : code, what, detail);
}

/// Calls again and again as long as the client says that it may help, and the broker waits for the transaction.
template <typename Call>
Status KafkaTransactions::until(const std::string &what, Call call)
{
    const auto until = std::chrono::steady_clock::now() + m_options.timeout;
    for (;;) {
        const OwnedPart<rd_kafka_error_t> failed(call());
        rd_kafka_poll(m_handle, 0);
        if (failed == nullptr)
            return Ok{};
        const bool again =
            rd_kafka_error_is_retriable(failed.get()) != 0 && rd_kafka_error_txn_requires_abort(failed.get()) == 0;
        if (!again || std::chrono::steady_clock::now() > until)
            return errorOf(rd_kafka_error_code(failed.get()), what, rd_kafka_error_string(failed.get()));
        if (m_options.mustStop && m_options.mustStop())
            return Error{Error::Code::Cancelled, what + ": stopped while no broker answered"};
        pause();
    }
}

Status KafkaTransactions::begin()
{
    const OwnedPart<rd_kafka_error_t> failed(rd_kafka_begin_transaction(m_handle));
    if (failed != nullptr)
        return errorOf(rd_kafka_error_code(failed.get()), "no transaction can be begun",
                       rd_kafka_error_string(failed.get()));
    m_open = true;
    return Ok{};
}

Status KafkaTransactions::send(const KafkaOutput &message)
{
    for (;;) {
        const rd_kafka_resp_err_t failed = kafkaProduce(m_handle, message);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR)
            return Ok{};
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return errorOf(failed, "topic " + std::string(message.topic) + " did not take a message", "");
        if (m_options.mustStop && m_options.mustStop())
            return Error{Error::Code::Cancelled, "stopped while no broker answered"};
        rd_kafka_poll(m_handle, PollMs);
    }
}

Status KafkaTransactions::sendOffset(const KafkaGroup &group, const TopicPartition &place, std::uint64_t offset)
{
    const OwnedPart<rd_kafka_topic_partition_list_t> list(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_list_add(list.get(), place.topic.c_str(), static_cast<std::int32_t>(place.partition))
        ->offset = static_cast<std::int64_t>(offset);
    const OwnedPart<rd_kafka_consumer_group_metadata_t> member(rd_kafka_consumer_group_metadata(group.handle()));
    if (member == nullptr)
        return Error{Error::Code::Refused, "this member has left its group"};
    return until("the offset of " + place.text() + " was not taken",
                 [&] { return rd_kafka_send_offsets_to_transaction(m_handle, list.get(), member.get(), StepMs); });
}

Status KafkaTransactions::commit()
{
    EVENTOPS_TRY(
        until("the transaction was not committed", [&] { return rd_kafka_commit_transaction(m_handle, StepMs); }));
    m_open = false;
    return Ok{};
}

void KafkaTransactions::abort()
{
    if (!std::exchange(m_open, false))
        return;
    const OwnedPart<rd_kafka_error_t> failed(rd_kafka_abort_transaction(m_handle, AbortMs)); // else the broker does
}

std::string KafkaTransactions::lastError() const
{
    const std::lock_guard lock(m_mutex);
    return m_lastError;
}

} // namespace eventops
