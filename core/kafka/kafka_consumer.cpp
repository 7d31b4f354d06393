// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_consumer.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t FetchMax = 1'024; ///< Messages taken over at once.

std::string_view bytes(const void *data, std::size_t size)
{
    return {static_cast<const char *>(data), size};
}

void readHeaders(const rd_kafka_message_t &from, KafkaMessage &to)
{
    to.headers.clear();
    rd_kafka_headers_t *headers = nullptr;
    if (rd_kafka_message_headers(&from, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    const char *name = nullptr;
    const void *value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         ++i) {
        KafkaHeader &header = to.headers.emplace_back();
        header.name = name;
        if (value != nullptr)
            header.value = bytes(value, size);
    }
}

} // namespace

KafkaConsumer::KafkaConsumer(std::shared_ptr<KafkaClient> client, std::string topic, std::uint32_t partition)
    : m_client(std::move(client)), m_topicName(std::move(topic)), m_partition(partition)
{
    m_fetched.reserve(FetchMax);
}

Result<std::unique_ptr<KafkaConsumer>> KafkaConsumer::open(std::shared_ptr<KafkaClient> client, std::string topic,
                                                           std::uint32_t partition)
{
    std::unique_ptr<KafkaConsumer> consumer(new KafkaConsumer(std::move(client), std::move(topic), partition));
    consumer->m_topic = rd_kafka_topic_new(consumer->m_client->handle(), consumer->m_topicName.c_str(), nullptr);
    if (consumer->m_topic == nullptr)
        return KafkaClient::errorOf(rd_kafka_last_error(), "topic " + consumer->m_topicName + " cannot be read");
    return consumer;
}

KafkaConsumer::~KafkaConsumer()
{
    stop();
    if (m_topic != nullptr)
        rd_kafka_topic_destroy(m_topic);
}

Status KafkaConsumer::start(std::uint64_t offset)
{
    stop();
    if (rd_kafka_consume_start(m_topic, static_cast<std::int32_t>(m_partition), static_cast<std::int64_t>(offset)) != 0)
        return KafkaClient::errorOf(rd_kafka_last_error(), "topic " + m_topicName + " cannot be read");
    m_started = true;
    m_next = offset;
    return Ok{};
}

void KafkaConsumer::stop()
{
    drop();
    if (m_started)
        (void)rd_kafka_consume_stop(m_topic, static_cast<std::int32_t>(m_partition)); // fails when it is stopped
    m_started = false;
}

void KafkaConsumer::drop()
{
    for (rd_kafka_message_t *message : m_fetched) {
        if (message != nullptr)
            rd_kafka_message_destroy(message);
    }
    m_fetched.clear();
    m_at = 0;
}

Result<KafkaConsumer::Met> KafkaConsumer::next(KafkaMessage &message, std::chrono::milliseconds wait)
{
    if (m_at < m_fetched.size())
        return take(message);
    drop();
    m_client->serve();
    // consume_batch waits its whole time for a full batch: one message is waited for, what is there then comes along.
    const auto partition = static_cast<std::int32_t>(m_partition);
    rd_kafka_message_t *const first = rd_kafka_consume(m_topic, partition, static_cast<int>(wait.count()));
    if (first == nullptr) {
        if (wait.count() > 0)
            m_client->askWhenAway();
        return Met::Nothing;
    }
    m_fetched.resize(FetchMax);
    m_fetched[0] = first;
    const ssize_t more = rd_kafka_consume_batch(m_topic, partition, 0, m_fetched.data() + 1, FetchMax - 1);
    m_fetched.resize(static_cast<std::size_t>(1 + std::max<ssize_t>(more, 0)));
    return take(message);
}

Result<KafkaConsumer::Met> KafkaConsumer::take(KafkaMessage &message)
{
    if (m_at > 0) { // the one before has been looked at
        rd_kafka_message_destroy(m_fetched[m_at - 1]);
        m_fetched[m_at - 1] = nullptr;
    }
    const rd_kafka_message_t &from = *m_fetched[m_at++];
    if (from.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        m_client->answered();
        message.offset = static_cast<std::uint64_t>(std::max<std::int64_t>(from.offset, 0));
        return Met::End;
    }
    if (from.err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return refused(from.err, rd_kafka_message_errstr(&from));
    message.offset = static_cast<std::uint64_t>(from.offset);
    message.key.reset();
    message.payload.reset();
    if (from.key != nullptr)
        message.key = bytes(from.key, from.key_len);
    if (from.payload != nullptr)
        message.payload = bytes(from.payload, from.len);
    rd_kafka_timestamp_type_t kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const std::int64_t ms = rd_kafka_message_timestamp(&from, &kind);
    message.ts =
        kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE || ms < 0 || ms > INT64_MAX / NsPerMs ? NoTime : WallNs{ms * NsPerMs};
    readHeaders(from, message);
    m_next = message.offset + 1;
    if (m_at == 1)
        m_client->answered();
    return Met::Message;
}

Result<KafkaConsumer::Met> KafkaConsumer::refused(int code, const char *detail)
{
    {
        const std::lock_guard lock(m_mutex);
        ++m_errors;
        m_lastError = detail != nullptr ? detail : rd_kafka_err2str(static_cast<rd_kafka_resp_err_t>(code));
    }
    if (code == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || code == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE)
        return Met::OutOfRange;
    const Error error = KafkaClient::errorOf(code, "topic " + m_topicName + '/' + std::to_string(m_partition));
    if (error.code == Error::Code::NotFound)
        return Met::Gone;
    if (error.code == Error::Code::Refused)
        return error;
    return Met::Nothing; // the client goes on by itself
}

KafkaConsumer::Statistics KafkaConsumer::statistics() const
{
    const KafkaConnectionState connection = m_client->state();
    Statistics out;
    out.next = m_next;
    out.away = connection.away;
    out.errors = connection.errors;
    out.lastError = connection.lastError;
    {
        const std::lock_guard lock(m_mutex);
        out.errors += m_errors;
        if (!m_lastError.empty())
            out.lastError = m_lastError;
    }
    std::int64_t low = 0, high = RD_KAFKA_OFFSET_INVALID;
    const rd_kafka_resp_err_t failed = rd_kafka_get_watermark_offsets(
        m_client->handle(), m_topicName.c_str(), static_cast<std::int32_t>(m_partition), &low, &high);
    if (failed == RD_KAFKA_RESP_ERR_NO_ERROR && high >= 0) // known from the last fetch
        out.lag = static_cast<std::uint64_t>(high) - std::min(out.next, static_cast<std::uint64_t>(high));
    return out;
}

} // namespace eventops
