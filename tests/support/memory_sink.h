// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/commit.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace eventops::test {

/// A ledger in memory that keeps what a test compares, as text. Thread: as CommitSink.
class MemorySink final : public CommitSink
{
public:
    Status commit(CommitGroup &group) override;
    std::vector<bool> seen(std::span<const std::uint64_t> keyHashes) override
    {
        std::vector<bool> found;
        for (const std::uint64_t key : keyHashes)
            found.push_back(m_keys.contains(key));
        return found;
    }

    std::size_t failAtCommit = SIZE_MAX; ///< The n-th commit (from 0) fails with Full.

    std::vector<std::string> events;      ///< "seq/emission time field=text …", in order.
    std::vector<std::string> deadLetters; ///< "seq reason: detail".
    std::vector<std::string> findings;    ///< "seq/emission name: message".
    std::vector<Finding> findingRows;
    std::vector<Suggestion> suggestions;
    std::map<std::string, Entity> entities; ///< By "tenant/type/id"; changes merged.
    std::map<std::string, Link> links;
    std::map<std::string, SourceProgress> sources; ///< `added` holds the totals.
    std::optional<Checkpoint> checkpoint;
    Seq lastSeq = 0;
    WallNs watermark = NoTime;
    std::size_t commits = 0;

    Counters totals() const;

private:
    std::set<std::uint64_t> m_keys;
};

} // namespace eventops::test
