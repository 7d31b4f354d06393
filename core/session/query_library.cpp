// SPDX-License-Identifier: MIT
#include "core/session/query_library.h"

#include "core/base/json.h"
#include "core/yaml/yaml.h"
#include "core/lake/files.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace eventops {
namespace {

constexpr std::array<std::string_view, 4> ChartNames = {"table", "number", "line", "bar"};
constexpr std::array<std::string_view, SqlPlaceCount> PlaceNames = {"ledger", "lake", "clickhouse"};
constexpr std::size_t FileStemMax = 80;

Status onlyKnown(const Value &map, std::initializer_list<std::string_view> known)
{
    if (!map.isMap())
        return map.error("expected names and values");
    for (const auto &[name, value] : map.members()) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            return value.error("unknown field '" + name + "'");
    }
    return Ok{};
}

/// A member's text; empty when it is not there.
Result<std::string> textOf(const Value &map, std::string_view name)
{
    const Value *value = map.find(name);
    return value != nullptr ? value->text() : Result<std::string>(std::string());
}

Result<SqlChart> chartOf(const Value &map)
{
    EVENTOPS_TRY(onlyKnown(map, {"kind", "x", "y", "series", "unit"}));
    SqlChart chart;
    const std::string kind = EVENTOPS_TRY(textOf(map, "kind"));
    const auto found = std::find(ChartNames.begin(), ChartNames.end(), kind);
    if (found == ChartNames.end())
        return map.error("kind is '" + kind + "'", "table, number, line or bar");
    chart.kind = static_cast<SqlChart::Kind>(found - ChartNames.begin());
    chart.x = EVENTOPS_TRY(textOf(map, "x"));
    chart.y = EVENTOPS_TRY(textOf(map, "y"));
    chart.series = EVENTOPS_TRY(textOf(map, "series"));
    chart.unit = EVENTOPS_TRY(textOf(map, "unit"));
    return chart;
}

Result<SavedQuery> queryOf(const Value &map)
{
    EVENTOPS_TRY(onlyKnown(map, {"query", "help", "where", "sql", "chart", "columns"}));
    SavedQuery query;
    query.title = EVENTOPS_TRY(textOf(map, "query"));
    if (query.title.empty())
        return map.error("a query has no title", "give it one: query: …");
    query.help = EVENTOPS_TRY(textOf(map, "help"));
    const std::string where = EVENTOPS_TRY(textOf(map, "where"));
    const auto place = std::find(std::begin(PlaceNames), std::end(PlaceNames), where);
    if (place == std::end(PlaceNames))
        return map.error("where is '" + where + "'", "ledger, lake or clickhouse");
    query.place = static_cast<SqlPlace>(place - std::begin(PlaceNames));
    query.text = EVENTOPS_TRY(textOf(map, "sql"));
    if (query.text.empty())
        return map.error("a query has no sql");
    if (const Value *chart = map.find("chart"))
        query.chart = EVENTOPS_TRY(chartOf(*chart));
    if (const Value *columns = map.find("columns")) {
        const std::int64_t number = EVENTOPS_TRY(columns->integer());
        if (number < 1 || number > static_cast<std::int64_t>(DashboardColumnsMax))
            return columns->error("columns is " + std::to_string(number), "1 to 4");
        query.columns = static_cast<unsigned>(number);
    }
    return query;
}

Result<SavedQuery> makeOf(const Value &value, SavedQuery *)
{
    return queryOf(value);
}

Result<Dashboard> makeOf(const Value &value, Dashboard *)
{
    EVENTOPS_TRY(onlyKnown(value, {"dashboard", "help", "panels"}));
    Dashboard board;
    board.title = EVENTOPS_TRY(textOf(value, "dashboard"));
    if (board.title.empty())
        return value.error("a dashboard has no title", "give it one: dashboard: …");
    board.help = EVENTOPS_TRY(textOf(value, "help"));
    const Value *panels = value.find("panels");
    if (panels == nullptr || !panels->isList() || panels->items().empty())
        return value.error("a dashboard has no panels", "list them under panels:");
    if (panels->items().size() > DashboardPanelsMax)
        return panels->error("more than " + std::to_string(DashboardPanelsMax) + " panels");
    for (const Value &panel : panels->items())
        board.panels.push_back(EVENTOPS_TRY(queryOf(panel)));
    return board;
}

/// All files of a folder that hold a Thing, the shipped folder first, by title in each.
template <typename Thing>
std::vector<Thing> readAll(const QueryFolders &folders, const char *below, std::vector<Error> &errors)
{
    std::vector<Thing> things;
    for (const std::string *root : {&folders.shipped, &folders.own}) {
        std::vector<std::filesystem::path> files;
        std::error_code failed;
        for (const auto &entry : std::filesystem::directory_iterator(*root + '/' + below, failed)) {
            if (entry.path().extension() == ".yaml")
                files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        files.resize(std::min(files.size(), QueryFilesMax));
        const auto first = static_cast<std::ptrdiff_t>(things.size());
        for (const std::filesystem::path &file : files) {
            auto made = [&]() -> Result<Thing> {
                const Value value = EVENTOPS_TRY(loadYaml(file.string()));
                return makeOf(value, static_cast<Thing *>(nullptr));
            }();
            if (!made) {
                errors.push_back(made.error());
                continue;
            }
            things.push_back(std::move(made).value());
            things.back().file = file.string();
            things.back().shipped = root == &folders.shipped;
        }
        std::stable_sort(things.begin() + first, things.end(),
                         [](const Thing &a, const Thing &b) { return a.title < b.title; });
    }
    return things;
}

/// A file name that a title gives: letters and digits, the rest as one dash each.
std::string stemOf(const std::string &title)
{
    std::string stem;
    for (const char c : title) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            stem += c;
        else if (c >= 'A' && c <= 'Z')
            stem += static_cast<char>(c - 'A' + 'a');
        else if (!stem.empty() && stem.back() != '-')
            stem += '-';
    }
    while (!stem.empty() && stem.back() == '-')
        stem.pop_back();
    stem.resize(std::min(stem.size(), FileStemMax));
    return stem.empty() ? "query" : stem;
}

/// JSON is YAML, and a quoted text needs no care for what is in it.
std::string fileText(const SavedQuery &query)
{
    std::string out;
    const auto field = [&](const char *name, const std::string &value) {
        if (value.empty())
            return;
        out += std::string(name) + ": ";
        appendJsonString(out, value);
        out += '\n';
    };
    field("query", query.title);
    field("help", query.help);
    field("where", std::string(PlaceNames[static_cast<std::size_t>(query.place)]));
    field("sql", query.text);
    out += "chart:\n";
    field("  kind", std::string(ChartNames[static_cast<std::size_t>(query.chart.kind)]));
    field("  x", query.chart.x);
    field("  y", query.chart.y);
    field("  series", query.chart.series);
    field("  unit", query.chart.unit);
    return out;
}

} // namespace

std::vector<SavedQuery> savedQueries(const QueryFolders &folders, std::vector<Error> &errors)
{
    return readAll<SavedQuery>(folders, "queries", errors);
}

std::vector<Dashboard> savedDashboards(const QueryFolders &folders, std::vector<Error> &errors)
{
    return readAll<Dashboard>(folders, "dashboards", errors);
}

Result<SavedQuery> parseSavedQuery(std::string_view text, const std::string &file)
{
    const Value value = EVENTOPS_TRY(parseYaml(text, file));
    return queryOf(value);
}

Result<Dashboard> parseDashboard(std::string_view text, const std::string &file)
{
    const Value value = EVENTOPS_TRY(parseYaml(text, file));
    return makeOf(value, static_cast<Dashboard *>(nullptr));
}

Result<std::string> saveQuery(const QueryFolders &folders, const SavedQuery &query)
{
    if (query.title.empty() || query.text.empty())
        return Error{Error::Code::InvalidArgument, "a saved query needs a title and a text"};
    const std::string folder = folders.own + "/queries";
    EVENTOPS_TRY(lake::makeFolders(folder));
    std::string path = query.shipped ? std::string() : query.file;
    std::error_code failed;
    for (unsigned i = 1; path.empty(); ++i) {
        const std::string name = stemOf(query.title) + (i > 1 ? '-' + std::to_string(i) : "") + ".yaml";
        if (i > QueryFilesMax)
            return Error{Error::Code::LimitExceeded, "too many saved queries have that title", {folder, 0, 0}};
        if (!std::filesystem::exists(folder + '/' + name, failed))
            path = folder + '/' + name;
    }
    const std::string beside = path + ".new";
    {
        std::ofstream file(beside, std::ios::binary | std::ios::trunc);
        file << fileText(query);
        file.flush();
        if (!file)
            return lake::fileError("cannot write", beside);
    }
    EVENTOPS_TRY(lake::syncPath(beside));
    if (std::rename(beside.c_str(), path.c_str()) != 0)
        return lake::fileError("cannot write", path);
    return path;
}

Status removeQuery(const SavedQuery &query)
{
    if (query.shipped || query.file.empty())
        return Error{Error::Code::Refused, "this query is shipped with the program", {query.file, 0, 0}};
    if (std::remove(query.file.c_str()) != 0)
        return lake::fileError("cannot remove", query.file);
    return Ok{};
}

} // namespace eventops
