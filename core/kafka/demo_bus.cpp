// SPDX-License-Identifier: MIT
#include "core/kafka/demo_bus.h"

#include "core/kafka/topics.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h> // after rdkafka.h, which it needs

namespace eventops {
namespace {

constexpr std::size_t MessageBytes = 512;

void ignore(const rd_kafka_t *, int, const char *, const char *) {}

} // namespace

Result<std::unique_ptr<DemoBus>> DemoBus::start(std::uint32_t partitions)
{
    std::unique_ptr<DemoBus> bus(new DemoBus);
    rd_kafka_conf_t *const config = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(config, ignore);
    char message[MessageBytes] = "";
    bus->m_handle = rd_kafka_new(RD_KAFKA_PRODUCER, config, message, sizeof message);
    if (bus->m_handle == nullptr) {
        rd_kafka_conf_destroy(config);
        return Error{Error::Code::Unavailable, std::string("the demo's Kafka cannot be made: ") + message};
    }
    bus->m_cluster = rd_kafka_mock_cluster_new(bus->m_handle, 1);
    if (bus->m_cluster == nullptr)
        return Error{Error::Code::Unavailable, "the demo's Kafka gets no port on 127.0.0.1"};
    for (const ContractTopic &topic : contractTopics())
        rd_kafka_mock_topic_create(bus->m_cluster, std::string(topic.name).c_str(), static_cast<int>(partitions), 1);
    bus->m_brokers = rd_kafka_mock_cluster_bootstraps(bus->m_cluster);
    return bus;
}

DemoBus::~DemoBus()
{
    if (m_cluster != nullptr)
        rd_kafka_mock_cluster_destroy(m_cluster);
    if (m_handle != nullptr)
        rd_kafka_destroy(m_handle);
}

} // namespace eventops
