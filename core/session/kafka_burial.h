// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_producer.h"
#include "core/session/kafka_follower.h"
#include "core/store/ledger.h"

#include <functional>
#include <memory>
#include <string>

namespace eventops {

/// Where messages about our actions go that cannot be taken in: to the actions' dead letters, for whoever wrote them,
/// with the reason in the headers; and to our own dead letters as whole messages, which no codec of the input log takes
/// for an event. Thread: one.
class KafkaBurial
{
public:
    /// @p topic: the dead letters' in this cluster; empty: it has none. @p ledger: open to decide; outlives this.
    static Result<std::unique_ptr<KafkaBurial>> open(const KafkaSettings &connection, std::string topic,
                                                     std::string writer, Ledger &ledger);

    Status bury(const FollowedMessage &message, const std::string &cluster, const std::string &why,
                const std::function<bool()> &mustStop);

private:
    KafkaBurial(std::string topic, std::string writer, Ledger &ledger)
        : m_topic(std::move(topic)), m_writer(std::move(writer)), m_ledger(ledger)
    {
    }

    const std::string m_topic, m_writer;
    Ledger &m_ledger;
    std::unique_ptr<KafkaProducer> m_producer;
};

} // namespace eventops
