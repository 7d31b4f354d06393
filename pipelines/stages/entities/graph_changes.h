// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/pipeline/stage.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// An entity as text. Views of what outlives the current call: the batch's texts, or GraphChanges::keep.
struct EntityName {
    std::string_view type;
    std::string_view id;
    bool operator==(const EntityName &) const = default;
};

/// Index by key whose clearing costs nothing: slots of an earlier round count as free.
class RoundIndex
{
public:
    /// The value of @p key, or @p value, now stored, and true when it is new.
    std::pair<std::uint32_t, bool> tryEmplace(std::uint64_t key, std::uint32_t value);
    void clear();

private:
    struct Slot {
        std::uint64_t key = 0;
        std::uint32_t value = 0;
        std::uint32_t round = 0;
    };
    Slot &slotOf(std::uint64_t key);
    std::vector<Slot> m_slots;
    std::size_t m_size = 0;
    std::uint32_t m_round = 1;
};

/// The changes of one call, one an entity and one a link, however many events they come from. Adjacent events of one
/// entity cost a comparison of ids.
/// Thread: one. Complexity: O(1) an event. Memory: O(entities and links of the call); emptied by `flush`.
class GraphChanges
{
public:
    using Index = std::uint32_t;

    /// The event's own entity: counts the event and its step. Call once an event that has an entity id.
    Index addEvent(const Batch &batch, const Event &event);
    /// An entity that an event names. @p mentioned: the event is also about it and counts.
    Index addEntity(std::string_view tenant, EntityName name, WallNs ts, Seq seq, bool mentioned);
    /// Self links are skipped.
    void addLink(std::string_view tenant, EntityName source, EntityName target, std::string_view type, WallNs ts,
        Seq seq);
    /// Copies a text that does not outlive the event until `flush`.
    std::string_view keep(std::string_view text) { return m_texts.emplace_back(text); }
    /// Moves everything to @p out in the order of first mention, and forgets it.
    void flush(const Batch &batch, GlobalOutput &out);

private:
    struct EntityChange {
        std::string_view tenant;
        EntityName name;
        WallNs firstSeen = NoTime;
        WallNs lastSeen = NoTime;
        Seq firstSeq = 0;
        std::uint64_t events = 0;
        StrId lastStep = NoStr;
    };
    struct LinkChange {
        std::string_view tenant;
        EntityName source;
        EntityName target;
        std::string_view type;
        WallNs firstSeen = NoTime;
        WallNs lastSeen = NoTime;
        Seq firstSeq = 0;
        std::uint64_t events = 0;
    };
    Index indexOf(std::uint64_t key, std::string_view tenant, EntityName name, Seq seq);

    std::vector<EntityChange> m_entities;
    std::vector<LinkChange> m_links;
    RoundIndex m_entityIndex;
    RoundIndex m_linkIndex;
    std::deque<std::string> m_texts;
    StrId m_lastTenant = NoStr, m_lastType = NoStr, m_lastId = NoStr;
    Index m_last = 0;
};

} // namespace eventops
