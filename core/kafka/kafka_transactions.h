// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_group.h"
#include "core/kafka/kafka_producer.h"

#include <functional>
#include <mutex>

namespace eventops {

/// Writes to topics in transactions: all messages of one, and the offset that goes with them, are there for readers of
/// committed messages, or none. Of those that open the same id only the newest can commit: the others' transactions are
/// taken back, which is how a member that was taken for dead cannot write any more. After an error nothing more can be
/// sent; what to do is to open anew. Thread: one.
class KafkaTransactions
{
public:
    struct Options {
        /// The broker takes back a transaction that is open for longer; so long is waited for it, too.
        std::chrono::milliseconds timeout{60'000};
        std::function<bool()> mustStop = nullptr; ///< True: waiting for a broker ends, Cancelled.
    };
    /// Waits until the transactions of everybody who had @p id are over. Unavailable, Refused, Cancelled.
    static Result<std::unique_ptr<KafkaTransactions>> open(const KafkaSettings &settings, const std::string &id,
                                                           Options options);
    ~KafkaTransactions(); ///< An open transaction is taken back: at once if the broker can be told, else in its time.
    KafkaTransactions(const KafkaTransactions &) = delete;
    KafkaTransactions &operator=(const KafkaTransactions &) = delete;

    Status begin();
    /// LimitExceeded: this message is too long; the transaction is as it was. After another error it cannot be
    /// committed.
    Status send(const KafkaOutput &message);
    /// @p offset: that of the next message of @p place. Refused: @p group has gone on without this member.
    Status sendOffset(const KafkaGroup &group, const TopicPartition &place, std::uint64_t offset);
    /// Refused: somebody else has opened the id, or the group has gone on. After any error it is not known whether it
    /// was committed: what is on the topics tells.
    Status commit();
    void abort(); ///< Takes back what was begun; harmless when nothing was.

    std::string lastError() const; ///< Of the connection; empty: none. Thread: any.

private:
    explicit KafkaTransactions(Options options) : m_options(std::move(options)) {}
    friend struct KafkaTransactionsCallbacks;
    template <typename Call>
    Status until(const std::string &what, Call call);
    Error errorOf(int code, const std::string &what, const char *detail) const;

    const Options m_options;
    rd_kafka_s *m_handle = nullptr;
    bool m_open = false; ///< A transaction is.
    mutable std::mutex m_mutex;
    std::string m_lastError;
};

} // namespace eventops
