// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/source.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// Records that somebody hands in, to be told when they are stored.
struct IngestRequest {
    std::string bytes;
    std::vector<RawChunk::Record> records; ///< Where they lie in `bytes`, in order, without overlap; at least one.
};

/// What became of the records of one request, once all of them are committed.
struct IngestOutcome {
    struct Refused {
        std::size_t record = 0; ///< Its place in the request, from 0.
        std::string reason, detail;
    };
    std::uint64_t stored = 0;
    std::uint64_t skipped = 0;
    std::uint64_t duplicate = 0;
    std::uint64_t deadLettered = 0; ///< Kept whole, to be looked at and redriven.
    std::vector<Refused> refused;   ///< The first RefusedMax of them.
    static constexpr std::size_t RefusedMax = 16;
};

/// Requests on their way to the engine, in order of arrival: those that nobody read yet, and those whose records are on
/// their way into the ledger. Bounded: what comes when it is full is refused, not kept.
///
/// Thread: any posts; one source takes; the ledger's writer tells of commits and so gives the answers, once each and
/// outside of the lock.
class IngestQueue
{
public:
    using Answer = std::function<void(Result<IngestOutcome>)>;

    static constexpr std::size_t WaitingBytesMax = 32u << 20; ///< Not yet committed.
    static constexpr std::size_t WaitingRequestsMax = 65'536;

    ~IngestQueue(); ///< Answers all that waits: Unavailable.

    /// False: there is no room; both are as they were.
    bool post(IngestRequest &request, Answer &answer);
    /// Forgets everything that waits: nothing of it will be stored by us any more. The answers are the caller's to
    /// give.
    std::vector<Answer> abandon();

    /// Appends records to @p chunk, which is empty, up to the bounds of a chunk; waits at most @p wait for the first.
    /// False: there was none. Positions are those of the bytes if all that was ever taken were written one after the
    /// other, each record followed by a line end; the chunk's first is @p position.
    bool take(RawChunk &chunk, std::uint64_t position, std::chrono::milliseconds wait);
    /// Every record taken is told once, in order.
    void committed(std::span<const Receipt> receipts);

private:
    struct Post {
        IngestRequest request;
        Answer answer;
        std::size_t taken = 0; ///< Records.
        std::size_t told = 0;
        IngestOutcome outcome;
    };

    std::mutex m_mutex;
    std::condition_variable m_filled;
    std::deque<Post> m_posts;
    std::size_t m_reading = 0; ///< Index of the first that is not wholly taken.
    std::size_t m_bytes = 0;
};

} // namespace eventops
