// SPDX-License-Identifier: MIT
#include "app/cli/case_files.h"

#include "core/base/time.h"
#include "core/codec/csv.h"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace eventops::cli {
namespace {

constexpr std::size_t LineBytesMax = std::size_t{16} << 20U;
constexpr std::size_t CasesMax = std::size_t{1} << 24U;

Error tooMany(const std::string &path)
{
    return Error{Error::Code::LimitExceeded, path + " holds more than " + std::to_string(CasesMax) + " cases", {},
                 "score parts of it"};
}

} // namespace

Status readLines(const std::string &path, const std::function<Status(std::size_t, std::string_view)> &line)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return Error{errno == ENOENT ? Error::Code::NotFound : Error::Code::Io,
                     path + " cannot be read: " + std::strerror(errno), {}, "give the path of a readable file"};
    std::string text;
    for (std::size_t number = 1; std::getline(file, text); ++number) {
        if (text.size() > LineBytesMax)
            return Error{Error::Code::InvalidArgument,
                         path + ':' + std::to_string(number) + ": a line is longer than 16 MiB", {},
                         "is it the right file?"};
        if (!text.empty() && text.back() == '\r')
            text.pop_back();
        EVENTOPS_TRY(line(number, text));
    }
    if (file.bad())
        return Error{Error::Code::Io, path + " cannot be read to its end: " + std::strerror(errno), {},
                     "is it a file, and is its disk sound?"};
    return Ok{};
}

FileCase sessionOf(CaseModels &models, std::string_view line)
{
    FileCase session;
    while (true) {
        const std::size_t begin = line.find_first_not_of(" \t");
        if (begin == std::string_view::npos)
            return session;
        line.remove_prefix(begin);
        const std::string_view step = line.substr(0, line.find_first_of(" \t"));
        session.steps.push_back(models.symbol(step));
        line.remove_prefix(step.size());
    }
}

Result<std::vector<FileCase>> readSessions(const std::string &path, CaseModels &models)
{
    std::vector<FileCase> sessions;
    EVENTOPS_TRY(readLines(path, [&](std::size_t, std::string_view line) -> Status {
        if (sessions.size() >= CasesMax)
            return tooMany(path);
        sessions.push_back(sessionOf(models, line));
        return Ok{};
    }));
    return sessions;
}

Result<std::vector<FileCase>> readCaseLog(const std::string &path, CaseModels &models)
{
    std::vector<FileCase> cases;
    std::vector<CsvCell> cells;
    EVENTOPS_TRY(readLines(path, [&](std::size_t number, std::string_view line) -> Status {
        const std::string place = path + ':' + std::to_string(number);
        if (!readCsvRecord(line, cells) || cells.size() < 3)
            return Error{Error::Code::InvalidArgument, place + ": three fields are expected", {},
                         "write CaseID,ActivityID,CompleteTimestamp on the first line and one event on each other"};
        if (number == 1)
            return Ok{};
        const auto time = parseTimestamp(cells[2].text);
        if (!time)
            return Error{Error::Code::InvalidArgument,
                         place + ": CompleteTimestamp \"" + cells[2].text + "\" is no time", {},
                         "write it as 2025-10-21 10:00:00"};
        if (cases.size() > CasesMax)
            return tooMany(path);
        if (cases.empty() || cases.back().id != cells[0].text)
            cases.push_back({cells[0].text, {}, {}});
        cases.back().steps.push_back(models.symbol(cells[1].text));
        cases.back().times.push_back(*time);
        return Ok{};
    }));
    return cases;
}

StepSymbol likeliestStep(const StepPrediction &prediction, bool noEnd)
{
    StepSymbol best = NoStepSymbol;
    double most = -1.0;
    for (const StepPrediction::Alternative &next : prediction.all()) {
        if (next.probability > most && !(noEnd && next.symbol == EndSymbol)) {
            best = next.symbol;
            most = next.probability;
        }
    }
    return best;
}

} // namespace eventops::cli
