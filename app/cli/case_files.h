// SPDX-License-Identifier: MIT
#pragma once

#include "app/cli/case_models.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The files of cases that `eventops entropy` reads. Errors name file and line: NotFound, Io, InvalidArgument.
namespace eventops::cli {

/// Opens @p path and calls @p line(number, text) for each line, without its end. NotFound, Io, or what @p line returns.
Status readLines(const std::string &path, const std::function<Status(std::size_t, std::string_view)> &line);

/// Step names separated by blanks.
FileCase sessionOf(CaseModels &models, std::string_view line);
/// One session a line, blank ones included.
Result<std::vector<FileCase>> readSessions(const std::string &path, CaseModels &models);

/// The cases of a log of CaseID,ActivityID,CompleteTimestamp, in the order of their first lines.
Result<std::vector<FileCase>> readCaseLog(const std::string &path, CaseModels &models);

/// The likeliest step; with @p noEnd the likeliest but the end of the case.
StepSymbol likeliestStep(const StepPrediction &prediction, bool noEnd);

} // namespace eventops::cli
