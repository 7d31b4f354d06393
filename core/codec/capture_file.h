// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// The capture file `.evcap`, version 1: raw records as their sources gave them, with what stood beside them and the
// place they had in the workspace they came from. All numbers little-endian. XXH3-64 is hash64().
//
//   header   16 bytes   "EVCAP\r\n\x1a" · version u32 · 0 u32
//   frame    72 bytes   "EVF1" · kind u8 (1 source, 2 records, 3 index) · 0 u8[3] · source u32 · records u32 ·
//                       unpacked bytes u32 · packed bytes u32 · first seq u64 · first position u64 ·
//                       earliest time i64 · latest time i64 · XXH3-64 of the packed bytes u64 ·
//                       XXH3-64 of the 64 bytes before u64
//            payload    one zstd frame of that many packed bytes
//   …                   source frames stand before the first records of their source; one index frame is the last
//   footer   32 bytes   "EVEND\r\n\x1a" · offset of the index frame u64 · record frames u64 · XXH3-64 of those 24 bytes
//
// A records frame holds records of one source in order. Payloads are made of the numbers and texts of StateWriter
// (varint; zigzag; length and bytes):
//   record   flags (1 dead letter, 2 redacted, 4 own hash, 8 time, 16 piece) · seq less the one before · position less
//            the one before · [hash] · [time less the one before] · [piece: offset, bytes of the whole record] ·
//            codec · content type · headers (JSON object) · key · bytes
//   source   key · title · position hashed to · hash of the bytes before it (both 0: the capture holds not all of it)
//   index    sources as above, their number before them; record frames: offset less the one before · source · records ·
//            unpacked · packed · seq · position · times, their number before them
// A record longer than CapturePieceBytes is cut into pieces in frames of their own. Index and footer can be lost: the
// frames' own headers say all that the index says.

constexpr std::size_t CaptureFrameBytesMax = 8u << 20;    ///< A frame may unpack to; larger ones are refused unread.
constexpr std::uint32_t CaptureFrameRecordsMax = 8'192;
constexpr std::size_t CaptureIndexBytesMax = 256u << 20;  ///< The index frame likewise.
constexpr std::size_t CapturePieceBytes = 1u << 20;       ///< Of a long record in one frame.
constexpr std::uint32_t CaptureSourcesMax = 4'096;
constexpr std::size_t CaptureTextBytesMax = 1u << 20;     ///< Headers, key, title … of one record or source.
constexpr Seq CaptureSeqMax = Seq{1} << 48;               ///< A number beyond it is damage.
constexpr std::uint32_t CaptureVersion = 1;

/// Where records of a capture came from.
struct CaptureOrigin {
    std::string key;              ///< Source::key() of what was read.
    std::string title;
    std::uint64_t hashedTo = 0;   ///< All of the source up to here is in the capture …
    std::uint64_t prefixHash = 0; ///< … and this is hash64 of its bytes. Both 0: only parts of it are.
};

/// A raw record, or a piece of a long one. Texts are views.
struct CaptureRecord {
    std::uint32_t source = 0;
    Seq seq = 0;                  ///< Its number in the workspace; grows from record to record of the file.
    std::uint64_t position = 0;   ///< In its source.
    std::uint64_t hash = 0;       ///< hash64 of the original bytes; 0: of `bytes`.
    WallNs ts = NoTime;           ///< Event time.
    bool deadLetter = false;      ///< It gave no event.
    bool redacted = false;        ///< The bytes are not the original ones.
    std::string_view codec;       ///< Which codec read it; empty: unknown.
    std::string_view contentType, headers, key;
    std::string_view bytes;
    std::uint64_t pieceAt = 0;    ///< Place of `bytes` in the record …
    std::uint64_t totalBytes = 0; ///< … that has so many; 0: `bytes` is all of it.
};

/// One frame of records, as its header or the index describes it.
struct CaptureFrame {
    std::uint64_t offset = 0;
    std::uint32_t source = 0, records = 0, unpacked = 0, packed = 0;
    Seq firstSeq = 0;
    std::uint64_t firstPosition = 0;
    WallNs tsMin = NoTime, tsMax = NoTime;
};

/// Takes bytes of a file in order. An error ends the writing.
using ByteSink = std::function<Status(std::string_view)>;

/// Writes a capture. Memory: at most CapturePendingBytesMax and a frame. Thread: one.
class CaptureFileWriter
{
public:
    static Result<std::unique_ptr<CaptureFileWriter>> make(ByteSink sink);
    ~CaptureFileWriter();
    /// LimitExceeded beyond CaptureSourcesMax.
    Result<std::uint32_t> addSource(const CaptureOrigin &origin);
    /// A record given whole is cut into pieces where it is long. Numbers must grow within a source.
    Status add(const CaptureRecord &record);
    Status finish(); ///< Index and footer. Call once, last.
    std::uint64_t bytes() const { return m_offset; }

private:
    struct Pending;
    explicit CaptureFileWriter(ByteSink sink);
    Status put(std::string_view bytes);
    Status flush(std::uint32_t source);
    Status writeFrame(std::uint8_t kind, CaptureFrame &frame, std::string_view payload);
    Status append(const CaptureRecord &record);

    ByteSink m_sink;
    std::uint64_t m_offset = 0;
    std::size_t m_pendingBytes = 0;
    std::vector<CaptureOrigin> m_sources;
    std::vector<std::unique_ptr<Pending>> m_pending; ///< By source.
    std::vector<CaptureFrame> m_frames;
    std::string m_packed;
};
constexpr std::size_t CapturePendingBytesMax = 32u << 20;

/// The records of one frame: views into `bytes`.
struct CaptureFrameContent {
    std::string bytes;
    std::vector<CaptureRecord> records;
};

/// Reads a capture: by its index, or front to back when that is lost. Thread: any, after open.
class CaptureFileReader
{
public:
    /// True: @p head, the first bytes of a file, are a capture's, even if its header is damaged.
    static bool looksLike(std::string_view head);
    static constexpr std::size_t LooksBytes = 88;
    /// NotFound, Io, InvalidInput (no capture, or a newer version). A damaged one opens.
    static Result<std::shared_ptr<CaptureFileReader>> open(const std::string &path);
    ~CaptureFileReader();
    CaptureFileReader(const CaptureFileReader &) = delete;
    CaptureFileReader &operator=(const CaptureFileReader &) = delete;

    const std::vector<CaptureOrigin> &sources() const { return m_sources; }
    const std::vector<CaptureFrame> &frames() const { return m_frames; }
    bool indexed() const { return m_indexed; }
    std::uint64_t bytes() const { return m_fileBytes; }
    const std::string &path() const { return m_path; }
    /// What finding the frames showed to be missing, one sentence; empty: nothing. Frames not read may be damaged too.
    const std::string &damage() const { return m_damage; }
    /// Corrupt, naming frame and byte; what it holds is then missing.
    Status read(const CaptureFrame &frame, CaptureFrameContent &content) const;
    /// The same for the same frames, whatever follows them.
    std::uint64_t identity(std::uint32_t source) const;

private:
    struct Header;
    CaptureFileReader(std::string path, int fd) : m_path(std::move(path)), m_fd(fd) {}
    Status readAll(std::uint64_t offset, std::size_t size, std::string &out) const;
    Status readPayload(std::uint64_t offset, const Header &header, std::size_t bytesMax, std::string &out) const;
    bool readIndex();
    Status scan();
    Status takeFrame(std::uint64_t offset, const Header &header);
    std::uint64_t resync(std::uint64_t from) const;
    Error corrupt(std::uint64_t offset, const std::string &what) const;

    const std::string m_path;
    const int m_fd;
    std::uint64_t m_fileBytes = 0;
    bool m_indexed = false;
    std::string m_damage;
    std::vector<CaptureOrigin> m_sources;
    std::vector<CaptureFrame> m_frames;
};

} // namespace eventops
