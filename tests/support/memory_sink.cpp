// SPDX-License-Identifier: MIT
#include "tests/support/memory_sink.h"

#include <algorithm>

namespace eventops::test {
namespace {

std::string eventLine(const Batch &batch, const Event &event)
{
    std::string line = std::to_string(batch.records[event.record].seq) + '/' + std::to_string(event.emission) + ' '
                     + std::to_string(raw(event.tsEvent));
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if (event.text[f] != NoStr)
            line += ' ' + std::string(toString(static_cast<Field>(f))) + '=' + std::string(batch.text(event.text[f]));
    }
    if (event.hasValue)
        line += " value=" + std::to_string(event.value);
    return line;
}

template <typename T>
void mergeSpan(T &into, const T &change)
{
    into.firstSeen = into.firstSeen == NoTime ? change.firstSeen : std::min(into.firstSeen, change.firstSeen);
    into.lastSeen = std::max(into.lastSeen, change.lastSeen);
    into.events += change.events;
}

} // namespace

Status MemorySink::commit(CommitGroup &group)
{
    if (commits++ == failAtCommit)
        return Error{Error::Code::Full, "the test's disk is full"};
    for (const auto &batch : group.batches) {
        for (const Event &event : batch->events) {
            events.push_back(eventLine(*batch, event));
            const StrId key =
                event[Field::IdempotencyKey] != NoStr ? event[Field::IdempotencyKey] : event[Field::EventId];
            if (key != NoStr)
                m_keys.insert(dedupeKeyHash(batch->text(event, Field::Tenant), batch->text(key)));
        }
        for (const DeadLetter &letter : batch->deadLetters)
            deadLetters.push_back(std::to_string(batch->records[letter.record].seq) + ' '
                                  + std::string(batch->text(letter.reason)) + ": "
                                  + std::string(batch->text(letter.detail)));
    }
    for (const Finding &finding : group.findings) {
        findings.push_back(std::to_string(finding.seq) + '/' + std::to_string(finding.emission) + ' ' + finding.name
                           + ": " + finding.message);
        findingRows.push_back(finding);
    }
    suggestions.insert(suggestions.end(), group.suggestions.begin(), group.suggestions.end());
    for (const Entity &change : group.entities) {
        auto [at, fresh] = entities.try_emplace(change.tenant + '/' + change.type + '/' + change.id, change);
        if (!fresh) {
            mergeSpan(at->second, change);
            if (!change.lastStep.empty())
                at->second.lastStep = change.lastStep;
        }
    }
    for (const Link &change : group.links) {
        auto [at, fresh] = links.try_emplace(change.tenant + '/' + change.sourceType + ':' + change.sourceId + " -"
                                                 + change.type + "> " + change.targetType + ':' + change.targetId,
                                             change);
        if (!fresh)
            mergeSpan(at->second, change);
    }
    for (const SourceProgress &progress : group.sources) {
        const Counters before = sources[progress.key].added;
        sources[progress.key] = progress;
        sources[progress.key].added = before;
        sources[progress.key].added += progress.added;
    }
    if (group.checkpoint)
        checkpoint = group.checkpoint;
    lastSeq = group.lastSeq;
    watermark = group.watermark;
    return Ok{};
}

Counters MemorySink::totals() const
{
    Counters sum;
    for (const auto &[key, progress] : sources)
        sum += progress.added;
    return sum;
}

} // namespace eventops::test
