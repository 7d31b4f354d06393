// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/state_io.h"
#include "core/base/types.h"

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <utility>

namespace eventops {

/// Which dedupe keys came lately, where no ledger knows them all: a key is a duplicate while the record that brought it
/// first is among the last `recordsMax`. A function of the input alone, so it may be part of the stages' state. Thread:
/// one. Memory: about 64 bytes a key, one key an event of those records.
class KeyWindow
{
public:
    explicit KeyWindow(std::uint64_t recordsMax) : m_recordsMax(recordsMax) {}

    /// True: @p key is new as of record @p seq, and is remembered. @p seq never falls.
    bool admit(std::uint64_t key, Seq seq);

    void save(StateWriter &out) const;
    Status load(StateReader &in); ///< Corrupt: it is empty then.

private:
    const std::uint64_t m_recordsMax;
    std::deque<std::pair<Seq, std::uint64_t>> m_order; ///< Oldest first.
    std::unordered_set<std::uint64_t> m_keys;          ///< Those of m_order.
};

} // namespace eventops
