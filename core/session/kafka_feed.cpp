// SPDX-License-Identifier: MIT
#include "core/session/kafka_feed.h"

#include "core/codec/action_events.h"
#include "core/codec/kcat.h"
#include "core/kafka/topics.h"
#include "core/session/kafka_decisions.h"
#include "core/session/kafka_documents.h"
#include "core/session/kafka_reports.h"

#include <algorithm>
#include <chrono>
#include <deque>

namespace eventops {
namespace {

constexpr std::chrono::seconds ConnectWait{10};
constexpr std::chrono::seconds BesideARun{5}; ///< So long a message may take while an engine runs.
constexpr std::size_t PushMax = 2'000;        ///< Messages between two writings of the mark.
constexpr std::size_t LettersMax = 20'000;    ///< Dead letters looked at in one pass.
constexpr std::size_t LettersAtOnce = 16;     ///< Dead letters between two writings of the mark.

Error stopped()
{
    return Error{Error::Code::Cancelled, "stopped; publishing goes on from here next time"};
}

} // namespace

KafkaFeed::KafkaFeed(FileLock lock, const KafkaFeedSettings &settings, std::string markFile,
                     std::function<bool()> mustStop)
    : m_lock(std::move(lock)), m_settings(settings), m_markFile(std::move(markFile)), m_mustStop(std::move(mustStop))
{
}

KafkaFeed::~KafkaFeed() = default;

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
    const std::set<std::string> avroTopics = EVENTOPS_TRY(settings.avroTopics());
    KafkaPayloads payloads = EVENTOPS_TRY(KafkaPayloads::open(avroTopics, connection));
    feed->m_documents = std::make_unique<KafkaDocuments>(
        EVENTOPS_TRY(KafkaDocuments::make(settings, topics, connection.brokers, std::move(payloads))));
    EVENTOPS_TRY(feed->findMark(cluster));
    return feed;
}

/// Goes on at the mark where it speaks of this cluster and of this ledger.
Status KafkaFeed::findMark(const std::string &cluster)
{
    const LedgerEnds ends = EVENTOPS_TRY(m_ledger->ends());
    auto mark = KafkaMark::read(m_markFile);
    if (mark && mark.value().cluster == cluster && mark.value().findings <= ends.finding
        && mark.value().steps <= ends.audit
        && mark.value().events <= EVENTOPS_TRY(m_ledger->eventCount())) {
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

std::string KafkaFeed::notice() const
{
    return m_documents->notice().empty() ? m_notice : m_documents->notice();
}

Status KafkaFeed::catchUp()
{
    EVENTOPS_TRY(pushFindings());
    EVENTOPS_TRY(pushActions());
    EVENTOPS_TRY(pushSteps());
    EVENTOPS_TRY(pushEvents());
    EVENTOPS_TRY(pushLetters());
    return m_mark.write(m_markFile);
}

Status KafkaFeed::pushFindings()
{
    for (bool more = true; more;) {
        std::uint64_t upTo = m_mark.findings;
        more = false;
        EVENTOPS_TRY(m_ledger->findingsAfter(upTo, [&](std::uint64_t number, const Finding &finding) {
            upTo = number;
            m_documents->add(finding);
            more = m_documents->size() >= PushMax;
            return !more && !m_mustStop();
        }));
        EVENTOPS_TRY(send(m_mark.findings, upTo));
    }
    return Ok{};
}

Status KafkaFeed::pushActions()
{
    for (bool more = true; more;) {
        std::uint64_t upTo = m_mark.actions;
        more = false;
        EVENTOPS_TRY(m_ledger->actionDocumentsAfter(upTo, [&](const InputRow &row) {
            upTo = row.number;
            m_documents->addActionDocument(row);
            more = m_documents->size() >= PushMax;
            return !more && !m_mustStop();
        }));
        EVENTOPS_TRY(send(m_mark.actions, upTo));
    }
    return Ok{};
}

Status KafkaFeed::pushSteps()
{
    for (bool more = m_documents->wantsSteps(); more;) {
        std::uint64_t upTo = m_mark.steps;
        more = false;
        EVENTOPS_TRY(m_ledger->auditAfter(upTo, [&](const AuditRow &row, const Action &action) {
            upTo = row.number;
            m_documents->add(row, action);
            more = m_documents->size() >= PushMax;
            return !more && !m_mustStop();
        }));
        EVENTOPS_TRY(send(m_mark.steps, upTo));
    }
    return Ok{};
}

Status KafkaFeed::pushEvents()
{
    if (!m_documents->wantsEvents())
        return Ok{};
    const std::uint64_t end = EVENTOPS_TRY(m_ledger->eventCount());
    while (m_mark.events < end) {
        const std::uint64_t count = std::min<std::uint64_t>(PushMax, end - m_mark.events);
        EVENTOPS_TRY(m_ledger->eventsAt(m_mark.events, count, AllFields,
                                        [&](const Batch &batch, std::span<const std::uint32_t> rows, std::uint64_t) {
                                            for (const std::uint32_t row : rows)
                                                m_documents->add(batch, batch.events[row]);
                                            return !m_mustStop();
                                        }));
        EVENTOPS_TRY(send(m_mark.events, m_mark.events + count));
    }
    return Ok{};
}

/// The oldest of those that are behind the mark, at most LettersMax; the table is looked through from its newest on, so
/// that it costs nothing where nothing is new. O(letters behind the mark).
Result<std::vector<DeadLetterRow>> KafkaFeed::nextLetters()
{
    std::deque<DeadLetterRow> oldest;
    QueryBounds newestFirst;
    newestFirst.oldestFirst = false;
    EVENTOPS_TRY(m_ledger->deadLetters(newestFirst, 0, [&](const DeadLetterRow &letter) {
        if (static_cast<std::uint64_t>(letter.id) <= m_mark.letters)
            return false;
        oldest.push_front(letter);
        if (oldest.size() > LettersMax)
            oldest.pop_back();
        return !m_mustStop();
    }));
    return std::vector<DeadLetterRow>(oldest.begin(), oldest.end());
}

Status KafkaFeed::pushLetters()
{
    for (bool more = m_documents->wantsLetters(); more;) {
        std::vector<DeadLetterRow> letters = EVENTOPS_TRY(nextLetters());
        for (std::size_t i = 0; i < letters.size(); ++i) {
            DeadLetterRow &letter = letters[i];
            EVENTOPS_TRY(m_ledger->deadLetterBytes(letter.id, [&](std::string_view piece) {
                letter.bytes += piece.substr(0, KafkaDocuments::LetterBytesMax - letter.bytes.size());
                return letter.bytes.size() < KafkaDocuments::LetterBytesMax;
            }));
            m_documents->add(letter);
            letter.bytes.clear();
            if ((i + 1) % LettersAtOnce == 0 || i + 1 == letters.size()) // few at a time: each may be long
                EVENTOPS_TRY(send(m_mark.letters, static_cast<std::uint64_t>(letter.id)));
        }
        more = letters.size() == LettersMax;
    }
    std::uint64_t failed = m_mark.failed;
    for (const OutboxRow &row : EVENTOPS_TRY(m_ledger->outbox("published"))) {
        if (row.topic != ActionsDlqTopic || static_cast<std::uint64_t>(row.id) <= m_mark.failed)
            continue;
        failed = std::max(failed, static_cast<std::uint64_t>(row.id));
        m_documents->addFailedRequest(row);
    }
    return send(m_mark.failed, failed);
}

/// Sends what was gathered and waits until all of it is acknowledged; then @p mark is at @p upTo.
Status KafkaFeed::send(std::uint64_t &mark, std::uint64_t upTo)
{
    const std::vector<KafkaDocument> documents = m_documents->take();
    if (m_mustStop())
        return stopped();
    const std::string writer = m_settings.writer();
    const std::uint64_t before = m_producer->delivered();
    Status sent = Ok{};
    for (const KafkaDocument &document : documents) {
        KafkaOutput output{document.topic, document.key, document.document, {}};
        output.headers = {{KafkaWriterHeader, writer}, {IdHeader, document.id}};
        output.headers.insert(output.headers.end(), document.headers.begin(), document.headers.end());
        sent = m_producer->send(output);
        if (!sent)
            break;
    }
    const Status flushed = m_producer->flush(m_mustStop); // also after an error: it is told once
    m_mark.sent += m_producer->delivered() - before;
    EVENTOPS_TRY(sent);
    EVENTOPS_TRY(flushed);
    const bool moved = mark != upTo;
    mark = upTo;
    return moved ? m_mark.write(m_markFile) : Status(Ok{});
}

/// What the projector does at each look.
class KafkaProjector::Steps final : public RetryingProjection
{
public:
    Steps(const Workspace &workspace, const LedgerFollower &follower, KafkaFeedSettings settings)
        : m_workspace(workspace),
          m_follower(follower),
          m_settings(std::move(settings)),
          m_wantsReports(m_settings.takesReports()),
          m_wantsDecisions(m_settings.takesDecisions())
    {
    }

private:
    Status open() override
    {
        const auto mustStop = [follower = &m_follower] {
            return follower->mustStop();
        };
        if (m_feed == nullptr)
            m_feed = EVENTOPS_TRY(KafkaFeed::open(m_workspace, m_settings, mustStop, BesideARun));
        EVENTOPS_TRY(openSide(m_reports, m_wantsReports, mustStop));
        return openSide(m_decisions, m_wantsDecisions, mustStop);
    }
    /// What others tell us; not wanted any more where nobody has topics for it, or nobody may.
    template <typename Side>
    Status openSide(std::unique_ptr<Side> &side, bool &wanted, const std::function<bool()> &mustStop)
    {
        if (side != nullptr || !wanted)
            return Ok{};
        auto opened = Side::open(m_workspace, m_settings, mustStop);
        wanted = opened || opened.error().code != Error::Code::NotFound;
        if (!opened)
            return wanted ? Status(opened.error()) : Status(Ok{});
        side = std::move(opened).value();
        return Ok{};
    }
    template <typename Side>
    static Status attendTo(const std::unique_ptr<Side> &side, bool last)
    {
        if (side == nullptr)
            return Ok{};
        const Status taken = last ? side->catchUp() : side->poll();
        return !taken && taken.error().code == Error::Code::Busy ? Status(Ok{}) : taken;
    }
    Result<std::uint64_t> changeCounter() override { return m_feed->changeCounter(); }
    Status catchUp() override { return m_feed->catchUp(); }
    /// A ledger that others write to just now takes it a little later.
    Status attend(bool last) override
    {
        EVENTOPS_TRY(attendTo(m_reports, last));
        return attendTo(m_decisions, last);
    }

    const Workspace &m_workspace;
    const LedgerFollower &m_follower;
    const KafkaFeedSettings m_settings;
    bool m_wantsReports, m_wantsDecisions;
    std::unique_ptr<KafkaFeed> m_feed;
    std::unique_ptr<KafkaReports> m_reports;
    std::unique_ptr<KafkaDecisions> m_decisions;
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
