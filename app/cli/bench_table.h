// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <limits>
#include <optional>
#include <string>
#include <vector>

// The jobs of `eventops entropy bench`. Each adds rows to the table: figures over the data sets below one directory,
// with the models and the defaults of the pipeline. Errors: those of the files.
namespace eventops::cli {

/// One figure, and what it should be.
struct BenchRow {
    std::string data;
    std::string figure;
    double value = 0.0;
    int decimals = 4;
    bool lessIsBetter = false;
    std::optional<double> must;    ///< Nothing: it is only told.
    std::optional<double> stretch;

    bool reaches(double goal) const { return lessIsBetter ? value <= goal : value >= goal; }
};

using BenchRows = std::vector<BenchRow>;

Status benchSessions(const std::string &directory, BenchRows &rows); ///< train.txt, test_normal.txt, test_abnormal.txt
Status benchProcesses(const std::string &directory, BenchRows &rows); ///< *.csv, each a log.
Status benchNab(const std::string &directory, BenchRows &rows);       ///< data/, labels/, config/ of the benchmark.
Status benchPetShop(const std::string &directory, BenchRows &rows);   ///< dataset/low_traffic/ of the data set.
Status benchSpeed(BenchRows &rows);                                   ///< Over cases and values of its own.

Status benchHostile(BenchRows &rows); ///< Streams that keep no promise, through the stage with its defaults.

} // namespace eventops::cli
