// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_consumer.h"
#include "core/kafka/kafka_producer.h"
#include "core/session/action_reports.h"
#include "core/session/kafka_feed.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

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
    Status poll();
    /// Takes in all that was in the topics when this was called. Cancelled: stopped. Unavailable: no broker answers.
    Status catchUp();

    const ReportCounts &counts() const { return m_counts; }

private:
    struct Reading;
    KafkaReports(FileLock lock, const KafkaFeedSettings &settings, std::string markFile,
                 std::function<bool()> mustStop);
    Status connect(const KafkaSettings &connection);
    Status begin(Reading &reading, const std::map<std::string, std::uint64_t> &mark);
    Result<bool> readSome(Reading &reading, std::chrono::milliseconds wait);
    Status take(const Reading &reading, const KafkaMessage &message);
    Status bury(const Reading &reading, const KafkaMessage &message, const std::string &why);
    Status writeMark() const;
    std::map<std::string, std::uint64_t> readMark() const;

    FileLock m_lock;
    const KafkaFeedSettings m_settings;
    const std::string m_markFile, m_writer;
    std::function<bool()> m_mustStop;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<ActionReports> m_reports;
    std::shared_ptr<KafkaClient> m_client;
    std::unique_ptr<KafkaProducer> m_producer; ///< For what cannot be understood.
    std::string m_cluster, m_lettersTopic;     ///< Empty: there is none.
    std::vector<std::unique_ptr<Reading>> m_readings;
    ReportCounts m_counts;
};

} // namespace eventops
