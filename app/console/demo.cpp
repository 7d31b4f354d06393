// SPDX-License-Identifier: MIT
#include "app/console/demo.h"

#include "app/common/local.h"
#include "core/lake/duckdb_library.h"
#include "core/session/demo.h"

namespace eventops::console {

Result<ReplayRequest> demoRequest(const std::string &dataDirectory, const std::string &workspace, double pace)
{
    ReplayRequest request;
    request.pipelineName = dataDirectory + "/definitions/demo.yaml";
    DemoOptions options;
    options.pace = pace;
    options.world = workspace + "/world.ndjson"; // what is approved takes hold in the made-up world
    const std::string text = EVENTOPS_TRY(app::readTextFile(request.pipelineName));
    request.pipelineText = EVENTOPS_TRY(demoPipeline(text, request.pipelineName, options));
    request.live = true;
    request.lake = bool(lake::DuckDbLibrary::load()); // dashboards over the lake, where it can be
    return request;
}

} // namespace eventops::console
