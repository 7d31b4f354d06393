// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/pipeline/spec.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops {

// A repartition topic holds whole messages of other topics, each as the line that its source made of it (see
// core/codec/kcat.h), under the key of its events. Where a message gives events of several keys, each partition gets it
// whole, with a first member "for" that names the key whose events count there. So nothing is lost or changed on the
// way: events have the ids, times and headers that they have when they are read directly.

/// Which entity an event is about, as the key of a message: "tenant|entity".
std::string entityKeyText(const Batch &batch, const Event &event);

/// One message of the repartition topic.
struct RekeyedMessage {
    std::string key;
    std::string line;
};
/// Those that record @p record of @p batch becomes; @p events: the half-open range of its events. One for each key, in
/// the order of their first events.
std::vector<RekeyedMessage> rekeyed(const Batch &batch, const RawRecord &record, std::size_t eventBegin,
                                    std::size_t eventEnd);

/// The map stage that leaves out the events which a line with "for" has for other keys; the last of its phase.
extern const StageSpec KeepKeyStage;

} // namespace eventops
