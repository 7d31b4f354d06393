// SPDX-License-Identifier: MIT
#include "core/session/script_transformers.h"

#include "core/base/time.h"
#include "core/codec/json_reader.h"
#include "core/codec/object_fields.h"
#include "core/script/script_pool.h"

#include <algorithm>
#include <filesystem>

namespace eventops {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view Type = "PythonTransformer";

std::optional<std::string> optionalText(const ObjectFields &fields, std::string_view name)
{
    return fields.raw(name).empty() ? std::nullopt : std::optional(fields.text(name));
}

/// Calls @p read with each object of the array @p member.
template <typename Read>
void eachOf(std::string_view output, std::string_view member, const Read &read)
{
    JsonItems items(jsonMember(output, member).value_or(""));
    std::string_view name, item;
    while (items.next(name, item))
        read(ObjectFields(item));
}

class ScriptTransformer final : public Transformer
{
public:
    ScriptTransformer(const ScriptSpec &spec, unsigned workers) : m_pool(spec, workers) {}

    std::vector<Result<TransformerOutput>> transform(std::span<const RawEvent> events) override
    {
        std::vector<std::string> times;
        std::vector<ScriptInput> inputs;
        times.reserve(events.size());
        for (const RawEvent &event : events) {
            times.push_back(event.time == NoTime ? std::string() : formatTimestamp(event.time));
            inputs.push_back({event.id, event.body, event.source, event.contentType, times.back()});
        }
        std::vector<Result<TransformerOutput>> outputs;
        outputs.reserve(events.size());
        for (ScriptOutput &output : m_pool.transform(inputs))
            outputs.push_back(resultOf(std::move(output)));
        return outputs;
    }

    void cancel() override { m_pool.cancel(); }

private:
    static Result<TransformerOutput> resultOf(ScriptOutput output)
    {
        switch (output.what) {
        case ScriptOutput::What::Output: return readScriptOutput(output.text);
        case ScriptOutput::What::NotApplicable: return TransformerOutput();
        case ScriptOutput::What::Failed: return Error{Error::Code::InvalidInput, std::move(output.text)};
        case ScriptOutput::What::TimedOut:
            return Error{Error::Code::LimitExceeded, std::move(output.text), {}, "look for a loop without an end"};
        case ScriptOutput::What::Unavailable: break;
        }
        return Error{Error::Code::Unavailable, std::move(output.text)};
    }

    ScriptPool m_pool;
};

} // namespace

Result<TransformerOutput> readScriptOutput(std::string_view json)
{
    JsonReader reader;
    if (const JsonFailure failure = reader.read(json))
        return Error{Error::Code::InvalidInput, "a script's output is no JSON: " + failure.text()};
    TransformerOutput out;
    eachOf(reader.document(), "processed_events", [&](const ObjectFields &fields) {
        out.events.push_back({fields.text("EventType"), optionalText(fields, "EntityID"),
                              fields.document("EventData", JsonKind::Object, "{}"), optionalText(fields, "Severity"),
                              optionalText(fields, "Message")});
    });
    eachOf(reader.document(), "entities", [&](const ObjectFields &fields) {
        out.entities.push_back({fields.text("EntityID"), fields.text("EntityType")});
    });
    eachOf(reader.document(), "links", [&](const ObjectFields &fields) {
        out.links.push_back({fields.text("SourceEntityID"), fields.text("DestinationEntityID")});
    });
    return out;
}

Result<std::string> scriptFile(const std::string &folder, const std::string &scriptPath)
{
    std::error_code failed;
    const fs::path root = fs::weakly_canonical(folder, failed);
    const bool isFile = scriptPath.ends_with(".py");
    std::string module = scriptPath;
    std::replace(module.begin(), module.end(), '.', '/');
    const std::vector<fs::path> candidates =
        isFile ? std::vector<fs::path>{root / scriptPath}
               : std::vector<fs::path>{root / (module + ".py"), root / (module.substr(module.rfind('/') + 1) + ".py")};
    for (const fs::path &candidate : candidates) {
        const fs::path file = fs::weakly_canonical(candidate, failed);
        const fs::path below = file.lexically_relative(root);
        if (below.empty() || *below.begin() == "..")
            return Error{Error::Code::InvalidConfig,
                         "ScriptPath: \"" + scriptPath.substr(0, 200) + "\" leads out of the folder of scripts",
                         {},
                         "put the script below " + root.string()};
        if (fs::is_regular_file(file, failed))
            return file.string();
    }
    return Error{Error::Code::NotFound,
                 "ScriptPath: there is no script \"" + scriptPath.substr(0, 200) + "\" below " + root.string(),
                 {},
                 "put it there, or use a transformer that is shipped"};
}

void addScriptTransformers(TransformerRegistry &registry, ScriptFolder folder)
{
    const TransformerRegistry::Factory *before = registry.find(Type);
    registry.add(std::string(Type),
                 [folder = std::move(folder), others = before == nullptr ? TransformerRegistry::Factory() : *before](
                     const TransformerSetup &setup) -> Result<std::shared_ptr<Transformer>> {
                     const ObjectFields settings(setup.settings);
                     const auto file = scriptFile(folder.folder, settings.text("ScriptPath"));
                     if (!file && file.error().code != Error::Code::NotFound)
                         return file.error();
                     if (!file) {
                         auto other = others ? others(setup) : Result<std::shared_ptr<Transformer>>(file.error());
                         return other ? std::move(other) // it may be put there later
                                      : Error{Error::Code::Unavailable, file.error().message, {}, file.error().remedy};
                     }
                     ScriptSpec spec = folder.limits;
                     std::error_code failed;
                     spec.folder = fs::weakly_canonical(folder.folder, failed).string();
                     spec.path = file.value();
                     spec.className = settings.text("ClassName");
                     return std::shared_ptr<Transformer>(std::make_shared<ScriptTransformer>(spec, folder.workers));
                 });
}

} // namespace eventops
