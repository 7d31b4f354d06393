// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/pipeline/commit.h"
#include "core/pipeline/source.h"

#include <span>
#include <string>

namespace eventops {

/// Where reading @p source goes on: what is known of one of its key whose bytes were those that @p source begins with,
/// the newest of it when it is named more than once. Otherwise it is a source of its own, under its key or, when that
/// is another's whose bytes differ, its key with "~1", "~2", … Errors: what Source::hasPrefix says. Complexity: as many
/// looks at the source's beginning as others have its key.
Result<SourceProgress> placeOf(const Source &source, std::span<const SourceProgress> known,
                               std::span<const std::string> taken = {});

} // namespace eventops
