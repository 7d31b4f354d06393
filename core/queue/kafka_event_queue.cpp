// SPDX-License-Identifier: MIT
#include "core/queue/kafka_event_queue.h"

#include "core/base/text.h"
#include "core/codec/raw_event_message.h"
#include "core/kafka/topics.h"

namespace eventops {
namespace {

constexpr std::chrono::seconds AskWait{5};
constexpr std::chrono::seconds CountEvery{30}; ///< Partitions may be added to a topic.
constexpr std::chrono::seconds DeliverWithin{30};
constexpr std::size_t LetterBytesMax = 512u << 10; ///< A broker takes about a million bytes.
constexpr std::size_t ReasonBytesMax = 4'096; ///< In a header.

} // namespace

KafkaEventQueue::KafkaEventQueue(Options options) : m_options(std::move(options)) {}

KafkaEventQueue::~KafkaEventQueue() = default;

std::string KafkaEventQueue::name() const
{
    return "kafka:" + m_options.topic + '@' + m_options.connection.brokers;
}

Status KafkaEventQueue::openProducer()
{
    if (m_producer == nullptr)
        m_producer = EVENTOPS_TRY(KafkaProducer::open(m_options.connection, {DeliverWithin}));
    return Ok{};
}

/// A producer that failed for good would fail for ever: the next one is another.
Status KafkaEventQueue::send(const KafkaOutput &message)
{
    const Status sent = m_producer->send(message);
    if (!sent)
        m_producer.reset();
    return sent;
}

Status KafkaEventQueue::flush()
{
    const Status flushed = m_producer->flush(m_options.mustStop);
    if (!flushed)
        m_producer.reset();
    return flushed;
}

Status KafkaEventQueue::publish(std::span<const WaitingEvent> events)
{
    EVENTOPS_TRY(openProducer());
    for (const WaitingEvent &event : events) {
        const std::string message = encodeRawEventMessage(event.id);
        KafkaOutput output;
        output.topic = m_options.topic;
        output.key = event.group;
        output.payload = message;
        EVENTOPS_TRY(send(output));
    }
    return flush();
}

/// All partitions that the topic has by now, each read on from where the ledger says.
Status KafkaEventQueue::findPartitions()
{
    const auto now = std::chrono::steady_clock::now();
    if (!m_partitions.empty() && now - m_countedAt < CountEvery)
        return Ok{};
    if (m_client == nullptr)
        m_client = EVENTOPS_TRY(KafkaClient::openConsumer(m_options.connection, {}));
    const std::string cluster = EVENTOPS_TRY(m_client->clusterId(AskWait));
    const auto topics = EVENTOPS_TRY(m_client->topics(AskWait));
    const auto topic = topics.find(m_options.topic);
    if (topic == topics.end())
        return Error{Error::Code::NotFound,
                     "there is no topic " + m_options.topic + " at " + m_client->brokers(),
                     {},
                     "make it, or let: eventops kafka init"};
    for (auto number = static_cast<std::uint32_t>(m_partitions.size()); number < topic->second; ++number) {
        Partition partition;
        partition.place = cluster + '/' + m_options.topic + '/' + std::to_string(number);
        partition.number = number;
        partition.consumer = EVENTOPS_TRY(KafkaConsumer::open(m_client, m_options.topic, number));
        const auto position = EVENTOPS_TRY(m_options.position(partition.place));
        const KafkaOffsets ends = EVENTOPS_TRY(m_client->offsets(m_options.topic, number, AskWait));
        EVENTOPS_TRY(partition.consumer->start(position.value_or(ends.low)));
        m_partitions.push_back(std::move(partition));
    }
    m_countedAt = now;
    return Ok{};
}

/// True: there was one.
Result<bool> KafkaEventQueue::takeOne(Partition &from, std::chrono::milliseconds wait, std::vector<TakenEvent> &out)
{
    KafkaMessage message;
    switch (EVENTOPS_TRY(from.consumer->next(message, wait))) {
    case KafkaConsumer::Met::Message: {
        TakenEvent &taken = out.emplace_back();
        taken.message = message.payload.value_or(std::string_view());
        taken.id = decodeRawEventMessage(taken.message).valueOr(0);
        taken.place = from.place;
        taken.next = message.offset + 1;
        return true;
    }
    case KafkaConsumer::Met::OutOfRange: { // the topic was made anew, or cut
        const KafkaOffsets ends = EVENTOPS_TRY(m_client->offsets(m_options.topic, from.number, AskWait));
        EVENTOPS_TRY(from.consumer->start(ends.low));
        return false;
    }
    case KafkaConsumer::Met::Gone: // it may come back with other partitions
        return Error{Error::Code::NotFound,
                     "topic " + m_options.topic + " is gone",
                     {},
                     "make it again; what waits is announced again then"};
    case KafkaConsumer::Met::Nothing:
    case KafkaConsumer::Met::End: break;
    }
    return false;
}

Result<std::vector<TakenEvent>> KafkaEventQueue::take(std::size_t max, std::chrono::milliseconds wait)
{
    auto taken = takeSome(max, wait);
    if (!taken) { // a connection that failed remembers why: the next one begins anew, where the ledger says
        m_partitions.clear();
        m_client.reset();
    }
    return taken;
}

Result<std::vector<TakenEvent>> KafkaEventQueue::takeSome(std::size_t max, std::chrono::milliseconds wait)
{
    EVENTOPS_TRY(findPartitions());
    std::vector<TakenEvent> out;
    ++m_turn; // one that always has some is no reason never to look at the others
    for (std::size_t i = 0; i < m_partitions.size() && out.size() < max; ++i) {
        Partition &partition = m_partitions[(m_turn + i) % m_partitions.size()];
        while (out.size() < max && EVENTOPS_TRY(takeOne(partition, std::chrono::milliseconds(0), out))) {}
    }
    const auto each = wait / static_cast<std::int64_t>(m_partitions.size());
    for (std::size_t i = m_partitions.size(); out.empty() && i > 0 && !m_options.mustStop(); --i)
        EVENTOPS_TRY(takeOne(m_partitions[m_turn++ % m_partitions.size()], each, out));
    if (out.empty() && m_client->state().away)
        return Error{Error::Code::Unavailable,
                     "no Kafka answers at " + m_client->brokers() + ": " + m_client->state().lastError,
                     {},
                     "raw events are kept; transforming goes on when it is back"};
    return out;
}

Status KafkaEventQueue::acknowledge(std::span<const TakenEvent>)
{
    return Ok{}; // the ledger has its place
}

void KafkaEventQueue::release(std::span<const TakenEvent>)
{
    // Who comes next begins at the ledger's place.
}

Status KafkaEventQueue::deadLetter(std::span<const FailedEvent> events)
{
    if (m_options.deadLetters.empty() || events.empty())
        return Ok{};
    EVENTOPS_TRY(openProducer());
    for (const FailedEvent &event : events) {
        const bool named = event.taken.id != 0;
        const std::string key = std::to_string(event.taken.id);
        const std::string letter = named ? encodeRawEventFailure(event.taken.id, event.why)
                                         : event.taken.message.substr(0, LetterBytesMax); // which nobody understands
        const std::string_view why = utf8Prefix(event.why, ReasonBytesMax);
        const std::string origin =
            event.taken.place.empty() ? std::string() : event.taken.place + '/' + std::to_string(event.taken.next - 1);
        KafkaOutput output;
        output.topic = m_options.deadLetters;
        if (named)
            output.key = key;
        output.payload = letter;
        output.headers = {{ReasonHeader, why}, {OriginHeader, origin}};
        EVENTOPS_TRY(send(output));
    }
    return flush();
}

} // namespace eventops
