// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/codec/capture_file.h"
#include "core/model/value.h"
#include "core/pipeline/source.h"

#include <optional>

namespace eventops {

/// How the records of a capture file are read again.
struct CaptureLaneSettings {
    std::string codec = "auto";   ///< Of records whose own codec `auto` would find; any other name: of all records.
    std::size_t recordBytesMax = 0;
    Value settings;               ///< For makeCodec().
};

/// One source of a capture file (`.evcap`), under the key it was read with first, so that its records keep positions,
/// ids and numbers. The file's other sources come along by takeOthers().
///
/// Damaged frames are left out; what is whole is read, and complete() says what is missing. Records that this engine
/// made itself (the input log) come back under a key of the file: another workspace has such a log of its own.
/// Memory: one frame, and a record of at most recordBytesMax. Thread: see Source. Errors: as CaptureFileReader::open.
class CaptureLane final : public Source
{
public:
    static Result<std::unique_ptr<Source>> make(const std::string &path, CaptureLaneSettings settings);

    std::string key() const override { return m_key; }
    std::string title() const override;
    std::uint64_t sizeBytes() const override { return m_sizeBytes; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override;
    std::unique_ptr<RecordDecoder> makeDecoder() const override;
    std::vector<std::unique_ptr<Source>> takeOthers() override { return std::move(m_others); }
    std::string numbering() const override { return m_file->path(); }
    Status complete() const override;

private:
    CaptureLane(std::shared_ptr<CaptureFileReader> file, std::shared_ptr<const CaptureLaneSettings> settings,
                std::uint32_t source);
    bool loadFrame();
    bool takePiece(const CaptureRecord &record, RawChunk &chunk, std::vector<OversizePart> &oversize);
    void addRecord(const CaptureRecord &record, std::string_view bytes, RawChunk &chunk) const;
    void finishChunk(RawChunk &chunk);
    std::string_view codecOf(const CaptureRecord &record) const;

    const std::shared_ptr<CaptureFileReader> m_file;
    const std::shared_ptr<const CaptureLaneSettings> m_settings;
    const std::uint32_t m_source;
    std::string m_key;
    std::uint64_t m_identity = 0;
    std::uint64_t m_sizeBytes = 0;
    std::vector<CaptureFrame> m_frames;
    std::vector<std::unique_ptr<Source>> m_others;

    std::uint64_t m_from = 0;     ///< Records before it are not wanted.
    std::size_t m_nextFrame = 0;
    CaptureFrameContent m_content;
    std::size_t m_nextRecord = 0;
    std::uint64_t m_position = 0; ///< Cursor behind what was handed out.
    std::string m_long;           ///< Pieces of a long record that is not too long.
    StreamHash64 m_longHash;
    std::uint32_t m_parts = 0;
    std::uint64_t m_wantedPiece = 0; ///< Where the next piece must stand.
    std::optional<Error> m_firstBad; ///< Of the frames.
    std::uint64_t m_missing = 0;     ///< Records.
    bool m_ended = false;
};

} // namespace eventops
