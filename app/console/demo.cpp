// SPDX-License-Identifier: MIT
#include "app/console/demo.h"

#include "core/config/yaml.h"

namespace eventops::console {
namespace {

/// Virtual seconds a second, after the scenario's warm-up: what goes wrong is on screen within a minute.
constexpr const char *Pace = "20";

/// The sources of the demo, at our pace.
Value paced(const Value &sources)
{
    std::vector<Value> items;
    for (const Value &item : sources.items()) {
        Value source = item;
        if (const Value *settings = item.find("scenario"); settings != nullptr && settings->isMap()) {
            Value changed = *settings;
            changed.set("pace", Value::scalar(Pace));
            source.set("scenario", std::move(changed));
        }
        items.push_back(std::move(source));
    }
    return Value::list(std::move(items));
}

} // namespace

Result<ReplayRequest> demoRequest(const std::string &dataDirectory)
{
    ReplayRequest request;
    request.pipelineName = dataDirectory + "/definitions/demo.yaml";
    Value pipeline = EVENTOPS_TRY(loadYaml(request.pipelineName));
    if (const Value *sources = pipeline.find("sources"); sources != nullptr && sources->isList())
        pipeline.set("sources", paced(*sources));
    pipeline.appendJson(request.pipelineText);
    request.live = true;
    return request;
}

} // namespace eventops::console
