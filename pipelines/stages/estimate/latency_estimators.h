// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"
#include "core/entropy/latency_entropy.h"
#include "core/model/batch.h"
#include "core/model/finding.h"

#include <cstdint>
#include <memory>
#include <optional>

namespace eventops::estimate {

/// One duration on its way to an estimator. Views into the batch.
struct Duration {
    const Batch &batch;
    const Event &event;
    std::uint64_t key = 0; ///< Of entity and what takes so long; not 0.
    std::string_view what; ///< Metric, or the step that lasted.
    std::int64_t ns = 0;
    std::uint32_t age = 0; ///< ageOf its record.
};

/// A named estimator of one partition: learns durations and tells those that it finds remarkable.
/// Thread: its partition's. Memory: bounded by the number of keys that it was made with.
class LatencyEstimator
{
public:
    virtual ~LatencyEstimator();
    virtual std::optional<Finding> observe(const Duration &duration) = 0;
    virtual void save(StateWriter &out) const = 0;
    virtual Status load(StateReader &in) = 0;
};

/// Tells a slice of time whose latencies are spread otherwise than usual; see LatencyEntropy.
std::unique_ptr<LatencyEstimator> makeLatencyEntropy(const LatencyEntropyOptions &options);

/// Tells a duration beyond the 95th percentile, when the one before was not; see LateP95.
std::unique_ptr<LatencyEstimator> makeLateP95(std::size_t keysMax);

} // namespace eventops::estimate
