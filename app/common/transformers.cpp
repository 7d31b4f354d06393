// SPDX-License-Identifier: MIT
#include "app/common/transformers.h"

#include "core/session/script_transformers.h"

namespace eventops::app {

TransformerRegistry transformerRegistry(const std::vector<std::shared_ptr<const TransformMapping>> &shipped,
                                        const std::string &scripts)
{
    TransformerRegistry registry;
    addJsonTransformer(registry);
    addShippedTransformers(registry, shipped);
    ScriptFolder folder;
    folder.folder = scripts;
    addScriptTransformers(registry, std::move(folder));
    return registry;
}

std::string scriptFolderOf(const std::string &workspace)
{
    return workspace + "/transformers";
}

} // namespace eventops::app
