// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_producer.h"

#include "core/kafka/connection_trouble.h"
#include "core/kafka/kafka_client.h"
#include "core/kafka/kafka_config.h"
#include "core/kafka/kafka_send.h"

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;
constexpr int PollMs = 100;

} // namespace

/// Called on the producer's own thread, from within its polls.
struct KafkaProducerCallbacks {
    static void delivered(rd_kafka_t *, const rd_kafka_message_t *message, void *opaque)
    {
        KafkaProducer &producer = *static_cast<KafkaProducer *>(opaque);
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            ++producer.m_delivered;
        else
            producer.fail(message->err, rd_kafka_topic_name(message->rkt));
    }
    static void error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
    {
        KafkaProducer &producer = *static_cast<KafkaProducer *>(opaque);
        if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || producer.m_lastError.empty()) // which does not say why
            producer.m_lastError = reason;
        producer.m_refused = producer.m_refused || code == RD_KAFKA_RESP_ERR__AUTHENTICATION;
        char detail[MessageBytes] = "";
        if (code != RD_KAFKA_RESP_ERR__FATAL || producer.m_failed)
            return;
        const rd_kafka_resp_err_t fatal = rd_kafka_fatal_error(handle, detail, sizeof detail);
        producer.m_failed = KafkaClient::errorOf(fatal, "the broker refuses this producer", detail);
    }
};

Result<std::unique_ptr<KafkaProducer>> KafkaProducer::open(const KafkaSettings &settings, const Options &options)
{
    KafkaConfig config =
        EVENTOPS_TRY(makeKafkaConfig(settings, {{"enable.idempotence", "true"},
                                                {"acks", "all"},
                                                {"partitioner", "murmur2_random"},
                                                {"compression.type", KafkaCompression},
                                                {"compression.level", KafkaCompressionLevel},
                                                {"linger.ms", "10"},
                                                {"delivery.timeout.ms", std::to_string(options.deliverWithin.count())},
                                                {"allow.auto.create.topics", "false"},
                                                {"queue.buffering.max.messages", "100000"},
                                                {"queue.buffering.max.kbytes", "65536"}}));
    std::unique_ptr<KafkaProducer> producer(new KafkaProducer);
    producer->m_brokers = settings.brokers;
    rd_kafka_conf_set_opaque(config.get(), producer.get());
    rd_kafka_conf_set_dr_msg_cb(config.get(), KafkaProducerCallbacks::delivered);
    rd_kafka_conf_set_error_cb(config.get(), KafkaProducerCallbacks::error);
    char message[MessageBytes] = "";
    producer->m_handle = rd_kafka_new(RD_KAFKA_PRODUCER, config.get(), message, sizeof message);
    if (producer->m_handle == nullptr)
        return Error{Error::Code::InvalidConfig,
                     std::string("the Kafka client cannot be made: ") + message,
                     {},
                     "check the files and names of the connection"};
    (void)config.release(); // the handle has it
    return producer;
}

KafkaProducer::~KafkaProducer()
{
    if (m_handle == nullptr)
        return;
    (void)rd_kafka_purge(m_handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    rd_kafka_destroy(m_handle);
}

Result<std::string> KafkaProducer::clusterId(std::chrono::milliseconds wait)
{
    auto id = kafkaClusterId(m_handle, wait, [this] { return isHopeless(m_lastError, m_refused); });
    return id ? std::move(id) : explained(id.error());
}

Result<std::map<std::string, std::uint32_t>> KafkaProducer::topics(std::chrono::milliseconds wait)
{
    auto found = kafkaTopics(m_handle, wait);
    return found ? std::move(found) : explained(found.error());
}

Error KafkaProducer::explained(Error error) const
{
    return explainConnection(std::move(error), m_brokers, m_lastError, m_refused);
}

void KafkaProducer::fail(int code, const std::string &topic)
{
    if (!m_failed)
        m_failed = KafkaClient::errorOf(code, "topic " + topic + " did not take a message");
}

Status KafkaProducer::send(const KafkaOutput &message)
{
    if (!message.payload && !message.key)
        return Error{Error::Code::InvalidArgument, "a tombstone needs the key that it takes away"};
    for (;;) {
        if (m_failed)
            return *m_failed;
        const rd_kafka_resp_err_t failed = kafkaProduce(m_handle, message);
        if (failed == RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_poll(m_handle, 0);
            return Ok{};
        }
        if (failed != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            return KafkaClient::errorOf(failed, "topic " + std::string(message.topic) + " did not take a message");
        rd_kafka_poll(m_handle, PollMs);
    }
}

Status KafkaProducer::flush(const std::function<bool()> &mustStop)
{
    while (rd_kafka_outq_len(m_handle) > 0) {
        if (mustStop && mustStop())
            return Error{Error::Code::Cancelled, "stopped; what was not acknowledged is sent again next time"};
        (void)rd_kafka_flush(m_handle, PollMs); // times out while there is more
    }
    rd_kafka_poll(m_handle, 0);
    if (!m_failed)
        return Ok{};
    Error error = *std::exchange(m_failed, {});
    return error.code == Error::Code::Unavailable ? explained(std::move(error)) : error;
}

} // namespace eventops
