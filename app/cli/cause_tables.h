// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/entropy/metric_deviation.h"
#include "core/entropy/root_cause.h"

#include <cstddef>
#include <string>
#include <vector>

// The tables that `eventops entropy rank-causes` reads. CSV (RFC 4180); every error names file, line and column.
namespace eventops::cli {

constexpr std::size_t CauseTableBytesMax = std::size_t{64} << 20;
constexpr std::size_t CauseTableCellsMax = std::size_t{1} << 23;

struct CallGraph {
    std::vector<std::string> nodes;
    std::vector<CallEdge> edges;
};

/// A matrix of calls: a line a caller, a column a callee, not 0 where the one calls the other.
Result<CallGraph> readCallGraph(const std::string &path);

/// Three lines of heads (node, metric, statistic), maybe a line that only names the index, then a line a window: its
/// time and a value a series; an empty cell was not measured.
Result<MetricTable> readMetricTable(const std::string &path);

struct CauseFiles {
    std::string graph;
    std::string normal;
    std::string issue;
    std::string target;
};

struct CauseRanks {
    CallGraph graph;
    MetricDeviations measured;
    std::vector<RankedCause> causes;
};

/// rankCauses over files. Errors also: NotFound when the graph has no node of the target's name.
Result<CauseRanks> rankCauseFiles(const CauseFiles &files);

} // namespace eventops::cli
