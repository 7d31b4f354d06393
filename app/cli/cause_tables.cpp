// SPDX-License-Identifier: MIT
#include "app/cli/cause_tables.h"

#include "core/codec/csv.h"
#include "core/base/read_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>

namespace eventops::cli {
namespace {

constexpr double MagnitudeMax = 1e100; ///< Products of two values stay finite.

/// The lines of a CSV file, one after the other.
class TableReader
{
public:
    static Result<TableReader> open(const std::string &path)
    {
        TableReader reader;
        reader.m_path = path;
        reader.m_text = EVENTOPS_TRY(readTextFile(path, CauseTableBytesMax));
        if (reader.m_text.starts_with("\xEF\xBB\xBF"))
            reader.m_text.erase(0, 3);
        return reader;
    }

    const std::vector<CsvCell> &cells() const { return m_cells; }

    /// Goes to the next line that is not blank. False: there is none. Errors: a broken quote, another number of cells
    /// than the first line has.
    Result<bool> next()
    {
        while (m_at < m_text.size()) {
            m_line += m_lines;
            CsvLineEnd end;
            const std::size_t stop = end.find(m_text, m_at).value_or(m_text.size());
            std::string_view record = std::string_view(m_text).substr(m_at, stop - m_at);
            m_lines = 1 + static_cast<std::uint32_t>(std::count(record.begin(), record.end(), '\n'));
            m_at = stop + 1;
            if (record.ends_with('\r'))
                record.remove_suffix(1);
            if (record.empty())
                continue;
            if (!readCsvRecord(record, m_cells))
                return error(0, "a quote stands where none may be", "quote the whole cell and double the quotes in it");
            if (m_width == 0)
                m_width = m_cells.size();
            if (m_cells.size() != m_width)
                return error(0, "a line of " + std::to_string(m_cells.size()) + " cells under " +
                                    std::to_string(m_width) + " columns",
                             "give each line as many cells as the first");
            if ((m_cellsRead += m_cells.size()) > CauseTableCellsMax)
                return Error{Error::Code::LimitExceeded,
                             "more than " + std::to_string(CauseTableCellsMax) + " cells",
                             {m_path, m_line, 0},
                             "leave out windows or series"};
            return true;
        }
        return false;
    }

    /// @p column from 1 for the cell; 0: the whole line.
    Error error(std::size_t column, std::string message, std::string remedy) const
    {
        if (column != 0)
            message = "column " + std::to_string(column) + ": " + std::move(message);
        return {Error::Code::InvalidInput, std::move(message), {m_path, m_line, 0}, std::move(remedy)};
    }

    /// The number in a cell; nothing in an empty one.
    Result<std::optional<double>> number(std::size_t cell) const
    {
        const std::string &text = m_cells[cell].text;
        if (text.empty())
            return std::optional<double>{};
        double value = 0.0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size() || !(std::fabs(value) <= MagnitudeMax))
            return error(cell + 1, "\"" + text.substr(0, 60) + "\" is no number",
                         "write a number, or nothing where nothing was measured");
        return std::optional(value);
    }

private:
    TableReader() = default;

    std::string m_path;
    std::string m_text;
    std::size_t m_at = 0;
    std::uint32_t m_line = 1;
    std::uint32_t m_lines = 0; ///< That the last record took.
    std::size_t m_width = 0;
    std::size_t m_cellsRead = 0;
    std::vector<CsvCell> m_cells;
};

/// Reads a line that has to be there.
Status need(TableReader &reader, const char *what, const char *remedy)
{
    if (!EVENTOPS_TRY(reader.next()))
        return reader.error(0, std::string("the file ends before ") + what, remedy);
    return Ok{};
}

bool onlyNamesTheIndex(const TableReader &reader)
{
    for (std::size_t i = 1; i < reader.cells().size(); ++i) {
        if (!reader.cells()[i].text.empty())
            return false;
    }
    const auto time = reader.number(0);
    return !time || !time.value();
}

} // namespace

Result<CallGraph> readCallGraph(const std::string &path)
{
    TableReader reader = EVENTOPS_TRY(TableReader::open(path));
    EVENTOPS_TRY(need(reader, "its first line", "begin with an empty cell and the names of the callees"));
    CallGraph graph;
    std::unordered_map<std::string, std::uint32_t> places;
    for (std::size_t i = 1; i < reader.cells().size(); ++i) {
        const std::string &name = reader.cells()[i].text;
        if (name.empty() || !places.emplace(name, graph.nodes.size()).second)
            return reader.error(i + 1, "the node \"" + name + "\" stands twice or has no name", "name each node once");
        graph.nodes.push_back(name);
    }
    while (EVENTOPS_TRY(reader.next())) {
        const std::string &name = reader.cells()[0].text;
        if (name.empty())
            return reader.error(1, "the caller has no name", "begin each line with the name of a node");
        const auto [caller, added] = places.emplace(name, graph.nodes.size());
        if (added)
            graph.nodes.push_back(name);
        for (std::size_t i = 1; i < reader.cells().size(); ++i) {
            const auto calls = EVENTOPS_TRY(reader.number(i));
            if (calls.value_or(0.0) != 0.0)
                graph.edges.push_back({caller->second, static_cast<std::uint32_t>(i - 1)});
        }
    }
    return graph;
}

Result<MetricTable> readMetricTable(const std::string &path)
{
    constexpr const char *Remedy = "begin with lines of the nodes, their metrics, and the statistics";
    TableReader reader = EVENTOPS_TRY(TableReader::open(path));
    MetricTable table;
    EVENTOPS_TRY(need(reader, "the line of nodes", Remedy));
    table.columns.resize(reader.cells().size() - 1);
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        table.columns[i].node = reader.cells()[i + 1].text;
    EVENTOPS_TRY(need(reader, "the line of metrics", Remedy));
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        table.columns[i].metric = reader.cells()[i + 1].text;
    EVENTOPS_TRY(need(reader, "the line of statistics", Remedy));
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        table.columns[i].statistic = reader.cells()[i + 1].text;
    bool first = true;
    while (EVENTOPS_TRY(reader.next())) {
        if (first && onlyNamesTheIndex(reader)) {
            first = false;
            continue;
        }
        first = false;
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const auto value = EVENTOPS_TRY(reader.number(i + 1));
            table.columns[i].values.push_back(value.value_or(std::numeric_limits<double>::quiet_NaN()));
        }
        ++table.rows;
    }
    if (table.rows == 0)
        return reader.error(0, "no window of time", "give at least one line of values");
    return table;
}

Result<CauseRanks> rankCauseFiles(const CauseFiles &files)
{
    CauseRanks out;
    out.graph = EVENTOPS_TRY(readCallGraph(files.graph));
    const std::vector<std::string> &nodes = out.graph.nodes;
    const auto target = std::ranges::find(nodes, files.target);
    if (target == nodes.end())
        return Error{Error::Code::NotFound, "--target: there is no node \"" + files.target + "\"",
                     {files.graph, 1, 0}, "name a node of the first line"};
    const auto place = static_cast<std::uint32_t>(target - nodes.begin());
    const MetricTable normal = EVENTOPS_TRY(readMetricTable(files.normal));
    const MetricTable issue = EVENTOPS_TRY(readMetricTable(files.issue));
    out.measured = EVENTOPS_TRY(metricDeviations(normal, issue, nodes, place));
    out.causes = EVENTOPS_TRY(rankCauses(nodes, out.graph.edges, out.measured.deviations, place));
    return out;
}

} // namespace eventops::cli
