// SPDX-License-Identifier: MIT
#include "core/entropy/root_cause.h"

#include "core/base/math.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace eventops {
namespace {

constexpr int FlowRoundsMax = 256;
constexpr int UnmeasuredRoundsMax = 64;    ///< Longest chain of nodes without measurements that is looked through.
constexpr double PassedOn = 63.0 / 64.0;   ///< Of what callees explain; the rest stays, so that cycles come to rest.
constexpr double MassMin = 1e-9;           ///< Less than this on its way is left where it is.
constexpr double BitsMax = 1e6;
constexpr double ShareSteps = 1e12;        ///< Shares closer than this are a tie.

struct Measure {
    double bits = 0.0;
    double impact = ImpactUnknown;
    bool known = false;

    bool hasImpact() const { return impact > 0.0; }
};

/// The part of the graph that the target can reach: callees of one node side by side, nodes by their distance.
struct Reach {
    std::vector<std::uint32_t> nodes;       ///< Breadth first from the target; place 0 is the target.
    std::vector<std::uint32_t> firstCallee; ///< One more than nodes.
    std::vector<std::uint32_t> callees;     ///< Places in `nodes`.

    std::span<const std::uint32_t> calleesOf(std::size_t place) const
    {
        return std::span(callees).subspan(firstCallee[place], firstCallee[place + 1] - firstCallee[place]);
    }
};

Reach reach(std::size_t nodeCount, std::vector<CallEdge> edges, std::uint32_t target)
{
    std::ranges::sort(edges, {}, [](const CallEdge &e) { return std::pair(e.caller, e.callee); });
    const auto same = [](const CallEdge &a, const CallEdge &b) {
        return a.caller == b.caller && a.callee == b.callee;
    };
    edges.erase(std::unique(edges.begin(), edges.end(), same), edges.end());
    constexpr std::uint32_t Unseen = ~0U;
    std::vector<std::uint32_t> placeOf(nodeCount, Unseen);
    Reach out;
    out.nodes.push_back(target);
    placeOf[target] = 0;
    for (std::size_t at = 0; at < out.nodes.size(); ++at) {
        out.firstCallee.push_back(static_cast<std::uint32_t>(out.callees.size()));
        const std::uint32_t caller = out.nodes[at];
        // Not equal_range: its subrange is beyond clang 14, which builds the fuzzers.
        auto edge = std::ranges::lower_bound(edges, caller, {}, &CallEdge::caller);
        for (; edge != edges.end() && edge->caller == caller; ++edge) {
            if (edge->callee == caller)
                continue;
            if (placeOf[edge->callee] == Unseen) {
                placeOf[edge->callee] = static_cast<std::uint32_t>(out.nodes.size());
                out.nodes.push_back(edge->callee);
            }
            out.callees.push_back(placeOf[edge->callee]);
        }
    }
    out.firstCallee.push_back(static_cast<std::uint32_t>(out.callees.size()));
    return out;
}

/// Gives nodes without a measurement that of their worst callee.
void lookThrough(const Reach &graph, std::vector<Measure> &measures)
{
    bool changed = true;
    for (int round = 0; changed && round < UnmeasuredRoundsMax; ++round) {
        changed = false;
        for (std::size_t place = graph.nodes.size(); place-- > 0;) {
            Measure &own = measures[place];
            if (own.known)
                continue;
            for (const std::uint32_t callee : graph.calleesOf(place)) {
                if (measures[callee].bits > own.bits) {
                    own.bits = measures[callee].bits;
                    own.impact = measures[callee].impact;
                    changed = true;
                }
            }
        }
    }
}

double worstCallee(const Reach &graph, const std::vector<Measure> &measures, std::size_t place)
{
    double worst = 0.0;
    for (const std::uint32_t callee : graph.calleesOf(place))
        worst = std::max(worst, measures[callee].bits);
    return worst;
}

/// Which part of its caller's mass each edge passes on, in the order of `graph.callees`.
std::vector<double> edgeShares(const Reach &graph, const std::vector<Measure> &measures)
{
    std::vector<double> shares(graph.callees.size(), 0.0);
    for (std::size_t place = 0; place < graph.nodes.size(); ++place) {
        const Measure &caller = measures[place];
        if (!(caller.bits > 0.0))
            continue;
        const auto callees = graph.calleesOf(place);
        double *const share = shares.data() + graph.firstCallee[place];
        double backed = 0.0; // by impact
        double alone = 0.0;
        double sum = 0.0;
        for (std::size_t i = 0; i < callees.size(); ++i) {
            const Measure &callee = measures[callees[i]];
            share[i] = std::min(1.0, callee.bits / caller.bits);
            if (caller.hasImpact() && callee.impact >= 0.0) {
                share[i] = std::min(share[i], callee.impact / caller.impact);
                backed += share[i];
            } else {
                alone = std::max(alone, share[i]);
            }
            sum += share[i];
        }
        const double scale = sum > 0.0 ? std::min(1.0, backed + alone) / sum * PassedOn : 0.0;
        for (std::size_t i = 0; i < callees.size(); ++i)
            share[i] *= scale;
    }
    return shares;
}

/// Where a mass of 1 at the target comes to rest.
std::vector<double> flow(const Reach &graph, const std::vector<double> &shares)
{
    std::vector<double> kept(graph.nodes.size(), 0.0);
    std::vector<double> mass(graph.nodes.size(), 0.0);
    std::vector<double> next(graph.nodes.size(), 0.0);
    mass[0] = 1.0;
    double moving = 1.0;
    for (int round = 0; round < FlowRoundsMax && moving > MassMin; ++round) {
        moving = 0.0;
        std::ranges::fill(next, 0.0);
        for (std::size_t place = 0; place < graph.nodes.size(); ++place) {
            if (!(mass[place] > 0.0))
                continue;
            double stays = mass[place];
            for (std::uint32_t i = graph.firstCallee[place]; i < graph.firstCallee[place + 1]; ++i) {
                const double part = mass[place] * shares[i];
                next[graph.callees[i]] += part;
                stays -= part;
                moving += part;
            }
            kept[place] += std::max(0.0, stays);
        }
        std::swap(mass, next);
    }
    for (std::size_t place = 0; place < graph.nodes.size(); ++place)
        kept[place] += mass[place];
    return kept;
}

/// Odds of each metric to be what the target suffers from; they sum to 1.
std::vector<double> metricWeights(const std::vector<std::vector<Measure>> &measures)
{
    double most = 0.0;
    for (const std::vector<Measure> &metric : measures)
        most = std::max(most, metric[0].bits);
    std::vector<double> weights;
    double sum = 0.0;
    for (const std::vector<Measure> &metric : measures) {
        const double odds = most > 0.0 ? detExp2(metric[0].bits - most) - detExp2(-most) : 1.0;
        weights.push_back(std::max(0.0, odds));
        sum += weights.back();
    }
    for (double &weight : weights)
        weight = sum > 0.0 ? weight / sum : 1.0 / static_cast<double>(weights.size());
    return weights;
}

Status check(std::span<const std::string> nodes, std::span<const CallEdge> edges,
             std::span<const NodeDeviation> deviations, std::uint32_t target)
{
    const auto tooMany = [](const char *what, std::size_t max) {
        return Error{Error::Code::LimitExceeded, std::string("more than ") + std::to_string(max) + ' ' + what, {},
                     "rank a part of the graph"};
    };
    if (nodes.size() > CauseNodesMax)
        return tooMany("nodes", CauseNodesMax);
    if (edges.size() > CauseEdgesMax)
        return tooMany("edges", CauseEdgesMax);
    const auto inside = [&](std::uint32_t node) { return node < nodes.size(); };
    const auto edgeInside = [&](const CallEdge &edge) { return inside(edge.caller) && inside(edge.callee); };
    if (!inside(target) || !std::ranges::all_of(edges, edgeInside) ||
        !std::ranges::all_of(deviations, inside, &NodeDeviation::node))
        return Error{Error::Code::InvalidArgument, "a node's place is outside the list of nodes", {}, {}};
    for (const NodeDeviation &deviation : deviations) {
        if (deviation.metric >= CauseMetricsMax)
            return tooMany("metrics", CauseMetricsMax);
    }
    return Ok{};
}

/// By metric and place in @p graph, unmeasured nodes filled in.
std::vector<std::vector<Measure>> measuresOf(const Reach &graph, std::size_t nodeCount,
                                             std::span<const NodeDeviation> deviations)
{
    std::vector<std::uint32_t> placeOf(nodeCount, ~0U);
    for (std::uint32_t place = 0; place < graph.nodes.size(); ++place)
        placeOf[graph.nodes[place]] = place;
    std::uint32_t metrics = 1;
    for (const NodeDeviation &deviation : deviations)
        metrics = std::max(metrics, deviation.metric + 1);
    std::vector<std::vector<Measure>> out(metrics, std::vector<Measure>(graph.nodes.size()));
    for (const NodeDeviation &deviation : deviations) {
        if (const std::uint32_t place = placeOf[deviation.node]; place != ~0U) {
            const double bits = deviation.bits > 0.0 ? std::min(deviation.bits, BitsMax) : 0.0;
            const bool costs = deviation.impact >= 0.0 && std::isfinite(deviation.impact);
            out[deviation.metric][place] = {bits, costs ? deviation.impact : ImpactUnknown, true};
        }
    }
    for (std::vector<Measure> &metric : out)
        lookThrough(graph, metric);
    const bool deviates = std::ranges::any_of(out, [](const auto &metric) { return metric[0].bits > 0.0; });
    for (std::vector<Measure> &metric : out) {
        if (!deviates)
            metric[0] = {worstCallee(graph, metric, 0), ImpactUnknown, true};
    }
    return out;
}

} // namespace

Result<std::vector<RankedCause>> rankCauses(std::span<const std::string> nodes, std::span<const CallEdge> edges,
                                            std::span<const NodeDeviation> deviations, std::uint32_t target)
{
    EVENTOPS_TRY(check(nodes, edges, deviations, target));
    const Reach graph = reach(nodes.size(), {edges.begin(), edges.end()}, target);
    const std::vector<std::vector<Measure>> measures = measuresOf(graph, nodes.size(), deviations);
    const std::vector<double> weights = metricWeights(measures);
    std::vector<RankedCause> causes(graph.nodes.size());
    std::vector<double> most(graph.nodes.size(), 0.0);
    for (std::uint32_t metric = 0; metric < measures.size(); ++metric) {
        if (!(weights[metric] > 0.0))
            continue;
        const std::vector<double> kept = flow(graph, edgeShares(graph, measures[metric]));
        for (std::size_t place = 0; place < causes.size(); ++place) {
            const double part = weights[metric] * kept[place];
            causes[place].share += part;
            if (part > most[place]) {
                most[place] = part;
                causes[place].metric = metric;
            }
            const double own = measures[metric][place].bits - worstCallee(graph, measures[metric], place);
            causes[place].ownBits = std::max(causes[place].ownBits, own);
        }
    }
    for (std::size_t place = 0; place < causes.size(); ++place)
        causes[place].node = graph.nodes[place];
    std::ranges::sort(causes, [&nodes](const RankedCause &a, const RankedCause &b) {
        const auto steps = [](double share) { return std::llround(share * ShareSteps); };
        if (steps(a.share) != steps(b.share))
            return steps(a.share) > steps(b.share);
        if (std::llround(a.ownBits * ShareSteps / BitsMax) != std::llround(b.ownBits * ShareSteps / BitsMax))
            return a.ownBits > b.ownBits;
        return nodes[a.node] != nodes[b.node] ? nodes[a.node] < nodes[b.node] : a.node < b.node;
    });
    return causes;
}

} // namespace eventops
