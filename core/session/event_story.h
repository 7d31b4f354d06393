// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"
#include "core/session/backend.h"

#include <atomic>

namespace eventops {

/// Tells an event's story from the ledger: its stored form and raw bytes, what came of it, and, by running its kept
/// record through the stages again one more at a time, what each stage did. Stages are pure functions, so this is what
/// happened and not a guess; where the record was not kept, or another pipeline read it, the note says so.
/// @p spec: of the workspace's pipeline; null when nothing ran yet. NotFound.
/// Complexity: O(blocks whose membership filter knows the id), else of the ledger; see Ledger::events.
Result<EventStory> tellStory(Ledger &ledger, const Registry &registry, const PipelineSpec *spec,
                             const std::string &eventId, const std::atomic<bool> &cancelled);

} // namespace eventops
