// SPDX-License-Identifier: MIT
#pragma once

#include "core/kafka/kafka_producer.h"
#include "core/kafka/kafka_payloads.h"
#include "core/session/ledger_follower.h"
#include "core/session/workspace.h"
#include "core/store/ledger.h"

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Deviations alone, which go to the topic of normalised events; its own name stands for every event.
inline constexpr std::string_view DeviationsPublished = "deviations";

/// Findings that are neither alerts nor deviations, which go there as well.
inline constexpr std::string_view FindingsPublished = "findings";

/// To which Kafka a workspace publishes: `kafka.json` in it. Holds no secret. Every member may be set by its name; what
/// is not set comes from the environment, see readKafkaSettings.
class KafkaFeedSettings
{
public:
    static std::string file(const Workspace &workspace) { return workspace.directory + "/kafka.json"; }
    static std::string markFile(const Workspace &workspace) { return workspace.directory + "/kafka.mark"; }

    KafkaFeedSettings();
    /// NotFound: the workspace publishes to none. InvalidConfig names the member.
    static Result<KafkaFeedSettings> read(const Workspace &workspace);
    Status write(const Workspace &workspace) const;

    void set(std::string name, std::string text); ///< @p name: a member; an unknown one is an assertion.
    Result<KafkaSettings> connection() const;
    std::string writer() const;  ///< Our name in every message's header, for the loop guard (X20).
    bool mirror() const;         ///< Alerts also as deviations and deviations as alerts (X11).
    bool legacyTopLevel() const; ///< Deviations have their figures at top level as well (X12).
    bool legacyKey() const;      ///< The key of alerts and events is their tenant alone (X22).
    bool takesDecisions() const; ///< Signed decisions of consoles elsewhere are carried out; see KafkaDecisions.
    bool takesReports() const;   ///< What others say of our actions moves them (K120).

    /// What is published: names of topics, and DeviationsPublished. InvalidConfig: not what publishable() has.
    std::vector<std::string> published() const;
    Status publish(const std::vector<std::string> &what);
    static std::span<const std::string_view> publishable();
    /// Topics that are written in Avro (X25). InvalidConfig: a name that cannot be among them.
    Result<std::set<std::string>> avroTopics() const;

private:
    Value m_values; ///< Every member, checked.
};
/// True when every later run publishes what this workspace finds.
bool hasKafka(const Workspace &workspace);

/// How far publishing got. The numbers are the ledger's, so a push goes on where the last one was acknowledged.
struct KafkaMark {
    std::string cluster;        ///< Id of the cluster that it speaks of.
    std::uint64_t findings = 0; ///< Number of the last finding that is there …
    std::uint64_t actions = 0;  ///< … and of the last document of an action.
    std::uint64_t events = 0;   ///< Place behind the last event that is there,
    std::uint64_t letters = 0;  ///< id of the last dead letter,
    std::uint64_t steps = 0;    ///< number of the last row of the audit,
    std::uint64_t failed = 0;   ///< and of the last request that no attempt could carry out.
    std::uint64_t sent = 0;     ///< Messages acknowledged.

    /// NotFound, Corrupt.
    static Result<KafkaMark> read(const std::string &path);
    Status write(const std::string &path) const;
};

class KafkaDocuments;
class KafkaReports;

/// Publishes what the ledger has committed to the topics of the contracts: alerts of rules, broken expectations, the
/// requests, progress and results of actions; and where the settings want it events, signals, commands and dead
/// letters. At least once: the mark moves when the broker has acknowledged, so
/// after a crash some messages come twice, byte for byte and under the same key and id. It only ever reads the ledger,
/// never while it waits for the network. Thread: one.
class KafkaFeed
{
public:
    /// Takes the workspace's "kafka" lock and asks the cluster who it is. Busy, NotFound (no ledger yet, or a topic
    /// that is missing), Unavailable, Refused.
    static Result<std::unique_ptr<KafkaFeed>> open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                   std::function<bool()> mustStop,
                                                   std::chrono::milliseconds deliverWithin = std::chrono::seconds(30));

    /// Publishes everything that is committed by now. Cancelled: stopped; what was acknowledged is noted.
    Status catchUp();

    const KafkaMark &mark() const { return m_mark; }
    /// Why the mark began anew, what could not be written; empty: nothing.
    std::string notice() const;
    Result<std::uint64_t> changeCounter() { return m_ledger->changeCounter(); }

    ~KafkaFeed();

private:
    KafkaFeed(FileLock lock, const KafkaFeedSettings &settings, std::string markFile, std::function<bool()> mustStop);
    Status findMark(const std::string &cluster);
    Status pushFindings();
    Status pushActions();
    Status pushSteps();
    Status pushEvents();
    Result<std::vector<DeadLetterRow>> nextLetters();
    Status pushLetters();
    Status send(std::uint64_t &mark, std::uint64_t upTo);

    FileLock m_lock;
    const KafkaFeedSettings m_settings;
    const std::string m_markFile;
    std::unique_ptr<Ledger> m_ledger;
    std::unique_ptr<KafkaProducer> m_producer;
    std::unique_ptr<KafkaDocuments> m_documents;
    KafkaMark m_mark;
    std::string m_notice;
    std::function<bool()> m_mustStop;
};

/// Publishes while an engine runs, and takes in what others say of our actions. A broker that is away holds nothing up:
/// it is tried again every few seconds, and `finish` says what is behind. Thread: the one that made it.
class KafkaProjector
{
public:
    KafkaProjector(Workspace workspace, const std::atomic<bool> *stop);
    ~KafkaProjector(); ///< Ends without catching up, if `finish` was not called.

    /// Catches up with the ledger and ends. An error leaves the ledger as it is: a later run goes on.
    Status finish() { return m_follower.finish(); }

private:
    class Steps;
    const Workspace m_workspace;
    LedgerFollower m_follower; ///< Last: its thread uses the other.
};

} // namespace eventops
