// SPDX-License-Identifier: MIT
//
// Any text as a pipeline file: a pipeline, or an error that says something.
#include "core/config/pipeline_file.h"
#include "pipelines/components.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    using namespace eventops;
    const Registry registry{builtinStages(), builtinSources()};
    const auto spec =
        parsePipeline({reinterpret_cast<const char *>(data), size}, "fuzz.yaml", registry, "/nonexistent");
    if (!spec && spec.error().message.empty())
        std::abort();
    return 0;
}
