// SPDX-License-Identifier: MIT
#include "core/session/kafka_burial.h"

#include "core/codec/kcat.h"
#include "core/kafka/kafka_line.h"
#include "core/kafka/topics.h"

namespace eventops {

Result<std::unique_ptr<KafkaBurial>> KafkaBurial::open(const KafkaSettings &connection, std::string topic,
                                                       std::string writer, Ledger &ledger)
{
    std::unique_ptr<KafkaBurial> burial(new KafkaBurial(std::move(topic), std::move(writer), ledger));
    burial->m_producer = EVENTOPS_TRY(KafkaProducer::open(connection, {}));
    return burial;
}

Status KafkaBurial::bury(const FollowedMessage &message, const std::string &cluster, const std::string &why,
                         const std::function<bool()> &mustStop)
{
    if (!m_topic.empty()) {
        const std::string place = message.place();
        EVENTOPS_TRY(m_producer->send({m_topic,
                                       message.message.key,
                                       message.message.payload,
                                       {{KafkaWriterHeader, m_writer}, {ReasonHeader, why}, {OriginHeader, place}}}));
        EVENTOPS_TRY(m_producer->flush(mustStop));
    }
    InputRow row;
    row.kind = "action_event";
    appendKafkaLine(row.payload, cluster, message.topic, message.partition, message.message);
    return m_ledger.recordInput(row);
}

} // namespace eventops
