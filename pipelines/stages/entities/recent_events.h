// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/state_io.h"
#include "core/entropy/flat_table.h"
#include "core/model/batch.h"

#include <cstdint>
#include <memory>
#include <string>

namespace eventops {

/// Which entity an event was about, by what later events may name it: its id, its idempotency key, or its correlation
/// id (the first entity seen with it). Within a tenant. Bounded: the least recently seen keys go first.
/// Thread: one. Complexity: O(1) amortised a key.
class RecentEvents
{
public:
    struct Name {
        std::string type;
        std::string id;
    };

    explicit RecentEvents(std::size_t keysMax) : m_table(keysMax) {}
    void remember(const Batch &batch, const Event &event);
    /// The entity of the event that @p event names as its cause; event id before idempotency key before correlation id.
    /// Null: none, or not seen lately. Valid until the next `remember`.
    const Name *cause(const Batch &batch, const Event &event) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    struct Entry {
        std::uint64_t key = 0;
        std::uint32_t seen = 0;
        std::shared_ptr<const Name> entity;
    };
    std::shared_ptr<const Name> nameOf(const Batch &batch, const Event &event);

    FlatTable<Entry> m_table;
    std::shared_ptr<const Name> m_last; ///< Of the last event: adjacent events share it.
};

} // namespace eventops
