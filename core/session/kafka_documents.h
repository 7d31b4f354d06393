// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_payloads.h"
#include "core/model/batch.h"
#include "core/model/finding.h"
#include "core/session/kafka_feed.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace eventops {

/// A message to be: what, where to, under which key. The id is the ledger's name of it.
struct KafkaDocument {
    std::string topic;
    std::optional<std::string> key;
    std::string document, id;
    std::vector<std::pair<std::string, std::string>> headers = {}; ///< Besides those of writer and id.
};

/// Turns what the ledger holds into the documents that the workspace's settings want published. Thread: one.
class KafkaDocuments
{
public:
    /// @p topics: what the cluster has. NotFound: a topic that is wanted is there under none of its names.
    static Result<KafkaDocuments> make(const KafkaFeedSettings &settings,
                                       const std::map<std::string, std::uint32_t> &topics, const std::string &brokers,
                                       KafkaPayloads payloads);

    void add(const Finding &finding);
    void add(const Batch &batch, const Event &event);
    void addActionDocument(const InputRow &row); ///< A request or report of the input log.
    void add(const AuditRow &row, const Action &action); ///< A step of an action.
    void addFailedRequest(const OutboxRow &row); ///< To the actions' dead letters.
    void add(const DeadLetterRow &letter);

    std::vector<KafkaDocument> take() { return std::exchange(m_out, {}); }
    std::size_t size() const { return m_out.size(); }
    /// The last thing that could not be written, and why; empty: nothing.
    const std::string &notice() const { return m_notice; }
    bool wantsEvents() const;
    bool wantsLetters() const;
    bool wantsSteps() const;

    static constexpr std::uint64_t LetterBytesMax = 900'000; ///< Of a dead letter; brokers take a megabyte by default.

private:
    KafkaDocuments(const KafkaFeedSettings &settings, KafkaPayloads payloads)
        : m_settings(settings), m_payloads(std::move(payloads))
    {
    }
    bool wants(std::string_view what) const { return m_wanted.contains(what); }
    void put(std::string_view topic, std::optional<std::string> key, std::string document, std::string id);
    std::string keyOf(const Batch &batch, const Event &event) const;

    KafkaFeedSettings m_settings;
    KafkaPayloads m_payloads;
    std::set<std::string, std::less<>> m_wanted;
    std::map<std::string, std::string, std::less<>> m_names; ///< By the contract's name: the cluster's.
    std::vector<KafkaDocument> m_out;
    std::string m_notice;
};

} // namespace eventops
