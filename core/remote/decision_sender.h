// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_address.h"
#include "core/session/backend.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace eventops {
class KafkaFollower;
class KafkaProducer;
struct FollowedMessage;
} // namespace eventops

namespace eventops::remote {

/// Sends decisions to the engine whose actions a workspace mirrors, and waits until the topics say what became of them.
/// Several may be under way. A decision that nobody answers ends with Unavailable: it may still be carried out later.
/// Thread: any; it has one of its own, on which every `done` is called.
class DecisionSender
{
public:
    struct Options {
        KafkaAddress address;
        std::string secret;
        std::string directory;            ///< Of the workspace that mirrors the actions.
        std::chrono::milliseconds within; ///< So long the engine has to take a decision.
    };
    explicit DecisionSender(Options options);
    ~DecisionSender(); ///< What is under way ends with Cancelled.
    DecisionSender(const DecisionSender &) = delete;
    DecisionSender &operator=(const DecisionSender &) = delete;

    /// @p wait: an approval ends with the executor's result. Refused: the engine says why not, or somebody decided
    /// already.
    Ticket decide(const Decision &decision, bool wait, Done<DecisionOutcome> done);

private:
    struct UnderWay {
        Decision decision;
        bool wait = false;
        Ticket ticket;
        Done<DecisionOutcome> done;
        std::string id = {}; ///< Of the command; empty: not sent yet.
        std::chrono::steady_clock::time_point until = {};
    };
    void work();
    Status connect();
    Status send(UnderWay &one);
    std::optional<Result<DecisionOutcome>> outcomeOf(const UnderWay &one);
    Status hear(const FollowedMessage &followed);
    void look();
    bool mustStop();

    const Options m_options;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<KafkaProducer> m_producer;
    std::unique_ptr<KafkaFollower> m_letters; ///< What engines refused.
    std::string m_topic;
    std::vector<UnderWay> m_underWay;
    std::map<std::string, std::string> m_refusals; ///< By command.
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::deque<UnderWay> m_asked;
    bool m_stop = false;
    std::thread m_thread;
};

} // namespace eventops::remote
