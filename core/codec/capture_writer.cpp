// SPDX-License-Identifier: MIT
#include "core/codec/capture_frame.h"

#include "core/base/state_io.h"

#include <algorithm>

#include <zstd.h>

namespace eventops {
namespace {

using namespace captureform;

constexpr std::size_t FrameBytesTarget = 1u << 20;
constexpr int PackLevel = 3;

std::int64_t difference(std::int64_t a, std::int64_t b)
{
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}

void writeOrigin(StateWriter &out, const CaptureOrigin &origin)
{
    out.text(origin.key);
    out.text(origin.title);
    out.u64(origin.hashedTo);
    out.u64(origin.prefixHash);
}

} // namespace

/// Records of one source that wait for their frame to be full.
struct CaptureFileWriter::Pending {
    StateWriter payload;
    CaptureFrame frame;
    Seq lastSeq = 0;
    std::uint64_t lastPosition = 0;
    std::int64_t lastTs = 0;
};

CaptureFileWriter::CaptureFileWriter(ByteSink sink) : m_sink(std::move(sink)) {}
CaptureFileWriter::~CaptureFileWriter() = default;

Result<std::unique_ptr<CaptureFileWriter>> CaptureFileWriter::make(ByteSink sink)
{
    std::unique_ptr<CaptureFileWriter> writer(new CaptureFileWriter(std::move(sink)));
    std::string header(Magic);
    captureform::put(header, CaptureVersion);
    captureform::put(header, std::uint32_t{0});
    EVENTOPS_TRY(writer->put(header));
    return writer;
}

Status CaptureFileWriter::put(std::string_view bytes)
{
    m_offset += bytes.size();
    return m_sink(bytes);
}

Result<std::uint32_t> CaptureFileWriter::addSource(const CaptureOrigin &origin)
{
    if (m_sources.size() >= CaptureSourcesMax)
        return Error{Error::Code::LimitExceeded,
                     "more than " + std::to_string(CaptureSourcesMax) + " sources",
                     {},
                     "export them in parts, by a filter"};
    if (origin.key.size() > CaptureTextBytesMax || origin.title.size() > CaptureTextBytesMax)
        return Error{Error::Code::LimitExceeded, "the name of a source is longer than a capture holds"};
    m_sources.push_back(origin);
    m_pending.push_back(std::make_unique<Pending>());
    StateWriter payload;
    writeOrigin(payload, origin);
    CaptureFrame frame;
    frame.source = static_cast<std::uint32_t>(m_sources.size() - 1);
    EVENTOPS_TRY(writeFrame(SourceFrame, frame, payload.bytes()));
    return frame.source;
}

Status CaptureFileWriter::add(const CaptureRecord &record)
{
    if (record.source >= m_sources.size() || record.seq > CaptureSeqMax)
        return Error{Error::Code::InvalidArgument, "record " + std::to_string(record.seq) + " does not fit a capture"};
    for (const std::string_view text : {record.codec, record.contentType, record.headers, record.key}) {
        if (text.size() > CaptureTextBytesMax)
            return Error{Error::Code::LimitExceeded,
                         "record " + std::to_string(record.seq) + ": more than 1048576 bytes stand beside its own"};
    }
    if (record.bytes.size() <= CapturePieceBytes)
        return append(record);
    CaptureRecord piece = record;
    piece.totalBytes = record.totalBytes == 0 ? record.bytes.size() : record.totalBytes;
    for (std::size_t at = 0; at < record.bytes.size(); at += CapturePieceBytes) {
        piece.bytes = record.bytes.substr(at, CapturePieceBytes);
        piece.pieceAt = record.pieceAt + at;
        EVENTOPS_TRY(append(piece));
    }
    return Ok{};
}

Status CaptureFileWriter::append(const CaptureRecord &record)
{
    Pending &pending = *m_pending[record.source];
    const bool piece = record.totalBytes > 0;
    if (piece && pending.frame.records > 0)
        EVENTOPS_TRY(flush(record.source)); // pieces have frames of their own
    StateWriter &out = pending.payload;
    const std::size_t before = out.bytes().size();
    CaptureFrame &frame = pending.frame;
    if (frame.records == 0) {
        frame.source = record.source;
        frame.firstSeq = pending.lastSeq = record.seq;
        frame.firstPosition = pending.lastPosition = record.position;
        pending.lastTs = 0;
    }
    const bool timed = record.ts != NoTime;
    out.u64((record.deadLetter ? DeadLetterFlag : 0) | (record.redacted ? RedactedFlag : 0)
            | (record.hash != 0 ? HashFlag : 0) | (timed ? TimeFlag : 0) | (piece ? PieceFlag : 0));
    out.u64(record.seq - pending.lastSeq);
    out.u64(record.position - pending.lastPosition);
    if (record.hash != 0)
        out.u64(record.hash);
    if (timed) {
        out.i64(difference(raw(record.ts), pending.lastTs));
        pending.lastTs = raw(record.ts);
        frame.tsMin = frame.tsMin == NoTime ? record.ts : std::min(frame.tsMin, record.ts);
        frame.tsMax = std::max(frame.tsMax, record.ts);
    }
    if (piece) {
        out.u64(record.pieceAt);
        out.u64(record.totalBytes);
    }
    for (const std::string_view text : {record.codec, record.contentType, record.headers, record.key, record.bytes})
        out.text(text);
    pending.lastSeq = record.seq;
    pending.lastPosition = record.position;
    ++frame.records;
    m_pendingBytes += out.bytes().size() - before;
    if (piece || out.bytes().size() >= FrameBytesTarget || frame.records >= CaptureFrameRecordsMax)
        return flush(record.source);
    if (m_pendingBytes < CapturePendingBytesMax)
        return Ok{};
    const auto largest = std::max_element(m_pending.begin(), m_pending.end(), [](const auto &a, const auto &b) {
        return a->payload.bytes().size() < b->payload.bytes().size();
    });
    return flush(static_cast<std::uint32_t>(largest - m_pending.begin()));
}

Status CaptureFileWriter::flush(std::uint32_t source)
{
    Pending &pending = *m_pending[source];
    if (pending.frame.records == 0)
        return Ok{};
    m_pendingBytes -= pending.payload.bytes().size();
    pending.frame.offset = m_offset;
    const Status written = writeFrame(RecordsFrame, pending.frame, pending.payload.bytes());
    m_frames.push_back(pending.frame);
    pending.payload.take();
    pending.payload = {};
    pending.frame = {};
    return written;
}

Status CaptureFileWriter::writeFrame(std::uint8_t kind, CaptureFrame &frame, std::string_view payload)
{
    m_packed.resize(ZSTD_compressBound(payload.size()));
    const std::size_t size = ZSTD_compress(m_packed.data(), m_packed.size(), payload.data(), payload.size(), PackLevel);
    if (ZSTD_isError(size) != 0)
        return Error{Error::Code::LimitExceeded, std::string("zstd: ") + ZSTD_getErrorName(size)};
    const std::string_view packed = std::string_view(m_packed).substr(0, size);
    frame.unpacked = static_cast<std::uint32_t>(payload.size());
    frame.packed = static_cast<std::uint32_t>(size);
    std::string header(FrameMarker);
    captureform::put(header, kind);
    header.append(3, '\0');
    captureform::put(header, frame.source);
    captureform::put(header, frame.records);
    captureform::put(header, frame.unpacked);
    captureform::put(header, frame.packed);
    captureform::put(header, frame.firstSeq);
    captureform::put(header, frame.firstPosition);
    captureform::put(header, raw(frame.tsMin));
    captureform::put(header, raw(frame.tsMax));
    captureform::put(header, hash64(packed));
    putHash(header, 0);
    EVENTOPS_TRY(put(header));
    return put(packed);
}

Status CaptureFileWriter::finish()
{
    for (std::uint32_t source = 0; source < m_pending.size(); ++source)
        EVENTOPS_TRY(flush(source));
    StateWriter index;
    index.u64(m_sources.size());
    for (const CaptureOrigin &origin : m_sources)
        writeOrigin(index, origin);
    index.u64(m_frames.size());
    std::uint64_t last = 0;
    for (const CaptureFrame &frame : m_frames) {
        index.u64(frame.offset - last);
        last = frame.offset;
        for (const std::uint64_t number :
             {std::uint64_t{frame.source}, std::uint64_t{frame.records}, std::uint64_t{frame.unpacked},
              std::uint64_t{frame.packed}, frame.firstSeq, frame.firstPosition})
            index.u64(number);
        index.i64(raw(frame.tsMin));
        index.i64(raw(frame.tsMax));
    }
    if (index.bytes().size() > CaptureIndexBytesMax)
        return Error{Error::Code::LimitExceeded,
                     "the capture has too many frames for its index",
                     {},
                     "export it in parts, by time"};
    const std::uint64_t offset = m_offset;
    CaptureFrame frame;
    EVENTOPS_TRY(writeFrame(IndexFrame, frame, index.bytes()));
    std::string footer(FooterMagic);
    captureform::put(footer, offset);
    captureform::put(footer, std::uint64_t{m_frames.size()});
    putHash(footer, 0);
    return put(footer);
}

} // namespace eventops
