// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// @p caller depends on @p callee; both are places in the list of nodes.
struct CallEdge {
    std::uint32_t caller = 0;
    std::uint32_t callee = 0;
};

constexpr double ImpactUnknown = -1.0;

/// How far one metric of one node has left what is normal.
struct NodeDeviation {
    std::uint32_t node = 0;
    std::uint32_t metric = 0; ///< The same number is the same kind of measurement at every node; small, from 0.
    double bits = 0.0;        ///< Surprise of the deviation in the bad direction; 0: as usual.
    /// What the deviation cost in a unit that adds up from callees to callers: seconds waited, calls failed.
    double impact = ImpactUnknown;
};

struct RankedCause {
    std::uint32_t node = 0;
    std::uint32_t metric = 0; ///< The one that gives most of the share.
    double share = 0.0;       ///< Of the target's deviation, 0 to 1; all shares sum to 1.
    double ownBits = 0.0;     ///< What is left of the node's bits when the bits of its best callee are taken away.
};

constexpr std::size_t CauseNodesMax = 65'536;
constexpr std::size_t CauseEdgesMax = 262'144;
constexpr std::uint32_t CauseMetricsMax = 16;

/// Ranks what the target depends on, and the target itself, as causes of a problem that is seen at the target.
///
/// The target's deviation is a mass of 1 that flows down the call paths and stays where nothing below explains it.
/// A callee explains of its caller's deviation the ratio of their bits, at most all of it; where the impact of both
/// is known, at most the ratio of impacts. Explained shares add up while impact backs them, up to the whole; of those
/// without impact only the greatest counts, because bits of several callees do not add up. The unexplained rest, the
/// node's own share, stays; the explained part is divided over the callees by their shares. Metrics flow apart and are
/// weighted by the target's own odds, 2^bits − 1: a cause deviates in what the target suffers from. A target without
/// any deviation is taken to suffer as much as its worst callee. A node that was not measured passes on what its worst
/// callee shows. One 64th of what is explained stays on the way, so that mass comes to rest in cycles too.
///
/// The share of unexplained deviation follows the idea of outlier attribution (Budhathoki et al., "Causal structure-
/// based root cause analysis of outliers", ICML 2022) with observed bits in place of a fitted causal model.
///
/// Order: share, own bits, name. @p deviations: at most one a node and metric; the last one counts. Edges may repeat
/// and form cycles; edges to itself are ignored. Errors: InvalidArgument for places out of range, LimitExceeded.
/// Thread: any. Deterministic. O(metrics × edges × rounds), rounds at most 256, in a graph without cycles its depth.
Result<std::vector<RankedCause>> rankCauses(std::span<const std::string> nodes, std::span<const CallEdge> edges,
                                            std::span<const NodeDeviation> deviations, std::uint32_t target);

} // namespace eventops
