// SPDX-License-Identifier: MIT
#include "core/group/transaction_sink.h"

#include "core/codec/kcat.h"
#include "core/group/rekey.h"
#include "core/kafka/topics.h"
#include "core/pipeline/stage_engine.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view TooLong = "too_long_to_repartition";
constexpr std::string_view TooLongDetail =
    "the message is longer than the repartition topic takes; raise max.message.bytes there, and of the client";

/// The first record of the group that is not before @p committed; nothing is: one behind the last.
Seq firstFresh(const CommitGroup &group, std::uint64_t committed)
{
    for (const auto &batch : group.batches) {
        for (const RawRecord &record : batch->records) {
            if (record.position >= committed)
                return record.seq;
        }
    }
    return group.lastSeq + 1;
}

std::uint64_t recordsFrom(const CommitGroup &group, Seq from)
{
    std::uint64_t count = 0;
    for (const auto &batch : group.batches)
        count += static_cast<std::uint64_t>(std::count_if(batch->records.begin(), batch->records.end(),
                                                          [&](const RawRecord &r) { return r.seq >= from; }));
    return count;
}

} // namespace

SinkCounts &SinkCounts::operator+=(const SinkCounts &other)
{
    transactions += other.transactions;
    records += other.records;
    findings += other.findings;
    events += other.events;
    deadLetters += other.deadLetters;
    rekeyed += other.rekeyed;
    messages += other.messages;
    states += other.states;
    stateBytes = other.states > 0 ? other.stateBytes : stateBytes;
    offset = std::max(offset, other.offset);
    discarded += other.discarded;
    if (!other.notice.empty())
        notice = other.notice;
    return *this;
}

TransactionSink::TransactionSink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start)
    : m_tools(tools),
      m_documents(std::move(documents)),
      m_writer(tools.plan.settings.writer),
      m_committed(start.committed)
{
    m_counts.offset = start.committed.value_or(0);
}

std::vector<bool> TransactionSink::seen(std::span<const std::uint64_t> keyHashes)
{
    return std::vector<bool>(keyHashes.size(), false);
}

SinkCounts TransactionSink::counts() const
{
    const std::lock_guard lock(m_mutex);
    return m_counts;
}

Status TransactionSink::commit(CommitGroup &group)
{
    const std::uint64_t cursor = group.sources.front().cursor;
    if (!m_base && !group.batches.empty() && !group.batches.front()->records.empty())
        m_base = group.batches.front()->records.front().position;
    if (!m_base)
        m_base = cursor;
    SinkCounts counts;
    const bool news = !m_committed || cursor > *m_committed || (cursor == *m_committed && wants(group));
    if (!news) { // on the way to where the one before had come
        const std::lock_guard lock(m_mutex);
        m_counts.discarded += recordsFrom(group, 0);
        return Ok{};
    }
    const Seq from = firstFresh(group, m_committed.value_or(0));
    EVENTOPS_TRY(m_tools.transactions.begin());
    EVENTOPS_TRY(fill(group, from, counts));
    EVENTOPS_TRY(m_tools.transactions.sendOffset(m_tools.group, m_tools.place, cursor));
    EVENTOPS_TRY(m_tools.transactions.commit());
    m_committed = cursor;
    committed(group);
    counts.transactions = 1;
    counts.records = recordsFrom(group, from);
    counts.discarded = recordsFrom(group, 0) - counts.records;
    counts.offset = cursor;
    const std::lock_guard lock(m_mutex);
    m_counts += counts;
    return Ok{};
}

Status TransactionSink::send(const KafkaOutput &message, SinkCounts &counts)
{
    EVENTOPS_TRY(m_tools.transactions.send(message));
    ++counts.messages;
    return Ok{};
}

Status TransactionSink::sendDocuments(SinkCounts &counts)
{
    for (const KafkaDocument &document : m_documents.take()) {
        KafkaOutput output{document.topic, document.key, document.document};
        output.headers = {{KafkaWriterHeader, m_writer}, {IdHeader, document.id}};
        output.headers.insert(output.headers.end(), document.headers.begin(), document.headers.end());
        const Status sent = send(output, counts);
        if (!sent && sent.error().code == Error::Code::LimitExceeded)
            counts.notice = document.id + " is not published: " + sent.error().message; // the next time just the same
        else if (!sent)
            return sent;
    }
    if (!m_documents.notice().empty())
        counts.notice = m_documents.notice();
    return Ok{};
}

Status TransactionSink::sendLetters(Batch &batch, Seq from, SinkCounts &counts)
{
    for (const DeadLetter &letter : batch.deadLetters) {
        const RawRecord &record = batch.records[letter.record];
        if (record.seq >= from)
            EVENTOPS_TRY(sendLetter(batch, record, batch.text(letter.reason), batch.text(letter.detail), counts));
    }
    return Ok{};
}

Status TransactionSink::sendLetter(const Batch &batch, const RawRecord &record, std::string_view reason,
                                   std::string_view detail, SinkCounts &counts)
{
    ++counts.deadLetters;
    DeadLetterRow row;
    row.seq = record.position; // the number that it has wherever it is read
    row.sourceKey = sourceKey();
    row.sourceTitle = m_tools.place.text();
    row.position = record.position;
    row.reason = reason;
    row.detail = detail;
    row.bytes = record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
    for (const OversizePart &part : batch.oversize) {
        if (part.position == record.position)
            row.bytes += part.bytes;
    }
    row.size = row.bytes.size();
    row.bytes.resize(std::min<std::size_t>(row.bytes.size(), KafkaDocuments::LetterBytesMax));
    EVENTOPS_TRY(sendDocuments(counts)); // what was there before
    m_documents.add(row);
    std::vector<KafkaDocument> documents = m_documents.take();
    const std::string id = "letter:" + m_tools.place.text() + '/' + std::to_string(record.position);
    for (KafkaDocument &document : documents) {
        KafkaOutput output{document.topic, document.key, document.document};
        output.headers = {{KafkaWriterHeader, m_writer}, {IdHeader, id}};
        output.headers.insert(output.headers.end(), document.headers.begin(), document.headers.end());
        EVENTOPS_TRY(send(output, counts));
    }
    return Ok{};
}

FindingSink::FindingSink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start)
    : TransactionSink(tools, std::move(documents), start),
      m_sourceKeys{sourceKey()},
      m_hasState(start.state.has_value()),
      m_parts(start.parts)
{
}

Status FindingSink::fill(const CommitGroup &group, Seq from, SinkCounts &counts)
{
    for (const Finding &finding : group.findings) {
        if (finding.seq < from)
            continue;
        m_documents.add(finding);
        ++counts.findings;
    }
    EVENTOPS_TRY(sendDocuments(counts));
    for (const auto &batch : group.batches) {
        if (m_documents.wantsEvents()) {
            for (Event &event : batch->events) {
                if (batch->records[event.record].seq < from)
                    continue;
                if (event[Field::EventId] == NoStr)
                    event[Field::EventId] = batch->strings.append(eventId(*batch, event, m_sourceKeys));
                m_documents.add(*batch, event);
                ++counts.events;
            }
            EVENTOPS_TRY(sendDocuments(counts));
        }
        EVENTOPS_TRY(sendLetters(*batch, from, counts));
    }
    return sendChangelog(group, counts);
}

Status FindingSink::sendChangelog(const CommitGroup &group, SinkCounts &counts)
{
    const ChangelogCursor cursor{group.lastSeq, group.sources.front().cursor};
    std::vector<ChangelogRecord> records;
    m_partsNext = m_parts;
    if (group.checkpoint || !m_hasState) {
        ChangelogState state;
        state.config = m_tools.step.configHash;
        state.at.offset = base(); // before the first record, until there is a state behind it
        if (group.checkpoint) {
            state.at = cursor;
            state.watermark = group.watermark;
            state.bytes = group.checkpoint->bytes;
        }
        records = stateRecords(m_tools.place.partition, state, m_parts);
        m_partsNext = changelogParts(state);
        ++counts.states;
        counts.stateBytes = state.bytes.size();
    }
    records.push_back(cursorRecord(m_tools.place.partition, cursor));
    const std::string topic = m_tools.plan.settings.changelogTopic();
    for (const ChangelogRecord &record : records) {
        KafkaOutput output{topic, record.key, {}};
        if (record.value)
            output.payload = *record.value;
        output.partition = m_tools.place.partition;
        EVENTOPS_TRY(m_tools.transactions.send(output));
    }
    return Ok{};
}

void FindingSink::committed(const CommitGroup &)
{
    m_hasState = true;
    m_parts = m_partsNext;
}

RekeySink::RekeySink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start)
    : TransactionSink(tools, std::move(documents), start), m_topic(tools.plan.settings.repartitionTopic())
{
}

Status RekeySink::fill(const CommitGroup &group, Seq from, SinkCounts &counts)
{
    for (const auto &batch : group.batches) {
        std::size_t event = 0;
        for (std::uint32_t i = 0; i < batch->records.size(); ++i) {
            const std::size_t begin = event;
            while (event < batch->events.size() && batch->events[event].record == i)
                ++event;
            if (event > begin && batch->records[i].seq >= from)
                EVENTOPS_TRY(rekey(*batch, batch->records[i], begin, event, counts));
        }
        EVENTOPS_TRY(sendLetters(*batch, from, counts));
    }
    return Ok{};
}

Status RekeySink::rekey(const Batch &batch, const RawRecord &record, std::size_t eventBegin, std::size_t eventEnd,
                        SinkCounts &counts)
{
    const std::string id = "record:" + m_tools.place.text() + '/' + std::to_string(record.position);
    for (const RekeyedMessage &message : rekeyed(batch, record, eventBegin, eventEnd)) {
        KafkaOutput output{m_topic, message.key, message.line};
        output.headers = {{KafkaWriterHeader, m_tools.plan.settings.writer}, {IdHeader, id}};
        const Status sent = send(output, counts);
        if (!sent && sent.error().code == Error::Code::LimitExceeded)
            return sendLetter(batch, record, TooLong, TooLongDetail, counts);
        EVENTOPS_TRY(sent);
        ++counts.rekeyed;
    }
    return Ok{};
}

} // namespace eventops
