// SPDX-License-Identifier: MIT
//
// `eventops kafka`: what the workspace finds, published to the topics of a Kafka.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/api/tokens.h"
#include "core/base/private_file.h"
#include "core/codec/action_state.h"
#include "core/codec/avro_payload.h"
#include "core/kafka/schema_registry.h"
#include "core/kafka/topic_admin.h"
#include "core/kafka/topics.h"
#include "core/session/kafka_decisions.h"
#include "core/session/kafka_feed.h"
#include "core/session/kafka_reports.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

constexpr std::chrono::seconds AskWait{10};
constexpr unsigned PartitionsMax = 1'024;

struct KafkaOptions {
    std::string brokers, protocol, mechanism, user, passwordFile, caFile, writer;
    std::string avro, schemaUrl, schemaUser, schemaPasswordFile;
    unsigned partitions = TopicPlan{}.partitions;
    int replication = -1;
    bool mirror = false, legacyTopLevel = false, legacyKey = false;
    bool noTopics = false, takeDecisions = false;
    std::string decider, deciderRole = "approver", deciderTenants = "*";
    std::vector<std::string> publish;
};

/// One word for what a console needs that sees nothing but topics.
constexpr std::string_view ForConsoles = "consoles";

std::vector<std::string> publishedNames(const std::vector<std::string> &given)
{
    std::vector<std::string> names;
    const auto add = [&](const std::string &name) {
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    };
    for (const std::string &name : given) {
        if (name != ForConsoles) {
            add(name);
            continue;
        }
        for (const std::string &usual : KafkaFeedSettings().published())
            add(usual);
        add(std::string(NormalizedTopic));
        add(std::string(FindingsPublished));
        add(ActionStateTopic);
    }
    return names;
}

/// What the workspace says, and over it what the command line says.
Result<KafkaFeedSettings> settingsOf(const Context &context, const KafkaOptions &options)
{
    KafkaFeedSettings settings;
    const Workspace workspace{context.workspace};
    if (hasKafka(workspace))
        settings = EVENTOPS_TRY(KafkaFeedSettings::read(workspace));
    const std::pair<const char *, const std::string &> texts[] = {{"brokers", options.brokers},
                                                                  {"security_protocol", options.protocol},
                                                                  {"sasl_mechanism", options.mechanism},
                                                                  {"sasl_user", options.user},
                                                                  {"sasl_password_file", options.passwordFile},
                                                                  {"tls_ca_file", options.caFile},
                                                                  {"writer", options.writer},
                                                                  {"avro", options.avro},
                                                                  {"schema_url", options.schemaUrl},
                                                                  {"schema_user", options.schemaUser},
                                                                  {"schema_password_file", options.schemaPasswordFile}};
    for (const auto &[name, text] : texts) {
        if (!text.empty())
            settings.set(name, text);
    }
    const std::pair<const char *, bool> flags[] = {
        {"mirror", options.mirror}, {"legacy_top_level", options.legacyTopLevel}, {"legacy_key", options.legacyKey},
        {"take_decisions", options.takeDecisions}};
    for (const auto &[name, set] : flags) {
        if (set)
            settings.set(name, "true");
    }
    EVENTOPS_TRY(settings.avroTopics());
    if (!options.publish.empty())
        EVENTOPS_TRY(settings.publish(publishedNames(options.publish)));
    return settings;
}

std::string outcomeText(const TopicOutcome &topic)
{
    return topic.made ? "made" : topic.error.empty() ? "is there" : topic.error;
}

std::string outcomeText(const SubjectOutcome &subject)
{
    return std::string(subject.made ? "made" : "is there") + ", schema " + std::to_string(subject.id);
}

/// Our schema under every topic that is written in Avro (E7, E22).
Result<std::vector<SubjectOutcome>> registerSchemas(const KafkaFeedSettings &settings, const KafkaSettings &connection)
{
    std::vector<SubjectOutcome> out;
    const std::set<std::string> topics = EVENTOPS_TRY(settings.avroTopics());
    if (topics.empty())
        return out;
    auto address = EVENTOPS_TRY(registryAddress(connection));
    if (!address)
        return Error{Error::Code::InvalidArgument, "topics in Avro need a schema registry", {},
                     "--schema-url http://localhost:8081, or set SCHEMA_URL"};
    const auto registry = EVENTOPS_TRY(SchemaRegistry::open(std::move(*address)));
    for (const std::string &topic : topics)
        out.push_back(EVENTOPS_TRY(registerSchema(*registry, valueSubject(topic), envelopeSchema())));
    return out;
}

void printTopics(const Context &context, const std::string &brokers, const std::string &cluster,
                 const std::vector<TopicOutcome> &topics, const std::vector<SubjectOutcome> &subjects)
{
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("brokers", brokers).field("cluster", cluster).key("topics").beginObject();
        for (const TopicOutcome &topic : topics)
            json.field(topic.name, outcomeText(topic));
        json.endObject().key("subjects").beginObject();
        for (const SubjectOutcome &subject : subjects)
            json.key(subject.subject).unsignedInteger(subject.id);
        json.endObject().endObject();
        std::printf("%s\n", out.c_str());
        return;
    }
    std::printf("brokers   %s, cluster %s\n", printable(brokers).c_str(), printable(cluster).c_str());
    for (const TopicOutcome &topic : topics)
        std::printf("%-24s%s\n", printable(topic.name).c_str(), printable(outcomeText(topic)).c_str());
    for (const SubjectOutcome &subject : subjects)
        std::printf("%-24s%s\n", printable(subject.subject).c_str(), outcomeText(subject).c_str());
}

Status init(const Context &context, const KafkaOptions &options)
{
    const KafkaFeedSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(connection, {}));
    const std::string cluster = EVENTOPS_TRY(client->clusterId(AskWait));
    std::vector<TopicOutcome> topics;
    if (!options.noTopics)
        topics =
            EVENTOPS_TRY(makeTopics(*client, contractTopics(), {options.partitions, options.replication}, AskWait));
    const std::vector<SubjectOutcome> subjects = EVENTOPS_TRY(registerSchemas(settings, connection));
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    EVENTOPS_TRY(settings.write(workspace));
    printTopics(context, connection.brokers, cluster, topics, subjects);
    for (const TopicOutcome &topic : topics) {
        if (!topic.error.empty())
            return Error{Error::Code::Refused,
                         "topic " + topic.name + " was not made: " + topic.error,
                         {},
                         "make it by hand, or ask for the right; then: eventops kafka push"};
    }
    return Ok{};
}

void printMark(const Context &context, const std::string &brokers, const KafkaMark &mark, const std::string &notice)
{
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("brokers", brokers).field("cluster", mark.cluster);
        json.key("sent").unsignedInteger(mark.sent).key("findings").unsignedInteger(mark.findings);
        json.key("actions").unsignedInteger(mark.actions).field("notice", notice).endObject();
        std::printf("%s\n", out.c_str());
        return;
    }
    if (!notice.empty())
        std::printf("note      %s\n", printable(notice).c_str());
    std::printf("brokers   %s, cluster %s\n", printable(brokers).c_str(), printable(mark.cluster).c_str());
    std::printf("messages  %llu acknowledged\n", static_cast<unsigned long long>(mark.sent));
    std::printf("ledger    up to finding %llu and action document %llu\n",
                static_cast<unsigned long long>(mark.findings), static_cast<unsigned long long>(mark.actions));
}

Status push(const Context &context, const KafkaOptions &options)
{
    const KafkaFeedSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    const auto feed = EVENTOPS_TRY(KafkaFeed::open({context.workspace}, settings, [] { return interrupted().load(); }));
    EVENTOPS_TRY(feed->catchUp());
    printMark(context, connection.brokers, feed->mark(), feed->notice());
    return Ok{};
}

Status pull(const Context &context, const KafkaOptions &options)
{
    const KafkaFeedSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    const auto reports =
        EVENTOPS_TRY(KafkaReports::open({context.workspace}, settings, [] { return interrupted().load(); }));
    EVENTOPS_TRY(reports->catchUp());
    const ReportCounts &counts = reports->counts();
    DecisionCounts decided;
    if (settings.takesDecisions()) {
        const auto decisions =
            EVENTOPS_TRY(KafkaDecisions::open({context.workspace}, settings, [] { return interrupted().load(); }));
        EVENTOPS_TRY(decisions->catchUp());
        decided = decisions->counts();
    }
    const std::pair<const char *, std::uint64_t> all[] = {{"moved", counts.moved},
                                                          {"noted", counts.noted},
                                                          {"known", counts.known},
                                                          {"foreign", counts.foreign},
                                                          {"dead_letters", counts.letters},
                                                          {"decided", decided.applied},
                                                          {"decisions_refused", decided.refused}};
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    for (const auto &[name, count] : all) {
        json.key(name).unsignedInteger(count);
        if (!context.json)
            std::printf("%-19s%llu\n", name, static_cast<unsigned long long>(count));
    }
    json.endObject();
    if (context.json)
        std::printf("%s\n", out.c_str());
    return Ok{};
}

/// A new line in the file of those who may decide by topics. The token is printed once, to be given to them.
Status decider(const Context &context, const KafkaOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    const std::string path = workspace.directory + '/' + DecisionTokensFile;
    std::string text = "# Who may decide by topics, one a line: TOKEN NAME ROLE TENANTS\n";
    const auto known = readPrivateFile(path, 512u << 10, "the tokens");
    if (!known && known.error().code != Error::Code::NotFound)
        return known.error();
    if (known)
        text = known.value();
    const std::string line = EVENTOPS_TRY(api::newToken()) + ' ' + options.decider + ' ' + options.deciderRole + ' '
                             + options.deciderTenants + '\n';
    EVENTOPS_TRY(api::parseTokens(line, path)); // the same words
    const std::string beside = path + ".new";
    std::remove(beside.c_str());
    EVENTOPS_TRY(createPrivateFile(beside, text + line));
    if (std::rename(beside.c_str(), path.c_str()) != 0)
        return Error{Error::Code::Io, "cannot write the tokens", {path, 0, 0}};
    EVENTOPS_TRY(readDecisionSigners(workspace));
    std::printf("%s", line.c_str());
    std::fprintf(stderr, "eventops: keep this line in a file of your own, chmod 600, and give it to --token-file\n");
    return Ok{};
}

Status status(const Context &context, const KafkaOptions &options)
{
    const KafkaFeedSettings settings = EVENTOPS_TRY(settingsOf(context, options));
    const KafkaSettings connection = EVENTOPS_TRY(settings.connection());
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(connection, {}));
    const std::string cluster = EVENTOPS_TRY(client->clusterId(AskWait));
    const auto known = EVENTOPS_TRY(client->topics(AskWait));
    std::string notice;
    for (const ContractTopic &topic : contractTopics()) {
        const auto names = topicNames(topic.name);
        if (std::none_of(names.begin(), names.end(), [&](const std::string &name) { return known.contains(name); }))
            notice += (notice.empty() ? "missing topics: " : ", ") + std::string(topic.name);
    }
    const std::set<std::string> avroTopics = EVENTOPS_TRY(settings.avroTopics());
    const auto payloads = KafkaPayloads::open(avroTopics, connection); // are their schemas known to the registry?
    if (!payloads)
        notice += (notice.empty() ? "" : "; ") + payloads.error().text();
    const auto read = KafkaMark::read(KafkaFeedSettings::markFile({context.workspace}));
    KafkaMark mark = read ? read.value() : KafkaMark();
    const char *const between = notice.empty() ? "" : "; ";
    if (!read)
        notice +=
            between
            + (read.error().code == Error::Code::NotFound ? std::string("nothing was sent from this workspace yet")
                                                          : read.error().text());
    else if (mark.cluster != cluster)
        notice += between + ("what was sent went to the cluster " + mark.cluster);
    mark.cluster = cluster;
    printMark(context, connection.brokers, mark, notice);
    return Ok{};
}

} // namespace

void addKafka(CLI::App &app, Context &context)
{
    CLI::App *command =
        app.add_subcommand("kafka", "Alerts, deviations and actions published to the topics of a Kafka");
    command->require_subcommand(1);
    const auto options = std::make_shared<KafkaOptions>();
    const auto add = [&](const char *name, const char *help, Status (*run)(const Context &, const KafkaOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        addJson(*sub, context);
        sub->add_option("--brokers", options->brokers,
                        "host:9092, several with commas between; else the workspace's, else $KAFKA_BOOTSTRAP");
        sub->add_option("--security-protocol", options->protocol, "plaintext, ssl, sasl_plaintext or sasl_ssl");
        sub->add_option("--sasl-mechanism", options->mechanism, "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512");
        sub->add_option("--sasl-user", options->user, "Else $KAFKA_USER; the password is in $KAFKA_PASS");
        sub->add_option("--sasl-password-file", options->passwordFile, "The password is its first line");
        sub->add_option("--tls-ca-file", options->caFile, "PEM file of the authorities to trust");
        sub->add_option("--schema-url", options->schemaUrl,
                        "The schema registry, http://localhost:8081; else $SCHEMA_URL");
        sub->add_option("--schema-user", options->schemaUser,
                        "Else $SCHEMA_USER; the registry's password is in $SCHEMA_PASSWORD");
        sub->add_option("--schema-password-file", options->schemaPasswordFile, "The password is its first line");
        sub->callback([&context, options, run] {
            const Status done = run(context, *options);
            if (!done)
                context.fail(done.error());
        });
        return sub;
    };
    CLI::App *first =
        add("init", "Make the topics that are missing; every later run then publishes what it finds", init);
    first->add_option("--partitions", options->partitions, "Of a topic that is made; default: 3")
        ->check(CLI::Range(1U, PartitionsMax));
    first->add_option("--replication", options->replication, "Copies of it; default: the broker's")
        ->check(CLI::Range(1, 99));
    first->add_flag("--no-topics", options->noTopics, "Make none: somebody else does");
    first->add_option("--writer", options->writer, "Our name in the header of every message; default: eventops");
    first->add_option("--avro", options->avro,
                      "Topics to write in Avro, with commas between; their schema is registered. Some of "
                          + std::string(KafkaPayloads::AvroTopics));
    first->add_flag("--mirror", options->mirror, "Publish alerts also as deviations, and deviations as alerts");
    first->add_flag("--legacy-top-level", options->legacyTopLevel,
                    "Deviations with their figures at top level as well");
    first->add_flag("--legacy-key", options->legacyKey, "The key of an alert is its tenant alone");
    std::string names;
    for (const std::string_view name : KafkaFeedSettings::publishable())
        names += (names.empty() ? "" : ", ") + std::string(name);
    first->add_option("--publish", options->publish,
                      "What is published, with commas between: " + names
                          + "; consoles: all that a console on the topics needs")
        ->delimiter(',');
    first->add_flag("--take-decisions", options->takeDecisions,
                    "Carry out decisions that come signed by the topic of commands; see decider");
    CLI::App *who = add("decider", "Let somebody decide by topics: makes a token to sign decisions with, and prints it",
                        decider);
    who->add_option("NAME", options->decider, "As it stands in the audit")->required();
    who->add_option("--role", options->deciderRole, "approver or admin; default: approver")
        ->check(CLI::IsMember({"approver", "admin"}));
    who->add_option("--tenants", options->deciderTenants, "With commas between; default: *, all");
    add("push", "Publish up to the end of the ledger", push);
    add("pull", "Take in what others say of our actions, up to the end of their topics; a run does so by itself", pull);
    add("status", "Which cluster, which topics are missing, and how far publishing got", status);
}

} // namespace eventops::cli
