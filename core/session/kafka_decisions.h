// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/session/kafka_burial.h"
#include "core/session/kafka_feed.h"
#include "core/session/kafka_follower.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Who may decide by topics, and the secret that proves it.
struct DecisionSigner {
    std::string secret;
    Caller caller; ///< Name, role and tenants.
};

/// Name of the file in a workspace that holds them.
constexpr char DecisionTokensFile[] = "kafka_tokens";

/// Those of the workspace's file, whose lines are those of api_tokens: `TOKEN NAME ROLE TENANTS`, # begins a comment.
/// NotFound: there is no such file; Refused: others may read it; InvalidConfig names the line. Thread: any.
Result<std::vector<DecisionSigner>> readDecisionSigners(const Workspace &workspace);

/// What was taken in since it was opened.
struct DecisionCounts {
    std::uint64_t applied = 0;
    std::uint64_t known = 0;   ///< That came again.
    std::uint64_t foreign = 0; ///< Of other workspaces' actions, and other commands.
    std::uint64_t refused = 0; ///< Each is a dead letter with its reason.
};

/// Reads the topic of commands and carries out the decisions on our actions that somebody signed who may decide (E30,
/// U62). Messages on a bus prove nothing by themselves, so each carries an HMAC of its bytes under a secret that the
/// engine and that person share. It has to be of the last CommandAge, of what is proposed here (by its digest), and of
/// a tenant and role that may; all else changes nothing and is buried with the reason. One that comes again changes
/// nothing. It begins with what is sent after it was first opened. Thread: one.
class KafkaDecisions
{
public:
    static constexpr std::chrono::minutes CommandAge{15}; ///< Also how far the clocks of two machines may differ.
    static std::string markFile(const Workspace &workspace) { return workspace.directory + "/kafka-decisions.mark"; }

    /// Takes the workspace's "kafka-decisions" lock. Busy, NotFound (no ledger, no topic, nobody who may), Unavailable,
    /// Refused. @p clock: null: the system's.
    static Result<std::unique_ptr<KafkaDecisions>> open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                        std::function<bool()> mustStop, const Clock *clock = nullptr);
    ~KafkaDecisions();

    Status poll() { return m_follower->poll(); }       ///< Takes in what is here by now; waits for nothing.
    Status catchUp() { return m_follower->catchUp(); } ///< Takes in all that was there when this was called.

    const DecisionCounts &counts() const { return m_counts; }

private:
    KafkaDecisions(FileLock lock, const KafkaFeedSettings &settings, std::function<bool()> mustStop,
                   const Clock *clock);
    Status take(const FollowedMessage &followed);
    const Caller *signerOf(const FollowedMessage &followed, std::string_view user) const;

    FileLock m_lock;
    const std::string m_writer;
    const std::function<bool()> m_mustStop;
    const SystemClock m_systemClock;
    const Clock &m_clock;
    std::vector<DecisionSigner> m_signers;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<KafkaBurial> m_burial;
    std::unique_ptr<KafkaFollower> m_follower;
    DecisionCounts m_counts;
};

} // namespace eventops
