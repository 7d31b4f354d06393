// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/avro_payload.h"
#include "core/codec/codec.h"
#include "core/kafka/kafka_consumer.h"
#include "core/kafka/schema_registry.h"
#include "core/pipeline/source.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

/// What all partitions of one Kafka source share.
struct KafkaReading {
    std::shared_ptr<KafkaClient> client;
    std::shared_ptr<const Codec> codec; ///< Reads the lines of appendKcat.
    std::string cluster;
    std::string skipWriter;
    std::shared_ptr<SchemaRegistry> registry;        ///< Null: none is named.
    std::shared_ptr<const SchemasById> schemas;      ///< Those that need no registry.
    std::map<std::string, bool> readsAvro;           ///< By topic, where it has a codec of its own …
    bool readsAvroElse = true;                       ///< … and for the others.
    bool lines = false;   ///< Messages hold what appendKafkaLine wrote of others.
    bool growing = true;  ///< Partitions that are added to the topic are read as well.
    bool follow = true;   ///< False: ends where the partition ended when it was opened.
    bool latest = false;  ///< Where a partition that was never read begins: at its end …
    WallNs from = NoTime; ///< … or at this time; else at its beginning.
};

/// One partition of a topic as a source. The ledger's cursor is the offset: it is what reading goes on from, and
/// nothing is committed to the broker. A record is a line of appendKcat, so that key, headers and time stay with the
/// payload wherever the record goes: to the dead letters, into an export, through a decoder of tomorrow. Beside a
/// payload in Avro stands its schema (see core/codec/avro_payload.h), for which the registry is asked once: while it
/// does not answer, reading waits.
///
/// The position's hash is that of the line of the message before it, without a schema, which no broker knows. It tells
/// a topic that was made anew, or cut by an unclean election, from the one that was read: that one then counts as
/// another source and is read from its beginning. What is known by then counts as duplicate, as ids come from cluster,
/// topic, partition, offset and time.
/// Thread: see Source. Errors: Refused, NotFound for a topic that stays away; a broker that is away is waited for.
class KafkaPartition final : public Source
{
public:
    static Result<std::unique_ptr<KafkaPartition>> make(std::shared_ptr<const KafkaReading> reading, std::string topic,
                                                        std::uint32_t partition, std::uint32_t partitions);

    std::string key() const override { return m_key; } ///< "kafka:<cluster>/<topic>/<partition>".
    std::string title() const override { return m_name; }
    bool finite() const override { return !m_reading->follow; }
    bool grows() const override { return true; }
    Retention retention() const override;
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override;
    std::unique_ptr<RecordDecoder> makeDecoder() const override;
    std::vector<std::unique_ptr<Source>> takeOthers() override;
    SourceHealth health() const override;

    void addOther(std::unique_ptr<Source> other) { m_others.push_back(std::move(other)); }

private:
    using TimePoint = std::chrono::steady_clock::time_point;

    KafkaPartition(std::shared_ptr<const KafkaReading> reading, std::string topic, std::uint32_t partition,
                   std::uint32_t partitions);
    Result<std::uint64_t> beginning() const;
    void appendLine(std::string &out, const KafkaMessage &message) const;
    Result<bool> prepare();
    Result<bool> addSchema();
    bool take(RawChunk &chunk, std::vector<OversizePart> &oversize);
    void takeOversize(RawChunk &chunk, std::vector<OversizePart> &oversize);
    void finish(RawChunk &chunk);
    Status goOn(KafkaConsumer::Met met);
    Status findPlace(const KafkaOffsets &ends);
    Status checkWaiting();
    void countPartitions();
    void addPartitions(std::uint32_t count);
    void note(const std::string &text);
    Error anew(const KafkaOffsets &ends) const;

    const std::shared_ptr<const KafkaReading> m_reading;
    const std::string m_topic;
    const std::uint32_t m_partition;
    std::uint32_t m_partitions;
    const std::string m_name, m_key;
    const bool m_readsAvro;
    std::unique_ptr<KafkaConsumer> m_consumer;
    bool m_fresh = false; ///< Came up while its topic was read: all of it is new.

    // Of the reader.
    KafkaMessage m_message;
    bool m_held = false;          ///< m_message was read and did not fit into the chunk.
    std::string m_line;           ///< Of m_message.
    std::uint64_t m_plainHash = 0;///< Of m_line without a schema.
    bool m_isWhole = false;       ///< m_line has the schema that it needs.
    std::optional<TimePoint> m_noSchemaSince; ///< The registry has not answered since.
    std::uint64_t m_next = 0;     ///< Offset behind the last message handed out.
    std::uint64_t m_lineHash = 0; ///< Of the last line handed out; 0: none was.
    bool m_announce = false;      ///< The place where reading began is still to be told.
    std::uint64_t m_until = 0;    ///< Without `follow`: the offset at which it ends.
    bool m_ended = false;
    bool m_stands = false;                   ///< The offset or the topic was gone: the place is looked for again.
    std::optional<TimePoint> m_waitingSince; ///< Nothing could be read since.
    TimePoint m_triedAt;                     ///< Last look for the place.
    TimePoint m_countedAt;                   ///< Last look at the number of partitions.

    mutable bool m_anew = false; ///< hasPrefix found another topic under this name.

    // For others: what the runner takes, and health.
    std::atomic<std::uint64_t> m_ownRecords{0}, m_tombstones{0}, m_missed{0};
    mutable std::mutex m_mutex;
    std::vector<std::unique_ptr<Source>> m_others;
    std::string m_notice;
    std::string m_trouble; ///< Besides a broker that is away.
};

} // namespace eventops
