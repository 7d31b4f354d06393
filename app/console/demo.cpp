// SPDX-License-Identifier: MIT
#include "app/console/demo.h"

#include "app/common/local.h"
#include "core/session/demo.h"

namespace eventops::console {
namespace {

/// Virtual seconds a second, after the scenario's warm-up: what goes wrong is on screen within a minute, and a person
/// has time to do something about it.
constexpr double Pace = 20.0;

} // namespace

Result<ReplayRequest> demoRequest(const std::string &dataDirectory, const std::string &workspace)
{
    ReplayRequest request;
    request.pipelineName = dataDirectory + "/definitions/demo.yaml";
    DemoOptions options;
    options.pace = Pace;
    options.world = workspace + "/world.ndjson"; // what is approved takes hold in the made-up world
    const std::string text = EVENTOPS_TRY(app::readTextFile(request.pipelineName));
    request.pipelineText = EVENTOPS_TRY(demoPipeline(text, request.pipelineName, options));
    request.live = true;
    return request;
}

} // namespace eventops::console
