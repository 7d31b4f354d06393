// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/sqlite.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// The exact set of dedupe keys (64-bit hashes) of all stored events: sorted runs in pages of 512 keys, merged when
/// eight runs of a size class are there (a log-structured merge tree: P. O'Neil et al., Acta Informatica 1996), under a
/// Bloom filter in memory. Never a row an event: 8 bytes a key stored.
/// The window is the whole history: a key is known for as long as the ledger lies there.
/// Thread: one. Memory: the filter, at most FilterKeysMax keys of 12 bits (24 MiB). With more keys it fills up: at four
/// times as many it still spares a third of the look-ups. Errors: as SQLite's.
class DedupeIndex
{
public:
    static constexpr std::uint64_t FilterKeysMax = 16u << 20;

    /// Adds the keys of a commit inside its transaction; @p keys gets sorted. Call `committed` or `rolledBack` after.
    Status add(sqlite::Database &database, std::vector<std::uint64_t> &keys);
    void committed();
    void rolledBack() { m_pending.clear(); }
    /// Which of @p keys are there, in their order. O(keys × runs) pages at most, each read once; a run is one of
    /// O(log keys).
    Result<std::vector<bool>> contains(sqlite::Database &database, std::span<const std::uint64_t> keys);

private:
    Status load(sqlite::Database &database);
    Status mergeRuns(sqlite::Database &database);
    Status writeRun(sqlite::Database &database, const std::vector<std::uint64_t> &keys);
    Status readRun(sqlite::Database &database, std::int64_t run, std::vector<std::uint64_t> &keys);
    Status findIn(std::int64_t run, std::span<const std::uint64_t> keys, std::span<const std::size_t> wanted,
                  std::vector<bool> &found);

    bool m_loaded = false;
    std::uint64_t m_keys = 0;
    std::uint64_t m_capacity = 0;
    std::string m_filter;
    std::vector<std::uint64_t> m_pending;
    sqlite::Statement m_runs, m_findPage;
};

} // namespace eventops
