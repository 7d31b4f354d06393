// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_address.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/action_events.h"
#include "core/codec/action_state.h"
#include "core/codec/alert.h"
#include "core/codec/signal.h"
#include "core/kafka/topics.h"
#include "core/pipeline/settings.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view Scheme = "kafka://";
constexpr std::string_view Example = "write it as kafka://localhost:9092 or kafka://a:9092,b:9092?topics=ops.alert.v1";

Error wrong(const std::string &text, const std::string &what, std::string remedy = std::string(Example))
{
    return Error{Error::Code::InvalidArgument, "\"" + text + "\" " + what, {}, std::move(remedy)};
}

std::vector<std::string> split(std::string_view text, char separator)
{
    std::vector<std::string> out;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0)
            out.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// %2F and the like; what is no such thing stays.
std::string unescaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

Status readSetting(const std::string &text, const std::string &name, std::string value, KafkaAddress &out)
{
    if (name == "topics") {
        out.topics = split(value, ',');
        return Ok{};
    }
    if (name == "start") {
        if (value != "earliest" && value != "latest" && !parseTimestamp(value))
            return wrong(text, "begins at no place in a topic: " + value,
                         "start=earliest, start=latest, or an instant like start=2025-11-03T08:00:00Z");
        out.start = std::move(value);
        return Ok{};
    }
    if (name == "preset") {
        if (value != "eventops" && value != "karma" && value != "chronos")
            return wrong(text, "has no such preset: " + value, "preset=eventops, preset=karma or preset=chronos");
        out.preset = std::move(value);
        return Ok{};
    }
    if (out.connection.find(name) == nullptr || name == "brokers") {
        std::vector<std::string_view> known{"topics", "start", "preset"};
        for (const FieldSpec &field : kafkaConnectionFields())
            known.push_back(field.name);
        return wrong(text, "has a setting that nobody knows: " + name, unknownNameRemedy(name, known, "settings"));
    }
    out.connection.set(name, Value::scalar(std::move(value), {}, true));
    return Ok{};
}

bool has(const std::vector<std::string> &known, std::string_view topic)
{
    const std::vector<std::string> names = topicNames(topic);
    return std::any_of(names.begin(), names.end(), [&](const std::string &name) {
        return std::find(known.begin(), known.end(), name) != known.end();
    });
}

} // namespace

std::string KafkaAddress::shown() const
{
    return std::string(Scheme) + connection.at("brokers").text().valueOr(std::string());
}

bool isKafkaAddress(const std::string &text)
{
    return text.starts_with(Scheme);
}

Result<KafkaAddress> readKafkaAddress(const std::string &text)
{
    if (!isKafkaAddress(text))
        return wrong(text, "is no address of topics");
    const std::size_t query = std::min(text.find('?'), text.size());
    std::string brokers = text.substr(Scheme.size(), query - Scheme.size());
    if (!brokers.empty() && brokers.back() == '/')
        brokers.pop_back();
    KafkaAddress out;
    out.connection = EVENTOPS_TRY(checkSettings(Value(), kafkaConnectionFields(), "kafka"));
    out.connection.set("brokers", Value::scalar(std::move(brokers), {}, true));
    for (const std::string &setting : split(std::string_view(text).substr(std::min(query + 1, text.size())), '&')) {
        const std::size_t equals = setting.find('=');
        if (equals == std::string::npos)
            return wrong(text, "has a setting without a value: " + setting);
        EVENTOPS_TRY(readSetting(text, setting.substr(0, equals), unescaped(setting.substr(equals + 1)), out));
    }
    const auto settings = out.settings();
    if (!settings)
        return Error{Error::Code::InvalidArgument, settings.error().message, {}, settings.error().remedy};
    out.connection.set("brokers", Value::scalar(settings.value().brokers, {}, true)); // as the environment has it
    return out;
}

Result<std::vector<std::string>> topicsToAttach(const std::vector<std::string> &known,
                                                const std::vector<std::string> &wanted, const std::string &brokers)
{
    std::vector<std::string> out;
    const auto add = [&](std::string_view topic) {
        if (has(known, topic))
            out.emplace_back(topic);
        return has(known, topic);
    };
    if (!wanted.empty()) {
        for (const std::string &topic : wanted) {
            if (!add(topic))
                return Error{Error::Code::NotFound,
                             "the Kafka at " + brokers + " has no topic " + topic,
                             {},
                             "check its name; eventops kafka init makes those of the contracts"};
        }
        return out;
    }
    if (!add(NormalizedTopic)) { // signals as the services of the published stacks write them
        for (const std::string_view topic : {MetricTopic, LogTopic, TraceTopic})
            add(topic);
    }
    add(AlertTopic);
    if (!add(ActionStateTopic)) {
        for (const char *const topic : {ActionsRequestedTopic, ActionsProgressTopic, ActionsResultTopic})
            add(topic);
    }
    if (out.empty())
        return Error{Error::Code::NotFound,
                     "the Kafka at " + brokers + " has no topic with events, alerts or actions",
                     {},
                     "make them where the engine is: eventops kafka init; one that is there is not shown without the "
                     "right to it; others are named with ?topics="};
    return out;
}

std::string attachPipeline(const KafkaAddress &address, const std::vector<std::string> &topics, bool follow)
{
    const bool steps = std::find(topics.begin(), topics.end(), ActionStateTopic) != topics.end();
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("pipeline", "topics");
    json.field("description", "What other engines published to the topics of " + address.shown());
    json.key("sources").beginArray().beginObject().key("kafka").beginObject();
    for (const auto &[name, value] : address.connection.members()) {
        const std::string text = value.text().valueOr(std::string());
        if (!text.empty())
            json.field(name, text);
    }
    json.key("topics").beginArray();
    for (const std::string &topic : topics)
        json.string(topic);
    json.endArray().key("follow").boolean(follow).field("skip_writer", "");
    if (!address.start.empty())
        json.field("start", address.start);
    if (!address.preset.empty())
        json.field("preset", address.preset);
    json.endObject().endObject().endArray();
    json.key("stages").beginArray();
    json.beginObject().key("adopt_findings").beginObject().endObject().endObject();
    json.beginObject().key("entities").beginObject().endObject().endObject();
    json.beginObject().key("adopt_actions").beginObject().field("from", steps ? "steps" : "requests");
    json.endObject().endObject().endArray().endObject();
    return out;
}

} // namespace eventops
