// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/spec.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace eventops {

/// The stateless half of a pipeline on one worker: decode, then the map stages, then the entity keys.
/// Thread: one worker's.
class DecodePhase
{
public:
    ~DecodePhase();
    /// Errors: InvalidConfig from a stage's settings.
    static Result<std::unique_ptr<DecodePhase>> make(std::span<const Configured<StageSpec>> stages);

    /// Told what decoding (0) and each map stage (1, 2, …) left in the batch.
    using AfterStage = std::function<void(std::size_t stage, const Batch &batch)>;

    /// Fills events, dead letters and outcomes of @p batch, whose records are set.
    void run(RecordDecoder &decoder, Batch &batch, const AfterStage &after = nullptr);

    /// Sets Event::entityKey of every event.
    static void setEntityKeys(Batch &batch);
    /// Removes the events marked in @p drop; a stored record left without events gets @p outcome.
    static void removeEvents(Batch &batch, const std::vector<bool> &drop, Outcome outcome);

private:
    DecodePhase();
    struct Removal;
    class Context;
    static void compact(Batch &batch, const std::vector<Removal> &removals);

    std::vector<std::unique_ptr<MapStage>> m_stages;
    std::vector<Removal> m_removals;
};

} // namespace eventops
