// SPDX-License-Identifier: MIT
#include "core/codec/capture_frame.h"

#include "core/base/state_io.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

namespace eventops {
namespace {

using namespace captureform;

constexpr std::size_t ResyncBytes = 1u << 20; ///< Looked through at once for the next frame.

bool readOrigin(StateReader &in, CaptureOrigin &origin)
{
    origin.key = in.text();
    origin.title = in.text();
    origin.hashedTo = in.u64();
    origin.prefixHash = in.u64();
    return !in.failed() && origin.key.size() <= CaptureTextBytesMax && origin.title.size() <= CaptureTextBytesMax;
}

/// One record of a payload; false: it is none.
bool readRecord(StateReader &in, CaptureRecord &last, std::int64_t &lastTs, CaptureRecord &record)
{
    const std::uint64_t flags = in.u64();
    record.source = last.source;
    record.seq = last.seq + in.u64();
    record.position = last.position + in.u64();
    record.deadLetter = (flags & DeadLetterFlag) != 0;
    record.redacted = (flags & RedactedFlag) != 0;
    if ((flags & HashFlag) != 0)
        record.hash = in.u64();
    if ((flags & TimeFlag) != 0) {
        lastTs = static_cast<std::int64_t>(static_cast<std::uint64_t>(lastTs) + static_cast<std::uint64_t>(in.i64()));
        record.ts = WallNs{lastTs};
    }
    if ((flags & PieceFlag) != 0) {
        record.pieceAt = in.u64();
        record.totalBytes = in.u64();
    }
    for (std::string_view *text : {&record.codec, &record.contentType, &record.headers, &record.key, &record.bytes})
        *text = in.text();
    if ((flags & PieceFlag) != 0
        && (record.totalBytes < record.bytes.size() || record.pieceAt > record.totalBytes - record.bytes.size()))
        return false;
    const bool grows = record.seq >= last.seq && record.position >= last.position && record.seq <= CaptureSeqMax;
    last.seq = record.seq;
    last.position = record.position;
    return !in.failed() && grows;
}

} // namespace

/// A frame's header as read and checked.
struct CaptureFileReader::Header {
    std::uint8_t kind = 0;
    CaptureFrame frame;
    std::uint64_t checksum = 0;

    static bool parse(std::string_view bytes, Header &out)
    {
        if (bytes.size() < FrameHeaderBytes || bytes.substr(0, FrameMarker.size()) != FrameMarker
            || get<std::uint64_t>(bytes, 64) != hash64(bytes.substr(0, 64)))
            return false;
        out.kind = get<std::uint8_t>(bytes, 4);
        CaptureFrame &frame = out.frame;
        frame.source = get<std::uint32_t>(bytes, 8);
        frame.records = get<std::uint32_t>(bytes, 12);
        frame.unpacked = get<std::uint32_t>(bytes, 16);
        frame.packed = get<std::uint32_t>(bytes, 20);
        frame.firstSeq = get<std::uint64_t>(bytes, 24);
        frame.firstPosition = get<std::uint64_t>(bytes, 32);
        frame.tsMin = WallNs{get<std::int64_t>(bytes, 40)};
        frame.tsMax = WallNs{get<std::int64_t>(bytes, 48)};
        out.checksum = get<std::uint64_t>(bytes, 56);
        return true;
    }
};

bool CaptureFileReader::looksLike(std::string_view head)
{
    Header header;
    return head.substr(0, Magic.size()) == Magic
           || (head.size() >= LooksBytes && Header::parse(head.substr(HeaderBytes), header));
}

Error CaptureFileReader::corrupt(std::uint64_t offset, const std::string &what) const
{
    return Error{Error::Code::Corrupt,
                 "frame at byte " + std::to_string(offset) + ": " + what,
                 {m_path, 0, 0},
                 "export or copy the capture again"};
}

CaptureFileReader::~CaptureFileReader()
{
    ::close(m_fd);
}

Result<std::shared_ptr<CaptureFileReader>> CaptureFileReader::open(const std::string &path)
{
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return Error{errno == ENOENT ? Error::Code::NotFound : Error::Code::Io,
                     std::string("cannot read the capture: ") + std::strerror(errno),
                     {path, 0, 0}};
    std::shared_ptr<CaptureFileReader> reader(new CaptureFileReader(path, fd));
    struct stat status = {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return Error{Error::Code::InvalidArgument,
                     "a capture file must be a regular file",
                     {path, 0, 0},
                     "save it to a disk first"};
    reader->m_fileBytes = static_cast<std::uint64_t>(status.st_size);
    std::string head;
    EVENTOPS_TRY(reader->readAll(0, std::min<std::uint64_t>(LooksBytes, reader->m_fileBytes), head));
    if (!looksLike(head))
        return Error{Error::Code::InvalidInput,
                     "this is no capture file: it does not begin with EVCAP",
                     {path, 0, 0},
                     "read other files with: eventops replay FILE"};
    const auto version = get<std::uint32_t>(head + std::string(HeaderBytes, '\0'), Magic.size());
    if (head.substr(0, Magic.size()) == Magic && version > CaptureVersion && version < 1'000)
        return Error{Error::Code::InvalidInput,
                     "the capture has version " + std::to_string(version),
                     {path, 0, 0},
                     "this program reads version 1; use a newer one"};
    reader->m_indexed = reader->readIndex();
    if (!reader->m_indexed)
        EVENTOPS_TRY(reader->scan());
    return reader;
}

Status CaptureFileReader::readAll(std::uint64_t offset, std::size_t size, std::string &out) const
{
    out.resize(size);
    for (std::size_t have = 0; have < size;) {
        const ssize_t got = ::pread(m_fd, out.data() + have, size - have, static_cast<off_t>(offset + have));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return Error{
                Error::Code::Io, std::string("cannot read the capture: ") + std::strerror(errno), {m_path, 0, 0}};
        if (got == 0)
            return corrupt(offset, "the file ends within it");
        have += static_cast<std::size_t>(got);
    }
    return Ok{};
}

/// The payload of the frame whose header stands at @p offset, checked and unpacked.
Status CaptureFileReader::readPayload(std::uint64_t offset, const Header &header, std::size_t bytesMax,
                                      std::string &out) const
{
    const CaptureFrame &frame = header.frame;
    if (frame.unpacked > bytesMax || frame.packed > ZSTD_compressBound(bytesMax))
        return corrupt(offset, "unpacks to " + std::to_string(frame.unpacked) + " bytes, more than the "
                                   + std::to_string(bytesMax) + " allowed");
    std::string packed;
    EVENTOPS_TRY(readAll(offset + FrameHeaderBytes, frame.packed, packed));
    if (hash64(packed) != header.checksum)
        return corrupt(offset, "its checksum does not match");
    out.resize(frame.unpacked);
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), packed.data(), packed.size());
    if (ZSTD_isError(size) != 0 || size != frame.unpacked)
        return corrupt(offset, "it does not unpack to the bytes that its header names");
    return Ok{};
}

/// False: there is no index that can be trusted.
bool CaptureFileReader::readIndex()
{
    std::string bytes;
    if (m_fileBytes < HeaderBytes + FrameHeaderBytes + FooterBytes
        || !readAll(m_fileBytes - FooterBytes, FooterBytes, bytes)
        || std::string_view(bytes).substr(0, FooterMagic.size()) != FooterMagic
        || get<std::uint64_t>(bytes, 24) != hash64(std::string_view(bytes).substr(0, 24)))
        return false;
    const auto offset = get<std::uint64_t>(bytes, 8);
    const auto count = get<std::uint64_t>(bytes, 16);
    if (offset > m_fileBytes - FrameHeaderBytes - FooterBytes)
        return false;
    Header header;
    if (!readAll(offset, FrameHeaderBytes, bytes) || !Header::parse(bytes, header) || header.kind != IndexFrame
        || !readPayload(offset, header, CaptureIndexBytesMax, bytes))
        return false;
    StateReader in(bytes);
    std::vector<CaptureOrigin> sources;
    for (std::uint64_t left = in.u64(); left > 0; --left) {
        if (sources.size() == CaptureSourcesMax || !readOrigin(in, sources.emplace_back()))
            return false;
    }
    if (in.u64() != count || count > bytes.size())
        return false;
    std::vector<CaptureFrame> frames;
    std::uint64_t at = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
        CaptureFrame &frame = frames.emplace_back();
        frame.offset = at += in.u64();
        for (std::uint32_t *number : {&frame.source, &frame.records, &frame.unpacked, &frame.packed})
            *number = static_cast<std::uint32_t>(in.u64());
        frame.firstSeq = in.u64();
        frame.firstPosition = in.u64();
        frame.tsMin = WallNs{in.i64()};
        frame.tsMax = WallNs{in.i64()};
        if (in.failed() || frame.source >= sources.size() || frame.offset >= offset)
            return false;
    }
    m_sources = std::move(sources);
    m_frames = std::move(frames);
    return in.finish() ? true : false;
}

/// Front to back, past what is damaged.
Status CaptureFileReader::scan()
{
    m_sources.clear();
    m_frames.clear();
    std::uint64_t damagedBytes = 0, firstDamage = 0;
    bool sawIndex = false;
    std::string bytes;
    for (std::uint64_t at = HeaderBytes; at + FrameHeaderBytes <= m_fileBytes;) {
        Header header;
        EVENTOPS_TRY(readAll(at, FrameHeaderBytes, bytes));
        if (Header::parse(bytes, header) && header.frame.packed <= m_fileBytes - at - FrameHeaderBytes) {
            sawIndex = sawIndex || header.kind == IndexFrame;
            EVENTOPS_TRY(takeFrame(at, header));
            at += FrameHeaderBytes + header.frame.packed;
            continue;
        }
        const std::uint64_t next = resync(at + 1);
        if (!sawIndex) { // behind the index stands the footer
            firstDamage = damagedBytes == 0 ? at : firstDamage;
            damagedBytes += next - at;
        }
        at = next;
    }
    if (damagedBytes > 0)
        m_damage = std::to_string(damagedBytes) + " bytes from byte " + std::to_string(firstDamage)
                   + " on are no whole frames; what they held is missing";
    else
        m_damage = sawIndex ? "its index is damaged; no record is missing because of that"
                            : "it ends without its index: it was cut off, and how much is missing cannot be told";
    return Ok{};
}

Status CaptureFileReader::takeFrame(std::uint64_t offset, const Header &header)
{
    CaptureFrame frame = header.frame;
    frame.offset = offset;
    if (frame.source >= CaptureSourcesMax)
        return Ok{};
    // A damaged source frame leaves a source without a name; its records are still there.
    while (header.kind != IndexFrame && m_sources.size() <= frame.source) {
        const std::string number = std::to_string(m_sources.size());
        m_sources.push_back({"unnamed-" + number, "source " + number, 0, 0});
    }
    if (header.kind == RecordsFrame)
        m_frames.push_back(frame);
    if (header.kind != SourceFrame)
        return Ok{};
    std::string payload;
    if (!readPayload(offset, header, CaptureFrameBytesMax, payload))
        return Ok{};
    StateReader in(payload);
    CaptureOrigin origin;
    if (readOrigin(in, origin)) {
        origin.hashedTo = origin.prefixHash = 0; // whether all of it is there cannot be told any more
        m_sources[frame.source] = std::move(origin);
    }
    return Ok{};
}

/// Where the next whole frame header stands, at @p from or behind it; else the end of the file.
std::uint64_t CaptureFileReader::resync(std::uint64_t from) const
{
    std::string bytes;
    while (from + FrameHeaderBytes <= m_fileBytes) {
        const std::size_t size = std::min<std::uint64_t>(ResyncBytes, m_fileBytes - from);
        if (!readAll(from, size, bytes))
            break;
        for (std::size_t at = bytes.find(FrameMarker); at != std::string::npos; at = bytes.find(FrameMarker, at + 1)) {
            Header header;
            if (Header::parse(std::string_view(bytes).substr(at), header))
                return from + at;
        }
        if (size < ResyncBytes)
            break;
        from += size - FrameHeaderBytes;
    }
    return m_fileBytes;
}

Status CaptureFileReader::read(const CaptureFrame &frame, CaptureFrameContent &content) const
{
    content.records.clear();
    std::string bytes;
    EVENTOPS_TRY(readAll(frame.offset, FrameHeaderBytes, bytes));
    Header header;
    if (!Header::parse(bytes, header) || header.kind != RecordsFrame || header.frame.records > CaptureFrameRecordsMax)
        return corrupt(frame.offset,
                       "its header is damaged; " + std::to_string(frame.records) + " records are missing");
    EVENTOPS_TRY(readPayload(frame.offset, header, CaptureFrameBytesMax, content.bytes));
    StateReader in(content.bytes);
    CaptureRecord last;
    last.source = header.frame.source;
    last.seq = header.frame.firstSeq;
    last.position = header.frame.firstPosition;
    std::int64_t lastTs = 0;
    while (!in.atEnd()) {
        if (content.records.size() == header.frame.records
            || !readRecord(in, last, lastTs, content.records.emplace_back())) {
            content.records.clear();
            return corrupt(frame.offset, "it holds no records as its header says");
        }
    }
    if (content.records.size() == header.frame.records)
        return Ok{};
    content.records.clear();
    return corrupt(frame.offset, "it holds fewer records than its header says");
}

std::uint64_t CaptureFileReader::identity(std::uint32_t source) const
{
    std::string bytes = source < m_sources.size() ? m_sources[source].key : std::string();
    std::string header;
    std::uint64_t hash = hash64(bytes);
    for (const CaptureFrame &frame : m_frames) {
        if (frame.source == source && readAll(frame.offset, FrameHeaderBytes, header))
            hash = hashCombine(hash, hash64(header));
    }
    return hash;
}

} // namespace eventops
