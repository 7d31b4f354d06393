// SPDX-License-Identifier: MIT
#include "core/session/kafka_feed.h"

#include "core/codec/action_events.h"
#include "core/codec/alert.h"
#include "core/codec/deviation.h"
#include "core/codec/kcat.h"
#include "core/kafka/topics.h"

#include <algorithm>
#include <chrono>

namespace eventops {
namespace {

constexpr std::chrono::seconds AwayTime{5}; ///< Between two looks for a broker that is away.
constexpr std::chrono::seconds ConnectWait{10};
constexpr std::chrono::seconds BesideARun{5}; ///< So long a message may take while an engine runs.
constexpr std::size_t PushMax = 2'000;        ///< Messages between two writings of the mark.

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; publishing goes on from here next time"};
}

/// One alert stays for each source and rule when the topic is compacted (X22).
std::string alertKey(const Finding &finding, bool legacy)
{
    if (legacy)
        return finding.tenant;
    return finding.tenant + '|' + (finding.sourceId.empty() ? finding.entityId : finding.sourceId) + '|' + finding.name;
}

} // namespace

struct KafkaFeed::Outgoing {
    std::string_view topic;
    std::string key, document, id;
};

KafkaFeed::KafkaFeed(FileLock lock, const KafkaFeedSettings &settings, std::string markFile,
                     std::function<bool()> mustStop)
    : m_lock(std::move(lock)), m_settings(settings), m_markFile(std::move(markFile)), m_mustStop(std::move(mustStop))
{
}

Result<std::unique_ptr<KafkaFeed>> KafkaFeed::open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                   std::function<bool()> mustStop,
                                                   std::chrono::milliseconds deliverWithin)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "kafka"));
    std::unique_ptr<KafkaFeed> feed(
        new KafkaFeed(std::move(lock), settings, KafkaFeedSettings::markFile(workspace), std::move(mustStop)));
    feed->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Read, {}));
    KafkaProducer::Options options;
    options.deliverWithin = deliverWithin;
    feed->m_producer = EVENTOPS_TRY(KafkaProducer::open(connection, options));
    const std::string cluster = EVENTOPS_TRY(feed->m_producer->clusterId(ConnectWait));
    const auto topics = EVENTOPS_TRY(feed->m_producer->topics(ConnectWait));
    for (const std::string_view topic :
         {std::string_view(AlertTopic), NormalizedTopic, std::string_view(ActionsRequestedTopic),
          std::string_view(ActionsProgressTopic), std::string_view(ActionsResultTopic)}) {
        if (!topics.contains(std::string(topic)))
            return Error{Error::Code::NotFound,
                         "the Kafka at " + connection.brokers + " has no topic " + std::string(topic),
                         {},
                         "make the topics with: eventops kafka init"};
    }
    const std::set<std::string> avroTopics = EVENTOPS_TRY(settings.avroTopics());
    feed->m_payloads = EVENTOPS_TRY(KafkaPayloads::open(avroTopics, connection));
    EVENTOPS_TRY(feed->findMark(cluster));
    return feed;
}

/// Goes on at the mark where it speaks of this cluster and of this ledger.
Status KafkaFeed::findMark(const std::string &cluster)
{
    const LedgerEnds ends = EVENTOPS_TRY(m_ledger->ends());
    auto mark = KafkaMark::read(m_markFile);
    if (mark && mark.value().cluster == cluster && mark.value().findings <= ends.finding) {
        m_mark = std::move(mark).value();
        return Ok{};
    }
    if (mark)
        m_notice = mark.value().cluster != cluster ? "this is another cluster than before: everything is sent to it"
                                                   : "the ledger was begun anew: everything in it is sent";
    else if (mark.error().code != Error::Code::NotFound)
        m_notice = mark.error().text() + ": everything is sent again";
    m_mark = {};
    m_mark.cluster = cluster;
    return Ok{};
}

Status KafkaFeed::catchUp()
{
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushFindings());
    for (bool more = true; more;)
        more = EVENTOPS_TRY(pushActions());
    return m_mark.write(m_markFile);
}

void KafkaFeed::addFinding(const Finding &finding, std::vector<Outgoing> &out)
{
    const auto add = [&](std::string_view topic, std::string key, Result<std::string> payload) {
        if (payload)
            out.push_back({topic, std::move(key), std::move(payload).value(), "finding:" + finding.id});
        else
            m_notice = "finding " + finding.id + " is not published: " + payload.error().message;
    };
    std::string alert = finding.alert;
    if (alert.empty() && m_settings.mirror() && finding.state != FindingState::Pending)
        alert = encodeAlert(finding);
    if (!alert.empty())
        add(AlertTopic, alertKey(finding, m_settings.legacyKey()), m_payloads.alert(finding, std::move(alert)));
    if (!isDeviation(finding) && (!m_settings.mirror() || finding.alert.empty()))
        return;
    auto deviation = encodeDeviation(finding, {m_settings.legacyTopLevel()});
    if (deviation)
        deviation = m_payloads.event(NormalizedTopic, std::move(deviation).value());
    add(NormalizedTopic, finding.tenant + '|' + finding.entityId, std::move(deviation));
}

Result<bool> KafkaFeed::pushFindings()
{
    std::vector<Outgoing> messages;
    std::uint64_t upTo = m_mark.findings;
    EVENTOPS_TRY(m_ledger->findingsAfter(upTo, [&](std::uint64_t number, const Finding &finding) {
        upTo = number;
        addFinding(finding, messages);
        return messages.size() < PushMax && !m_mustStop();
    }));
    EVENTOPS_TRY(send(messages));
    m_mark.findings = upTo;
    EVENTOPS_TRY(m_mark.write(m_markFile));
    return messages.size() >= PushMax;
}

Result<bool> KafkaFeed::pushActions()
{
    std::vector<Outgoing> messages;
    std::uint64_t upTo = m_mark.actions;
    EVENTOPS_TRY(m_ledger->actionDocumentsAfter(upTo, [&](const InputRow &row) {
        upTo = row.number;
        const std::string id = "action:" + std::to_string(row.number);
        if (const auto request = decodeActionRequested(row.payload))
            messages.push_back({ActionsRequestedTopic, request.value().entityId, row.payload, id});
        else if (const auto report = decodeActionReport(row.payload))
            messages.push_back({actionTopic(report.value().kind), report.value().entityId, row.payload, id});
        return messages.size() < PushMax && !m_mustStop();
    }));
    EVENTOPS_TRY(send(messages));
    m_mark.actions = upTo;
    EVENTOPS_TRY(m_mark.write(m_markFile));
    return messages.size() >= PushMax;
}

/// Sends and waits until all of it is acknowledged.
Status KafkaFeed::send(const std::vector<Outgoing> &messages)
{
    if (m_mustStop())
        return stopped();
    const std::string writer = m_settings.writer();
    const std::uint64_t before = m_producer->delivered();
    Status sent = Ok{};
    for (const Outgoing &message : messages) {
        sent = m_producer->send(
            {message.topic, message.key, message.document, {{KafkaWriterHeader, writer}, {IdHeader, message.id}}});
        if (!sent)
            break;
    }
    const Status flushed = m_producer->flush(m_mustStop); // also after an error: it is told once
    m_mark.sent += m_producer->delivered() - before;
    return sent ? flushed : sent;
}

/// What the projector does at each look.
class KafkaProjector::Steps final : public Projection
{
public:
    Steps(const Workspace &workspace, const LedgerFollower &follower, KafkaFeedSettings settings)
        : m_workspace(workspace), m_follower(follower), m_settings(std::move(settings))
    {
    }

    Status step() override
    {
        const auto now = std::chrono::steady_clock::now();
        if (now < m_nextTry)
            return Ok{};
        const Status done = tryStep();
        if (done || done.error().code != Error::Code::Unavailable)
            return done;
        m_nextTry = std::chrono::steady_clock::now() + AwayTime;
        m_changes = 0;
        return Ok{};
    }

    Status finish() override
    {
        EVENTOPS_TRY(ready());
        return m_feed->catchUp();
    }

private:
    Status ready()
    {
        if (m_feed == nullptr)
            m_feed = EVENTOPS_TRY(KafkaFeed::open(
                m_workspace, m_settings, [follower = &m_follower] { return follower->mustStop(); }, BesideARun));
        return Ok{};
    }
    Status tryStep()
    {
        EVENTOPS_TRY(ready());
        const std::uint64_t counter = EVENTOPS_TRY(m_feed->changeCounter());
        if (counter == m_changes)
            return Ok{};
        EVENTOPS_TRY(m_feed->catchUp());
        m_changes = counter;
        return Ok{};
    }

    const Workspace &m_workspace;
    const LedgerFollower &m_follower;
    const KafkaFeedSettings m_settings;
    std::unique_ptr<KafkaFeed> m_feed;
    std::uint64_t m_changes = 0;
    std::chrono::steady_clock::time_point m_nextTry;
};

KafkaProjector::KafkaProjector(Workspace workspace, const std::atomic<bool> *stop)
    : m_workspace(std::move(workspace)),
      m_follower(
          [this](const LedgerFollower &follower) -> Result<std::unique_ptr<Projection>> {
              KafkaFeedSettings settings = EVENTOPS_TRY(KafkaFeedSettings::read(m_workspace));
              return std::unique_ptr<Projection>(std::make_unique<Steps>(m_workspace, follower, std::move(settings)));
          },
          stop, [](const Error &) {}) // what ended it is what `finish` returns
{
}

KafkaProjector::~KafkaProjector() = default;

} // namespace eventops
