// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

/// Every bound that more than one folder relies on. A bound of one file stays in that file.
namespace eventops {

constexpr unsigned PartitionCount = 64;            ///< Fixed: independent of the number of workers.
constexpr unsigned WorkersMax = 64;
constexpr std::size_t ChunkBytesMax = 256u
                                      << 10; ///< Raw bytes a source hands over at once, unless one record is longer.
constexpr std::size_t ChunkRecordsMax = 2'048;
constexpr std::size_t EpochRecords = 8'192;        ///< Records between two merges of shared models.
constexpr std::size_t BlockEventsMax = 4'096;      ///< Events in one column block.
constexpr std::size_t RecordBytesMaxDefault = 8u << 20; ///< Longer raw records go to the dead letters in parts.
constexpr std::size_t JsonDepthMax = 1'000;
constexpr std::uint64_t CheckpointRecords = 262'144;///< Records between two checkpoints of stage state.

} // namespace eventops
