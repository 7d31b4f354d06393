// SPDX-License-Identifier: MIT
//
// `eventops group`: a pipeline run by the members of a Kafka consumer group, without a workspace.
#include "app/cli/cli.h"

#include "core/api/access.h"
#include "core/api/http_server.h"
#include "core/api/router.h"
#include "core/base/json.h"
#include "core/config/pipeline_file.h"
#include "core/group/group_member.h"
#include "core/kafka/topic_admin.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

namespace eventops::cli {
namespace {

constexpr std::chrono::milliseconds AskWait{10'000};
constexpr std::chrono::milliseconds TellEvery{500};
constexpr unsigned PartitionsMax = 1'024;
constexpr std::uint32_t RepartitionDays = 7;
constexpr std::uint64_t ChangelogSegmentBytes = 16u << 20; ///< Small: what is closed can be compacted.
constexpr const char *Loopback = "127.0.0.1";

struct GroupOptions {
    std::string pipeline;
    unsigned partitions = 0; ///< 0: as many as the input has.
    int replication = -1;
    std::optional<std::uint16_t> healthPort;
};

Result<PipelineSpec> pipelineOf(const Context &context, const GroupOptions &options, const Registry &registry)
{
    PipelineSpec spec = EVENTOPS_TRY(loadPipeline(options.pipeline, registry, context.dataDirectory));
    if (!spec.sinks.empty())
        return Error{Error::Code::InvalidConfig,
                     "a member of a group has no ledger, and sinks are fed from it",
                     {options.pipeline, 0, 0},
                     "leave sinks: out here; let a workspace that reads the group's topics name them"};
    return spec;
}

/// Health over HTTP on loopback: what the member says of itself, without a token, as it tells nothing of events.
class HealthPort
{
public:
    static Result<std::unique_ptr<HealthPort>> open(const GroupMember &member, std::uint16_t port)
    {
        std::unique_ptr<HealthPort> self(new HealthPort(member));
        self->m_server = EVENTOPS_TRY(api::HttpServer::listen(
            Loopback, port, {},
            [&router = self->m_router](std::shared_ptr<api::HttpExchange> exchange) {
                router.handle(std::move(exchange));
            },
            std::make_shared<api::HttpStatistics>()));
        self->m_access.setPort(self->m_server->port());
        return self;
    }
    std::uint16_t port() const { return m_server->port(); }

private:
    explicit HealthPort(const GroupMember &member) : m_access({}, false), m_router(m_access)
    {
        const auto add = [this](std::string_view path, std::string_view type, std::string_view help, auto text) {
            m_router.add({"GET", path, api::RouteAccess::Public, help, type, {}, {}, [type, text](const auto &call) {
                              api::HttpResponse response;
                              response.contentType = type;
                              response.body = text();
                              call.exchange->respond(std::move(response));
                          }});
        };
        add("/healthz", "application/json", "The process answers.", [] { return std::string(R"({"status":"ok"})"); });
        add("/health", "application/json", "How the member is doing.",
            [&member] { return memberJson(member.health()) + "\n"; });
        add("/metrics", "text/plain; version=0.0.4; charset=utf-8", "The same for Prometheus.",
            [&member] { return memberMetrics(member.health()); });
    }
    api::Access m_access;
    api::Router m_router;
    std::unique_ptr<api::HttpServer> m_server; ///< Last: its thread asks the others.
};

/// Says on standard error what changes: partitions that come and go, what holds them up.
class MemberTeller
{
public:
    explicit MemberTeller(const GroupMember &member) : m_member(member), m_thread([this] { work(); }) {}
    ~MemberTeller()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_ended = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }
    MemberTeller(const MemberTeller &) = delete;
    MemberTeller &operator=(const MemberTeller &) = delete;

private:
    void work()
    {
        std::unique_lock lock(m_mutex);
        while (!m_wake.wait_for(lock, TellEvery, [this] { return m_ended; }))
            tell(m_member.health());
    }
    void say(const std::string &text)
    {
        std::fprintf(stderr, "eventops: %s\n", printable(text).c_str());
        std::fflush(stderr);
    }
    void tell(const MemberHealth &health)
    {
        std::string places;
        for (const TaskHealth &task : health.partitions)
            places += (places.empty() ? "" : ", ") + task.place.text();
        if (places != m_places)
            say(places.empty() ? "owns no partition" : "owns " + places);
        m_places = std::move(places);
        if (health.trouble != m_trouble)
            say(health.trouble.empty() ? "going on" : health.trouble);
        m_trouble = health.trouble;
        std::vector<std::string> notices = health.notices;
        for (const TaskHealth &task : health.partitions)
            notices.insert(notices.end(), {task.source.notice, task.counts.notice});
        for (const std::string &notice : notices) {
            if (!notice.empty() && m_notices.insert(notice).second)
                say(notice);
        }
    }

    const GroupMember &m_member;
    std::string m_places, m_trouble;
    std::set<std::string> m_notices; ///< Said once each.
    std::mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended = false;
    std::thread m_thread; ///< Last.
};

void announce(const Context &context, const MemberHealth &health, const HealthPort *port)
{
    const std::string url =
        port == nullptr ? std::string() : "http://" + std::string(Loopback) + ':' + std::to_string(port->port());
    std::string out;
    if (context.json) {
        JsonWriter json(out);
        json.beginObject().field("application", health.application).field("brokers", health.brokers);
        if (!url.empty())
            json.field("health", url + "/health").key("port").unsignedInteger(port->port());
        json.endObject();
    } else {
        out = "Member of " + printable(health.application) + " at " + printable(health.brokers);
        if (!url.empty())
            out += "\nHealth:  " + url + "/health, " + url + "/metrics";
    }
    std::puts(out.c_str());
    std::fflush(stdout); // whoever started us reads the port here
}

Status runMember(const Context &context, const GroupOptions &options)
{
    const LocalBackendOptions local = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(pipelineOf(context, options, local.registry));
    const auto member = EVENTOPS_TRY(GroupMember::open(spec));
    std::unique_ptr<HealthPort> port;
    if (options.healthPort)
        port = EVENTOPS_TRY(HealthPort::open(*member, *options.healthPort));
    announce(context, member->health(), port.get());
    {
        const MemberTeller teller(*member);
        EVENTOPS_TRY(member->run(interrupted()));
    }
    const MemberHealth health = member->health();
    if (context.json)
        std::printf("%s\n", memberJson(health).c_str());
    else
        std::printf("%llu records in %llu transactions, %llu findings, %llu dead letters\n",
                    static_cast<unsigned long long>(health.counts.records),
                    static_cast<unsigned long long>(health.counts.transactions),
                    static_cast<unsigned long long>(health.counts.findings),
                    static_cast<unsigned long long>(health.counts.deadLetters));
    return Ok{};
}

/// The topics that the group needs: its own, and those that it publishes to.
Result<std::vector<TopicOutcome>> makeGroupTopics(KafkaClient &client, const PipelineSpec &spec,
                                                  const KafkaGroupSettings &settings, const GroupOptions &options)
{
    const auto known = EVENTOPS_TRY(client.topics(AskWait));
    const std::vector<std::string> input = EVENTOPS_TRY(groupTopicsOf(spec, settings, known));
    std::uint32_t partitions = options.partitions;
    for (const std::string &topic : input)
        partitions =
            settings.repartition && options.partitions > 0 ? partitions : std::max(partitions, known.at(topic));
    const std::string changelog = settings.changelogTopic(), repartition = settings.repartitionTopic();
    if (const auto there = known.find(repartition); settings.repartition && there != known.end())
        partitions = there->second;
    const TopicPlan plan{partitions, options.replication};
    std::vector<ContractTopic> own{{changelog, 0, true, "", "what members know of their partitions"}};
    own.back().segmentBytes = ChangelogSegmentBytes;
    if (settings.repartition)
        own.push_back({repartition, RepartitionDays, false, "", "what is read, in the order of tenant and entity"});
    std::vector<ContractTopic> published;
    for (const std::string &what : settings.publish) {
        const ContractTopic *const topic =
            contractTopic(what == DeviationsPublished ? NormalizedTopic : std::string_view(what));
        if (topic != nullptr)
            published.push_back(*topic);
    }
    std::vector<TopicOutcome> outcomes = EVENTOPS_TRY(makeTopics(client, own, plan, AskWait));
    const std::vector<TopicOutcome> others = EVENTOPS_TRY(makeTopics(client, published, plan, AskWait));
    outcomes.insert(outcomes.end(), others.begin(), others.end());
    return outcomes;
}

Status init(const Context &context, const GroupOptions &options)
{
    const LocalBackendOptions local = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(pipelineOf(context, options, local.registry));
    const KafkaGroupSettings settings = EVENTOPS_TRY(groupSettingsOf(spec));
    const KafkaSettings connection = EVENTOPS_TRY(groupConnectionOf(spec));
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(connection, {}));
    EVENTOPS_TRY(client->clusterId(AskWait));
    const auto topics = EVENTOPS_TRY(makeGroupTopics(*client, spec, settings, options));
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("brokers", connection.brokers).key("topics").beginObject();
    for (const TopicOutcome &topic : topics) {
        const std::string text = topic.made ? "made" : topic.error.empty() ? "is there" : topic.error;
        json.field(topic.name, text);
        if (!context.json)
            std::printf("%-40s  %s\n", printable(topic.name).c_str(), printable(text).c_str());
    }
    json.endObject().endObject();
    if (context.json)
        std::printf("%s\n", out.c_str());
    for (const TopicOutcome &topic : topics) {
        if (!topic.error.empty())
            return Error{Error::Code::Refused,
                         "topic " + topic.name + " was not made: " + topic.error,
                         {},
                         "make it by hand, or ask for the right; then: eventops group run"};
    }
    return Ok{};
}

/// One partition of a step, as anybody can see it from outside.
struct PlaceRow {
    TopicPartition place;
    std::optional<std::uint64_t> committed;
    std::uint64_t end = 0;
    std::optional<ChangelogContent> known; ///< Of the step that finds.
};

Result<std::vector<PlaceRow>> rowsOf(const GroupPlan &plan, const GroupStep &step, KafkaGroupState &state)
{
    std::vector<TopicPartition> places;
    for (const std::string &topic : step.topics) {
        for (std::uint32_t partition = 0; partition < plan.topics.at(topic); ++partition)
            places.push_back({topic, partition});
    }
    state = EVENTOPS_TRY(groupState(plan.connection, step.group, places, AskWait));
    std::vector<PlaceRow> rows;
    for (const TopicPartition &place : places) {
        PlaceRow row;
        row.place = place;
        for (const auto &[committed, offset] : state.committed) {
            if (committed == place)
                row.committed = offset;
        }
        row.end = EVENTOPS_TRY(plan.client->offsets(place.topic, place.partition, AskWait)).high;
        if (!step.rekeys)
            row.known = EVENTOPS_TRY(readChangelog(plan.client, plan.settings.changelogTopic(), place.partition,
                                                   [] { return interrupted().load(); }));
        rows.push_back(std::move(row));
    }
    return rows;
}

void printRow(const PlaceRow &row, bool asJson, JsonWriter &json)
{
    const std::uint64_t lag = row.end - std::min(row.end, row.committed.value_or(0));
    const std::uint64_t bytes = row.known && row.known->state ? row.known->state->bytes.size() : 0;
    const std::uint64_t at = row.known && row.known->state ? row.known->state->at.offset : 0;
    json.beginObject().field("topic", row.place.topic).key("partition").unsignedInteger(row.place.partition);
    json.key("committed");
    if (row.committed)
        json.unsignedInteger(*row.committed);
    else
        json.null();
    json.key("end").unsignedInteger(row.end).key("lag").unsignedInteger(lag);
    if (row.known) {
        json.key("state_offset").unsignedInteger(at).key("state_bytes").unsignedInteger(bytes);
        json.field("damage", row.known->damage);
    }
    json.endObject();
    if (!asJson)
        std::printf(
            "%-40s  committed %-12s  lag %-10llu  state %llu bytes at %llu%s%s\n", printable(row.place.text()).c_str(),
            row.committed ? std::to_string(*row.committed).c_str() : "nothing", static_cast<unsigned long long>(lag),
            static_cast<unsigned long long>(bytes), static_cast<unsigned long long>(at),
            row.known && !row.known->damage.empty() ? ": " : "", row.known ? row.known->damage.c_str() : "");
}

Status status(const Context &context, const GroupOptions &options)
{
    const LocalBackendOptions local = context.backendOptions();
    const PipelineSpec spec = EVENTOPS_TRY(pipelineOf(context, options, local.registry));
    const auto plan = EVENTOPS_TRY(makeGroupPlan(spec));
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("application", plan->settings.application).field("cluster", plan->cluster);
    json.key("groups").beginArray();
    for (const GroupStep &step : plan->steps) {
        KafkaGroupState state;
        const std::vector<PlaceRow> rows = EVENTOPS_TRY(rowsOf(*plan, step, state));
        const std::string name = state.state.empty() ? "Empty" : state.state;
        json.beginObject().field("group", step.group).field("state", name);
        json.key("members").unsignedInteger(state.members).key("partitions").beginArray();
        if (!context.json)
            std::printf("group %s: %s, %zu members\n", printable(step.group).c_str(), printable(name).c_str(),
                        state.members);
        for (const PlaceRow &row : rows)
            printRow(row, context.json, json);
        json.endArray().endObject();
    }
    json.endArray().endObject();
    if (context.json)
        std::printf("%s\n", out.c_str());
    return Ok{};
}

} // namespace

void addGroup(CLI::App &app, Context &context)
{
    CLI::App *command =
        app.add_subcommand("group", "A pipeline run by any number of members of a Kafka consumer group");
    command->require_subcommand(1);
    const auto options = std::make_shared<GroupOptions>();
    const auto add = [&](const char *name, const char *help, Status (*run)(const Context &, const GroupOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        sub->add_option("PIPELINE", options->pipeline, "Pipeline file whose kafka source has a group")->required();
        addJson(*sub, context);
        sub->callback([&context, options, run] {
            const Status done = run(context, *options);
            if (!done)
                context.fail(done.error());
        });
        return sub;
    };
    CLI::App *first =
        add("init", "Make the group's own topics, and those that it publishes to, where they are missing", init);
    first
        ->add_option("--partitions", options->partitions,
                     "Of the repartition topic and the changelog; default: as many as the input has")
        ->check(CLI::Range(1U, PartitionsMax));
    first->add_option("--replication", options->replication, "Copies of a topic; default: the broker's")
        ->check(CLI::Range(1, 99));
    CLI::App *member = add("run", "Take part until interrupted; what a member knows lies in Kafka", runMember);
    member->add_option("--health-port", options->healthPort,
                       "Answer /healthz, /health and /metrics on this loopback port; 0: a free one, which is printed");
    add("status", "Members, committed offsets, lag and states, as the cluster tells them", status);
}

} // namespace eventops::cli
