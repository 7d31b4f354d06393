// SPDX-License-Identifier: MIT
#include "core/model/batch.h"

#include "core/base/hash.h"

namespace eventops {

void Batch::clear()
{
    chunks.clear();
    records.clear();
    events.clear();
    deadLetters.clear();
    oversize.clear();
    strings.clear();
    tsIngest = NoTime;
}

void appendRecord(Batch &to, const Batch &from, std::uint32_t record, std::size_t &eventBegin,
                  std::size_t &deadLetterBegin)
{
    const auto copyText = [&](StrId id) { return id == NoStr ? NoStr : to.strings.intern(from.text(id)); };
    const auto index = static_cast<std::uint32_t>(to.records.size());
    RawRecord &added = to.records.emplace_back(from.records[record]);
    const auto &chunk = from.chunks[added.chunk];
    if (to.chunks.empty() || to.chunks.back() != chunk)
        to.chunks.push_back(chunk);
    added.chunk = static_cast<std::uint32_t>(to.chunks.size() - 1);
    added.redacted = copyText(added.redacted);
    for (; eventBegin < from.events.size() && from.events[eventBegin].record == record; ++eventBegin) {
        Event &event = to.events.emplace_back(from.events[eventBegin]);
        event.record = index;
        for (StrId &id : event.text)
            id = copyText(id);
    }
    for (; deadLetterBegin < from.deadLetters.size() && from.deadLetters[deadLetterBegin].record == record;
         ++deadLetterBegin) {
        const DeadLetter &letter = from.deadLetters[deadLetterBegin];
        to.deadLetters.push_back({index, copyText(letter.reason), copyText(letter.detail)});
    }
}

std::uint64_t entityKey(std::string_view tenant, std::string_view entityType, std::string_view entityId)
{
    return hashCombine(hashCombine(hash64(tenant), hash64(entityType)), hash64(entityId));
}

} // namespace eventops
