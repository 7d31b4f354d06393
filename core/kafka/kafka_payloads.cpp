// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_payloads.h"

#include "core/codec/alert.h"
#include "core/codec/avro_payload.h"
#include "core/kafka/schema_registry.h"
#include "core/kafka/topics.h"

namespace eventops {
namespace {

Batch batchWith(const std::string &document)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(document.size() + RawPaddingBytes);
    chunk->bytes.append(document);
    batch.chunks.push_back(std::move(chunk));
    RawRecord record;
    record.size = static_cast<std::uint32_t>(document.size());
    batch.records.push_back(record);
    return batch;
}

} // namespace

bool KafkaPayloads::mayBeAvro(std::string_view topic)
{
    return topic == AlertTopic || topic == NormalizedTopic;
}

Result<KafkaPayloads> KafkaPayloads::open(const std::set<std::string> &avroTopics, const KafkaSettings &connection)
{
    KafkaPayloads out;
    if (avroTopics.empty())
        return out;
    const std::string init = "eventops kafka init --avro " + *avroTopics.begin();
    auto address = EVENTOPS_TRY(registryAddress(connection));
    if (!address)
        return Error{Error::Code::NotFound,
                     "topics are written in Avro, and no schema registry is named",
                     {},
                     "set SCHEMA_URL, or: " + init + " --schema-url http://localhost:8081"};
    const auto registry = EVENTOPS_TRY(SchemaRegistry::open(std::move(*address)));
    for (const std::string &topic : avroTopics) {
        const auto version = registry->find(valueSubject(topic), *envelopeSchema());
        if (!version && version.error().code == Error::Code::NotFound)
            return Error{Error::Code::NotFound, version.error().message, {}, "register it: " + init};
        if (!version)
            return version.error();
        out.m_codecs.emplace(
            topic,
            EVENTOPS_TRY(makeCodec("monitoring.envelope.v1",
                                   Value::map({{"schema_id", Value::scalar(std::to_string(version.value().id))}}))));
    }
    return out;
}

const Codec *KafkaPayloads::codecOf(std::string_view topic) const
{
    const auto found = m_codecs.find(topic);
    return found == m_codecs.end() ? nullptr : found->second.get();
}

Result<std::string> KafkaPayloads::alert(const Finding &finding, std::string document) const
{
    const Codec *const codec = codecOf(AlertTopic);
    if (codec == nullptr)
        return document;
    Batch batch;
    appendAlertEvent(batch, finding);
    LossReport loss; // attributes are texts in this envelope
    return codec->write(batch, batch.events.front(), loss);
}

Result<std::string> KafkaPayloads::event(std::string_view topic, std::string document) const
{
    const Codec *const codec = codecOf(topic);
    if (codec == nullptr)
        return document;
    Batch batch = batchWith(document);
    if (const DecodeFailure failure = codecByName("karma.v1")->makeDecoder()->decode(batch, 0))
        return Error{Error::Code::InvalidInput, failure.detail};
    LossReport loss;
    return codec->write(batch, batch.events.front(), loss);
}

} // namespace eventops
