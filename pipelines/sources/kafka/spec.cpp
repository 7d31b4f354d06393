// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"
#include "core/base/time.h"
#include "core/kafka/group_settings.h"
#include "core/kafka/topics.h"
#include "core/pipeline/settings.h"
#include "pipelines/sources/kafka/partition.h"

#include <algorithm>
#include <set>

namespace eventops {

extern const SourceSpec CaptureSource; // reads a file of messages

namespace {

constexpr std::chrono::milliseconds ConnectWait{10'000};
constexpr std::size_t BufferedBytesMax = 64u << 20; ///< Fetched ahead, of all partitions.
constexpr std::size_t PartitionsMax = 1'024;

constexpr FieldSpec OwnFields[] = {
    {"topics", "list", "required", "Topics to read, every partition of each."},
    {"codec", "string", "auto", "Envelope of the payloads; see the capture's format."},
    {"codecs", "map", "{}", "Where a topic has another one: {cdc.raw: mapped}"},
    {"preset", "enum:eventops|karma|chronos", "eventops",
     "Where a topic begins that was never read, and what counts: eventops at its beginning; karma at its beginning, "
     "committed transactions only; chronos at its end."},
    {"start", "string", "\"\"",
     "Goes before the preset's beginning: earliest, latest, or an instant: 2025-11-03T08:00:00Z"},
    {"isolation", "string", "\"\"",
     "Goes before the preset's: read_committed leaves out what was not committed, read_uncommitted takes it in."},
    {"follow", "bool", "true", "false: read what is there and end."},
    {"aliases", "bool", "true", "Read action.requested as well where actions.requested is named, and so on (X1)."},
    {"skip_writer", "string", "eventops",
     "Messages whose header eventops-writer says this are our own and left out; \"\" takes them in."},
    {"map", "any", "{}", "mapped: where each field of an event comes from."},
    {"require", "any", "null", "eventops.agent, auto: fields without which an agent's message is refused."},
    {"content_type", "string", "application/octet-stream", "chronos.raw: what the bytes are."},
    {"source_name", "string", "\"\"", "chronos.raw: name of the source."},
    {"tenant", "string", "default", "chronos.raw: tenant of the events."},
    {"attribute_types", "bool", "false", "monitoring.v1: attributes have their types beside them."},
    {"schemas", "map", "{}",
     "Avro schemas by id for payloads that no registry is to be asked about: {7: {type: record, …}}"},
    {"partition", "int", "-1", "This partition of the topic alone; -1: all of them."},
    {"lines", "bool", "false", "Messages hold whole messages of other topics, as a group's repartition topic does."},
    {"group", "map", "{}",
     "{application: name}: members of a consumer group run the pipeline, with `eventops group run`; see the manual."},
};

struct Wanted {
    KafkaSettings connection;
    KafkaReading reading;
    bool committedOnly = false;
    bool aliases = true;
    std::int64_t partition = -1; ///< -1: all.
    std::vector<std::pair<std::string, Value>> topics;
};

Status readStart(const Value &settings, Wanted &out)
{
    const std::string preset = EVENTOPS_TRY(settings.at("preset").text());
    out.committedOnly = preset == "karma";
    out.reading.latest = preset == "chronos";
    const std::string isolation = EVENTOPS_TRY(settings.at("isolation").text());
    if (isolation == "read_committed" || isolation == "read_uncommitted")
        out.committedOnly = isolation == "read_committed";
    else if (!isolation.empty())
        return settings.at("isolation").error("isolation: there is no \"" + isolation + '"',
                                              "use read_committed or read_uncommitted");
    const std::string start = EVENTOPS_TRY(settings.at("start").text());
    if (start == "earliest" || start == "latest")
        out.reading.latest = start == "latest";
    else if (!start.empty()) {
        const auto time = parseTimestamp(start);
        if (!time)
            return settings.at("start").error("start: \"" + start + "\" is no place in a topic",
                                              "use earliest, latest, or an instant like 2025-11-03T08:00:00Z");
        out.reading.from = *time;
    }
    return Ok{};
}

Status readTopics(const Value &settings, Wanted &out)
{
    const Value &list = settings.at("topics");
    std::set<std::string> seen;
    for (const Value &item : list.items()) {
        std::string name = EVENTOPS_TRY(item.text());
        const bool good = !name.empty() && name.size() <= 249 && name != "." && name != ".."
                          && std::all_of(name.begin(), name.end(), [](char c) {
                                 return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                                        || c == '.' || c == '_' || c == '-';
                             });
        if (!good)
            return item.error("topics: \"" + name + "\" cannot be a topic's name",
                              "letters, digits, dots, dashes and underscores, at most 249");
        if (seen.insert(name).second)
            out.topics.emplace_back(std::move(name), item);
    }
    if (out.topics.empty())
        return list.error("topics: no topic is named", "for example topics: [signals.metric.v1]");
    for (const auto &[topic, codec] : settings.at("codecs").members()) {
        if (!seen.contains(topic) && !out.reading.lines)
            return codec.error("codecs: " + topic + " is not among the topics", "name it there as well");
    }
    return Ok{};
}

/// Where payloads may be Avro, and who knows their schemas.
Status readAvroSettings(const Value &settings, Wanted &out, bool connect)
{
    out.reading.readsAvroElse = readsAvro(EVENTOPS_TRY(settings.at("codec").text()));
    for (const auto &[topic, codec] : settings.at("codecs").members())
        out.reading.readsAvro.emplace(topic, readsAvro(EVENTOPS_TRY(codec.text())));
    out.reading.schemas = EVENTOPS_TRY(readSchemas(settings));
    auto address = connect ? EVENTOPS_TRY(registryAddress(out.connection)) : std::nullopt;
    if (address)
        out.reading.registry = EVENTOPS_TRY(SchemaRegistry::open(std::move(*address)));
    return Ok{};
}

Result<Wanted> readWanted(const Value &settings, bool connect)
{
    Wanted out;
    out.connection = EVENTOPS_TRY(readKafkaSettings(settings, connect));
    EVENTOPS_TRY(readStart(settings, out));
    out.reading.lines = EVENTOPS_TRY(settings.at("lines").boolean());
    out.partition = EVENTOPS_TRY(settings.at("partition").integer());
    out.reading.growing = out.partition < 0;
    if (hasGroup(settings))
        EVENTOPS_TRY(KafkaGroupSettings::read(settings.at("group")));
    EVENTOPS_TRY(readTopics(settings, out));
    out.reading.follow = EVENTOPS_TRY(settings.at("follow").boolean());
    out.reading.skipWriter = EVENTOPS_TRY(settings.at("skip_writer").text());
    out.aliases = EVENTOPS_TRY(settings.at("aliases").boolean());
    out.reading.codec = EVENTOPS_TRY(makeCodec("kcat", settings));
    EVENTOPS_TRY(readAvroSettings(settings, out, connect));
    return out;
}

/// Messages as kcat prints them, or payloads by themselves, from a file: how a dead letter is read again.
Result<std::unique_ptr<Source>> readFile(const Value &settings, const SourceArguments &arguments)
{
    Value file = settings;
    file.set("format", Value::scalar("kcat"));
    file.set("framing", Value::scalar("lines"));
    if (!arguments.format.empty() && arguments.format != "auto") {
        file.set("codec", Value::scalar(arguments.format));
        file.set("codecs", Value::map({}));
    }
    return CaptureSource.make(file, {arguments.path, {}});
}

/// The topics that the cluster has of those that are wanted, with the number of their partitions.
Result<std::vector<std::pair<std::string, std::uint32_t>>> findTopics(const Wanted &wanted, KafkaClient &client)
{
    const auto known = EVENTOPS_TRY(client.topics(ConnectWait));
    std::vector<std::pair<std::string, std::uint32_t>> found;
    std::size_t partitions = 0;
    for (const auto &[name, where] : wanted.topics) {
        bool any = false;
        std::vector<std::string> names = topicNames(name);
        if (!wanted.aliases)
            names.resize(1);
        for (const std::string &one : names) {
            const auto topic = known.find(one);
            const bool taken =
                std::any_of(found.begin(), found.end(), [&](const auto &other) { return other.first == one; });
            any = any || topic != known.end();
            if (topic == known.end() || taken)
                continue;
            found.emplace_back(one, topic->second);
            partitions += topic->second;
        }
        if (any)
            continue;
        std::vector<std::string_view> there;
        for (const auto &[topic, count] : known)
            there.push_back(topic);
        Error error = where.error("topics: the Kafka at " + client.brokers() + " has no topic \"" + name + '"',
                                  "eventops kafka init makes those of the contracts; one that is there is not shown "
                                  "without the right to it; "
                                      + unknownNameRemedy(name, there, "topics"));
        error.code = Error::Code::NotFound;
        return error;
    }
    if (partitions > PartitionsMax)
        return Error{Error::Code::LimitExceeded,
                     "more than " + std::to_string(PartitionsMax) + " partitions",
                     {},
                     "divide the topics between several workspaces"};
    return found;
}

Result<std::unique_ptr<Source>> makeKafka(const Value &settings, const SourceArguments &arguments)
{
    Wanted wanted = EVENTOPS_TRY(readWanted(settings, arguments.path.empty()));
    if (!arguments.path.empty())
        return readFile(settings, arguments);
    if (hasGroup(settings))
        return settings.at("group").error("this pipeline is run by the members of a group, not by a workspace",
                                          "eventops group run FILE; or take `group` away");
    KafkaClient::Options options;
    options.committedOnly = wanted.committedOnly;
    wanted.reading.client = EVENTOPS_TRY(KafkaClient::openConsumer(wanted.connection, options));
    wanted.reading.cluster = EVENTOPS_TRY(wanted.reading.client->clusterId(ConnectWait));
    const auto topics = EVENTOPS_TRY(findTopics(wanted, *wanted.reading.client));
    std::size_t all = 0;
    for (const auto &[topic, partitions] : topics)
        all += wanted.partition >= 0 ? 1 : partitions;
    if (all * options.bufferedBytesMax > BufferedBytesMax) { // only now is it known how many share the room
        options.bufferedBytesMax = BufferedBytesMax / all;
        wanted.reading.client = EVENTOPS_TRY(KafkaClient::openConsumer(wanted.connection, options));
    }
    const auto reading = std::make_shared<const KafkaReading>(std::move(wanted.reading));
    std::unique_ptr<KafkaPartition> first;
    for (const auto &[topic, partitions] : topics) {
        for (std::uint32_t partition = 0; partition < partitions; ++partition) {
            if (wanted.partition >= 0 && partition != wanted.partition)
                continue;
            auto one = EVENTOPS_TRY(KafkaPartition::make(reading, topic, partition, partitions));
            if (first == nullptr)
                first = std::move(one);
            else
                first->addOther(std::move(one));
        }
    }
    if (first == nullptr)
        return settings.at("partition").error("partition: the topic has no partition "
                                              + std::to_string(wanted.partition));
    return std::unique_ptr<Source>(std::move(first));
}

const std::vector<FieldSpec> Fields = withKafkaConnection(OwnFields);

} // namespace

extern const SourceSpec KafkaSource;
const SourceSpec KafkaSource = {
    .name = "kafka",
    .summary = "Reads topics of a Kafka: the ledger keeps the offsets, and the records of every partition go on where "
               "they stopped.",
    .fields = Fields,
    .losses = codecLosses(),
    .make = makeKafka,
};

} // namespace eventops
