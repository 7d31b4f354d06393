// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

// The series of timestamp,value that `eventops entropy` scores.
namespace eventops::cli {

/// *.csv below @p directory as paths relative to it with '/', sorted by their bytes.
Result<std::vector<std::string>> csvFilesBelow(const std::string &directory);

/// Gets a row's first cell as it stands and its score, 0 to 1.
using SeriesRowScored = std::function<void(std::string_view time, double score)>;

/// Scores the series of @p file below @p directory with the pipeline's model and defaults, each row once in order. What
/// is wrong with rows goes to standard error. Errors: InvalidArgument; Cancelled by a signal.
Status scoreSeriesFile(const std::string &directory, const std::string &file, const SeriesRowScored &row);

} // namespace eventops::cli
