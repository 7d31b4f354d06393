// SPDX-License-Identifier: MIT
//
// `eventops transformer queue`: where raw events wait for their transformers.
#include "app/cli/transformers.h"

#include "core/base/json.h"
#include "core/kafka/topic_admin.h"
#include "core/session/event_queue_settings.h"

#include <cstdio>

namespace eventops::cli {
namespace {

constexpr std::chrono::seconds AskWait{10};

/// An option of the command and the member of the settings that it sets.
struct QueueOption {
    const char *option, *member, *help;
};
constexpr QueueOption Options[] = {
    {"--kind", "kind", "ledger, kafka or sqs; without any option the present queue is shown"},
    {"--brokers", "brokers", "Kafka: host:9092,host:9092; default: KAFKA_BOOTSTRAP or BROKERS"},
    {"--topic", "topic", "Kafka: topic of the ids of raw events"},
    {"--dead-letter-topic", "dead_letter_topic", "Kafka: topic of the ids of those that a transformer failed on"},
    {"--security-protocol", "security_protocol", "Kafka: plaintext, ssl, sasl_plaintext or sasl_ssl"},
    {"--sasl-mechanism", "sasl_mechanism", "Kafka: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512"},
    {"--sasl-user", "sasl_user", "Kafka: who signs in"},
    {"--sasl-password-file", "sasl_password_file", "Kafka: the password is its first line; default: KAFKA_PASS"},
    {"--tls-ca-file", "tls_ca_file", "Kafka: PEM of the authorities to trust"},
    {"--queue-url", "queue_url", "SQS: URL of the queue; the keys come from AWS's variables in the environment"},
    {"--dead-letter-url", "dead_letter_url", "SQS: URL of the queue of those that a transformer failed on"},
    {"--region", "region", "SQS: its region; default: AWS_REGION, or what the URL says"},
    {"--endpoint", "endpoint", "SQS: where to ask; default: AWS_ENDPOINT_URL_SQS, AWS_ENDPOINT_URL, or the URL's host"},
    {"--visibility", "visibility", "SQS: what was taken comes again unless it is done by then: 5m"},
    {"--announce-again", "announce_again", "What was announced and is not done by then is announced again: 5m"},
};

/// Makes the topics that are missing.
Status makeQueueTopics(const EventQueueSettings &settings)
{
    const std::string topic = settings.text("topic"), letters = settings.text("dead_letter_topic");
    std::vector<ContractTopic> topics{{topic, contractTopic(RawEventsTopic)->days, false, "", ""}};
    if (!letters.empty())
        topics.push_back({letters, contractTopic(LetterNumbersTopic)->days, false, "", ""});
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(settings.kafka(), {}));
    for (const TopicOutcome &made : EVENTOPS_TRY(makeTopics(*client, topics, {}, AskWait))) {
        if (!made.error.empty())
            return Error{Error::Code::Unavailable,
                         "topic " + made.name + " cannot be made: " + made.error,
                         {},
                         "make it, and use --no-topics"};
    }
    return Ok{};
}

Status show(const Context &context, const EventQueueSettings &settings)
{
    const auto store = EVENTOPS_TRY(TransformStore::open(context.workspace));
    const auto counts = EVENTOPS_TRY(store->waitingCounts());
    const std::string kind = settings.text("kind");
    std::string place = context.workspace, letters;
    if (settings.kind() == EventQueueSettings::Kind::Kafka) {
        place = settings.kafka().brokers + " topic " + settings.text("topic");
        letters = settings.text("dead_letter_topic");
    } else if (settings.kind() == EventQueueSettings::Kind::Sqs) {
        place = settings.text("queue_url");
        letters = settings.text("dead_letter_url");
    }
    std::string out;
    if (context.json) {
        JsonWriter json(out);
        json.beginObject().field("kind", kind).field("queue", place).field("dead_letters", letters);
        json.key("waiting").unsignedInteger(counts.waiting).key("announced").unsignedInteger(counts.announced);
        json.endObject();
    } else {
        out = "queue      " + kind + ", " + printable(place);
        if (!letters.empty())
            out += "\nfailures   " + printable(letters);
        out += "\nwaiting    " + std::to_string(counts.waiting) + " raw events";
        if (settings.kind() != EventQueueSettings::Kind::Ledger)
            out += ", " + std::to_string(counts.announced) + " of them announced to the queue";
    }
    std::puts(out.c_str());
    return Ok{};
}

Status setQueue(const Context &context, const std::vector<std::pair<std::string, std::string>> &given, bool makes)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    EventQueueSettings settings = EVENTOPS_TRY(EventQueueSettings::read(workspace));
    for (const auto &[member, text] : given)
        settings.set(member, text);
    EVENTOPS_TRY(settings.check());
    if (!given.empty() && makes && settings.kind() == EventQueueSettings::Kind::Kafka)
        EVENTOPS_TRY(makeQueueTopics(settings));
    if (!given.empty())
        EVENTOPS_TRY(settings.write(workspace));
    return show(context, settings);
}

} // namespace

void addTransformerQueue(CLI::App &command, Context &context)
{
    CLI::App *queue = command.add_subcommand(
        "queue", "Show or set where raw events wait for transformers: the ledger, a topic of Kafka, a queue of SQS");
    addWorkspace(*queue, context);
    addJson(*queue, context);
    const auto values = std::make_shared<std::vector<std::string>>(std::size(Options));
    for (std::size_t i = 0; i < std::size(Options); ++i)
        queue->add_option(Options[i].option, (*values)[i], Options[i].help);
    const auto noTopics = std::make_shared<bool>(false);
    queue->add_flag("--no-topics", *noTopics, "Kafka: make no topics");
    queue->footer(
        "It counts from the next start of eventops serve and transformer run on. Raw events are in the ledger "
        "whichever queue there is; those that wait move with the setting.");
    queue->callback([&context, queue, values, noTopics] {
        std::vector<std::pair<std::string, std::string>> given;
        for (std::size_t i = 0; i < std::size(Options); ++i) {
            if (queue->count(Options[i].option) != 0)
                given.emplace_back(Options[i].member, (*values)[i]);
        }
        if (const Status done = setQueue(context, given, !*noTopics); !done)
            context.fail(done.error());
    });
}

} // namespace eventops::cli
