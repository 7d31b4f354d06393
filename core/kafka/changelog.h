// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/kafka/kafka_client.h"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace eventops {

// What a member of a group knows of a partition lies in a compacted topic, in the partition of the same number, so that
// whoever gets the partition next goes on from there. Keys, P being the partition:
//
//   P|cursor     {"seq":…,"offset":…}: up to where everything is in committed transactions; one with each of them
//   P|manifest   {"version":1,"seq":…,"offset":…,"watermark":…|null,"config":…,"parts":…,"bytes":…,"sha256":…}: what
//   the
//                stages knew once they had seen everything before that offset
//   P|part-N     a piece of that state, N from 0; pieces that it no longer needs are taken away by tombstones
//
// A state is written whole, manifest last, in one transaction with a cursor; the newest record of each key is therefore
// always of one and the same state, however the topic is compacted. The digest says so.

struct ChangelogCursor {
    Seq seq = 0;
    std::uint64_t offset = 0; ///< Of the next message of the input.
};

/// The stages' state after `seq`, and where the input goes on then.
struct ChangelogState {
    ChangelogCursor at;
    WallNs watermark = NoTime;
    std::string config; ///< Hash of the settings that it hangs on.
    std::string bytes;  ///< Empty: that before the first record.
};

/// What a partition of the changelog holds.
struct ChangelogContent {
    std::optional<ChangelogCursor> cursor; ///< Nothing: nobody has worked on the partition.
    std::optional<ChangelogState> state;   ///< Nothing: there is none, or:
    std::string damage;                    ///< why what is there cannot be used; empty: it can.
    std::size_t parts = 0;                 ///< Pieces that are there, however many the state needs.
    std::uint64_t records = 0;             ///< Read for it.
};

/// One message of it; nothing: a tombstone.
struct ChangelogRecord {
    std::string key;
    std::optional<std::string> value;
};

constexpr std::size_t ChangelogPartBytesMax = 900'000; ///< Brokers take a megabyte by default.

ChangelogRecord cursorRecord(std::uint32_t partition, const ChangelogCursor &cursor);
/// Pieces, tombstones for those that were there before (@p partsBefore), manifest.
std::vector<ChangelogRecord> stateRecords(std::uint32_t partition, const ChangelogState &state,
                                          std::size_t partsBefore);
/// How many pieces a state has.
std::size_t changelogParts(const ChangelogState &state);

/// Reads the partition to its end, committed records only. Call it when nobody can write there any more (see
/// KafkaTransactions::open). Memory: the newest record of each key. Unavailable, NotFound, Refused, Cancelled.
Result<ChangelogContent> readChangelog(std::shared_ptr<KafkaClient> client, const std::string &topic,
                                       std::uint32_t partition, const std::function<bool()> &mustStop);

} // namespace eventops
