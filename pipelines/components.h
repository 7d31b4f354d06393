// SPDX-License-Identifier: MIT
#pragma once

#include "core/actions/executor.h"
#include "core/pipeline/spec.h"

#include <span>

namespace eventops {

// All components of this build, sorted by name. Generated from pipelines/CMakeLists.txt.
std::span<const StageSpec *const> builtinStages();
std::span<const SourceSpec *const> builtinSources();
std::span<const ExecutorSpec *const> builtinExecutors();
std::span<const SinkSpec *const> builtinSinks();

} // namespace eventops
