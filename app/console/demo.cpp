// SPDX-License-Identifier: MIT
#include "app/console/demo.h"

#include "app/common/local.h"
#include "core/config/yaml.h"

namespace eventops::console {

Result<ReplayRequest> demoRequest(const std::string &dataDirectory)
{
    ReplayRequest request;
    request.pipelineName = dataDirectory + "/definitions/demo.yaml";
    request.pipelineText = EVENTOPS_TRY(app::readTextFile(request.pipelineName));
    request.live = true;
    return request;
}

} // namespace eventops::console
