// SPDX-License-Identifier: MIT
//
// Parquet parts of the projection. DuckDB writes one file a partition under names of its own choice; the plan of where
// each belongs is committed together with how far the export got; then the files are put in their place.
#include "core/lake/files.h"
#include "core/lake/lake_writer.h"
#include "core/lake/parquet_parts.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace eventops::lake {
namespace {

constexpr std::uint64_t FoldersAtOnceMax = 256; ///< Files that DuckDB has open while it writes.
constexpr std::size_t InsertRowsMax = 500;      ///< Of one INSERT.
constexpr std::uint64_t PartRowsMin = 500;      ///< If so few do not fit into the memory, none will.

/// One partition of an export.
struct PartKey {
    std::string folder; ///< Below the root of the table's parts.
    std::uint64_t rows = 0;
};

const std::string &root(const LakePaths &paths, std::string_view table, std::string &scratch)
{
    scratch = table == "alerts" ? paths.alertParts() : paths.metricParts();
    return scratch;
}

std::string rowRange(std::uint64_t from, std::uint64_t to)
{
    return "rowid >= " + std::to_string(from) + " AND rowid < " + std::to_string(to);
}

} // namespace

struct LakeWriter::Export {
    std::string table;
    std::uint64_t rows;      ///< That the table has.
    std::uint64_t &exported; ///< Of them.
    std::string column;      ///< Of lake.mark.
};

Status LakeWriter::exportParts()
{
    const std::vector<Export> tables = {{"metrics", m_mark.metricRows, m_metricsExported, "metrics_exported"},
                                        {"alerts", m_mark.alertRows, m_alertsExported, "alerts_exported"}};
    for (const Export &table : tables) {
        std::uint64_t rows = m_options.partRowsMax;
        for (;;) {
            const Result<bool> more = exportSome(table, rows);
            const bool tooMuch = !more && more.error().code == Error::Code::LimitExceeded && rows > PartRowsMin;
            if (tooMuch)
                rows = std::max(PartRowsMin, rows / 4); // DuckDB sorts them in memory, and rows can be long
            else if (!EVENTOPS_TRY(Result<bool>(more)))
                break;
        }
    }
    return Ok{};
}

/// Exports up to @p rowsMax rows; false: there was nothing to export.
Result<bool> LakeWriter::exportSome(const Export &what, std::uint64_t rowsMax)
{
    const std::uint64_t from = what.exported;
    const std::uint64_t to = std::min(what.rows, from + rowsMax);
    if (from >= to)
        return false;
    EVENTOPS_TRY(clearScratch());
    EVENTOPS_TRY(makeFolders(m_paths.scratch()));
    EVENTOPS_TRY(m_database->execute(
        "CREATE OR REPLACE TEMP TABLE part_key AS "
        "SELECT row_number() OVER (ORDER BY tenant, metric, day) AS p, tenant, metric, day, n "
        "FROM (SELECT tenant, metric, CAST(ts AS DATE) AS day, count(*) AS n FROM "
        + what.table + " WHERE " + rowRange(from, to) + " GROUP BY ALL)"));
    const std::int64_t counted = EVENTOPS_TRY(m_database->integer("SELECT sum(n)::BIGINT FROM part_key"));
    if (static_cast<std::uint64_t>(counted) != to - from)
        return Error{Error::Code::Corrupt, "the rows of " + what.table + " are not where they were",
                     {m_paths.working(), 0, 0}, "build it again: eventops lake rebuild"};
    const auto keys = static_cast<std::uint64_t>(EVENTOPS_TRY(m_database->integer("SELECT count(*) FROM part_key")));
    for (std::uint64_t first = 1; first <= keys; first += FoldersAtOnceMax) {
        const std::string folder = m_paths.scratch() + "/from-" + std::to_string(first);
        EVENTOPS_TRY(m_database->execute(
            "COPY (SELECT k.p, m.* EXCLUDE (day_of) FROM (SELECT *, CAST(ts AS DATE) AS day_of FROM " + what.table
            + " WHERE " + rowRange(from, to)
            + ") AS m JOIN part_key AS k ON m.tenant IS NOT DISTINCT FROM k.tenant AND m.metric IS NOT DISTINCT FROM "
              "k.metric AND m.day_of IS NOT DISTINCT FROM k.day WHERE k.p >= "
            + std::to_string(first) + " AND k.p < " + std::to_string(first + FoldersAtOnceMax)
            + " ORDER BY k.p, m.ts) TO " + sqlText(folder) + " (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (p))"));
    }
    EVENTOPS_TRY(planMoves(what, to));
    what.exported = to;
    EVENTOPS_TRY(finishMoves());
    return true;
}

/// Gives each written file its folder and number, and commits that together with the mark.
Status LakeWriter::planMoves(const Export &what, std::uint64_t to)
{
    std::map<std::string, PartKey> keys; // by "p=N", as DuckDB names the folders
    const auto nothing = [](const std::vector<SqlColumn> &) {};
    EVENTOPS_TRY(m_database->query(
        "SELECT p, tenant, metric, coalesce(CAST(day AS VARCHAR), ''), n FROM part_key", {}, nothing, [&](SqlRow &row) {
            keys["p=" + row[0].text] = {partFolder(row[1].text, row[2].text, row[3].text),
                                        std::strtoull(row[4].text.c_str(), nullptr, 10)};
            return true;
        }));
    std::map<std::string, std::uint64_t> last; // by folder: the largest number ever given
    EVENTOPS_TRY(m_database->query("SELECT folder, max(number) FROM lake.part WHERE \"table\" = " + sqlText(what.table)
                                       + " GROUP BY folder",
                                   {}, nothing, [&](SqlRow &row) {
                                       last[row[0].text] = std::strtoull(row[1].text.c_str(), nullptr, 10);
                                       return true;
                                   }));
    std::vector<std::string> values;
    std::string rootPath;
    std::error_code failed;
    std::vector<std::filesystem::path> files;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(m_paths.scratch(), failed)) {
        if (entry.is_regular_file())
            files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const std::filesystem::path &file : files) {
        const auto key = keys.find(file.parent_path().filename().string());
        if (key == keys.end())
            return Error{Error::Code::Corrupt, "DuckDB wrote a part that nobody asked for", {file.string(), 0, 0}};
        const std::string &folder = key->second.folder;
        std::uint64_t &number = last[folder];
        number = std::max(number, lastPartNumber(root(m_paths, what.table, rootPath) + '/' + folder)) + 1;
        EVENTOPS_TRY(syncPath(file.string()));
        EVENTOPS_TRY(syncPath(file.parent_path().string()));
        values.push_back('(' + sqlText(what.table) + ", " + sqlText(folder) + ", " + std::to_string(number) + ", "
                         + std::to_string(key->second.rows) + ", "
                         + sqlText(file.lexically_relative(m_paths.scratch()).string()) + ')');
    }
    EVENTOPS_TRY(m_database->execute("BEGIN"));
    for (std::size_t i = 0; i < values.size(); i += InsertRowsMax) {
        std::string sql = "INSERT INTO lake.part VALUES ";
        for (std::size_t k = i; k < std::min(values.size(), i + InsertRowsMax); ++k)
            sql += (k > i ? ", " : "") + values[k];
        EVENTOPS_TRY(m_database->execute(sql));
    }
    EVENTOPS_TRY(m_database->execute("UPDATE lake.mark SET " + what.column + " = " + std::to_string(to)));
    EVENTOPS_TRY(m_database->execute("COMMIT"));
    m_mark.parts += values.size();
    return Ok{};
}

/// Carries out what is planned; what was carried out before a crash is not done again.
Status LakeWriter::finishMoves()
{
    std::vector<PartMove> moves;
    std::string rootPath;
    EVENTOPS_TRY(m_database->query(
        "SELECT \"table\", folder, number, written_as FROM lake.part WHERE written_as <> ''", {},
        [](const std::vector<SqlColumn> &) {}, [&](SqlRow &row) {
            moves.push_back({m_paths.scratch() + '/' + row[3].text,
                             root(m_paths, row[0].text, rootPath) + '/' + row[1].text + '/'
                                 + partName(std::strtoull(row[2].text.c_str(), nullptr, 10))});
            return true;
        }));
    for (const PartMove &move : moves)
        EVENTOPS_TRY(placePart(move));
    if (!moves.empty())
        EVENTOPS_TRY(m_database->execute("UPDATE lake.part SET written_as = '' WHERE written_as <> ''"));
    return clearScratch();
}

} // namespace eventops::lake
