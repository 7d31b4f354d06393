// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <string>

struct rd_kafka_s;
struct rd_kafka_mock_cluster_s;

namespace eventops {

/// A Kafka inside this process, for demos and walk-throughs: librdkafka's mock of a broker, with the topics of the
/// contracts, on a free loopback port. Any client may use it. It keeps everything in memory, forgets it at its end, and
/// knows neither retention nor compaction, sign-in or the isolation of transactions: never for real data.
/// Thread: any; it has threads of its own.
class DemoBus
{
public:
    /// @p partitions: of each topic. Unavailable.
    static Result<std::unique_ptr<DemoBus>> start(std::uint32_t partitions);
    ~DemoBus();
    DemoBus(const DemoBus &) = delete;
    DemoBus &operator=(const DemoBus &) = delete;

    const std::string &brokers() const { return m_brokers; } ///< "127.0.0.1:41234"

private:
    DemoBus() = default;
    rd_kafka_s *m_handle = nullptr;
    rd_kafka_mock_cluster_s *m_cluster = nullptr;
    std::string m_brokers;
};

} // namespace eventops
