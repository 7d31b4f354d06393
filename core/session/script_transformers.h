// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transformer.h"
#include "core/script/script_worker.h"

#include <string>

namespace eventops {

/// What a script made, as transform() of ScriptWorker gives it. InvalidInput: it is not of that form.
Result<TransformerOutput> readScriptOutput(std::string_view json);

/// Where scripts lie that transformers may be, and what each may take.
struct ScriptFolder {
    std::string folder;   ///< Nothing outside it is ever run.
    unsigned workers = 2; ///< Processes of one script, started when there is something to do.
    ScriptSpec limits;    ///< Time, memory, interpreter; its path, class and folder are not looked at.
};

/// The file below @p folder that @p scriptPath names: "a/b.py", or by its module "src.a.b" as src/a/b.py, or as b.py.
/// Absolute. InvalidConfig: the name leads outside of the folder. NotFound: there is no such file.
Result<std::string> scriptFile(const std::string &folder, const std::string &scriptPath);

/// From now on a PythonTransformer (contracts C9, C12) is the script of @p folder that its settings `ScriptPath` and
/// `ClassName` name; where there is none of that name, what @p registry made of it before. Unavailable: neither.
void addScriptTransformers(TransformerRegistry &registry, ScriptFolder folder);

} // namespace eventops
