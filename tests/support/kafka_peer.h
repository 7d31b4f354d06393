// SPDX-License-Identifier: MIT
#pragma once

#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eventops::test {

/// Somebody else's client of a Kafka: what tests write, read and look up there without our own code.
class KafkaPeer
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
    using Config = std::vector<std::pair<std::string, std::string>>;

    explicit KafkaPeer(std::string brokers) : m_brokers(std::move(brokers))
    {
        m_producer = make(RD_KAFKA_PRODUCER, {{"linger.ms", "1"},
                                              {"reconnect.backoff.max.ms", "500"},
                                              {"batch.size", "50000"}, // below what tests make segments of
                                              {"topic.metadata.refresh.interval.ms", "500"},
                                              {"enable.idempotence", "true"}});
    }
    ~KafkaPeer() { rd_kafka_destroy(m_producer); }
    KafkaPeer(const KafkaPeer &) = delete;
    KafkaPeer &operator=(const KafkaPeer &) = delete;

    /// True once a broker answers.
    bool answers(std::chrono::milliseconds within)
    {
        const auto until = std::chrono::steady_clock::now() + within;
        while (std::chrono::steady_clock::now() < until) {
            const rd_kafka_metadata_t *metadata = nullptr;
            if (rd_kafka_metadata(m_producer, 1, nullptr, &metadata, 500) == RD_KAFKA_RESP_ERR_NO_ERROR) {
                const bool any = metadata->broker_cnt > 0;
                rd_kafka_metadata_destroy(metadata);
                if (any)
                    return true;
            }
        }
        return false;
    }

    /// Null @p partition: that of the key. False: the cluster did not take all of them within thirty seconds.
    bool produce(const char *topic, std::optional<std::int32_t> partition, const std::vector<Record> &records)
    {
        m_refused = 0;
        return produceWith(m_producer, topic, partition, records)
               && rd_kafka_flush(m_producer, 30'000) == RD_KAFKA_RESP_ERR_NO_ERROR && m_refused == 0;
    }
    /// The same as one transaction, committed or taken back. Empty: done; else why not.
    std::string transact(const char *topic, const std::vector<Record> &records, bool commit)
    {
        rd_kafka_t *const producer = make(RD_KAFKA_PRODUCER, {{"transactional.id", "somebody"}});
        std::string wrong;
        const auto step = [&](rd_kafka_error_t *error) {
            if (error == nullptr)
                return true;
            wrong = rd_kafka_error_string(error);
            rd_kafka_error_destroy(error);
            return false;
        };
        if (step(rd_kafka_init_transactions(producer, 30'000)) && step(rd_kafka_begin_transaction(producer))) {
            if (!produceWith(producer, topic, 0, records))
                wrong = "not produced";
            rd_kafka_flush(producer, 30'000);
            step(commit ? rd_kafka_commit_transaction(producer, 30'000) : rd_kafka_abort_transaction(producer, 30'000));
        }
        rd_kafka_destroy(producer);
        return wrong;
    }
    /// First and one behind the last offset that the partition has.
    std::pair<std::int64_t, std::int64_t> ends(const char *topic, std::int32_t partition = 0)
    {
        std::pair<std::int64_t, std::int64_t> found{-1, -1};
        rd_kafka_query_watermark_offsets(m_producer, topic, partition, &found.first, &found.second, 10'000);
        return found;
    }

    /// Everything that the partition holds, to its end.
    std::vector<Read> readAll(const char *topic, std::int32_t partition = 0)
    {
        rd_kafka_t *const consumer =
            make(RD_KAFKA_CONSUMER, {{"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "10"}});
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

    /// Makes a topic, which the mock cluster cannot. Empty: done; else why not.
    std::string makeTopic(const char *topic, int partitions, const Config &config = {})
    {
        char message[512] = "";
        rd_kafka_NewTopic_t *wanted = rd_kafka_NewTopic_new(topic, partitions, 1, message, sizeof message);
        for (const auto &[name, value] : config)
            rd_kafka_NewTopic_set_config(wanted, name.c_str(), value.c_str());
        std::string wrong =
            ask([&](rd_kafka_queue_t *queue) { rd_kafka_CreateTopics(m_producer, &wanted, 1, nullptr, queue); },
                [](rd_kafka_event_t *event) {
                    std::size_t count = 0;
                    return textOf(
                        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count)[0]);
                });
        rd_kafka_NewTopic_destroy(wanted);
        return wrong;
    }

    std::string addPartitions(const char *topic, std::size_t total)
    {
        char message[512] = "";
        rd_kafka_NewPartitions_t *wanted = rd_kafka_NewPartitions_new(topic, total, message, sizeof message);
        std::string wrong =
            ask([&](rd_kafka_queue_t *queue) { rd_kafka_CreatePartitions(m_producer, &wanted, 1, nullptr, queue); },
                [](rd_kafka_event_t *event) {
                    std::size_t count = 0;
                    return textOf(rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                                          &count)[0]);
                });
        rd_kafka_NewPartitions_destroy(wanted);
        return wrong;
    }

    std::string deleteTopic(const char *topic)
    {
        rd_kafka_DeleteTopic_t *wanted = rd_kafka_DeleteTopic_new(topic);
        std::string wrong =
            ask([&](rd_kafka_queue_t *queue) { rd_kafka_DeleteTopics(m_producer, &wanted, 1, nullptr, queue); },
                [](rd_kafka_event_t *event) {
                    std::size_t count = 0;
                    return textOf(
                        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count)[0]);
                });
        rd_kafka_DeleteTopic_destroy(wanted);
        return wrong;
    }

    /// A topic's configuration as the broker has it.
    std::map<std::string, std::string> topicConfig(const char *topic)
    {
        rd_kafka_ConfigResource_t *wanted = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
        std::map<std::string, std::string> found;
        ask([&](rd_kafka_queue_t *queue) { rd_kafka_DescribeConfigs(m_producer, &wanted, 1, nullptr, queue); },
            [&](rd_kafka_event_t *event) {
                std::size_t count = 0, entries = 0;
                const rd_kafka_ConfigResource_t **const all =
                    rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event), &count);
                const rd_kafka_ConfigEntry_t **const list = rd_kafka_ConfigResource_configs(all[0], &entries);
                for (std::size_t i = 0; i < entries; ++i) {
                    const char *const value = rd_kafka_ConfigEntry_value(list[i]);
                    found.emplace(rd_kafka_ConfigEntry_name(list[i]), value != nullptr ? value : "");
                }
                return std::string();
            });
        rd_kafka_ConfigResource_destroy(wanted);
        return found;
    }

    /// Number of a topic's partitions; 0: there is none.
    int partitions(const char *topic)
    {
        const rd_kafka_metadata_t *metadata = nullptr;
        if (rd_kafka_metadata(m_producer, 1, nullptr, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR)
            return 0;
        int count = 0;
        for (int i = 0; i < metadata->topic_cnt; ++i) {
            if (metadata->topics[i].topic == std::string(topic))
                count = metadata->topics[i].partition_cnt;
        }
        rd_kafka_metadata_destroy(metadata);
        return count;
    }

    const std::string &brokers() const { return m_brokers; }

private:
    rd_kafka_t *make(rd_kafka_type_t type, const Config &config)
    {
        char message[512];
        rd_kafka_conf_t *const all = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(all, [](const rd_kafka_t *, int, const char *, const char *) {});
        rd_kafka_conf_set(all, "bootstrap.servers", m_brokers.c_str(), message, sizeof message);
        for (const auto &[name, value] : config)
            rd_kafka_conf_set(all, name.c_str(), value.c_str(), message, sizeof message);
        if (type == RD_KAFKA_PRODUCER) {
            rd_kafka_conf_set_opaque(all, this);
            rd_kafka_conf_set_dr_msg_cb(all, [](rd_kafka_t *, const rd_kafka_message_t *sent, void *opaque) {
                static_cast<KafkaPeer *>(opaque)->m_refused += sent->err != RD_KAFKA_RESP_ERR_NO_ERROR;
            });
        }
        return rd_kafka_new(type, all, message, sizeof message);
    }

    template <typename T>
    static std::string textOf(const T *result)
    {
        if (rd_kafka_topic_result_error(result) == RD_KAFKA_RESP_ERR_NO_ERROR)
            return {};
        const char *const said = rd_kafka_topic_result_error_string(result);
        return said != nullptr ? said : rd_kafka_err2name(rd_kafka_topic_result_error(result));
    }

    template <typename Request, typename Answer>
    std::string ask(Request request, Answer answer)
    {
        rd_kafka_queue_t *const queue = rd_kafka_queue_new(m_producer);
        request(queue);
        rd_kafka_event_t *const event = rd_kafka_queue_poll(queue, 30'000);
        std::string wrong = event == nullptr ? "no answer" : "";
        if (event != nullptr) {
            wrong = rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR ? rd_kafka_event_error_string(event)
                                                                              : answer(event);
            rd_kafka_event_destroy(event);
        }
        rd_kafka_queue_destroy(queue);
        return wrong;
    }

    bool produceWith(rd_kafka_t *producer, const char *topic, std::optional<std::int32_t> partition,
                     const std::vector<Record> &records)
    {
        for (const Record &record : records) {
            rd_kafka_headers_t *const headers = rd_kafka_headers_new(record.headers.size());
            for (const auto &[name, value] : record.headers)
                rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                                    value ? value->data() : nullptr, value ? static_cast<ssize_t>(value->size()) : 0);
            if (!produceOne(producer, topic, partition.value_or(RD_KAFKA_PARTITION_UA), record, headers))
                return false;
        }
        return true;
    }
    static bool produceOne(rd_kafka_t *producer, const char *topic, std::int32_t partition, const Record &record,
                           rd_kafka_headers_t *headers)
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
        const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        for (;;) {
            rd_kafka_error_t *const failed = rd_kafka_produceva(producer, parts, 7);
            if (failed == nullptr)
                return true;
            const bool passes = rd_kafka_error_code(failed) == RD_KAFKA_RESP_ERR__QUEUE_FULL
                                || rd_kafka_error_code(failed) == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION; // just added
            rd_kafka_error_destroy(failed);
            if (!passes || std::chrono::steady_clock::now() > until)
                return false;
            rd_kafka_poll(producer, 100);
        }
    }
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

    const std::string m_brokers;
    rd_kafka_t *m_producer = nullptr;
    int m_refused = 0; ///< Messages of the last `produce` that the broker did not take.
};

} // namespace eventops::test
