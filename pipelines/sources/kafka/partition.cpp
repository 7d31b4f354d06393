// SPDX-License-Identifier: MIT
#include "pipelines/sources/kafka/partition.h"

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/codec/alert.h"
#include "core/codec/avro_payload.h"
#include "core/codec/batch_decoder.h"
#include "core/codec/kcat.h"
#include "core/kafka/kafka_line.h"

#include <algorithm>
#include <condition_variable>
#include <utility>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds ReadWait{100};   ///< So long a read waits for a message.
constexpr std::chrono::milliseconds AskWait{5'000};  ///< So long a question to the broker may take.
constexpr std::chrono::milliseconds TryEvery{1'000}; ///< Between two looks for a topic that is gone.
constexpr std::chrono::seconds GoneMax{60};          ///< A topic that stays away so long ends the run.
constexpr std::chrono::seconds AwayMax{60};          ///< Without `follow`: and a broker likewise.
constexpr std::chrono::seconds CountEvery{5};        ///< Between two looks at the number of partitions.
constexpr std::size_t PartBytesMax = 1u << 20;

/// Decodes with a codec that it keeps alive.
class KafkaDecoder final : public RecordDecoder
{
public:
    explicit KafkaDecoder(std::shared_ptr<const Codec> codec)
        : m_codec(std::move(codec)), m_decoder(m_codec->makeDecoder())
    {
    }
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    const std::shared_ptr<const Codec> m_codec;
    BatchDecoder m_decoder;
};

bool hasAvro(const KafkaReading &reading, const std::string &topic)
{
    const auto own = reading.readsAvro.find(topic);
    return own == reading.readsAvro.end() ? reading.readsAvroElse : own->second;
}

void pause()
{
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable().wait_for(lock, ReadWait);
}

} // namespace

KafkaPartition::KafkaPartition(std::shared_ptr<const KafkaReading> reading, std::string topic, std::uint32_t partition,
                               std::uint32_t partitions)
    : m_reading(std::move(reading)),
      m_topic(std::move(topic)),
      m_partition(partition),
      m_partitions(partitions),
      m_name(m_topic + '/' + std::to_string(partition)),
      m_key("kafka:" + m_reading->cluster + '/' + m_name),
      m_readsAvro(hasAvro(*m_reading, m_topic))
{
}

Result<std::unique_ptr<KafkaPartition>> KafkaPartition::make(std::shared_ptr<const KafkaReading> reading,
                                                             std::string topic, std::uint32_t partition,
                                                             std::uint32_t partitions)
{
    std::unique_ptr<KafkaPartition> made(
        new KafkaPartition(std::move(reading), std::move(topic), partition, partitions));
    made->m_consumer = EVENTOPS_TRY(KafkaConsumer::open(made->m_reading->client, made->m_topic, partition));
    return made;
}

Retention KafkaPartition::retention() const
{
    return m_topic == AlertTopic ? Retention::Alerts : Retention::Signals; // the broker forgets them as well
}

Result<bool> KafkaPartition::hasPrefix(std::uint64_t position, std::uint64_t hash) const
{
    const KafkaOffsets ends = EVENTOPS_TRY(m_reading->client->offsets(m_topic, m_partition, AskWait));
    m_anew = position > ends.high;
    if (m_anew || hash == 0 || position == 0 || position - 1 < ends.low || position - 1 >= ends.high)
        return !m_anew; // the message is no longer there to be looked at
    EVENTOPS_TRY(m_consumer->start(position - 1));
    KafkaMessage message;
    const auto until = std::chrono::steady_clock::now() + AskWait;
    auto met = KafkaConsumer::Met::Nothing;
    while (met == KafkaConsumer::Met::Nothing && std::chrono::steady_clock::now() < until)
        met = EVENTOPS_TRY(m_consumer->next(message, ReadWait));
    if (met == KafkaConsumer::Met::Nothing)
        return Error{Error::Code::Unavailable,
                     "topic " + m_name + " cannot be read: no broker answers",
                     {},
                     "start it, or check brokers, network and firewall"};
    if (met == KafkaConsumer::Met::Message && message.offset == position - 1) { // else compaction took it
        std::string line;
        appendLine(line, message);
        m_anew = hash64(line) != hash;
    }
    m_consumer->stop();
    return !m_anew;
}

void KafkaPartition::appendLine(std::string &out, const KafkaMessage &message) const
{
    if (m_reading->lines && message.payload)
        out += *message.payload;
    else
        appendKafkaLine(out, m_reading->cluster, m_topic, m_partition, message);
}

/// Where a partition begins that was never read.
Result<std::uint64_t> KafkaPartition::beginning() const
{
    KafkaClient &client = *m_reading->client;
    const KafkaOffsets ends = EVENTOPS_TRY(client.offsets(m_topic, m_partition, AskWait));
    if (m_anew) // all of it came after what was read
        return ends.low;
    if (m_reading->from != NoTime)
        return client.offsetAt(m_topic, m_partition, m_reading->from, AskWait);
    return m_reading->latest ? ends.high : ends.low;
}

Status KafkaPartition::open(std::uint64_t cursor)
{
    if (m_anew)
        note("topic " + m_name
             + " was made anew or cut since it was read: it is read from its beginning, and what is known counts as "
               "duplicate");
    m_next = cursor > 0 || m_fresh ? cursor : EVENTOPS_TRY(beginning());
    m_announce = m_next != cursor;
    if (!m_reading->follow) {
        m_until = EVENTOPS_TRY(m_reading->client->offsets(m_topic, m_partition, AskWait)).high;
        m_ended = m_next >= m_until;
    }
    m_countedAt = std::chrono::steady_clock::now();
    return m_consumer->start(m_next);
}

Result<bool> KafkaPartition::read(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    const std::uint32_t index = chunk.source;
    chunk.clear();
    chunk.source = index;
    chunk.position = m_next;
    if (m_ended && !m_announce)
        return false;
    if (m_announce || m_stands) { // a cursor that moves without a record, or a pause
        m_announce = false;
        if (m_stands)
            EVENTOPS_TRY(goOn(KafkaConsumer::Met::Nothing));
        finish(chunk);
        return true;
    }
    while (chunk.records.size() < ChunkRecordsMax && chunk.bytes.size() < ChunkBytesMax) {
        const auto wait = chunk.records.empty() ? ReadWait : std::chrono::milliseconds(0);
        const auto met = m_held ? KafkaConsumer::Met::Message : EVENTOPS_TRY(m_consumer->next(m_message, wait));
        if (met == KafkaConsumer::Met::Message) {
            m_waitingSince.reset();
            if (!m_reading->follow && m_message.offset >= m_until) // came after the end
                m_ended = true;
            if (m_ended || !EVENTOPS_TRY(prepare()) || !take(chunk, oversize))
                break;
            continue;
        }
        if (met == KafkaConsumer::Met::End) {
            m_waitingSince.reset();
            m_ended = !m_reading->follow;
        } else if (met == KafkaConsumer::Met::Nothing) {
            if (chunk.records.empty())
                EVENTOPS_TRY(checkWaiting());
        } else if (chunk.records.empty()) {
            EVENTOPS_TRY(goOn(met));
        } else {
            m_stands = true; // once what is here is handed out
        }
        break;
    }
    m_ended = m_ended || (!m_reading->follow && m_next >= m_until);
    countPartitions();
    finish(chunk);
    return true;
}

/// Makes m_line of m_message. False: that waits for the registry, and m_message with it.
Result<bool> KafkaPartition::prepare()
{
    if (!m_held) {
        m_line.clear();
        appendLine(m_line, m_message);
        m_plainHash = hash64(m_line);
        m_ownRecords += !m_reading->lines && isWrittenBy(m_message, m_reading->skipWriter) ? 1 : 0;
        m_tombstones += m_message.payload ? 0 : 1;
        m_isWhole = false;
    }
    m_isWhole = m_isWhole || EVENTOPS_TRY(addSchema());
    m_held = !m_isWhole || m_held;
    return m_isWhole;
}

/// Puts beside the payload the schema that it was written with. False: the registry does not answer.
Result<bool> KafkaPartition::addSchema()
{
    const bool mayBeFramed = m_readsAvro && !m_reading->lines && m_message.payload;
    const auto id = mayBeFramed ? framedSchemaId(*m_message.payload) : std::nullopt;
    if (!id || m_reading->registry == nullptr || m_reading->schemas->contains(*id))
        return true;
    const auto now = std::chrono::steady_clock::now();
    if (m_noSchemaSince && now - m_triedAt < TryEvery) {
        m_reading->client->serve();
        pause();
        return false;
    }
    m_triedAt = now;
    const auto schema = m_reading->registry->schema(*id);
    if (schema) {
        addPayloadSchema(m_line, schema.value());
    } else if (schema.error().code == Error::Code::Unavailable) {
        if (!m_noSchemaSince)
            m_noSchemaSince = now;
        if (!m_reading->follow && now - *m_noSchemaSince >= AwayMax)
            return schema.error();
        const std::lock_guard lock(m_mutex);
        m_trouble = schema.error().text();
        return false;
    } else if (schema.error().code == Error::Code::Refused) {
        return schema.error();
    } else { // it does not come by waiting: a dead letter says so
        addPayloadSchema(m_line, "null");
        note(schema.error().text());
    }
    if (m_noSchemaSince) {
        m_noSchemaSince.reset();
        const std::lock_guard lock(m_mutex);
        m_trouble.clear();
    }
    return true;
}

/// Puts m_message into the chunk. False: the chunk is to be handed out as it is.
bool KafkaPartition::take(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    m_held = m_line.size() > RecordBytesMaxDefault && !chunk.records.empty();
    if (m_held)
        return false; // it comes by itself
    m_next = m_message.offset + 1;
    m_lineHash = m_plainHash;
    if (m_line.size() > RecordBytesMaxDefault) {
        takeOversize(chunk, oversize);
        return false;
    }
    if (chunk.records.empty())
        chunk.position = m_message.offset;
    chunk.records.push_back(
        {static_cast<std::uint32_t>(chunk.bytes.size()), static_cast<std::uint32_t>(m_line.size())});
    chunk.origins.push_back({m_message.offset, 0, 0});
    chunk.bytes += m_line;
    return true;
}

/// A message beyond the limit goes to the dead letters in parts.
void KafkaPartition::takeOversize(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    std::string_view rest = m_line;
    for (std::uint32_t part = 0; !rest.empty(); ++part) {
        const std::size_t size = std::min(rest.size(), PartBytesMax);
        oversize.push_back({m_message.offset, chunk.source, part, std::string(rest.substr(0, size))});
        rest.remove_prefix(size);
    }
    chunk.position = m_message.offset;
    chunk.records.push_back({0, 0});
    chunk.oversizeBytes = m_line.size();
    chunk.oversizeHash = hash64(m_line);
}

void KafkaPartition::finish(RawChunk &chunk)
{
    const std::size_t used = chunk.bytes.size();
    chunk.bytes.append(RawPaddingBytes, '\0');
    chunk.bytes.resize(used);
    chunk.positionEnd = m_next;
    chunk.prefixHash = m_lineHash;
    chunk.last = m_ended;
}

/// Nothing came. For ever is too long only for who waits for the end.
Status KafkaPartition::checkWaiting()
{
    if (m_reading->follow)
        return Ok{};
    const auto now = std::chrono::steady_clock::now();
    if (!m_waitingSince)
        m_waitingSince = now;
    if (now - *m_waitingSince < AwayMax)
        return Ok{};
    const KafkaConsumer::Statistics state = m_consumer->statistics();
    return Error{Error::Code::Unavailable,
                 "topic " + m_name + " gives nothing for 60 s and has more: " + state.lastError,
                 {},
                 "everything read so far is stored; the same command goes on from there"};
}

/// The offset or the topic is gone: finds out what became of it, and begins again where it can.
Status KafkaPartition::goOn(KafkaConsumer::Met met)
{
    const auto now = std::chrono::steady_clock::now();
    if (!m_waitingSince)
        m_waitingSince = now;
    if (m_stands && met == KafkaConsumer::Met::Nothing && now - m_triedAt < TryEvery) {
        m_reading->client->serve();
        pause();
        return Ok{};
    }
    m_stands = true;
    m_triedAt = now;
    m_consumer->stop();
    const auto ends = m_reading->client->offsets(m_topic, m_partition, AskWait);
    if (ends)
        return findPlace(ends.value());
    {
        const std::lock_guard lock(m_mutex);
        m_trouble = ends.error().message;
    }
    if (ends.error().code == Error::Code::Refused)
        return ends.error();
    if (ends.error().code == Error::Code::NotFound && now - *m_waitingSince >= GoneMax)
        return Error{Error::Code::NotFound,
                     "topic " + m_name + " is gone",
                     {},
                     "make it again, or take it out of the pipeline's topics"};
    return Ok{}; // tried again
}

Error KafkaPartition::anew(const KafkaOffsets &ends) const
{
    return Error{Error::Code::Refused,
                 "topic " + m_name + " was made anew or cut while it was read: it ends at offset "
                     + std::to_string(ends.high) + ", and it was read up to " + std::to_string(m_next),
                 {},
                 "start again: it is then read from its beginning, and what is known counts as duplicate"};
}

Status KafkaPartition::findPlace(const KafkaOffsets &ends)
{
    if (m_next > ends.high)
        return anew(ends);
    if (m_next < ends.low) {
        m_missed += ends.low - m_next;
        note(std::to_string(m_missed.load()) + " records of topic " + m_name
             + " were deleted by the broker's retention before they could be read");
        m_next = ends.low;
    } else if (m_lineHash != 0 && !EVENTOPS_TRY(hasPrefix(m_next, m_lineHash))) {
        return anew(ends);
    }
    m_stands = false;
    m_waitingSince.reset();
    {
        const std::lock_guard lock(m_mutex);
        m_trouble.clear();
    }
    return m_consumer->start(m_next);
}

/// Partitions that were added since are read as well.
void KafkaPartition::countPartitions()
{
    const auto now = std::chrono::steady_clock::now();
    const bool grows = m_reading->follow && m_reading->growing && m_partition == 0;
    if (!grows || now - m_countedAt < CountEvery || m_consumer->statistics().away)
        return;
    m_countedAt = now;
    const auto topics = m_reading->client->topics(AskWait);
    if (!topics)
        return; // what reading meets is told there
    const auto found = topics.value().find(m_topic);
    if (found != topics.value().end() && found->second > m_partitions)
        addPartitions(found->second);
}

/// No question is asked of the broker, which might be away: a partition that is new is read from its beginning.
void KafkaPartition::addPartitions(std::uint32_t count)
{
    for (; m_partitions < count; ++m_partitions) {
        auto made = make(m_reading, m_topic, m_partitions, count);
        if (!made)
            return note("partition " + std::to_string(m_partitions) + " of topic " + m_topic
                        + " is new and cannot be read: " + made.error().text());
        made.value()->m_fresh = true;
        const std::lock_guard lock(m_mutex);
        m_others.push_back(std::move(made).value());
    }
    note("topic " + m_topic + " has " + std::to_string(count) + " partitions now; all of them are read");
}

std::vector<std::unique_ptr<Source>> KafkaPartition::takeOthers()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_others, {});
}

void KafkaPartition::note(const std::string &text)
{
    const std::lock_guard lock(m_mutex);
    m_notice = text;
}

SourceHealth KafkaPartition::health() const
{
    const KafkaConsumer::Statistics state = m_consumer->statistics();
    SourceHealth out;
    out.title = m_name;
    out.lag = state.lag;
    out.errors = state.errors;
    out.lastError = state.lastError;
    out.missed = m_missed;
    out.ownRecords = m_ownRecords;
    out.tombstones = m_tombstones;
    const std::lock_guard lock(m_mutex);
    out.notice = m_notice;
    out.trouble = m_trouble;
    if (state.away)
        out.trouble = "no Kafka answers at " + m_reading->client->brokers() + "; reading goes on when one does";
    return out;
}

std::unique_ptr<RecordDecoder> KafkaPartition::makeDecoder() const
{
    return std::make_unique<KafkaDecoder>(m_reading->codec);
}

} // namespace eventops
