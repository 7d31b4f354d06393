// SPDX-License-Identifier: MIT
#pragma once

#include "app/cli/cli.h"
#include "core/codec/transform_mapping.h"

#include <memory>
#include <string>
#include <vector>

namespace eventops::cli {

/// Every kind of transformer that this program knows. @p scripts: folder of those in Python; empty: the workspace's
/// own.
TransformerRegistry transformerRegistry(const Context &context,
                                        const std::vector<std::shared_ptr<const TransformMapping>> &shipped,
                                        const std::string &scripts);

} // namespace eventops::cli
