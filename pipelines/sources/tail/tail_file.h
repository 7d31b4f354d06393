// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/doorbell.h"
#include "pipelines/sources/capture/capture.h"
#include "pipelines/sources/tail/file_watch.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace eventops {

/// An open file. Thread: any, reading is by place.
class TailDescriptor
{
public:
    explicit TailDescriptor(int fd) : m_fd(fd) {}
    ~TailDescriptor();
    TailDescriptor(const TailDescriptor &) = delete;
    TailDescriptor &operator=(const TailDescriptor &) = delete;

    int fd() const { return m_fd; }
    /// Another way to the same file, whatever it is called by now.
    std::string path() const { return "/proc/self/fd/" + std::to_string(m_fd); }
    /// Up to @p size bytes at @p position; fewer at the end. Io.
    Result<std::string> at(std::uint64_t position, std::size_t size) const;

private:
    const int m_fd;
};

/// What one who reads a file and one who looks after the folder tell each other. Thread: any.
class TailState
{
public:
    /// @p bell rings when the file's end is seen, and when it is read no more.
    TailState(std::shared_ptr<const TailDescriptor> file, std::shared_ptr<Doorbell> bell)
        : m_bell(std::move(bell)), m_file(std::move(file))
    {
    }

    // The reader's.
    void caughtUp();
    /// Bytes from @p position on were handed out; with them the hash of all is @p hash.
    void handedOut(std::uint64_t position, std::string_view bytes, std::uint64_t end, std::uint64_t hash);
    /// @p bytes: how long the file was when all of it was read; AnyLength when that does not tell it from what it is
    /// now. @p trouble: why it could not be read on; empty: it could.
    void end(std::uint64_t bytes, std::string trouble);
    bool isSuperseded() const;

    // The folder's.
    static constexpr std::uint64_t AnyLength = ~std::uint64_t{0};
    /// A newer file has taken the place of this one, or it has no name any more: it ends when nothing comes.
    void setSuperseded(bool superseded);
    bool isCaughtUp() const; ///< Its end was seen.
    bool hasEnded() const;
    std::uint64_t readTo() const;
    /// True: @p file, @p bytes long, is the beginning of what was read here. False as well when that was so much more
    /// that it cannot be told any more. For a file that was copied, and went on for a while before it was cut.
    bool hasRead(const TailDescriptor &file, std::uint64_t bytes) const;
    std::uint64_t endBytes() const;
    std::string trouble() const;
    std::shared_ptr<const TailDescriptor> file() const; ///< Null: it has ended.

private:
    const std::shared_ptr<Doorbell> m_bell;
    mutable std::mutex m_mutex;
    std::shared_ptr<const TailDescriptor> m_file;
    bool m_superseded = false;
    bool m_caughtUp = false;
    bool m_ended = false;
    std::uint64_t m_endBytes = 0;
    std::string m_trouble;
    static constexpr std::size_t RecentBytes = 512u << 10;
    std::string m_recent;                                         ///< What was handed out last …
    std::deque<std::pair<std::uint64_t, std::uint64_t>> m_places; ///< … from the first of these places on: position
                                                                  ///< and hash of all before it, the last is its end.
};

constexpr std::size_t TailHeadBytes = 4 * 1024; ///< Of the first line, that tell a file from others.

/// One file that grows, as a source without an end, until it is truncated, removed, or superseded and silent. It is
/// known by its first line, not by its name: one that is renamed, or copied and cut (copytruncate), is the same file
/// under its new name, and goes on where it stopped; see source_place.h for files that begin alike.
///
/// Bytes that are taken out of a file before they were read are gone; those of a line without an end are its copy's.
/// Thread: see Source. Errors: as Capture; reading never fails: a file that cannot be read on ends with trouble.
class TailFile final : public Source
{
public:
    /// @p settings: of the reading; path, title and follow are set here. @p head: its first line, at most
    /// TailHeadBytes.
    static Result<std::unique_ptr<TailFile>> make(CaptureSettings settings, std::string title, std::string head,
                                                  std::chrono::milliseconds settle, std::shared_ptr<TailState> state);
    ~TailFile() override;

    static std::string keyOf(std::string_view head); ///< "tail/" and the SHA-256 of it.

    std::string key() const override { return m_key; }
    std::string title() const override { return m_title; }
    bool finite() const override { return false; }
    Retention retention() const override { return Retention::Signals; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t position, std::uint64_t hash) const override;
    std::unique_ptr<RecordDecoder> makeDecoder() const override { return m_capture->makeDecoder(); }
    SourceHealth health() const override;

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    enum class Look : std::uint8_t { Grown, Same, Cut, Removed, Failed };

    TailFile(std::unique_ptr<Capture> capture, std::string title, std::string head, std::chrono::milliseconds settle,
             std::shared_ptr<TailState> state);
    Look look();
    bool end(std::uint64_t bytes, std::string trouble);
    void standStill(RawChunk &chunk) const;
    Result<bool> take(RawChunk &chunk, std::vector<OversizePart> &oversize);
    Result<bool> wait(RawChunk &chunk, std::vector<OversizePart> &oversize, bool removed);

    const std::string m_key, m_title, m_head;
    const std::chrono::milliseconds m_settle;
    const std::shared_ptr<TailState> m_state;
    std::shared_ptr<const TailDescriptor> m_file;
    std::unique_ptr<FileWatch> m_watch;
    std::unique_ptr<Capture> m_capture; ///< Null behind the end.
    std::uint64_t m_bytes = 0;          ///< Length of the file when it was read last.
    std::uint64_t m_cursor = 0, m_cursorHash = 0;
    TimePoint m_grownAt;
    bool m_drained = false; ///< No whole record is left of what was read.
    bool m_settled = false;
    bool m_ending = false;
    std::atomic<bool> m_upToDate{false}; ///< For health.
};

} // namespace eventops
