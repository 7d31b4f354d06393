// SPDX-License-Identifier: MIT
#include "core/pipeline/commit.h"

#include "core/base/hash.h"

namespace eventops {

CommitSink::~CommitSink() = default;

Counters &Counters::operator+=(const Counters &other)
{
    received += other.received;
    stored += other.stored;
    skipped += other.skipped;
    duplicate += other.duplicate;
    deadLettered += other.deadLettered;
    inFlight += other.inFlight;
    events += other.events;
    return *this;
}

std::uint64_t dedupeKeyHash(std::string_view tenant, std::string_view key)
{
    const std::uint64_t hash = hashCombine(hash64(tenant), hash64(key));
    return hash == 0 ? 1 : hash;
}

} // namespace eventops
