// SPDX-License-Identifier: MIT
//
// A world that does not exist, as a source: its records are as raw as any agent's, and what is wrong in it is known.
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/codec/batch_decoder.h"
#include "core/pipeline/settings.h"
#include "core/pipeline/spec.h"
#include "pipelines/sources/scenario/world.h"
#include "pipelines/sources/scenario/world_file.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace eventops {

extern const SourceSpec CaptureSource;

namespace {

using scenario::Applied;
using scenario::Remedy;
using scenario::Scenario;
using scenario::World;
using scenario::WorldFile;

constexpr double PaceMax = 1e6;
constexpr std::chrono::milliseconds ChunkTime{50}; ///< A paced source hands out what is due twenty times a second.

class WorldDecoder final : public RecordDecoder
{
public:
    explicit WorldDecoder(std::unique_ptr<CodecDecoder> codec) : m_decoder(std::move(codec)) {}
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    BatchDecoder m_decoder;
};

/// A world and the remedies that take hold on its way, as one stream of bytes.
class WorldStream
{
public:
    WorldStream(const Scenario &scenario, std::vector<Applied> remedies)
        : m_world(scenario), m_remedies(std::move(remedies))
    {
    }

    /// Appends records up to and with @p untilNs until @p out holds @p bytesMax; false: there are no more until then.
    bool play(std::int64_t untilNs, std::size_t bytesMax, std::string &out)
    {
        while (out.size() < bytesMax) {
            const bool remedied = m_next < m_remedies.size();
            const std::int64_t limitNs = remedied ? std::min(untilNs, m_remedies[m_next].atNs) : untilNs;
            if (m_world.step(limitNs, out))
                continue;
            if (!remedied || m_remedies[m_next].atNs > untilNs)
                return false;
            m_world.apply(m_remedies[m_next].remedy, m_remedies[m_next].atNs);
            ++m_next;
        }
        return true;
    }
    /// All up to @p atNs must have been played.
    void apply(const Remedy &remedy, std::int64_t atNs) { m_world.apply(remedy, atNs); }
    bool ended() const { return m_world.ended(); }
    std::int64_t nextNs() const { return m_world.nextNs(); }
    bool remembers() const { return m_next < m_remedies.size(); } ///< Remedies of an earlier run are still to come.

private:
    World m_world;
    std::vector<Applied> m_remedies;
    std::size_t m_next = 0;
};

/// Thread: `read` on the reader's, as every source. A paced read waits at most ChunkTime and then gives what is due,
/// which may be nothing: so a stop is seen at once.
class ScenarioReader final : public Source
{
public:
    ScenarioReader(Scenario scenario, double pace, std::string world, std::shared_ptr<const Codec> codec)
        : m_scenario(std::move(scenario)), m_pace(pace), m_file(std::move(world)), m_codec(std::move(codec))
    {
    }

    std::string key() const override { return m_scenario.fingerprint; }
    std::string title() const override { return "scenario " + m_scenario.name; }
    Retention retention() const override { return Retention::Demo; }

    Status open(std::uint64_t cursor) override
    {
        EVENTOPS_TRY(m_file.look());
        m_stream = std::make_unique<WorldStream>(m_scenario, m_file.applied());
        m_buffer.clear();
        m_position = 0;
        while (m_position < cursor) {
            if (m_buffer.empty() && !m_stream->play(m_scenario.durationNs, ChunkBytesMax, m_buffer) && m_buffer.empty())
                break; // shorter than it was
            const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(cursor - m_position, m_buffer.size()));
            take(left);
        }
        return Ok{};
    }

    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override
    {
        WorldFile file = m_file;
        EVENTOPS_TRY(file.look());
        WorldStream stream(m_scenario, file.applied());
        StreamHash64 prefix;
        std::string bytes;
        for (std::uint64_t at = 0; at < position; bytes.clear()) {
            if (!stream.play(m_scenario.durationNs, ChunkBytesMax, bytes) && bytes.empty())
                return false;
            const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(position - at, bytes.size()));
            prefix.update(std::string_view(bytes).substr(0, left));
            at += left;
        }
        return prefix.digest() == hash;
    }

    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &) override
    {
        chunk.bytes.clear();
        chunk.records.clear();
        chunk.oversizeBytes = chunk.oversizeHash = 0;
        if (m_ended)
            return false;
        if (m_buffer.empty())
            EVENTOPS_TRY(fill());
        cutRecords(chunk);
        m_ended = chunk.last = m_buffer.empty() && m_stream->ended();
        return !m_ended || !chunk.records.empty();
    }

    std::unique_ptr<RecordDecoder> makeDecoder() const override
    {
        return std::make_unique<WorldDecoder>(m_codec->makeDecoder());
    }

private:
    Status fill()
    {
        const bool paced = m_pace > 0.0 && !m_stream->ended() && m_stream->nextNs() > m_scenario.warmupNs;
        if (!paced) {
            const std::int64_t untilNs = m_pace > 0.0 ? m_scenario.warmupNs : m_scenario.durationNs;
            m_stream->play(untilNs, ChunkBytesMax / 2, m_buffer);
            return Ok{};
        }
        const auto now = std::chrono::steady_clock::now();
        if (!m_started) {
            m_started = true;
            m_wallStart = m_wallTick = now;
            m_virtualStartNs = m_stream->nextNs();
        }
        m_wallTick = std::max(m_wallTick + ChunkTime, now); // late: what is due is due now
        if (m_wallTick > now)
            waitUntil(m_wallTick);
        const std::chrono::duration<double> since = std::chrono::steady_clock::now() - m_wallStart;
        const double dueNs = since.count() * m_pace * static_cast<double>(NsPerSecond);
        const double leftNs = static_cast<double>(m_scenario.durationNs - m_virtualStartNs);
        const std::int64_t untilNs =
            m_virtualStartNs + static_cast<std::int64_t>(std::min(dueNs, leftNs)) / NsPerMs * NsPerMs;
        if (m_stream->play(untilNs, ChunkBytesMax / 2, m_buffer))
            return Ok{}; // more is due: it comes with the next read
        return remedy(untilNs);
    }

    Status remedy(std::int64_t atNs)
    {
        if (m_stream->remembers())
            return Ok{}; // an earlier run got further: what was done then comes first
        EVENTOPS_TRY(m_file.look());
        Remedy remedy;
        while (EVENTOPS_TRY(m_file.take(atNs, remedy)))
            m_stream->apply(remedy, atNs);
        return Ok{};
    }

    void waitUntil(std::chrono::steady_clock::time_point until)
    {
        std::unique_lock lock(m_mutex);
        m_wake.wait_until(lock, until);
    }

    void cutRecords(RawChunk &chunk)
    {
        std::size_t from = 0;
        while (chunk.records.size() < ChunkRecordsMax && from < m_buffer.size()) {
            const std::size_t end = m_buffer.find('\n', from);
            chunk.records.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(end - from)});
            from = end + 1;
        }
        chunk.bytes.reserve(from + RawPaddingBytes);
        chunk.bytes.assign(m_buffer, 0, from);
        chunk.bytes.append(RawPaddingBytes, '\0'); // readers may look beyond the end; what they see is always the same
        chunk.bytes.resize(from);
        chunk.position = m_position;
        take(from);
        chunk.positionEnd = m_position;
        chunk.prefixHash = m_prefix.digest();
    }

    void take(std::size_t bytes)
    {
        m_prefix.update(std::string_view(m_buffer).substr(0, bytes));
        m_buffer.erase(0, bytes);
        m_position += bytes;
    }

    const Scenario m_scenario;
    const double m_pace;          ///< Virtual seconds a second; 0: as fast as it goes.
    WorldFile m_file;
    std::shared_ptr<const Codec> m_codec;
    std::unique_ptr<WorldStream> m_stream;
    std::string m_buffer;         ///< Whole records that were not handed out yet.
    std::uint64_t m_position = 0; ///< Of the buffer's first byte.
    StreamHash64 m_prefix;
    bool m_ended = false;
    bool m_started = false;       ///< The paced part.
    std::chrono::steady_clock::time_point m_wallStart, m_wallTick;
    std::int64_t m_virtualStartNs = 0;
    std::mutex m_mutex;
    std::condition_variable m_wake;
};

constexpr FieldSpec Fields[] = {
    {"file", "yaml_file", "\"\"", "The scenario: ../scenarios/orders.yaml"},
    {"seed", "any", "null", "Seed instead of the scenario's own."},
    {"start", "string", "\"\"", "Instant at which virtual time begins, instead of the scenario's own."},
    {"duration", "any", "null", "How long the world lasts, instead of the scenario's own."},
    {"warmup", "any", "null",
     "The beginning that is handed out at once even when paced, instead of the scenario's own."},
    {"pace", "float", "0", "Virtual seconds a second; 0: as fast as it goes. The bytes do not depend on it."},
    {"world", "string", "\"\"",
     "File to which executors append what they do; what remedies a fault there ends it. Looked at when paced."},
};

Result<std::unique_ptr<Source>> makeScenario(const Value &settings, const SourceArguments &arguments)
{
    const Value &pace = settings.at("pace");
    const double speed = EVENTOPS_TRY(pace.number());
    if (!(speed >= 0.0 && speed <= PaceMax))
        return pace.error("pace must lie between 0 and 1000000");
    Scenario scenario = EVENTOPS_TRY(scenario::scenarioOf(settings));
    if (!arguments.path.empty()) {
        // Somebody's file goes before the made-up world: a dead letter that is read again, a capture to compare with.
        const Value capture =
            EVENTOPS_TRY(checkSettings(Value::map({}), CaptureSource.fields, "source \"capture\""));
        return CaptureSource.make(capture, arguments);
    }
    auto codec = EVENTOPS_TRY(makeCodec("auto", Value::map({})));
    return std::unique_ptr<Source>(std::make_unique<ScenarioReader>(
        std::move(scenario), speed, EVENTOPS_TRY(settings.at("world").text()), std::move(codec)));
}

} // namespace

extern const SourceSpec ScenarioSource;
const SourceSpec ScenarioSource = {
    .name = "scenario",
    .summary = "Plays a world that does not exist: the records of hosts and orders with faults that are known.",
    .fields = Fields,
    .losses = codecLosses(),
    .make = makeScenario,
};

} // namespace eventops
