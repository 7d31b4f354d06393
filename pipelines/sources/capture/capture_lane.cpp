// SPDX-License-Identifier: MIT
#include "pipelines/sources/capture/capture_lane.h"

#include "core/base/limits.h"
#include "core/codec/action_events.h"
#include "core/codec/batch_decoder.h"
#include "core/pipeline/stage_engine.h"

#include <algorithm>
#include <map>

namespace eventops {
namespace {

/// What `auto` tells apart by itself.
constexpr std::string_view AutoCodecs[] = {"auto",     "eventops.agent", "json", "karma.api.v1",
                                           "karma.v1", "monitoring.v1",  "kcat"};

/// Decodes each chunk with the codec that it names.
class LaneDecoder final : public RecordDecoder
{
public:
    explicit LaneDecoder(std::shared_ptr<const CaptureLaneSettings> settings) : m_settings(std::move(settings)) {}

    void decode(Batch &batch) override { decoderFor(batch.chunks.front()->codec).decode(batch); }

private:
    BatchDecoder &decoderFor(const std::string &name)
    {
        const auto known = m_decoders.find(name);
        if (known != m_decoders.end())
            return known->second;
        if (name == InputLogKey)
            return m_decoders.try_emplace(name, actionEventCodec().makeDecoder()).first->second;
        auto codec = makeCodec(name.empty() ? m_settings->codec : name, m_settings->settings);
        // A name that this pipeline cannot make a codec of: what can be told of the bytes themselves is told.
        const Codec &made = codec ? *codec.value() : *codecByName("auto");
        BatchDecoder &decoder = m_decoders.try_emplace(name, made.makeDecoder()).first->second;
        if (codec)
            m_codecs.push_back(std::move(codec).value());
        return decoder;
    }

    const std::shared_ptr<const CaptureLaneSettings> m_settings;
    std::vector<std::shared_ptr<const Codec>> m_codecs;
    std::map<std::string, BatchDecoder> m_decoders;
};

} // namespace

CaptureLane::CaptureLane(std::shared_ptr<CaptureFileReader> file, std::shared_ptr<const CaptureLaneSettings> settings,
                         std::uint32_t source)
    : m_file(std::move(file)), m_settings(std::move(settings)), m_source(source)
{
    if (m_source >= m_file->sources().size()) { // an empty capture
        m_key = sha256Hex(m_file->path().substr(m_file->path().rfind('/') + 1));
        return;
    }
    m_identity = m_file->identity(m_source);
    m_key = m_file->sources()[m_source].key;
    if (m_key == InputLogKey)
        m_key += '@' + std::to_string(m_identity);
    for (const CaptureFrame &frame : m_file->frames()) {
        if (frame.source != m_source)
            continue;
        m_frames.push_back(frame);
        m_sizeBytes += frame.unpacked;
    }
}

Result<std::unique_ptr<Source>> CaptureLane::make(const std::string &path, CaptureLaneSettings settings)
{
    EVENTOPS_TRY(makeCodec(settings.codec, settings.settings));
    const auto file = EVENTOPS_TRY(CaptureFileReader::open(path));
    const auto shared = std::make_shared<const CaptureLaneSettings>(std::move(settings));
    std::unique_ptr<CaptureLane> first(new CaptureLane(file, shared, 0));
    for (std::uint32_t source = 1; source < file->sources().size(); ++source)
        first->m_others.push_back(std::unique_ptr<Source>(new CaptureLane(file, shared, source)));
    return std::unique_ptr<Source>(std::move(first));
}

std::string CaptureLane::title() const
{
    return m_source < m_file->sources().size() ? m_file->sources()[m_source].title : m_file->path();
}

Result<bool> CaptureLane::hasPrefix(std::uint64_t position, std::uint64_t hash) const
{
    if (hash == m_identity)
        return true; // left by this capture
    if (m_source >= m_file->sources().size())
        return false;
    const CaptureOrigin &origin = m_file->sources()[m_source];
    return origin.hashedTo != 0 && origin.hashedTo == position && origin.prefixHash == hash;
}

Status CaptureLane::open(std::uint64_t cursor)
{
    m_from = m_position = cursor;
    const auto after = std::upper_bound(m_frames.begin(), m_frames.end(), cursor,
                                        [](std::uint64_t at, const auto &f) { return at < f.firstPosition; });
    if (after != m_frames.begin())
        m_nextFrame = static_cast<std::size_t>(after - m_frames.begin()) - 1;
    // Pieces of one record lie in several frames that begin at the same position.
    while (m_nextFrame > 0 && m_frames[m_nextFrame - 1].firstPosition == m_frames[m_nextFrame].firstPosition)
        --m_nextFrame;
    return Ok{};
}

bool CaptureLane::loadFrame()
{
    while (m_nextRecord == m_content.records.size()) {
        if (m_nextFrame == m_frames.size())
            return false;
        const CaptureFrame &frame = m_frames[m_nextFrame++];
        m_nextRecord = 0;
        const Status read = m_file->read(frame, m_content);
        if (read)
            continue;
        m_missing += frame.records;
        if (!m_firstBad)
            m_firstBad = read.error();
    }
    return true;
}

std::string_view CaptureLane::codecOf(const CaptureRecord &record) const
{
    if (m_key.compare(0, InputLogKey.size() + 1, std::string(InputLogKey) + '@') == 0)
        return InputLogKey;
    if (m_settings->codec != "auto")
        return {};
    const bool found = std::find(std::begin(AutoCodecs), std::end(AutoCodecs), record.codec) != std::end(AutoCodecs);
    return found ? std::string_view() : record.codec;
}

Result<bool> CaptureLane::read(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    const std::uint32_t index = chunk.source;
    chunk = {};
    chunk.source = index;
    if (m_ended)
        return false;
    while (chunk.records.size() < ChunkRecordsMax && chunk.bytes.size() < ChunkBytesMax && loadFrame()) {
        const CaptureRecord &record = m_content.records[m_nextRecord];
        if (record.position < m_from) {
            ++m_nextRecord;
            continue;
        }
        const std::string_view codec = codecOf(record);
        if (!chunk.records.empty() && (codec != chunk.codec || record.totalBytes > 0))
            break;
        chunk.codec = codec;
        ++m_nextRecord;
        if (record.totalBytes == 0)
            addRecord(record, record.bytes, chunk);
        else if (takePiece(record, chunk, oversize))
            break;
    }
    finishChunk(chunk);
    return !chunk.records.empty() || !oversize.empty() || !m_ended;
}

/// True: the chunk is to be handed out as it is.
bool CaptureLane::takePiece(const CaptureRecord &record, RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    if (record.pieceAt == 0) {
        m_long.clear();
        m_longHash = {};
        m_parts = 0;
        m_wantedPiece = 0;
    }
    if (record.pieceAt != m_wantedPiece) // an earlier piece is missing, and with it the record
        return false;
    m_wantedPiece += record.bytes.size();
    const bool last = m_wantedPiece == record.totalBytes;
    if (record.totalBytes <= m_settings->recordBytesMax) {
        m_long += record.bytes;
        if (last)
            addRecord(record, std::exchange(m_long, {}), chunk);
        return last;
    }
    m_longHash.update(record.bytes);
    oversize.push_back({record.position, chunk.source, m_parts++, std::string(record.bytes)});
    if (last) {
        addRecord(record, {}, chunk);
        chunk.oversizeBytes = record.totalBytes;
        chunk.oversizeHash = m_longHash.digest();
    }
    return true;
}

void CaptureLane::addRecord(const CaptureRecord &record, std::string_view bytes, RawChunk &chunk) const
{
    chunk.records.push_back({static_cast<std::uint32_t>(chunk.bytes.size()), static_cast<std::uint32_t>(bytes.size())});
    chunk.origins.push_back({record.position, record.seq, record.hash});
    chunk.bytes += bytes;
}

void CaptureLane::finishChunk(RawChunk &chunk)
{
    if (!chunk.origins.empty()) {
        chunk.position = chunk.origins.front().position;
        m_position = chunk.origins.back().position + 1;
    } else {
        chunk.position = m_position;
    }
    const std::size_t used = chunk.bytes.size();
    chunk.bytes.append(RawPaddingBytes, '\0');
    chunk.bytes.resize(used);
    chunk.prefixHash = m_identity;
    m_ended = chunk.last = m_nextFrame == m_frames.size() && m_nextRecord == m_content.records.size();
    // At the end the source stands where it stood when the capture was made, for whoever reads the original next.
    if (m_ended && m_source < m_file->sources().size() && !m_firstBad) {
        const CaptureOrigin &origin = m_file->sources()[m_source];
        if (origin.hashedTo >= m_position) {
            m_position = origin.hashedTo;
            chunk.prefixHash = origin.prefixHash;
        }
    }
    chunk.positionEnd = m_position;
}

Status CaptureLane::complete() const
{
    const std::string_view path = m_file->path();
    if (m_firstBad)
        return Error{Error::Code::Corrupt,
                     std::to_string(m_missing) + " records of the capture are missing, all others are stored; "
                         + m_firstBad->message,
                     {std::string(path), 0, 0},
                     "copy or export the capture again"};
    if (!m_file->damage().empty() && m_source + 1 >= m_file->sources().size()) // said once for the file
        return Error{Error::Code::Corrupt,
                     "the capture is not whole, and what is was stored: " + m_file->damage(),
                     {std::string(path), 0, 0},
                     "copy or export the capture again"};
    return Ok{};
}

std::unique_ptr<RecordDecoder> CaptureLane::makeDecoder() const
{
    return std::make_unique<LaneDecoder>(m_settings);
}

} // namespace eventops
