// SPDX-License-Identifier: MIT
#include "app/cli/series_files.h"

#include "app/cli/cli.h"

#include "core/base/time.h"
#include "core/entropy/value_model.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace eventops::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t FilesMax = 100'000;
constexpr std::size_t LineBytesMax = 4'096;
constexpr std::uint64_t RowsMax = 100'000'000; ///< Of one file.
constexpr std::size_t NotesMax = 5;            ///< Of one file; more are counted.

/// What is wrong with the rows of one file, on standard error.
class RowNotes
{
public:
    explicit RowNotes(std::string file) : m_file(std::move(file)) {}
    void add(std::uint64_t line, const char *what)
    {
        if (m_count++ < NotesMax)
            std::fprintf(stderr, "%s:%llu: %s\n", printable(m_file).c_str(), static_cast<unsigned long long>(line),
                         what);
    }
    ~RowNotes()
    {
        if (m_count > NotesMax)
            std::fprintf(stderr, "%s: %zu more such rows\n", printable(m_file).c_str(), m_count - NotesMax);
    }
    RowNotes(const RowNotes &) = delete;
    RowNotes &operator=(const RowNotes &) = delete;

private:
    std::string m_file;
    std::size_t m_count = 0;
};

Error fileError(const std::string &what, const fs::path &path, const char *remedy)
{
    return Error{Error::Code::InvalidArgument, what, {path.string()}, remedy};
}

std::string_view trimmed(std::string_view text)
{
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '"'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

WallNs timeOf(std::string_view text)
{
    if (const auto time = parseTimestamp(text))
        return *time;
    return timestampFromEpochText(text).value_or(NoTime);
}

/// The score of one row, after which it is learned. A row without a number is noted and is no news.
double scoreRow(RobustValueModel &model, std::string_view row, std::uint64_t line, std::uint64_t index, RowNotes &notes)
{
    const std::size_t comma = row.find(',');
    const std::string_view cell
        = comma == std::string_view::npos ? std::string_view() : trimmed(row.substr(comma + 1));
    double value = 0.0;
    const auto read = std::from_chars(cell.data(), cell.data() + cell.size(), value);
    if (cell.empty() || read.ec != std::errc() || read.ptr != cell.data() + cell.size() || !std::isfinite(value)) {
        notes.add(line, "there is no number after the first comma; the row scores 0");
        return 0.0;
    }
    const WallNs ts = timeOf(trimmed(row.substr(0, comma)));
    if (ts == NoTime)
        notes.add(line, "the first cell is no time; the row is scored without one");
    return unitScore(model.observe({1, value, ts, ageOf(index)}));
}

/// The next line of at most LineBytesMax; false at the end of the file and at a longer one, which latches failbit.
bool nextLine(std::ifstream &in, std::vector<char> &buffer, std::string_view &line)
{
    if (!in.getline(buffer.data(), static_cast<std::streamsize>(buffer.size())))
        return false;
    line = std::string_view(buffer.data());
    return true;
}

} // namespace

Result<std::vector<std::string>> csvFilesBelow(const std::string &directory)
{
    const fs::path root = directory;
    std::vector<std::string> files;
    std::error_code error;
    fs::recursive_directory_iterator at(root, error);
    for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
        std::error_code unknown;
        if (at->path().extension() != ".csv" || !at->is_regular_file(unknown))
            continue;
        if (files.size() >= FilesMax)
            return fileError("there are more than " + std::to_string(FilesMax) + " files", root, "score parts of it");
        files.push_back(at->path().lexically_relative(root).generic_string());
    }
    if (error)
        return fileError("cannot be read: " + error.message(), root, "name a directory that you may read");
    if (files.empty())
        return fileError("there is no .csv file below it", root, "name the directory that holds the series");
    std::sort(files.begin(), files.end());
    return files;
}

Status scoreSeriesFile(const std::string &directory, const std::string &file, const SeriesRowScored &row)
{
    const fs::path root = directory;
    std::ifstream in(root / file, std::ios::binary);
    std::vector<char> buffer(LineBytesMax + 1);
    std::string_view line;
    if (!in || !nextLine(in, buffer, line))
        return fileError("the file has no heading or cannot be read", root / file, "remove it or make it readable");
    RobustValueOptions options;
    options.seriesMax = options.detailsMax = 1;
    RobustValueModel model(options);
    RowNotes notes(file);
    std::uint64_t at = 2;
    for (std::uint64_t rows = 0; nextLine(in, buffer, line); ++at) {
        if (trimmed(line).empty()) {
            if (in.peek() != std::ifstream::traits_type::eof())
                notes.add(at, "the line is empty and left out");
            continue;
        }
        if (++rows > RowsMax)
            return fileError("there are more than " + std::to_string(RowsMax) + " rows", root / file, "split the file");
        row(line.substr(0, line.find(',')), scoreRow(model, line, at, rows, notes));
        if (interrupted())
            return Error{Error::Code::Cancelled, "interrupted"};
    }
    if (in.eof())
        return Ok{};
    return fileError("line " + std::to_string(at) + " is longer than " + std::to_string(LineBytesMax)
                         + " bytes or cannot be read",
                     root / file, "give rows of timestamp,value below a heading");
}

} // namespace eventops::cli
