// SPDX-License-Identifier: MIT
#include "core/session/transform_trial.h"

#include "core/base/json.h"
#include "core/session/transform_consumer.h"
#include "core/store/transform_store.h"

#include <filesystem>
#include <map>

namespace eventops {
namespace {

constexpr std::string_view DefaultContentType = "application/json";

Status addRegistered(std::vector<TransformChoice> &out, const SourceTools &tools,
                     const std::vector<std::string> &tenants)
{
    std::error_code code;
    if (tools.workspace.empty() || !std::filesystem::exists(tools.workspace + "/ledger.db", code))
        return Ok{}; // opening would make a workspace
    const auto store = EVENTOPS_TRY(TransformStore::open(tools.workspace));
    std::map<std::int64_t, TransformSource> sources;
    for (TransformSource &source : EVENTOPS_TRY(store->sources(tenants)))
        sources.emplace(source.id, std::move(source));
    for (TransformerRow &row : EVENTOPS_TRY(store->transformers(0, tenants))) {
        const TransformSource &source = sources[row.source];
        out.push_back({row.id,
                       std::move(row.name),
                       std::move(row.description),
                       source.name,
                       source.contentType,
                       row.active,
                       {std::move(row.type), std::move(row.settings)}});
    }
    return Ok{};
}

} // namespace

Result<std::vector<TransformChoice>> transformChoices(const SourceTools &tools, const std::vector<std::string> &tenants)
{
    std::vector<TransformChoice> out;
    EVENTOPS_TRY(addRegistered(out, tools, tenants));
    for (const auto &one : tools.shipped) {
        TransformChoice &choice = out.emplace_back();
        choice.name = one->name();
        choice.summary = one->summary();
        choice.setup.type = "PythonTransformer"; // of which the shipped ones are
        choice.setup.settings.clear();
        JsonWriter(choice.setup.settings).beginObject().field("ScriptPath", one->script()).endObject();
    }
    return out;
}

Result<TransformerOutput> tryTransformer(const SourceTools &tools, const TransformChoice &choice,
                                         const std::string &source, const std::string &body)
{
    const auto transformer = EVENTOPS_TRY(tools.transformers.make(choice.setup));
    RawEvent event;
    event.id = -1;
    event.source = source;
    event.contentType = choice.contentType.empty() ? std::string(DefaultContentType) : choice.contentType;
    event.body = body;
    auto answers = transformer->transform(std::span(&event, 1));
    if (!answers.front())
        return std::move(answers.front()).error();
    if (auto wrong = unfit(answers.front().value()))
        return std::move(*wrong);
    return std::move(answers.front());
}

} // namespace eventops
