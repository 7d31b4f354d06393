// SPDX-License-Identifier: MIT
#include "core/model/batch.h"

#include "core/base/hash.h"

namespace eventops {

void RawChunk::clear()
{
    bytes.clear();
    records.clear();
    origins.clear();
    codec.clear();
    position = positionEnd = prefixHash = oversizeBytes = oversizeHash = 0;
    source = 0;
    last = false;
}

void Batch::clear()
{
    chunks.clear();
    records.clear();
    events.clear();
    deadLetters.clear();
    oversize.clear();
    strings.clear();
    tsIngest = NoTime;
    rawDropped = false;
}

namespace {

StrId copyText(Batch &to, const Batch &from, StrId id)
{
    return id == NoStr ? NoStr : to.strings.intern(from.text(id));
}

std::uint32_t copyRecord(Batch &to, const Batch &from, std::uint32_t record)
{
    RawRecord &added = to.records.emplace_back(from.records[record]);
    if (added.chunk < from.chunks.size()) {
        const auto &chunk = from.chunks[added.chunk];
        if (to.chunks.empty() || to.chunks.back() != chunk)
            to.chunks.push_back(chunk);
        added.chunk = static_cast<std::uint32_t>(to.chunks.size() - 1);
    }
    added.redacted = copyText(to, from, added.redacted);
    return static_cast<std::uint32_t>(to.records.size() - 1);
}

void copyEvent(Batch &to, const Batch &from, const Event &event, std::uint32_t record)
{
    Event &added = to.events.emplace_back(event);
    added.record = record;
    for (StrId &id : added.text)
        id = copyText(to, from, id);
}

} // namespace

void appendRecord(Batch &to, const Batch &from, std::uint32_t record, std::size_t &eventBegin,
                  std::size_t &deadLetterBegin)
{
    const std::uint32_t index = copyRecord(to, from, record);
    for (; eventBegin < from.events.size() && from.events[eventBegin].record == record; ++eventBegin)
        copyEvent(to, from, from.events[eventBegin], index);
    for (; deadLetterBegin < from.deadLetters.size() && from.deadLetters[deadLetterBegin].record == record;
         ++deadLetterBegin) {
        const DeadLetter &letter = from.deadLetters[deadLetterBegin];
        to.deadLetters.push_back({index, copyText(to, from, letter.reason), copyText(to, from, letter.detail)});
    }
}

void appendEvent(Batch &to, const Batch &from, const Event &event)
{
    copyEvent(to, from, event, copyRecord(to, from, event.record));
}

std::uint64_t entityKey(std::string_view tenant, std::string_view entityType, std::string_view entityId)
{
    return hashCombine(hashCombine(hash64(tenant), hash64(entityType)), hash64(entityId));
}

} // namespace eventops
