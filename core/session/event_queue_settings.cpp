// SPDX-License-Identifier: MIT
#include "core/session/event_queue_settings.h"

#include "core/kafka/topics.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"
#include "core/queue/kafka_event_queue.h"
#include "core/queue/sqs_event_queue.h"
#include "core/session/ledger_event_queue.h"
#include "core/yaml/yaml.h"

#include <cassert>
#include <cstdlib>

namespace eventops {
namespace {

constexpr FieldSpec OwnFields[] = {
    {"kind", "enum:ledger|kafka|sqs", "ledger", "Where raw events wait for their transformers."},
    {"topic", "string", RawEventsTopic, "kafka: topic of their ids."},
    {"dead_letter_topic", "string", LetterNumbersTopic,
     "kafka: topic of the ids of those that a transformer failed on; \"\": none."},
    {"queue_url", "string", "\"\"", "sqs: URL of the queue; one that ends with .fifo keeps each source's order."},
    {"dead_letter_url", "string", "\"\"", "sqs: URL of the queue of those that a transformer failed on; \"\": none."},
    {"region", "string", "\"\"", "sqs: \"\": AWS_REGION, AWS_DEFAULT_REGION, or what the URL says."},
    {"endpoint", "string", "\"\"",
     "sqs: where to ask; \"\": AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, or the URL's host."},
    {"ca_file", "string", "\"\"", "sqs: PEM of the authorities to trust; \"\": the system's."},
    {"visibility", "duration", "5m", "sqs: what was taken comes again unless it is done by then; 1s to 12h."},
    {"announce_again", "duration", "5m",
     "What was announced and is not transformed by then is announced again, and each time after twice as long; "
     "from 1s."},
};

const std::vector<FieldSpec> &queueFields()
{
    static const std::vector<FieldSpec> fields = withKafkaConnection(OwnFields);
    return fields;
}

std::int64_t secondsOf(const Value &values, std::string_view name)
{
    return values.at(name).durationNs().valueOr(0) / NsPerSecond; // checked when it was read
}

SqsSettings sqsOf(const EventQueueSettings &settings, std::int64_t visibilitySeconds)
{
    SqsSettings out;
    out.queueUrl = settings.text("queue_url");
    out.deadLettersUrl = settings.text("dead_letter_url");
    out.endpoint = settings.text("endpoint");
    out.region = settings.text("region");
    out.caFile = settings.text("ca_file");
    out.visibilitySeconds = visibilitySeconds;
    return out;
}

} // namespace

EventQueueSettings::EventQueueSettings()
    : m_values(checkSettings(Value(), queueFields(), "queue.json").valueOr(Value())) // defaults are right
{
}

Result<EventQueueSettings> EventQueueSettings::read(const Workspace &workspace)
{
    EventQueueSettings settings;
    const Result<Value> given = loadYaml(file(workspace)); // JSON is YAML, and errors then name line and member
    if (!given && given.error().code == Error::Code::NotFound)
        return settings;
    if (!given)
        return given.error();
    settings.m_values = EVENTOPS_TRY(checkSettings(given.value(), queueFields(), "queue.json"));
    EVENTOPS_TRY(settings.check());
    return settings;
}

Status EventQueueSettings::write(const Workspace &workspace) const
{
    EVENTOPS_TRY(check());
    std::string text;
    m_values.appendJson(text);
    return lake::replaceFile(file(workspace), text + "\n");
}

void EventQueueSettings::set(std::string name, std::string text)
{
    assert(m_values.find(name) != nullptr);
    m_values.set(std::move(name), Value::scalar(std::move(text)));
}

Status EventQueueSettings::check() const
{
    const Value checked = EVENTOPS_TRY(checkSettings(m_values, queueFields(), "queue.json"));
    const Value &again = checked.at("announce_again"), &visibility = checked.at("visibility");
    if (secondsOf(checked, "announce_again") < 1)
        return again.error("announce_again is less than a second", "5m");
    const std::int64_t seconds = secondsOf(checked, "visibility");
    if (seconds < 1 || seconds > SqsEventQueue::VisibilitySecondsMax)
        return visibility.error("visibility is not between 1s and 12h",
                                "longer than transforming ten events takes: 5m");
    EVENTOPS_TRY(readKafkaSettings(checked, false));
    if (kind() == Kind::Kafka && text("topic").empty())
        return checked.at("topic").error("topic is empty", std::string(RawEventsTopic));
    if (kind() == Kind::Kafka && text("topic") == text("dead_letter_topic"))
        return checked.at("dead_letter_topic")
            .error("dead_letter_topic is the topic of what waits: what failed would come again for ever",
                   std::string(LetterNumbersTopic));
    if (kind() == Kind::Sqs && text("queue_url").empty())
        return checked.at("queue_url").error("queue_url is empty", "name the queue's URL");
    if (kind() == Kind::Sqs && text("queue_url") == text("dead_letter_url"))
        return checked.at("dead_letter_url")
            .error("dead_letter_url is the queue itself: what failed would come again for ever", "name another one");
    return Ok{};
}

EventQueueSettings::Kind EventQueueSettings::kind() const
{
    const std::string name = text("kind");
    return name == "kafka" ? Kind::Kafka : name == "sqs" ? Kind::Sqs : Kind::Ledger;
}

std::int64_t EventQueueSettings::announceAgainNs() const
{
    return m_values.at("announce_again").durationNs().valueOr(0);
}

std::string EventQueueSettings::text(std::string_view name) const
{
    return m_values.at(name).text().valueOr(std::string());
}

KafkaSettings EventQueueSettings::kafka() const
{
    return readKafkaSettings(m_values, false).valueOr(KafkaSettings());
}

Result<std::unique_ptr<RawEventQueue>> EventQueueSettings::open(TransformStore &store,
                                                                std::function<bool()> mustStop) const
{
    switch (kind()) {
    case Kind::Kafka: {
        KafkaEventQueue::Options options;
        options.connection = EVENTOPS_TRY(readKafkaSettings(m_values));
        options.topic = text("topic");
        options.deadLetters = text("dead_letter_topic");
        options.position = [&store](const std::string &place) {
            return store.place(place);
        };
        options.mustStop = std::move(mustStop);
        return std::unique_ptr<RawEventQueue>(std::make_unique<KafkaEventQueue>(std::move(options)));
    }
    case Kind::Sqs: {
        const SqsSettings settings = sqsOf(*this, secondsOf(m_values, "visibility"));
        return std::unique_ptr<RawEventQueue>(
            EVENTOPS_TRY(SqsEventQueue::open(settings, std::getenv, std::move(mustStop))));
    }
    case Kind::Ledger: break;
    }
    return std::unique_ptr<RawEventQueue>(std::make_unique<LedgerEventQueue>(store));
}

} // namespace eventops
