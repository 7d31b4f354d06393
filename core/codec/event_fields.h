// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A field of an event as a person sees it.
struct EventField {
    std::string name;  ///< As filters name it; "ts_event", "severity" and "value" besides the texts.
    std::string value; ///< Texts as they are, objects and lists as JSON.
};

/// What @p event holds, in a fixed order, without how it was read. Thread: any. O(length of the texts).
std::vector<EventField> eventFields(const Batch &batch, const Event &event);

/// How mappings name what @p field of an event comes from: "ts" for "ts_event", the name itself for most.
std::string_view mappingName(std::string_view field);

} // namespace eventops
