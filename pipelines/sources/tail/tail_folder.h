// SPDX-License-Identifier: MIT
#pragma once

#include "pipelines/sources/tail/tail_file.h"

#include <map>
#include <optional>
#include <set>
#include <vector>

#include <sys/stat.h>

namespace eventops {

/// Settings of a tail, checked.
struct TailSettings {
    std::vector<std::string> paths;   ///< Files, folders (all that is in them), or patterns of glob(7).
    std::vector<std::string> exclude; ///< Patterns of names, or of paths when they hold a slash, that are left out.
    bool rotated = true;              ///< Also <name>.1, <name>-20251103 and the like beside them.
    std::chrono::milliseconds settle{1'000}; ///< A writer silent for so long has written its last record whole.
    std::size_t filesMax = 256;              ///< Read at the same time; each is a thread.
    CaptureSettings reading;
};

/// Looks for files that come up and hands each out as a TailFile beside it; has no records itself. A file is read from
/// its beginning, or from where the ledger knows it to have been read to. Of rotated files the oldest comes first, and
/// a newer one once it is read. Files that were packed meanwhile are named in its health and left out.
/// Thread: see Source. Errors: none; what cannot be read is its trouble. Complexity: two looks a second at every name
/// that the patterns match.
class TailFolder final : public Source
{
public:
    explicit TailFolder(TailSettings settings);
    ~TailFolder() override;

    std::string key() const override { return m_key; } ///< "tail:" and the SHA-256 of the patterns.
    std::string title() const override { return m_title; }
    bool finite() const override { return false; }
    Retention retention() const override { return Retention::Signals; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t) override { return Ok{}; }
    Result<bool> hasPrefix(std::uint64_t, std::uint64_t) const override { return true; }
    std::unique_ptr<RecordDecoder> makeDecoder() const override;
    std::vector<std::unique_ptr<Source>> takeOthers() override;
    SourceHealth health() const override;

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    using Identity = std::pair<dev_t, ino_t>;
    struct Found {
        std::string path, base; ///< base: the path without what rotation added to it.
        Identity identity;
        std::uint64_t bytes = 0;
        std::int64_t changedNs = 0;
    };
    struct Known {
        std::string path;
        std::string head;                   ///< Its first line; empty: it has none yet.
        std::optional<std::uint64_t> bytes; ///< So long it was at the last look, too early to read it.
        std::shared_ptr<TailState> state;   ///< Null: never handed out.
        std::uint64_t comparedTo = 0;       ///< So far it is the same as `comparedWith`.
        std::weak_ptr<TailState> comparedWith;
        std::optional<TimePoint> retryAfter;
        std::optional<TimePoint> alikeSince; ///< It begins with all that another one holds, and goes on.
    };
    enum class Offer : std::uint8_t { Given, NotReady, Copy, NoRoom };

    void scan();
    std::vector<Found> find();
    void addMatches(const std::string &pattern, std::vector<Found> &found, std::set<Identity> &seen);
    bool isExcluded(const std::string &path) const;
    void offerGroup(std::span<const Found> group);
    Offer offer(const Found &file, Known &known);
    bool readHead(const Found &file, Known &known, const TailDescriptor &descriptor);
    bool isCopy(const Found &file, Known &known, const TailDescriptor &descriptor);
    bool wasRead(const Found &file, const Known &known, const TailDescriptor &descriptor) const;
    void rememberCut();
    std::size_t openFiles() const;
    void forget(std::span<const Found> found);

    const TailSettings m_settings;
    const std::string m_key;
    const std::string m_title;
    const std::shared_ptr<Doorbell> m_bell = std::make_shared<Doorbell>();
    std::map<Identity, Known> m_known;
    std::vector<std::pair<std::string, std::shared_ptr<TailState>>> m_cut; ///< Heads of files that ended, newest last.
    TimePoint m_scannedAt;
    bool m_comesMore = false; ///< A newer file waits until an older one is read.
    std::string m_problem;    ///< Of this scan: the first file that cannot be read.
    std::size_t m_packed = 0, m_waiting = 0;
    std::size_t m_waited = 0; ///< For room, at the last look: silent files make some.

    // What the runner takes.
    mutable std::mutex m_mutex;
    std::vector<std::unique_ptr<Source>> m_offers;
    std::string m_trouble, m_notice;
};

} // namespace eventops
