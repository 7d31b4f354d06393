// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace eventops::bench {

/// The benchmark's workload: @p lines lines of agents' JSON, about 160 bytes each. 1,000 hosts of 4 tenants send 20
/// metrics every 15 s; some hosts leave their usual values for a while. About 1 % of the lines needs normalising, 1.5 %
/// is damaged, 0.5 % is late or sent twice. The same seed gives the same bytes on every machine with IEEE doubles:
/// 1,000,000 lines with seed 42 have the MD5 sum 09e0f22a275fe31dcb0e9151cf263152.
/// Blank lines, which are no records, are among the damaged ones.
std::string agentWorkload(std::uint64_t lines, std::uint64_t seed = 42);

/// The same lines with the members of each in another order, from line to line a different one; damaged ones as they
/// were.
std::string shuffledWorkload(std::uint64_t lines);

/// @p lines change events of a document database, about 700 bytes each: the lives of documents, a step a line.
std::string changeWorkload(std::uint64_t lines);

/// What those lines must give by the rules of the eventops.agent codec.
struct WorkloadCounts {
    std::uint64_t lines = 1'000'000;
    std::uint64_t events = 985'062;
    std::uint64_t refused = 14'938; ///< Blank lines included.
};

} // namespace eventops::bench
