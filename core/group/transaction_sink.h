// SPDX-License-Identifier: MIT
#pragma once

#include "core/group/group_plan.h"
#include "core/kafka/changelog.h"
#include "core/kafka/kafka_transactions.h"
#include "core/pipeline/commit.h"

#include <mutex>
#include <optional>
#include <vector>

namespace eventops {

/// What a task has written since it began.
struct SinkCounts {
    std::uint64_t transactions = 0; ///< Committed.
    std::uint64_t records = 0;      ///< Of the input, in them.
    std::uint64_t findings = 0, events = 0, deadLetters = 0, rekeyed = 0;
    std::uint64_t messages = 0;   ///< All that was sent, but for the changelog.
    std::uint64_t states = 0;     ///< Written to the changelog …
    std::uint64_t stateBytes = 0; ///< … and the size of the last.
    std::uint64_t offset = 0;     ///< Of the next message of the input, as committed.
    std::uint64_t discarded = 0;  ///< Records read again after a restore, whose output was there already.
    std::string notice;           ///< What could not be written, and why; empty: nothing.

    SinkCounts &operator+=(const SinkCounts &other);
};

/// What a sink works with; all of it outlives the sink.
struct SinkTools {
    const GroupPlan &plan;
    const GroupStep &step;
    KafkaTransactions &transactions;
    const KafkaGroup &group;
    TopicPartition place;
};

/// Where a task goes on.
struct TaskStart {
    std::optional<std::uint64_t>
        committed;                       ///< Everything before it is in committed transactions; nothing: no record is.
    std::optional<ChangelogState> state; ///< Nothing: the stages begin anew.
    std::size_t parts = 0;               ///< Pieces of a state that are in the changelog.
};

/// One commit of a runner is one transaction: all that follows from its records, and the offset behind them. What comes
/// from records before the committed offset is left out: it was written by who had the partition then. Thread: see
/// CommitSink; `counts` any. Errors end the run, see KafkaTransactions.
class TransactionSink : public CommitSink
{
public:
    TransactionSink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start);
    Status commit(CommitGroup &group) final;
    /// The runner knows the keys itself.
    std::vector<bool> seen(std::span<const std::uint64_t> keyHashes) final;
    SinkCounts counts() const;

protected:
    /// Sends what follows from records from number @p from on.
    virtual Status fill(const CommitGroup &group, Seq from, SinkCounts &counts) = 0;
    /// True: it has something to write, though no record is new.
    virtual bool wants(const CommitGroup &) const { return false; }
    virtual void committed(const CommitGroup &) {}

    Status send(const KafkaOutput &message, SinkCounts &counts);
    Status sendDocuments(SinkCounts &counts);
    /// The dead letters of @p batch from record number @p from on, to the topics of dead letters.
    Status sendLetters(Batch &batch, Seq from, SinkCounts &counts);
    Status sendLetter(const Batch &batch, const RawRecord &record, std::string_view reason, std::string_view detail,
                      SinkCounts &counts);
    std::string sourceKey() const { return "kafka:" + m_tools.plan.cluster + '/' + m_tools.place.text(); }
    /// Where the records of this task begin.
    std::uint64_t base() const { return m_base.value_or(0); }

    const SinkTools m_tools;
    KafkaDocuments m_documents;

private:
    const std::string m_writer;
    std::optional<std::uint64_t> m_committed;
    std::optional<std::uint64_t> m_base;
    mutable std::mutex m_mutex;
    SinkCounts m_counts;
};

/// Findings, events where they are wanted, dead letters, and the changelog.
class FindingSink final : public TransactionSink
{
public:
    FindingSink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start);

private:
    Status fill(const CommitGroup &group, Seq from, SinkCounts &counts) override;
    Status sendChangelog(const CommitGroup &group, SinkCounts &counts);
    bool wants(const CommitGroup &group) const override { return group.checkpoint.has_value(); }
    void committed(const CommitGroup &group) override;

    const std::vector<std::string> m_sourceKeys;
    bool m_hasState; ///< One that goes with the settings is in the changelog.
    std::size_t m_parts;
    std::size_t m_partsNext = 0;
};

/// Messages into the order of tenant and entity.
class RekeySink final : public TransactionSink
{
public:
    RekeySink(const SinkTools &tools, KafkaDocuments documents, const TaskStart &start);

private:
    Status fill(const CommitGroup &group, Seq from, SinkCounts &counts) override;
    Status rekey(const Batch &batch, const RawRecord &record, std::size_t eventBegin, std::size_t eventEnd,
                 SinkCounts &counts);
    const std::string m_topic;
};

} // namespace eventops
