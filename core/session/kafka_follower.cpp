// SPDX-License-Identifier: MIT
#include "core/session/kafka_follower.h"

#include "core/base/json.h"
#include "core/yaml/yaml.h"
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

std::string FollowedMessage::place() const
{
    return topic + '/' + std::to_string(partition) + '/' + std::to_string(message.offset);
}

/// One partition and how far it was taken in.
struct KafkaFollower::Reading {
    std::string topic;
    std::uint32_t partition = 0;
    std::unique_ptr<KafkaConsumer> consumer;
    std::uint64_t next = 0;
    std::uint64_t until = 0; ///< Of catchUp.

    std::string name() const { return topic + '/' + std::to_string(partition); }
};

KafkaFollower::KafkaFollower(Options options) : m_options(std::move(options)) {}

KafkaFollower::~KafkaFollower() = default;

Result<std::unique_ptr<KafkaFollower>> KafkaFollower::open(const KafkaSettings &connection, Options options)
{
    std::unique_ptr<KafkaFollower> follower(new KafkaFollower(std::move(options)));
    EVENTOPS_TRY(follower->connect(connection));
    return follower;
}

Status KafkaFollower::connect(const KafkaSettings &connection)
{
    KafkaClient::Options options;
    options.committedOnly = true; // what somebody took back did not happen
    m_client = EVENTOPS_TRY(KafkaClient::openConsumer(connection, options));
    m_cluster = EVENTOPS_TRY(m_client->clusterId(ConnectWait));
    m_topics = EVENTOPS_TRY(m_client->topics(ConnectWait));
    std::string wanted;
    for (const std::string &topic : m_options.topics) {
        wanted += (wanted.empty() ? "" : " or ") + topic;
        for (const std::string &name : topicNames(topic)) {
            const auto found = m_topics.find(name);
            for (std::uint32_t i = 0; found != m_topics.end() && i < found->second; ++i)
                m_readings.push_back(std::make_unique<Reading>(Reading{name, i, nullptr}));
        }
    }
    if (m_readings.empty())
        return Error{Error::Code::NotFound,
                     "the Kafka at " + connection.brokers + " has no topic " + wanted,
                     {},
                     "make the topics with: eventops kafka init"};
    const auto mark = readMark();
    for (const auto &reading : m_readings)
        EVENTOPS_TRY(begin(*reading, mark));
    return writeMark(); // from here on, also for what was not read yet
}

std::string KafkaFollower::nameOf(std::string_view topic) const
{
    for (const std::string &name : topicNames(topic)) {
        if (m_topics.contains(name))
            return name;
    }
    return {};
}

/// Where the mark says, while that is within the topic: one that was made anew is read from its beginning.
Status KafkaFollower::begin(Reading &reading, const std::map<std::string, std::uint64_t> &mark)
{
    const KafkaOffsets ends = EVENTOPS_TRY(m_client->offsets(reading.topic, reading.partition, ConnectWait));
    const auto known = mark.find(reading.name());
    const std::uint64_t fresh = m_options.fromEnd ? ends.high : ends.low;
    const std::uint64_t at = known == mark.end() ? fresh : known->second;
    reading.next = at < ends.low || at > ends.high ? ends.low : at;
    reading.until = ends.high;
    reading.consumer = EVENTOPS_TRY(KafkaConsumer::open(m_client, reading.topic, reading.partition));
    return reading.consumer->start(reading.next);
}

std::map<std::string, std::uint64_t> KafkaFollower::readMark() const
{
    std::map<std::string, std::uint64_t> mark;
    const auto given = loadYaml(m_options.markFile);
    const auto checked = given ? checkSettings(given.value(), MarkFields, m_options.markFile) : given;
    // Without a mark that speaks of this cluster it begins as for the first time.
    if (!checked || checked.value().at("cluster").text().valueOr("") != m_cluster)
        return mark;
    for (const auto &[name, offset] : checked.value().at("next").members())
        mark.emplace(name, static_cast<std::uint64_t>(std::max<std::int64_t>(offset.integer().valueOr(0), 0)));
    return mark;
}

Status KafkaFollower::writeMark() const
{
    if (m_options.markFile.empty())
        return Ok{};
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("cluster", m_cluster).key("next").beginObject();
    for (const auto &reading : m_readings)
        json.key(reading->name()).unsignedInteger(reading->next);
    json.endObject().endObject();
    return lake::replaceFile(m_options.markFile, text + "\n");
}

Status KafkaFollower::poll()
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

Status KafkaFollower::catchUp()
{
    for (const auto &reading : m_readings)
        reading->until = EVENTOPS_TRY(m_client->offsets(reading->topic, reading->partition, ConnectWait)).high;
    auto heard = std::chrono::steady_clock::now();
    const auto behind = [](const auto &reading) {
        return reading->next < reading->until;
    };
    while (std::any_of(m_readings.begin(), m_readings.end(), behind)) {
        if (m_options.mustStop())
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
Result<bool> KafkaFollower::readSome(Reading &reading, std::chrono::milliseconds wait)
{
    KafkaMessage message;
    for (std::size_t i = 0; i < StretchMax && !m_options.mustStop(); ++i) {
        switch (EVENTOPS_TRY(reading.consumer->next(message, wait))) {
        case KafkaConsumer::Met::Message: {
            const Status taken = m_options.take({reading.topic, reading.partition, message});
            if (!taken) {
                EVENTOPS_TRY(reading.consumer->start(reading.next)); // it comes again
                return taken.error();
            }
            reading.next = message.offset + 1;
            break;
        }
        case KafkaConsumer::Met::End:
            if (message.offset >= reading.until) // else more came since; behind the last of a transaction stands a mark
                reading.next = std::max(reading.next, reading.until);
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

} // namespace eventops
