// SPDX-License-Identifier: MIT
#include "core/session/kafka_reports.h"

#include "core/base/json.h"
#include "core/codec/action_events.h"
#include "core/codec/kcat.h"
#include "core/config/yaml.h"
#include "core/kafka/kafka_line.h"
#include "core/kafka/topics.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::chrono::seconds ConnectWait{10};
constexpr std::chrono::milliseconds ReadWait{100};
constexpr std::chrono::seconds SilenceMax{30}; ///< So long `catchUp` waits for a broker that says nothing.
constexpr std::size_t StretchMax = 1'000;      ///< Messages of one partition before the next one's turn.

constexpr FieldSpec MarkFields[] = {
    {"cluster", "string", "required", "The cluster that it speaks of."},
    {"next", "map", "required", "By topic and partition: the offset that comes next."},
};

} // namespace

/// One partition and how far it was taken in.
struct KafkaReports::Reading {
    std::string topic;
    std::uint32_t partition = 0;
    std::unique_ptr<KafkaConsumer> consumer;
    std::uint64_t next = 0;
    std::uint64_t until = 0; ///< Of catchUp.

    std::string name() const { return topic + '/' + std::to_string(partition); }
};

KafkaReports::KafkaReports(FileLock lock, const KafkaFeedSettings &settings, std::string markFile,
                           std::function<bool()> mustStop)
    : m_lock(std::move(lock)),
      m_settings(settings),
      m_markFile(std::move(markFile)),
      m_writer(settings.writer()),
      m_mustStop(std::move(mustStop))
{
}

KafkaReports::~KafkaReports() = default;

Result<std::unique_ptr<KafkaReports>> KafkaReports::open(const Workspace &workspace, const KafkaFeedSettings &settings,
                                                         std::function<bool()> mustStop)
{
    EVENTOPS_TRY(Workspace::existing(workspace.directory));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    FileLock lock = EVENTOPS_TRY(FileLock::take(workspace, "kafka-reports"));
    std::unique_ptr<KafkaReports> reports(
        new KafkaReports(std::move(lock), settings, markFile(workspace), std::move(mustStop)));
    reports->m_ledger = EVENTOPS_TRY(Ledger::open(workspace.directory, LedgerMode::Decide, {}));
    reports->m_reports = std::make_unique<ActionReports>(*reports->m_ledger, "bus");
    EVENTOPS_TRY(reports->connect(connection));
    return reports;
}

Status KafkaReports::connect(const KafkaSettings &connection)
{
    KafkaClient::Options options;
    options.committedOnly = true; // what somebody took back did not happen
    m_client = EVENTOPS_TRY(KafkaClient::openConsumer(connection, options));
    m_cluster = EVENTOPS_TRY(m_client->clusterId(ConnectWait));
    const auto topics = EVENTOPS_TRY(m_client->topics(ConnectWait));
    for (const char *const topic : {ActionsProgressTopic, ActionsResultTopic}) {
        for (const std::string &name : topicNames(topic)) {
            const auto found = topics.find(name);
            for (std::uint32_t i = 0; found != topics.end() && i < found->second; ++i)
                m_readings.push_back(std::make_unique<Reading>(Reading{name, i, nullptr}));
        }
    }
    if (m_readings.empty())
        return Error{Error::Code::NotFound,
                     "the Kafka at " + connection.brokers + " has no topic " + ActionsProgressTopic + " or "
                         + ActionsResultTopic,
                     {},
                     "make the topics with: eventops kafka init"};
    for (const std::string &name : topicNames(ActionsDlqTopic)) {
        if (m_lettersTopic.empty() && topics.contains(name))
            m_lettersTopic = name;
    }
    m_producer = EVENTOPS_TRY(KafkaProducer::open(connection, {}));
    const auto mark = readMark();
    for (const auto &reading : m_readings)
        EVENTOPS_TRY(begin(*reading, mark));
    return Ok{};
}

/// Where the mark says, while that is within the topic: one that was made anew is read from its beginning.
Status KafkaReports::begin(Reading &reading, const std::map<std::string, std::uint64_t> &mark)
{
    const KafkaOffsets ends = EVENTOPS_TRY(m_client->offsets(reading.topic, reading.partition, ConnectWait));
    const auto known = mark.find(reading.name());
    const std::uint64_t at = known == mark.end() ? ends.low : known->second;
    reading.next = at < ends.low || at > ends.high ? ends.low : at;
    reading.until = ends.high;
    reading.consumer = EVENTOPS_TRY(KafkaConsumer::open(m_client, reading.topic, reading.partition));
    return reading.consumer->start(reading.next);
}

std::map<std::string, std::uint64_t> KafkaReports::readMark() const
{
    std::map<std::string, std::uint64_t> mark;
    const auto given = loadYaml(m_markFile);
    const auto checked = given ? checkSettings(given.value(), MarkFields, "kafka-reports.mark") : given;
    // Without a mark that speaks of this cluster everything is read again, which changes nothing.
    if (!checked || checked.value().at("cluster").text().valueOr("") != m_cluster)
        return mark;
    for (const auto &[name, offset] : checked.value().at("next").members())
        mark.emplace(name, static_cast<std::uint64_t>(std::max<std::int64_t>(offset.integer().valueOr(0), 0)));
    return mark;
}

Status KafkaReports::writeMark() const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("cluster", m_cluster).key("next").beginObject();
    for (const auto &reading : m_readings)
        json.key(reading->name()).unsignedInteger(reading->next);
    json.endObject().endObject();
    return lake::replaceFile(m_markFile, text + "\n");
}

Status KafkaReports::poll()
{
    bool any = false;
    Status outcome = Ok{};
    for (const auto &reading : m_readings) {
        const auto some = readSome(*reading, std::chrono::milliseconds(0));
        any = any || (some && some.value());
        if (!some) {
            outcome = some.error();
            break;
        }
    }
    if (any || !outcome)
        EVENTOPS_TRY(writeMark());
    return outcome;
}

Status KafkaReports::catchUp()
{
    for (const auto &reading : m_readings)
        reading->until = EVENTOPS_TRY(m_client->offsets(reading->topic, reading->partition, ConnectWait)).high;
    auto heard = std::chrono::steady_clock::now();
    const auto behind = [](const auto &reading) {
        return reading->next < reading->until;
    };
    while (std::any_of(m_readings.begin(), m_readings.end(), behind)) {
        if (m_mustStop())
            return Error{Error::Code::Cancelled, "stopped; the next time goes on from here"};
        for (const auto &reading : m_readings) {
            if (behind(reading) && EVENTOPS_TRY(readSome(*reading, ReadWait)))
                heard = std::chrono::steady_clock::now();
        }
        if (std::chrono::steady_clock::now() - heard > SilenceMax)
            return Error{Error::Code::Unavailable,
                         "the Kafka at " + m_client->brokers() + " gives nothing: " + m_client->state().lastError,
                         {},
                         "start it, or check brokers, network and firewall"};
    }
    return writeMark();
}

/// True: something came.
Result<bool> KafkaReports::readSome(Reading &reading, std::chrono::milliseconds wait)
{
    KafkaMessage message;
    for (std::size_t i = 0; i < StretchMax && !m_mustStop(); ++i) {
        switch (EVENTOPS_TRY(reading.consumer->next(message, wait))) {
        case KafkaConsumer::Met::Message: {
            const Status taken = take(reading, message);
            if (!taken) {
                EVENTOPS_TRY(reading.consumer->start(reading.next)); // it comes again
                return taken.error();
            }
            reading.next = message.offset + 1;
            break;
        }
        case KafkaConsumer::Met::End:
            reading.next = std::max(reading.next, reading.until); // behind the last of a transaction stands a mark
            return i > 0;
        case KafkaConsumer::Met::OutOfRange: { // retention was faster, or the topic was made anew
            const auto ends = m_client->offsets(reading.topic, reading.partition, ConnectWait);
            if (ends)
                reading.next = ends.value().low;
            if (ends)
                EVENTOPS_TRY(reading.consumer->start(reading.next));
            return ends ? Result<bool>(i > 0) : ends.error();
        }
        case KafkaConsumer::Met::Nothing:
        case KafkaConsumer::Met::Gone: return i > 0;
        }
    }
    return true;
}

Status KafkaReports::take(const Reading &reading, const KafkaMessage &message)
{
    if (!message.payload || isWrittenBy(message, m_writer)) {
        ++m_counts.foreign;
        return Ok{};
    }
    const auto taken = m_reports->take(*message.payload);
    if (!taken)
        return taken.error().code == Error::Code::InvalidInput ? bury(reading, message, taken.error().message)
                                                               : Status(taken.error());
    switch (taken.value()) {
    case ActionReports::Taken::Moved: ++m_counts.moved; break;
    case ActionReports::Taken::Noted: ++m_counts.noted; break;
    case ActionReports::Taken::Known: ++m_counts.known; break;
    case ActionReports::Taken::Foreign: ++m_counts.foreign; break;
    }
    return Ok{};
}

/// To the actions' dead letters, for whoever wrote it; and to our own dead letters as a whole message, which no codec
/// of the input log takes for an event.
Status KafkaReports::bury(const Reading &reading, const KafkaMessage &message, const std::string &why)
{
    if (!m_lettersTopic.empty()) {
        const std::string place = reading.name() + '/' + std::to_string(message.offset);
        EVENTOPS_TRY(m_producer->send({m_lettersTopic,
                                       message.key,
                                       message.payload,
                                       {{KafkaWriterHeader, m_writer}, {ReasonHeader, why}, {OriginHeader, place}}}));
        EVENTOPS_TRY(m_producer->flush(m_mustStop));
    }
    InputRow row;
    row.kind = "action_event";
    appendKafkaLine(row.payload, m_cluster, reading.topic, reading.partition, message);
    EVENTOPS_TRY(m_ledger->recordInput(row));
    ++m_counts.letters;
    return Ok{};
}

} // namespace eventops
