// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/store/ledger.h"

#include <string>

namespace eventops {

/// Writes the whole record of a dead letter to @p path. NotFound, Io, Full.
Status writeDeadLetter(Ledger &ledger, std::int64_t deadLetter, const std::string &path);

/// Decodes the file with the pipeline's first source and map stages, storing nothing. InvalidInput with the reason when
/// a record of it would go to the dead letters again.
Status tryDecode(const PipelineSpec &spec, const std::string &path, const std::string &format);

} // namespace eventops
