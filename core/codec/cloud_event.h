// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// A CloudEvent in the binary mode, whose attributes stand beside its data, as the JSON of the structured mode.
/// @p headers: a JSON object of texts, names in small letters: those that begin with @p prefix are attributes ("ce-" of
/// HTTP, where values are percent-encoded; "ce_" of Kafka), content-type says what @p data is. Data that is JSON stays
/// so, other text becomes a text, and bytes data_base64. Nothing: there is no specversion among them. Thread: any.
std::optional<std::string> structuredCloudEvent(std::string_view headers, std::string_view prefix,
                                                std::string_view data);

} // namespace eventops
