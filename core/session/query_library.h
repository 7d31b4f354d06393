// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/session/backend.h"

#include <string>
#include <vector>

namespace eventops {

// A saved query is a file:
//
//     query: Open findings by severity
//     help: What is wrong now, worst first.
//     where: ledger                       # lake, or clickhouse
//     sql: |
//       SELECT severity, count(*) AS findings FROM …
//     chart: {kind: bar, x: severity, y: findings}
//
// and so is a dashboard, whose panels are such queries:
//
//     dashboard: KPIs
//     help: …
//     panels:
//       - {query: …, where: …, sql: …, chart: {…}, columns: 2}

/// How a result is drawn.
struct SqlChart {
    enum class Kind : std::uint8_t {
        Table,  ///< As rows.
        Number, ///< The first value, large.
        Line,   ///< y over x, which is a time or a number.
        Bar,    ///< y for each x.
    };
    Kind kind = Kind::Table;
    std::string x, y;      ///< Column names; empty: the first, the second.
    std::string series;    ///< A column that tells the lines apart; empty: one line.
    std::string unit;      ///< Behind numbers: "s", "%".
};

struct SavedQuery {
    std::string title, help;
    SqlPlace place = SqlPlace::Ledger;
    std::string text;
    SqlChart chart;
    unsigned columns = 1;  ///< Of a dashboard's grid.
    std::string file;      ///< Where it was read from; empty: nowhere yet.
    bool shipped = false;  ///< Not the user's to change.
};

struct Dashboard {
    std::string title, help;
    std::vector<SavedQuery> panels;
    std::string file;
    bool shipped = false;
};

/// `<folder>/queries/*.yaml` and `<folder>/dashboards/*.yaml`, of the program and of the workspace.
struct QueryFolders {
    std::string shipped, own;
};

constexpr std::size_t QueryFilesMax = 500;     ///< Of one folder; the rest is not read.
constexpr std::size_t DashboardPanelsMax = 24;
constexpr std::size_t DashboardColumnsMax = 4;

/// What is saved, by title, the shipped first. A file that is wrong does not hide the others: its error (with file and
/// line) is in @p errors. Thread: any; it reads the disk.
std::vector<SavedQuery> savedQueries(const QueryFolders &folders, std::vector<Error> &errors);
std::vector<Dashboard> savedDashboards(const QueryFolders &folders, std::vector<Error> &errors);

Result<SavedQuery> parseSavedQuery(std::string_view text, const std::string &file);
Result<Dashboard> parseDashboard(std::string_view text, const std::string &file);

/// Writes it to `<own>/queries/<name made of the title>.yaml`, replacing the one it was read from; gives the file.
/// InvalidArgument: no title, no text. Io, Full.
Result<std::string> saveQuery(const QueryFolders &folders, const SavedQuery &query);
/// Refused: it is shipped.
Status removeQuery(const SavedQuery &query);

} // namespace eventops
