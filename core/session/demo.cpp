// SPDX-License-Identifier: MIT
#include "core/session/demo.h"

#include "core/base/json.h"
#include "core/yaml/yaml.h"

namespace eventops {
namespace {

constexpr char SourceName[] = "scenario";
constexpr char ExecutorName[] = "demo";

std::string numberText(double number)
{
    std::string out;
    appendJsonNumber(out, number);
    return out;
}

Value withSource(const Value &given, const DemoOptions &options)
{
    Value settings = given.isMap() ? given : Value::map({}, given.where());
    if (options.seed)
        settings.set("seed", Value::scalar(std::to_string(*options.seed)));
    if (options.pace)
        settings.set("pace", Value::scalar(numberText(*options.pace)));
    if (options.duration)
        settings.set("duration", Value::scalar(*options.duration, {}, true));
    if (options.warmup)
        settings.set("warmup", Value::scalar(*options.warmup, {}, true));
    if (!options.world.empty())
        settings.set("world", Value::scalar(options.world, {}, true));
    return settings;
}

} // namespace

Result<std::string> demoPipeline(const std::string &text, const std::string &name, const DemoOptions &options)
{
    Value root = EVENTOPS_TRY(parseYaml(text, name));
    const Value *sources = root.isMap() ? root.find("sources") : nullptr;
    std::vector<Value> changed;
    bool found = false;
    if (sources != nullptr && sources->isList()) {
        for (Value source : sources->items()) {
            if (const Value *settings = source.isMap() ? source.find(SourceName) : nullptr) {
                Value set = withSource(*settings, options);
                source.set(SourceName, std::move(set));
                found = true;
            }
            changed.push_back(std::move(source));
        }
    }
    if (!found)
        return root.error("the pipeline has no source \"scenario\"", "add `- scenario: {file: ...}` under sources:");
    root.set("sources", Value::list(std::move(changed)));
    const Value *executors = root.find("executors");
    const Value *executor = executors != nullptr && executors->isMap() ? executors->find(ExecutorName) : nullptr;
    if (executor != nullptr && !options.world.empty()) {
        Value settings = executor->isMap() ? *executor : Value::map({}, executor->where());
        settings.set("world", Value::scalar(options.world, {}, true));
        Value all = *executors;
        all.set(ExecutorName, std::move(settings));
        root.set("executors", std::move(all));
    }
    std::string out;
    root.appendJson(out);
    return out;
}

} // namespace eventops
