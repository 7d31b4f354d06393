// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transform_mapping.h"

#include <memory>
#include <string>
#include <vector>

namespace eventops::app {

/// Every kind of transformer that the programs know. @p scripts: folder of those in Python.
TransformerRegistry transformerRegistry(const std::vector<std::shared_ptr<const TransformMapping>> &shipped,
                                        const std::string &scripts);

/// Where a workspace's own transformers in Python lie.
std::string scriptFolderOf(const std::string &workspace);

} // namespace eventops::app
