// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/spec.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace eventops {

/// How a case is run. None of it may show in what comes out.
struct GoldenSetup {
    unsigned workers = 1;
    std::size_t chunkRecords = 0; ///< Records a chunk; 0: as the source gives them.
    bool restart = false;         ///< Break off in the middle, restore from checkpoint and stored events, go on.
    std::string title() const;
};

/// What a run gave: "events", "alerts", "findings", "features", "entities", "links", "suggestions", "deadletters",
/// "raw" (records kept redacted) as NDJSON, and "counts", one line of JSON.
using GoldenOutput = std::map<std::string, std::string>;

/// Runs @p spec over @p inputs (paths) into memory. @p format: of the inputs, "" as the pipeline says.
Result<GoldenOutput> runGolden(const PipelineSpec &spec, const std::vector<std::string> &inputs,
                               const std::string &format, const GoldenSetup &setup);

} // namespace eventops
