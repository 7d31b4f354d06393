// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <optional>
#include <string>

namespace eventops {

/// What a demo run sets in the demo's pipeline; what is left out stays as the pipeline says.
struct DemoOptions {
    std::optional<std::uint64_t> seed;
    std::optional<double> pace;          ///< Virtual seconds a second; 0: as fast as it goes.
    std::optional<std::string> duration; ///< Virtual: "90m".
    std::optional<std::string> warmup;   ///< Handed out at once even when paced.
    std::string world;                   ///< File through which actions reach the made-up world; empty: they do not.
};

/// The text of pipeline @p text (of the file @p name, beside which its files are looked for) with @p options set on its
/// source `scenario` and its executor `demo`, as JSON: for ReplayRequest::pipelineText, with @p name as pipelineName.
/// Errors: InvalidConfig when it is no pipeline or has no such source. Thread: any.
Result<std::string> demoPipeline(const std::string &text, const std::string &name, const DemoOptions &options);

} // namespace eventops
