// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/codec/codec.h"
#include "core/pipeline/source.h"
#include "core/pipeline/spec.h"
#include "pipelines/sources/capture/byte_stream.h"
#include "pipelines/sources/capture/framing.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// Settings of a capture, checked.
struct CaptureSettings {
    std::string path;             ///< "-": standard input.
    std::string format = "auto";  ///< Name of a codec.
    std::optional<Framing> framing;
    bool sniff = true;            ///< Without a framing: look at the beginning; else lines.
    std::string startPattern;
    std::size_t recordBytesMax = RecordBytesMaxDefault;
    std::int64_t unpackRatioMax = UnpackRatioMaxDefault; ///< A packed capture that unpacks to more is refused.
    Value codec;                  ///< For makeCodec().
    std::string title;            ///< For people; empty: the file's name.
    bool follow = false;          ///< The end of the file is none: see Capture::endHere(). For files on a disk, plain.
};

/// The settings that say how a file is read, whatever names the file: those of the capture but its path.
std::span<const FieldSpec> captureReadingFields();
/// @p settings hold captureReadingFields(). @p wantedFormat goes before theirs; "auto" and "" do not. InvalidConfig.
Result<CaptureSettings> readCaptureSettings(const Value &settings, const std::string &wantedFormat);

/// A file or standard input, plain or packed with zstd, as a source of raw records. Positions and key are those of the
/// unpacked bytes: packing changes neither.
///
/// Memory: at most recordBytesMax + a few MiB, whatever the length of a record. One that is longer than recordBytesMax
/// comes out in parts of at most 1 MiB over several reads whose chunks hold no record and whose cursor waits before it;
/// the read that meets its end gives a chunk of one record of size 0 with oversizeBytes set. After a crash in between,
/// the parts come again with the same (position, part).
/// Thread: see Source. Errors: NotFound, Io; InvalidConfig for settings of the codec.
class Capture final : public Source
{
public:
    static Result<std::unique_ptr<Capture>> make(CaptureSettings settings);
    ~Capture() override;

    std::string key() const override { return m_key; } ///< SHA-256 of the first 4 KiB.
    std::string title() const override { return m_title; }
    std::uint64_t sizeBytes() const override { return m_sizeBytes; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override;
    std::unique_ptr<RecordDecoder> makeDecoder() const override;
    Status complete() const override { return m_stream->complete(); }

    /// What was found out about the capture, for people: name of the codec.
    std::string_view codecName() const { return m_codec->name(); }
    Framing framing() const { return m_framing; }

    // For who follows a file that grows (CaptureSettings::follow). `read` then never waits and never ends: without a
    // whole record it gives a chunk of none.
    std::uint64_t position() const { return m_position; }   ///< Behind what was handed out, or taken of a long record …
    std::uint64_t prefixHash() const { return m_prefix.digest(); } ///< … and hash64 of all before it.
    bool atEnd() const { return m_atEnd; }                   ///< The last look found no more bytes.
    /// The writer has been silent for a while: a last record that may be whole is taken for whole: a document, lines
    /// up to a line end, a line that is a JSON document.
    void settle() { m_settled = true; }
    /// Nothing more will be written: what is left is the last record, and `read` comes to an end.
    void endHere() { m_following = false; }

private:
    /// A record that is coming out in parts.
    struct Oversize {
        std::uint64_t position = 0;
        std::uint64_t bytes = 0;
        std::uint32_t parts = 0;
        std::uint64_t prefixHash = 0; ///< Of all before it.
        StreamHash64 hash;
    };

    Capture(CaptureSettings settings, int fd);
    Status openStream();
    Status readHead();
    Status fill();
    void dropBuffer(std::size_t bytes);
    bool restIsWhole() const;
    void beginOversize();
    std::size_t frame(RawChunk &chunk);
    Result<bool> finishChunk(RawChunk &chunk, std::size_t used, std::vector<OversizePart> &oversize);
    Result<bool> continueOversize(RawChunk &chunk, std::vector<OversizePart> &oversize);

    Result<StreamHash64> hashFile(std::uint64_t bytes) const;
    Result<std::uint64_t> hashUnpacked(std::uint64_t bytes) const;

    const CaptureSettings m_settings;
    const int m_fd;
    std::string m_title;
    std::string m_key;
    StreamHash64 m_prefix;  ///< Over all bytes before m_position.
    std::uint64_t m_sizeBytes = 0;
    std::unique_ptr<ByteStream> m_stream;
    bool m_seekable = false;
    bool m_packed = false;
    bool m_skippedAll = true; ///< `open` found all bytes before its cursor.
    bool m_eof = false;     ///< The file has no bytes beyond the buffer, and will have none.
    bool m_atEnd = false;   ///< It has none just now.
    bool m_following;       ///< It may get more.
    bool m_settled = false; ///< It did not get any for a while.
    bool m_ended = false;   ///< Everything was handed out.
    bool m_begun = false;   ///< A record was handed out, or reading began behind the first one.
    bool m_keepMark = false;///< A byte order mark belongs to the data.
    bool m_tooLong = false; ///< The record at the beginning of the buffer is complete and too long.
    Framing m_framing = Framing::Lines;
    std::unique_ptr<Framer> m_framer;
    std::shared_ptr<const Codec> m_codec;
    std::unique_ptr<Oversize> m_oversize;
    std::string m_buffer;         ///< Read and not handed out.
    std::uint64_t m_position = 0; ///< Of the buffer's first byte in the source.
};

} // namespace eventops
