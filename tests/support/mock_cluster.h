// SPDX-License-Identifier: MIT
#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h> // after rdkafka.h, which it needs

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eventops {

/// librdkafka's own mock of a cluster, on loopback ports of this process: what a client sends and what it gets back are
/// real protocol, and errors can be had on request. It knows no ACLs, no admin requests and no transactions' isolation.
class MockCluster
{
public:
    struct Record {
        std::string value;
        std::optional<std::string> key = {};
        std::vector<std::pair<std::string, std::optional<std::string>>> headers = {};
        std::int64_t tsMs = 0; ///< 0: now.
        bool tombstone = false;
    };
    struct Read {
        std::int64_t offset = 0;
        std::optional<std::string> value, key;
        std::vector<std::pair<std::string, std::string>> headers;
    };

    explicit MockCluster(int brokers = 1)
    {
        char message[512];
        rd_kafka_conf_t *const config = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(config, ignore);
        m_handle = rd_kafka_new(RD_KAFKA_PRODUCER, config, message, sizeof message);
        m_cluster = rd_kafka_mock_cluster_new(m_handle, brokers);
        m_brokers = rd_kafka_mock_cluster_bootstraps(m_cluster);
        rd_kafka_conf_t *const producing = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(producing, ignore);
        rd_kafka_conf_set(producing, "bootstrap.servers", m_brokers.c_str(), message, sizeof message);
        rd_kafka_conf_set(producing, "linger.ms", "1", message, sizeof message);
        rd_kafka_conf_set(producing, "reconnect.backoff.max.ms", "500", message, sizeof message);
        m_producer = rd_kafka_new(RD_KAFKA_PRODUCER, producing, message, sizeof message);
    }
    ~MockCluster()
    {
        rd_kafka_destroy(m_producer);
        rd_kafka_mock_cluster_destroy(m_cluster);
        rd_kafka_destroy(m_handle);
    }
    MockCluster(const MockCluster &) = delete;
    MockCluster &operator=(const MockCluster &) = delete;

    const std::string &brokers() const { return m_brokers; }
    rd_kafka_mock_cluster_t *cluster() const { return m_cluster; }

    void makeTopic(const char *topic, int partitions) { rd_kafka_mock_topic_create(m_cluster, topic, partitions, 1); }

    /// False: the cluster did not take all of them within thirty seconds.
    bool produce(const char *topic, std::int32_t partition, const std::vector<Record> &records)
    {
        for (const Record &record : records) {
            rd_kafka_headers_t *const headers = rd_kafka_headers_new(record.headers.size());
            for (const auto &[name, value] : record.headers)
                rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                                    value ? value->data() : nullptr, value ? static_cast<ssize_t>(value->size()) : 0);
            if (!produceOne(topic, partition, record, headers))
                return false;
        }
        return rd_kafka_flush(m_producer, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR;
    }

    /// Everything that the partition holds.
    std::vector<Read> readAll(const char *topic, std::int32_t partition)
    {
        char message[512];
        rd_kafka_conf_t *const config = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(config, ignore);
        rd_kafka_conf_set(config, "bootstrap.servers", m_brokers.c_str(), message, sizeof message);
        rd_kafka_conf_set(config, "enable.partition.eof", "true", message, sizeof message);
        rd_kafka_t *const consumer = rd_kafka_new(RD_KAFKA_CONSUMER, config, message, sizeof message);
        rd_kafka_topic_t *const from = rd_kafka_topic_new(consumer, topic, nullptr);
        rd_kafka_consume_start(from, partition, RD_KAFKA_OFFSET_BEGINNING);
        std::vector<Read> all;
        for (;;) {
            rd_kafka_message_t *const one = rd_kafka_consume(from, partition, 5'000);
            if (one == nullptr)
                break;
            const bool end = one->err != RD_KAFKA_RESP_ERR_NO_ERROR;
            if (!end)
                all.push_back(readOne(*one));
            rd_kafka_message_destroy(one);
            if (end)
                break;
        }
        rd_kafka_consume_stop(from, partition);
        rd_kafka_topic_destroy(from);
        rd_kafka_destroy(consumer);
        return all;
    }

    /// The next requests of that kind are answered with these errors.
    void failNext(std::int16_t api, std::initializer_list<rd_kafka_resp_err_t> errors)
    {
        std::vector<rd_kafka_resp_err_t> list(errors);
        rd_kafka_mock_push_request_errors_array(m_cluster, api, list.size(), list.data());
    }
    static constexpr std::int16_t ProduceApi = 0, FetchApi = 1, ListOffsetsApi = 2, MetadataApi = 3;

    /// For a moment only: clients that keep connecting to a broker that is down can break the mock.
    void setDown(int broker) { rd_kafka_mock_broker_set_down(m_cluster, broker); }
    void setUp(int broker) { rd_kafka_mock_broker_set_up(m_cluster, broker); }

private:
    bool produceOne(const char *topic, std::int32_t partition, const Record &record, rd_kafka_headers_t *headers)
    {
        const auto memory = [](const std::string &text) {
            return const_cast<char *>(text.data());
        };
        rd_kafka_vu_t parts[7] = {};
        parts[0].vtype = RD_KAFKA_VTYPE_TOPIC;
        parts[0].u.cstr = topic;
        parts[1].vtype = RD_KAFKA_VTYPE_PARTITION;
        parts[1].u.i32 = partition;
        parts[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
        parts[2].u.i = RD_KAFKA_MSG_F_COPY;
        parts[3].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
        parts[3].u.i64 = record.tsMs;
        parts[4].vtype = RD_KAFKA_VTYPE_KEY;
        if (record.key)
            parts[4].u.mem = {memory(*record.key), record.key->size()};
        parts[5].vtype = RD_KAFKA_VTYPE_VALUE;
        if (!record.tombstone)
            parts[5].u.mem = {memory(record.value), record.value.size()};
        parts[6].vtype = RD_KAFKA_VTYPE_HEADERS;
        parts[6].u.headers = headers;
        for (;;) {
            rd_kafka_error_t *const failed = rd_kafka_produceva(m_producer, parts, 7);
            if (failed == nullptr)
                return true;
            const bool full = rd_kafka_error_code(failed) == RD_KAFKA_RESP_ERR__QUEUE_FULL;
            rd_kafka_error_destroy(failed);
            if (!full)
                return false;
            rd_kafka_poll(m_producer, 100);
        }
    }
    static void ignore(const rd_kafka_t *, int, const char *, const char *) {}
    static Read readOne(const rd_kafka_message_t &from)
    {
        Read read;
        read.offset = from.offset;
        if (from.payload != nullptr)
            read.value = std::string(static_cast<const char *>(from.payload), from.len);
        if (from.key != nullptr)
            read.key = std::string(static_cast<const char *>(from.key), from.key_len);
        rd_kafka_headers_t *headers = nullptr;
        const char *name = nullptr;
        const void *value = nullptr;
        std::size_t size = 0;
        if (rd_kafka_message_headers(&from, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
            for (std::size_t i = 0;
                 rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i)
                read.headers.emplace_back(name, std::string(static_cast<const char *>(value), size));
        }
        return read;
    }

    rd_kafka_t *m_handle = nullptr;
    rd_kafka_t *m_producer = nullptr;
    rd_kafka_mock_cluster_t *m_cluster = nullptr;
    std::string m_brokers;
};

} // namespace eventops
