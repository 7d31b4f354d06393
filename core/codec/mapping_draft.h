// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/detect.h"

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// A pipeline file for documents like the one at hand, to be edited: what somebody who knows the mapping language would
/// begin with.
struct PipelineDraft {
    std::string name;     ///< Of the pipeline; letters, digits and hyphens.
    std::string codec;    ///< That is to read it; "unknown" counts as text.
    bool written = false; ///< The format's mapping in full instead of its name, where it has one.
};

/// The `map:` of a format as its table says it, without indentation. Nothing: it is read by code, or by more than a
/// mapping. Thread: any.
std::optional<std::string> formatMapping(std::string_view codec);

/// A `map:` guessed from @p found, whose records are of no known format: which of their values are the time, what
/// happened, to whom, how bad it is. JSON by the names and forms of its members; text by what separates its fields.
/// O(bytes of the records).
std::string guessMapping(const Detection &found);

/// The pipeline as YAML. @p bytes: those that @p found was made of. Complete: it is valid as it stands, and reads the
/// document as `auto` does, or by its mapping.
std::string draftPipeline(std::string_view bytes, const Detection &found, const PipelineDraft &draft);

} // namespace eventops
