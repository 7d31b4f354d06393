// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/transform_mapping.h"
#include "core/codec/transformer.h"
#include "core/pipeline/spec.h"

#include <memory>
#include <string>
#include <vector>

namespace eventops {

/// What a person needs to add a source or try a transformer, on this machine: handed down by the composition root.
/// Thread: immutable, any.
struct SourceTools {
    Registry registry;
    std::string dataDirectory; ///< The shipped `pipelines` folder.
    std::string workspace;     ///< Directory; empty: the workspace is an engine's elsewhere.
    bool mayReplay = false;    ///< Documents can be read into the workspace from here.
    TransformerRegistry transformers;
    std::vector<std::shared_ptr<const TransformMapping>> shipped;
};

} // namespace eventops
