// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/lake/duckdb_connection.h"
#include "core/model/batch.h"
#include "core/model/finding.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace eventops::lake {

/// Where the lake of a workspace lies (contract L14). What other programs read are `metrics.duckdb` and the parts.
struct LakePaths {
    std::string directory; ///< `<workspace>/data`
    std::string working() const { return directory + "/.working.duckdb"; }  ///< Ours alone, open while we write.
    std::string published() const { return directory + "/metrics.duckdb"; } ///< A whole, closed copy.
    std::string metricParts() const { return directory + "/parquet"; }
    std::string alertParts() const { return directory + "/parquet-alerts"; }
    std::string scratch() const { return directory + "/.parts.new"; }
};

/// How far the projection got in the ledger, and what it holds.
struct LakeMark {
    Seq events = 0;             ///< All events of records up to this one are in.
    std::uint64_t findings = 0; ///< All findings up to this number are in.
    std::uint64_t metricRows = 0, alertRows = 0;
    std::uint64_t parts = 0;    ///< Parquet files written.
};

/// Writes the projection: tables `metrics` and `alerts` of contract L13, Parquet parts of them, and the copy that other
/// programs open. Everything here can be built again from the ledger.
///
/// A batch and its mark are one transaction, so a crash neither loses nor doubles rows. Parts are planned in the
/// database before they are put in their place, so a crash neither loses nor doubles them either.
/// Thread: one; the caller holds the workspace's "lake" lock. Memory: DuckDB's limit below, plus one chunk.
class LakeWriter
{
public:
    struct Options {
        std::uint64_t memoryBytesMax = 256u << 20;
        std::uint64_t partRowsMax = 200'000; ///< Rows looked at by one export, which may give many parts; fewer where
                                             ///< these do not fit into the memory.
    };
    /// Opens the projection or starts a new one; a damaged one is set aside first, see `setAside`. A projection that
    /// knows more than the ledger (@p ledgerEnd: its last record) belongs to another one and is set aside as well.
    static Result<std::unique_ptr<LakeWriter>> open(const LakePaths &paths, Seq ledgerEnd, const Options &options);
    ~LakeWriter();

    const LakeMark &mark() const { return m_mark; }
    /// Empty, or why the lake began anew and where the old one lies.
    const std::string &notice() const { return m_notice; }

    /// Rows of the next commit.
    Status append(const Batch &batch);
    Status append(const Finding &finding);
    /// All appended, and how far that is in the ledger, as one transaction.
    Status commit(Seq events, std::uint64_t findings);

    std::uint64_t rowsWithoutParts() const;
    /// Writes what was committed since the last call as new parts.
    Status exportParts();
    /// Closes, copies and opens again; readers of the published file see the old one or the new one.
    Status publish();

private:
    LakeWriter(LakePaths paths, const Options &options) : m_paths(std::move(paths)), m_options(options) {}
    Status openWorking();
    Status restart(const std::string &why);
    Status readMark();
    Status begin();
    Status finishMoves();
    Status clearScratch() const;
    struct Export;
    Result<bool> exportSome(const Export &what, std::uint64_t rowsMax);
    Status planMoves(const Export &what, std::uint64_t to);

    const LakePaths m_paths;
    const Options m_options;
    std::string m_notice;
    LakeMark m_mark;
    std::uint64_t m_metricsExported = 0, m_alertsExported = 0;
    std::unique_ptr<DuckDatabase> m_database;
    std::unique_ptr<DuckAppender> m_metrics, m_alerts; ///< Only inside of a transaction.
    std::uint64_t m_metricRows = 0, m_alertRows = 0;   ///< Of the transaction under way.
    std::vector<std::pair<std::string, std::string>> m_tags;
};

/// Removes a lake but for what was set aside as damaged. The caller holds the workspace's "lake" lock.
Status removeLake(const LakePaths &paths);

/// The members of a JSON object as texts; what is no text stands as it was written. Of a key that comes twice the last
/// one counts. What is no object has none.
void readTags(std::string_view json, std::vector<std::pair<std::string, std::string>> &tags);

} // namespace eventops::lake
