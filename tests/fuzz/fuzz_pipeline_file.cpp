// SPDX-License-Identifier: MIT
//
// Any text as a pipeline file: a pipeline, or an error that says something.
#include "core/config/pipeline_file.h"
#include "pipelines/components.h"
#include "tests/fuzz/fuzz_target.h"

using namespace eventops;

EVENTOPS_FUZZ(pipeline_file)
{
    const Registry registry{builtinStages(), builtinSources()};
    const auto spec = parsePipeline(bytes, "fuzz.yaml", registry, "/nonexistent");
    if (!spec && spec.error().message.empty())
        std::abort();
}
