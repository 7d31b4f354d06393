// SPDX-License-Identifier: MIT
//
// kafka.json and kafka.mark of a workspace.
#include "core/base/json.h"
#include "core/codec/action_state.h"
#include "core/codec/alert.h"
#include "core/codec/signal.h"
#include "core/yaml/yaml.h"
#include "core/kafka/topics.h"
#include "core/lake/files.h"
#include "core/pipeline/settings.h"
#include "core/session/kafka_feed.h"

#include <algorithm>
#include <cassert>
#include <filesystem>

namespace eventops {
namespace {

constexpr FieldSpec OwnFields[] = {
    {"writer", "string", "eventops", "Our name in the header eventops-writer of every message."},
    {"mirror", "bool", "false", "Alerts also as deviations, and deviations as alerts (X11)."},
    {"legacy_top_level", "bool", "false", "Deviations have their figures at top level as well (X12)."},
    {"legacy_key", "bool", "false", "The key of alerts and events is their tenant alone (X22)."},
    {"reports", "bool", "true", "Progress and results that others publish move our actions (K120)."},
    {"take_decisions", "bool", "false",
     "Decisions that come signed by the topic of commands are carried out; who may sign stands in kafka_tokens."},
    {"avro", "string", "\"\"", "Topics that are written in Avro, with commas between."},
    {"publish", "list", PublishedDefault, PublishedHelp},
};

constexpr std::string_view Publishable[] = {AlertTopic,           DeviationsPublished, ActionsRequestedTopic,
                                            ActionsProgressTopic, ActionsResultTopic,  ActionsDlqTopic,
                                            NormalizedTopic,      MetricTopic,         LogTopic,
                                            TraceTopic,           EnrichedTopic,       CommandTopic,
                                            NormalizedDlqTopic,   LetterNumbersTopic,  ActionStateTopic,
                                            FindingsPublished};

Status checkPublished(const Value &list)
{
    for (const Value &item : list.items()) {
        const std::string name = EVENTOPS_TRY(item.text());
        if (std::find(std::begin(Publishable), std::end(Publishable), name) == std::end(Publishable))
            return item.error("publish: nothing is called \"" + name + '"',
                              unknownNameRemedy(name, Publishable, "names"));
    }
    return Ok{};
}

constexpr FieldSpec MarkFields[] = {
    {"cluster", "string", "required", "The cluster that it speaks of."},
    {"findings", "int", "required", "Number of the last finding that is there."},
    {"actions", "int", "required", "Number of the last document of an action that is there."},
    {"events", "int", "0", "Place behind the last event that is there."},
    {"letters", "int", "0", "Id of the last dead letter that is there."},
    {"steps", "int", "0", "Number of the last row of the audit that is there."},
    {"failed", "int", "0", "Id of the last request that no attempt could carry out."},
    {"sent", "int", "required", "Messages acknowledged."},
};

const std::vector<FieldSpec> &feedFields()
{
    static const std::vector<FieldSpec> fields = withKafkaConnection(OwnFields);
    return fields;
}

bool flag(const Value &values, std::string_view name)
{
    return values.at(name).boolean().valueOr(false); // checked when it was read
}

} // namespace

bool hasKafka(const Workspace &workspace)
{
    std::error_code failed;
    return std::filesystem::exists(KafkaFeedSettings::file(workspace), failed);
}

KafkaFeedSettings::KafkaFeedSettings()
    : m_values(checkSettings(Value(), feedFields(), "kafka.json").valueOr(Value())) // defaults are right
{
}

Result<KafkaFeedSettings> KafkaFeedSettings::read(const Workspace &workspace)
{
    const Result<Value> given = loadYaml(file(workspace)); // JSON is YAML, and errors then name line and member
    if (!given && given.error().code == Error::Code::NotFound)
        return Error{Error::Code::NotFound,
                     "this workspace publishes to no Kafka",
                     {file(workspace), 0, 0},
                     "eventops kafka init --brokers localhost:9092"};
    if (!given)
        return given.error();
    KafkaFeedSettings settings;
    settings.m_values = EVENTOPS_TRY(checkSettings(given.value(), feedFields(), "kafka.json"));
    EVENTOPS_TRY(readKafkaSettings(settings.m_values, false));
    EVENTOPS_TRY(settings.avroTopics());
    EVENTOPS_TRY(checkPublished(settings.m_values.at("publish")));
    return settings;
}

Status KafkaFeedSettings::write(const Workspace &workspace) const
{
    std::string text;
    m_values.appendJson(text);
    return lake::replaceFile(file(workspace), text + "\n");
}

void KafkaFeedSettings::set(std::string name, std::string text)
{
    assert(m_values.find(name) != nullptr);
    m_values.set(std::move(name), Value::scalar(std::move(text)));
}

Result<KafkaSettings> KafkaFeedSettings::connection() const
{
    return readKafkaSettings(m_values);
}

std::string KafkaFeedSettings::writer() const
{
    return m_values.at("writer").text().valueOr(std::string(WriterDefault));
}

bool KafkaFeedSettings::mirror() const
{
    return flag(m_values, "mirror");
}

bool KafkaFeedSettings::legacyTopLevel() const
{
    return flag(m_values, "legacy_top_level");
}

bool KafkaFeedSettings::legacyKey() const
{
    return flag(m_values, "legacy_key");
}

Result<std::set<std::string>> KafkaFeedSettings::avroTopics() const
{
    const Value &given = m_values.at("avro");
    const std::string names = EVENTOPS_TRY(given.text());
    std::set<std::string> out;
    for (std::size_t at = 0; at < names.size();) {
        const std::size_t end = std::min(names.find(',', at), names.size());
        std::string name = names.substr(at, end - at);
        at = end + 1;
        name.erase(0, name.find_first_not_of(' '));
        name.erase(name.find_last_not_of(' ') + 1);
        if (!KafkaPayloads::mayBeAvro(name))
            return given.error("avro: \"" + name + "\" is no topic that is written in Avro",
                               "use some of " + std::string(KafkaPayloads::AvroTopics)
                                   + "; executors read actions.* as JSON");
        out.insert(std::move(name));
    }
    return out;
}

bool KafkaFeedSettings::takesReports() const
{
    return flag(m_values, "reports");
}

bool KafkaFeedSettings::takesDecisions() const
{
    return flag(m_values, "take_decisions");
}

std::vector<std::string> KafkaFeedSettings::published() const
{
    std::vector<std::string> names;
    for (const Value &item : m_values.at("publish").items())
        names.push_back(item.text().valueOr(std::string())); // checked when it was read
    return names;
}

Status KafkaFeedSettings::publish(const std::vector<std::string> &what)
{
    std::vector<Value> items;
    for (const std::string &name : what)
        items.push_back(Value::scalar(name));
    Value list = Value::list(std::move(items));
    EVENTOPS_TRY(checkPublished(list));
    m_values.set("publish", std::move(list));
    return Ok{};
}

std::span<const std::string_view> KafkaFeedSettings::publishable()
{
    return Publishable;
}

Result<KafkaMark> KafkaMark::read(const std::string &path)
{
    const Result<Value> given = loadYaml(path);
    if (!given && given.error().code == Error::Code::NotFound)
        return given.error();
    const auto checked = given ? checkSettings(given.value(), MarkFields, "kafka.mark") : given;
    const Error damaged{Error::Code::Corrupt, "this is no mark of what was published", {path, 0, 0}};
    if (!checked)
        return damaged;
    const auto number = [&](std::string_view name) {
        return checked.value().at(name).integer().valueOr(-1);
    };
    for (const std::string_view name : {"findings", "actions", "events", "letters", "steps", "failed", "sent"}) {
        if (number(name) < 0)
            return damaged;
    }
    KafkaMark mark;
    mark.cluster = EVENTOPS_TRY(checked.value().at("cluster").text());
    mark.findings = static_cast<std::uint64_t>(number("findings"));
    mark.actions = static_cast<std::uint64_t>(number("actions"));
    mark.events = static_cast<std::uint64_t>(number("events"));
    mark.letters = static_cast<std::uint64_t>(number("letters"));
    mark.steps = static_cast<std::uint64_t>(number("steps"));
    mark.failed = static_cast<std::uint64_t>(number("failed"));
    mark.sent = static_cast<std::uint64_t>(number("sent"));
    return mark;
}

Status KafkaMark::write(const std::string &path) const
{
    std::string text;
    JsonWriter json(text);
    json.beginObject().field("cluster", cluster).key("findings").unsignedInteger(findings);
    json.key("actions").unsignedInteger(actions).key("events").unsignedInteger(events);
    json.key("letters").unsignedInteger(letters).key("steps").unsignedInteger(steps);
    json.key("failed").unsignedInteger(failed).key("sent").unsignedInteger(sent).endObject();
    return lake::replaceFile(path, text + "\n");
}

} // namespace eventops
