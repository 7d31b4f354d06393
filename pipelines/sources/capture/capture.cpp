// SPDX-License-Identifier: MIT
#include "pipelines/sources/capture/capture.h"

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/codec/batch_decoder.h"
#include "core/codec/capture_file.h"
#include "core/codec/csv.h"
#include "core/codec/json_reader.h"
#include "core/codec/text_kind.h"

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

constexpr std::size_t HeadBytes = 256 * 1024;  ///< Looked at to tell the format.
constexpr std::size_t KeyBytes = 4 * 1024;     ///< The fingerprint covers them.
constexpr std::size_t PartBytesMax = 1u << 20; ///< Of a record that is too long, in one part.
constexpr std::string_view ByteOrderMark = "\xEF\xBB\xBF";

Error ioError(const std::string &title, int number)
{
    const Error::Code code = number == ENOENT ? Error::Code::NotFound : Error::Code::Io;
    return Error{code, "cannot read " + title + ": " + std::strerror(number)};
}

/// Reads until @p size bytes are there or the source ends.
Result<std::size_t> readFully(ByteStream &stream, char *to, std::size_t size)
{
    std::size_t have = 0;
    while (have < size) {
        const std::size_t got = EVENTOPS_TRY(stream.read(to + have, size - have));
        if (got == 0)
            break;
        have += got;
    }
    return have;
}

/// True: no line begins like a document.
bool beginsAsText(std::string_view head)
{
    return !head.empty() && head.front() != '{' && head.front() != '[' && head.find("\n{") == std::string_view::npos;
}

/// The codec's decoder, as the runner wants it.
class CaptureDecoder final : public RecordDecoder
{
public:
    explicit CaptureDecoder(std::unique_ptr<CodecDecoder> codec) : m_decoder(std::move(codec)) {}
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    BatchDecoder m_decoder;
};

} // namespace

Capture::Capture(CaptureSettings settings, int fd)
    : m_settings(std::move(settings)), m_fd(fd), m_following(m_settings.follow)
{
}

Capture::~Capture()
{
    if (m_fd > STDIN_FILENO)
        ::close(m_fd);
}

Result<std::unique_ptr<Capture>> Capture::make(CaptureSettings settings)
{
    const bool standardInput = settings.path == "-";
    const std::string title = standardInput            ? "standard input"
                              : settings.title.empty() ? settings.path
                                                       : settings.title;
    const int fd = standardInput ? STDIN_FILENO : ::open(settings.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ioError(title, errno);
    std::unique_ptr<Capture> capture(new Capture(std::move(settings), fd));
    capture->m_title = title.substr(title.rfind('/') + 1);
    struct stat status = {};
    if (::fstat(fd, &status) != 0)
        return ioError(title, errno);
    if (S_ISDIR(status.st_mode))
        return Error{Error::Code::InvalidArgument, title + " is a directory", {}, "name a file"};
    capture->m_seekable = S_ISREG(status.st_mode) && ::lseek(fd, 0, SEEK_CUR) == 0;
    if (capture->m_seekable)
        capture->m_sizeBytes = static_cast<std::uint64_t>(status.st_size);
    EVENTOPS_TRY(capture->openStream());
    if (capture->m_following && !capture->m_seekable)
        return Error{Error::Code::InvalidArgument, title + " cannot be followed: it is packed, or no file", {},
                     "read it as a capture"};
    EVENTOPS_TRY(capture->readHead());
    return capture;
}

/// Plain or packed, by the first bytes. What is packed is read as a stream that can be begun anew.
Status Capture::openStream()
{
    constexpr std::size_t FrameHeadBytes = 18; // of zstd, at most
    m_stream = makePlainStream(m_fd, m_title);
    std::string begun(m_seekable ? FrameHeadBytes : PackedMagicBytes, '\0');
    begun.resize(EVENTOPS_TRY(readFully(*m_stream, begun.data(), begun.size())));
    m_packed = looksPacked(begun);
    if (m_packed) {
        m_sizeBytes = unpackedSize(begun);
        m_seekable = false;
        m_stream = makeZstdStream(m_fd, m_title, std::move(begun), m_settings.unpackRatioMax);
    } else if (m_seekable) {
        if (::lseek(m_fd, 0, SEEK_SET) != 0)
            return ioError(m_title, errno);
    } else {
        m_buffer = std::move(begun);
    }
    return Ok{};
}

Status Capture::readHead()
{
    // A stream is not kept waiting for more than the key needs.
    const std::size_t want = m_seekable || m_packed ? HeadBytes : KeyBytes;
    const std::size_t begun = m_buffer.size(); // taken from a stream to tell whether it is packed
    m_buffer.resize(want);
    const std::size_t have = begun + EVENTOPS_TRY(readFully(*m_stream, m_buffer.data() + begun, want - begun));
    m_buffer.resize(have);
    m_atEnd = have < want;
    m_eof = m_atEnd && !m_following;
    if (CaptureFileReader::looksLike(m_buffer))
        return Error{Error::Code::InvalidArgument, "a capture file can be read from a disk only, as it is",
                     {m_title, 0, 0},
                     "save it to a file, unpacked, and name that"};
    m_key = sha256Hex(std::string_view(m_buffer).substr(0, KeyBytes));
    std::string format = m_settings.format;
    std::string start = m_settings.startPattern;
    Framing framing = m_settings.framing.value_or(Framing::Lines);
    if (format == "auto" && m_settings.sniff && looksLikeCsv(m_buffer)) {
        format = "csv";
        framing = Framing::Csv;
    } else if (!m_settings.framing && m_settings.sniff) {
        std::string_view head = m_buffer;
        if (head.substr(0, ByteOrderMark.size()) == ByteOrderMark)
            head.remove_prefix(ByteOrderMark.size());
        const Sniffed sniffed = sniffCapture(head, m_eof);
        framing = sniffed.framing;
        const auto text = sniffed.json || format != "auto" ? std::nullopt : textKind(head, m_eof);
        if (text) {
            format = text->codec;
            framing = text->document          ? Framing::Document
                      : !text->start.empty() ? Framing::Multiline
                                              : Framing::Lines;
            if (start.empty())
                start = text->start;
        } else if (format == "auto" && (sniffed.text || (m_following && beginsAsText(head)))) {
            format = "text"; // a file that has only begun is not damaged, it is short
        }
    }
    m_framing = framing;
    m_keepMark = format == "chronos.raw";
    m_framer = EVENTOPS_TRY(makeFramer(framing, start));
    m_codec = EVENTOPS_TRY(makeCodec(format, m_settings.codec));
    return Ok{};
}

/// Hash of the file's first @p bytes, or of all there are; the reading position stays.
Result<StreamHash64> Capture::hashFile(std::uint64_t bytes) const
{
    StreamHash64 hash;
    std::string piece(PartBytesMax, '\0');
    for (std::uint64_t at = 0; at < bytes;) {
        const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), bytes - at));
        const ssize_t got = ::pread(m_fd, piece.data(), want, static_cast<off_t>(at));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ioError(m_title, errno);
        if (got == 0)
            break;
        hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
        at += static_cast<std::uint64_t>(got);
    }
    return hash;
}

/// The same of what a packed file unpacks to, read anew; nothing that any prefix has when it is shorter.
Result<std::uint64_t> Capture::hashUnpacked(std::uint64_t bytes) const
{
    CaptureSettings settings = m_settings;
    const auto again = EVENTOPS_TRY(Capture::make(std::move(settings)));
    EVENTOPS_TRY(again->open(bytes));
    return again->m_position == bytes && again->m_skippedAll ? again->m_prefix.digest() : ~std::uint64_t{0};
}

Result<bool> Capture::hasPrefix(std::uint64_t position, std::uint64_t hash) const
{
    if (position <= m_buffer.size())
        return hash64(std::string_view(m_buffer).substr(0, static_cast<std::size_t>(position))) == hash;
    if (m_packed && m_fd > STDIN_FILENO)
        return EVENTOPS_TRY(hashUnpacked(position)) == hash;
    if (!m_seekable)
        return !m_eof; // a stream that goes on behind its head cannot be looked at twice
    if (position > m_sizeBytes)
        return false;
    return EVENTOPS_TRY(hashFile(position)).digest() == hash;
}

Status Capture::open(std::uint64_t cursor)
{
    if (cursor == 0)
        return Ok{}; // the head is in the buffer
    m_begun = true;
    if (cursor <= m_buffer.size()) {
        dropBuffer(static_cast<std::size_t>(cursor));
        return Ok{};
    }
    std::uint64_t at = m_buffer.size();
    m_position = cursor;
    if (m_seekable) {
        m_buffer.clear();
        m_eof = m_atEnd = false;
        m_prefix = EVENTOPS_TRY(hashFile(cursor));
        return ::lseek(m_fd, static_cast<off_t>(cursor), SEEK_SET) >= 0 ? Status(Ok{})
                                                                        : Status(ioError(m_title, errno));
    }
    m_prefix.update(m_buffer);
    m_buffer.clear();
    std::string skipped(PartBytesMax, '\0');
    while (at < cursor && !m_eof) {
        const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(skipped.size(), cursor - at));
        const std::size_t got = EVENTOPS_TRY(readFully(*m_stream, skipped.data(), want));
        m_prefix.update(std::string_view(skipped).substr(0, got));
        at += got;
        m_eof = got < want;
    }
    m_skippedAll = at >= cursor;
    return Ok{};
}

Status Capture::fill()
{
    const std::size_t have = m_buffer.size();
    m_buffer.resize(have + ChunkBytesMax);
    // Of a stream, what is there: its writer may be slow. Of a file, a whole chunk.
    const Result<std::size_t> got = m_seekable ? readFully(*m_stream, m_buffer.data() + have, ChunkBytesMax)
                                               : m_stream->read(m_buffer.data() + have, ChunkBytesMax);
    m_buffer.resize(have + (got ? got.value() : 0));
    if (!got)
        return got.error();
    m_atEnd = m_seekable ? got.value() < ChunkBytesMax : got.value() == 0;
    m_eof = m_atEnd && !m_following;
    m_settled = m_settled && got.value() == 0;
    return Ok{};
}

void Capture::dropBuffer(std::size_t bytes)
{
    m_prefix.update(std::string_view(m_buffer).substr(0, bytes));
    m_buffer.erase(0, bytes);
    m_position += bytes;
}

Result<bool> Capture::read(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    chunk.bytes.clear();
    chunk.records.clear();
    chunk.last = false;
    chunk.oversizeBytes = chunk.oversizeHash = 0;
    if (m_ended)
        return false;
    for (;;) {
        if (!m_eof && (m_buffer.size() < ChunkBytesMax || m_atEnd))
            EVENTOPS_TRY(fill());
        if (m_oversize)
            return continueOversize(chunk, oversize);
        const std::size_t used = frame(chunk);
        if (!chunk.records.empty() || m_eof || (m_following && m_atEnd && !m_tooLong
                                                && m_buffer.size() <= m_settings.recordBytesMax))
            return finishChunk(chunk, used, oversize);
        dropBuffer(used);
        if (m_tooLong || m_buffer.size() > m_settings.recordBytesMax) {
            m_tooLong = false;
            beginOversize();
            return continueOversize(chunk, oversize);
        }
        EVENTOPS_TRY(fill());
    }
}

/// Whether what is in the buffer may end with a whole record, of a file whose writer is silent.
bool Capture::restIsWhole() const
{
    if (m_framing == Framing::Document || m_framing == Framing::Concatenated || m_buffer.empty()
        || m_buffer.back() == '\n')
        return true;
    if (m_framing != Framing::Lines)
        return false;
    const std::size_t lineEnd = m_buffer.rfind('\n');
    const std::string_view line = std::string_view(m_buffer).substr(lineEnd == std::string::npos ? 0 : lineEnd + 1);
    return line.front() == '{' && line.back() == '}' && !JsonReader().read(line);
}

std::size_t Capture::frame(RawChunk &chunk)
{
    std::size_t from = 0;
    if (!m_begun && !m_keepMark && m_buffer.compare(0, ByteOrderMark.size(), ByteOrderMark) == 0)
        from = ByteOrderMark.size();
    const bool whole = m_eof || (m_settled && restIsWhole());
    while (chunk.records.size() < ChunkRecordsMax && from < ChunkBytesMax) {
        const auto found = m_framer->next(m_buffer, from, whole);
        if (!found)
            break;
        if (found->end - found->begin > m_settings.recordBytesMax) {
            m_tooLong = true; // complete in the buffer, and yet longer than allowed
            return found->begin;
        }
        if (found->end > found->begin || m_framing == Framing::Document) {
            m_begun = true;
            chunk.records.push_back({static_cast<std::uint32_t>(found->begin),
                                     static_cast<std::uint32_t>(found->end - found->begin)});
        }
        from = found->next;
    }
    return from;
}

Result<bool> Capture::finishChunk(RawChunk &chunk, std::size_t used, std::vector<OversizePart> &oversize)
{
    if (chunk.records.empty() && m_tooLong) {
        dropBuffer(used);
        m_tooLong = false;
        beginOversize();
        return continueOversize(chunk, oversize);
    }
    const bool emptyDocument = m_framing == Framing::Document && !m_begun && m_eof;
    if (emptyDocument) {
        m_begun = true;
        chunk.records.push_back({0, 0});
        used = m_buffer.size();
    }
    m_tooLong = false;
    m_prefix.update(std::string_view(m_buffer).substr(0, used));
    chunk.prefixHash = m_prefix.digest();
    chunk.bytes.assign(m_buffer, used); // the rest goes on in the chunk's old memory
    chunk.bytes.swap(m_buffer);
    chunk.bytes.resize(used);
    chunk.bytes.append(RawPaddingBytes, '\0'); // readers may look beyond the end; what they see is always the same
    chunk.bytes.resize(used);
    chunk.position = m_position;
    m_position += used;
    chunk.positionEnd = m_position;
    m_ended = chunk.last = m_eof && m_buffer.empty();
    return !chunk.records.empty() || used > 0 || m_following;
}

void Capture::beginOversize()
{
    m_oversize = std::make_unique<Oversize>();
    m_oversize->position = m_position;
    m_oversize->prefixHash = m_prefix.digest();
}

Result<bool> Capture::continueOversize(RawChunk &chunk, std::vector<OversizePart> &oversize)
{
    const auto take = [&](std::size_t bytes) {
        std::string_view rest = std::string_view(m_buffer).substr(0, bytes);
        m_oversize->hash.update(rest);
        m_oversize->bytes += bytes;
        while (!rest.empty()) {
            const std::size_t size = std::min(rest.size(), PartBytesMax);
            oversize.push_back({m_oversize->position, chunk.source, m_oversize->parts++,
                                std::string(rest.substr(0, size))});
            rest.remove_prefix(size);
        }
        dropBuffer(bytes);
    };
    const auto found = m_framer->next(m_buffer, 0, m_eof);
    chunk.position = chunk.positionEnd = m_oversize->position; // the cursor waits until the record is complete
    chunk.prefixHash = m_oversize->prefixHash;
    if (!found && !m_eof) {
        const std::size_t looked = m_framer->looked();
        take(looked);
        m_framer->drop(looked);
        return true;
    }
    const std::size_t whole = found ? found->whole : m_buffer.size();
    const std::size_t next = found ? found->next : m_buffer.size();
    take(whole);
    dropBuffer(next - whole);
    chunk.records.push_back({0, 0});
    chunk.bytes.reserve(RawPaddingBytes);
    chunk.oversizeBytes = m_oversize->bytes;
    chunk.oversizeHash = m_oversize->hash.digest();
    chunk.positionEnd = m_position;
    chunk.prefixHash = m_prefix.digest();
    m_begun = true;
    m_oversize.reset();
    m_ended = chunk.last = m_eof && m_buffer.empty();
    return true;
}

std::unique_ptr<RecordDecoder> Capture::makeDecoder() const
{
    return std::make_unique<CaptureDecoder>(m_codec->makeDecoder());
}

} // namespace eventops
