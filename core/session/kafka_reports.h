// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/action_reports.h"
#include "core/session/kafka_burial.h"
#include "core/session/kafka_feed.h"
#include "core/session/kafka_follower.h"

#include <functional>
#include <memory>
#include <string>

namespace eventops {

/// What was taken in since it was opened.
struct ReportCounts {
    std::uint64_t moved = 0;   ///< Reports that moved an action,
    std::uint64_t noted = 0;   ///< that told progress,
    std::uint64_t known = 0;   ///< that said nothing new,
    std::uint64_t foreign = 0; ///< that were of other workspaces' actions or our own words,
    std::uint64_t letters = 0; ///< that nobody can understand.
};

/// Reads the topics of progress and results, under either name (X1), and has our actions follow (K120). The place where
/// it stopped is in `kafka-reports.mark` of the workspace; a report that comes again after a crash changes nothing.
/// What cannot be understood becomes a dead letter, and goes to that topic of the actions with the reason in its
/// headers. Beside an engine the reports go on into its stream, else the next run takes them in. Thread: one.
class KafkaReports
{
public:
    static std::string markFile(const Workspace &workspace) { return workspace.directory + "/kafka-reports.mark"; }

    /// Takes the workspace's "kafka-reports" lock. Busy, NotFound (no ledger yet, or none of the topics is there),
    /// Unavailable, Refused.
    static Result<std::unique_ptr<KafkaReports>> open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                      std::function<bool()> mustStop);

    ~KafkaReports();

    /// Takes in what is here by now; waits for nothing. What a ledger that is busy did not take is read again.
    Status poll() { return m_follower->poll(); }
    /// Takes in all that was in the topics when this was called. Cancelled: stopped. Unavailable: no broker answers.
    Status catchUp() { return m_follower->catchUp(); }

    const ReportCounts &counts() const { return m_counts; }

private:
    KafkaReports(FileLock lock, const KafkaFeedSettings &settings, std::function<bool()> mustStop);
    Status take(const FollowedMessage &followed);

    FileLock m_lock;
    const std::string m_writer;
    const std::function<bool()> m_mustStop;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<ActionReports> m_reports;
    std::unique_ptr<KafkaBurial> m_burial; ///< For what cannot be understood.
    std::unique_ptr<KafkaFollower> m_follower;
    ReportCounts m_counts;
};

} // namespace eventops
