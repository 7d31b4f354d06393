// SPDX-License-Identifier: MIT
#include "core/pipeline/decode_phase.h"

#include "core/base/hash.h"

#include <algorithm>
#include <string>

namespace eventops {

/// A map stage's wish to take an event, or its whole record, out of the batch.
struct DecodePhase::Removal {
    std::uint32_t event;
    bool wholeRecord;
    std::string_view reason;
    std::string detail;
};

class DecodePhase::Context final : public MapContext
{
public:
    explicit Context(std::vector<Removal> &removals) : m_removals(removals) {}
    void deadLetter(std::uint32_t event, const LossReason &reason, std::string_view detail) override
    {
        m_removals.push_back({event, true, reason.name, std::string(detail)});
    }
    void skip(std::uint32_t event, const LossReason &reason) override
    {
        m_removals.push_back({event, false, reason.name, {}});
    }

private:
    std::vector<Removal> &m_removals;
};

DecodePhase::DecodePhase() = default;
DecodePhase::~DecodePhase() = default;

Result<std::unique_ptr<DecodePhase>> DecodePhase::make(std::span<const Configured<StageSpec>> stages)
{
    std::unique_ptr<DecodePhase> phase(new DecodePhase);
    for (const Configured<StageSpec> &stage : stages) {
        if (stage.spec->makeMap != nullptr)
            phase->m_stages.push_back(EVENTOPS_TRY(stage.spec->makeMap(stage.settings)));
    }
    return phase;
}

void DecodePhase::run(RecordDecoder &decoder, Batch &batch, const AfterStage &after)
{
    decoder.decode(batch);
    std::size_t done = 0;
    if (after)
        after(done, batch);
    for (const auto &stage : m_stages) {
        m_removals.clear();
        Context context(m_removals);
        stage->process(batch, context);
        if (!m_removals.empty())
            compact(batch, m_removals);
        if (after)
            after(++done, batch);
    }
    setEntityKeys(batch);
}

void DecodePhase::compact(Batch &batch, const std::vector<Removal> &removals)
{
    std::vector<bool> drop(batch.events.size(), false);
    for (const Removal &removal : removals) {
        const std::uint32_t record = batch.events[removal.event].record;
        if (!removal.wholeRecord) {
            drop[removal.event] = true;
            continue;
        }
        if (batch.records[record].outcome == Outcome::DeadLettered)
            continue; // the first reason stands
        batch.records[record].outcome = Outcome::DeadLettered;
        batch.deadLetters.push_back(
            {record, batch.strings.intern(removal.reason), batch.strings.append(removal.detail)});
    }
    removeEvents(batch, drop, Outcome::Skipped);
    std::stable_sort(batch.deadLetters.begin(), batch.deadLetters.end(),
                     [](const DeadLetter &a, const DeadLetter &b) { return a.record < b.record; });
}

void DecodePhase::removeEvents(Batch &batch, const std::vector<bool> &drop, Outcome outcome)
{
    std::vector<std::uint32_t> left(batch.records.size(), 0);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < batch.events.size(); ++i) {
        const Event &event = batch.events[i];
        if (drop[i] || batch.records[event.record].outcome == Outcome::DeadLettered)
            continue;
        ++left[event.record];
        if (kept != i)
            batch.events[kept] = event;
        ++kept;
    }
    batch.events.resize(kept);
    for (std::size_t r = 0; r < batch.records.size(); ++r) {
        if (batch.records[r].outcome == Outcome::Stored && left[r] == 0)
            batch.records[r].outcome = outcome;
    }
}

void DecodePhase::setEntityKeys(Batch &batch)
{
    // Neighbours mostly speak of one entity: remember the last.
    StrId tenant = NoStr, type = NoStr, id = NoStr;
    std::uint64_t key = entityKey({}, {}, {});
    for (Event &event : batch.events) {
        if (event[Field::EntityId] != id || event[Field::EntityType] != type || event[Field::Tenant] != tenant) {
            tenant = event[Field::Tenant];
            type = event[Field::EntityType];
            id = event[Field::EntityId];
            key = entityKey(batch.text(tenant), batch.text(type), batch.text(id));
        }
        event.entityKey = key;
    }
}

} // namespace eventops
