// SPDX-License-Identifier: MIT
#pragma once

#include "tests/support/kafka_peer.h"

#include <librdkafka/rdkafka_mock.h> // after rdkafka.h, which it needs

#include <initializer_list>

namespace eventops {

/// librdkafka's own mock of a cluster, on loopback ports of this process: what a client sends and what it gets back are
/// real protocol, and errors can be had on request. It knows no ACLs, no admin requests and no transactions' isolation.
class MockCluster
{
public:
    using Record = test::KafkaPeer::Record;
    using Read = test::KafkaPeer::Read;

    explicit MockCluster(int brokers = 1)
    {
        char message[512];
        rd_kafka_conf_t *const config = rd_kafka_conf_new();
        rd_kafka_conf_set_log_cb(config, [](const rd_kafka_t *, int, const char *, const char *) {});
        m_handle = rd_kafka_new(RD_KAFKA_PRODUCER, config, message, sizeof message);
        m_cluster = rd_kafka_mock_cluster_new(m_handle, brokers);
        m_peer = std::make_unique<test::KafkaPeer>(rd_kafka_mock_cluster_bootstraps(m_cluster));
    }
    ~MockCluster()
    {
        m_peer.reset();
        rd_kafka_mock_cluster_destroy(m_cluster);
        rd_kafka_destroy(m_handle);
    }
    MockCluster(const MockCluster &) = delete;
    MockCluster &operator=(const MockCluster &) = delete;

    const std::string &brokers() const { return m_peer->brokers(); }
    rd_kafka_mock_cluster_t *cluster() const { return m_cluster; }

    void makeTopic(const char *topic, int partitions) { rd_kafka_mock_topic_create(m_cluster, topic, partitions, 1); }

    /// False: the cluster did not take all of them within thirty seconds.
    bool produce(const char *topic, std::int32_t partition, const std::vector<Record> &records)
    {
        return m_peer->produce(topic, partition, records);
    }

    /// Everything that the partition holds.
    std::vector<Read> readAll(const char *topic, std::int32_t partition) { return m_peer->readAll(topic, partition); }

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
    rd_kafka_t *m_handle = nullptr;
    rd_kafka_mock_cluster_t *m_cluster = nullptr;
    std::unique_ptr<test::KafkaPeer> m_peer;
};

} // namespace eventops
