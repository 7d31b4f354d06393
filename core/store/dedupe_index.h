// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/sqlite.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

/// The exact set of dedupe keys (64-bit hashes) of all stored events: sorted runs in pages of 512 keys, merged when
/// eight runs of a size class are there (a log-structured merge tree: P. O'Neil et al., Acta Informatica 1996), under a
/// Bloom filter in memory. Never a row an event: 8 bytes a key stored.
/// Thread: one. Memory: the filter, at most FilterKeysMax keys of 12 bits (24 MiB); with more keys there is no filter and
/// every look-up reads a page a run (O(log keys) runs). Errors: as SQLite's.
class DedupeIndex
{
public:
    static constexpr std::uint64_t FilterKeysMax = 16u << 20;

    /// Adds the keys of a commit inside its transaction; @p keys gets sorted. Call `committed` or `rolledBack` after.
    Status add(sqlite::Database &database, std::vector<std::uint64_t> &keys);
    void committed();
    void rolledBack() { m_pending.clear(); }
    Result<bool> contains(sqlite::Database &database, std::uint64_t key);

private:
    Status load(sqlite::Database &database);
    Status mergeRuns(sqlite::Database &database);
    Status writeRun(sqlite::Database &database, const std::vector<std::uint64_t> &keys);
    Status readRun(sqlite::Database &database, std::int64_t run, std::vector<std::uint64_t> &keys);

    bool m_loaded = false;
    bool m_filtered = true;     ///< False: more keys than the filter may hold.
    std::uint64_t m_keys = 0;
    std::uint64_t m_capacity = 0;
    std::string m_filter;
    std::vector<std::uint64_t> m_pending;
    sqlite::Statement m_find;
};

} // namespace eventops
