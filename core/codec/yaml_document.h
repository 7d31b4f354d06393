// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/document_format.h"
#include "core/codec/json_envelope.h"

#include <string_view>
#include <vector>

namespace eventops {

/// True: text that is no JSON and has lines "name: …", as a document of YAML has. O(length of its first lines).
bool looksLikeYaml(std::string_view text);

/// The documents of @p text: what stands between lines that begin with "---". O(length).
std::vector<std::string_view> yamlDocuments(std::string_view text);

/// Reads a file of YAML documents with "---" between them: each that is of @p format by @p envelope, the others are
/// passed over, as a catalog may lie among other things. All or none; BadElement names the document and line.
DecodeFailure readYamlDocuments(std::string_view text, const DocumentFormat &format, JsonEnvelope &envelope,
                                Batch &batch, std::uint32_t record);

} // namespace eventops
