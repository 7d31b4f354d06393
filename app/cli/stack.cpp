// SPDX-License-Identifier: MIT
//
// `eventops up`, `down`, `status`, `urls`, `init`, `seed`, `logs`: the seeds' stack of services as one process in the
// background, with the verbs that their users know from make and docker compose.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"
#include "core/kafka/kafka_producer.h"
#include "core/kafka/topic_admin.h"
#include "core/session/kafka_feed.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace eventops::cli {
namespace {

constexpr std::chrono::seconds StartWait{30};
constexpr std::chrono::seconds StopWait{20};
constexpr std::chrono::seconds AskWait{10};
constexpr std::chrono::milliseconds LookTime{50};

struct StackOptions {
    std::string brokers;
    std::uint16_t port = 8088, pagePort = 8080;
    std::string pipeline;
};

/// What `up` wrote down of the process that it started.
struct Stack {
    pid_t pid = 0;
    std::string url, page, brokers;
    bool demoBus = false;
};

std::string stackFile(const Context &context)
{
    return context.workspace + "/stack.json";
}

std::string logFile(const Context &context)
{
    return context.workspace + "/stack.log";
}

std::string textMember(const JsonReader &json, std::string_view name)
{
    const JsonEntry *entry = json.find(name);
    std::string scratch;
    return entry != nullptr && jsonKind(entry->value) == JsonKind::String ? std::string(jsonText(entry->value, scratch))
                                                                          : std::string();
}

/// True when that process is one of ours: its number may have gone to somebody else since.
bool isOurs(const Context &context, pid_t pid)
{
    std::error_code failed;
    const auto program = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/exe", failed);
    return !failed && program == context.program;
}

/// NotFound: nothing is up.
Result<Stack> runningStack(const Context &context)
{
    const Error none{Error::Code::NotFound, "nothing is up in " + context.workspace, {}, "start it with: eventops up"};
    const auto text = app::readTextFile(stackFile(context));
    if (!text)
        return none;
    JsonReader json;
    Stack stack;
    if (!json.read(text.value())) {
        stack.pid = static_cast<pid_t>(std::atoi(textMember(json, "pid").c_str()));
        stack.url = textMember(json, "url");
        stack.page = textMember(json, "page");
        stack.brokers = textMember(json, "brokers");
        stack.demoBus = textMember(json, "bus") == "demo";
    }
    if (stack.pid <= 0 || !isOurs(context, stack.pid))
        return none;
    return stack;
}

Status writeStack(const Context &context, const Stack &stack)
{
    std::string text;
    JsonWriter(text)
        .beginObject()
        .field("pid", std::to_string(stack.pid))
        .field("url", stack.url)
        .field("page", stack.page)
        .field("brokers", stack.brokers)
        .field("bus", stack.demoBus ? "demo" : "yours")
        .endObject();
    std::ofstream file(stackFile(context), std::ios::trunc);
    file << text << '\n';
    file.close();
    if (!file)
        return Error{Error::Code::Io, "cannot be written", {stackFile(context), 0, 0}};
    return Ok{};
}

/// The first line that @p child says on @p fd.
Result<std::string> firstLine(int fd, pid_t child, const std::string &log)
{
    std::string line;
    const auto start = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() - start < StartWait && !interrupted()) {
        pollfd look{fd, POLLIN, 0};
        if (::poll(&look, 1, static_cast<int>(LookTime.count())) <= 0)
            continue;
        char byte = 0;
        const ssize_t got = ::read(fd, &byte, 1);
        if (got == 1 && byte == '\n')
            return line;
        if (got <= 0)
            break; // it ended
        line += byte;
    }
    ::kill(child, SIGTERM);
    ::waitpid(child, nullptr, 0);
    const auto said = app::readTextFile(log);
    std::string why = said ? said.value() : std::string();
    while (why.ends_with('\n'))
        why.pop_back();
    return Error{
        Error::Code::Unavailable, "it did not start: " + why.substr(why.rfind('\n') + 1), {log, 0, 0}, "read the log"};
}

/// Starts @p arguments in a session of its own, with @p output as standard output and the log as standard error.
Result<pid_t> spawn(const Context &context, std::vector<std::string> arguments, std::vector<std::string> environment,
                    int output)
{
    std::vector<char *> argv, envp;
    for (std::string &argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    for (std::string &variable : environment)
        envp.push_back(variable.data());
    for (char **variable = environ; *variable != nullptr; ++variable) {
        const bool replaced =
            !environment.empty()
            && (std::strncmp(*variable, "BROKERS=", 8) == 0 || std::strncmp(*variable, "KAFKA_BOOTSTRAP=", 16) == 0);
        if (!replaced)
            envp.push_back(*variable);
    }
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, logFile(context).c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                     0600);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID); // it outlives the terminal
    pid_t child = 0;
    const int error = posix_spawn(&child, argv[0], &actions, &attributes, argv.data(), envp.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
        return Error{Error::Code::Unavailable,
                     std::string("cannot be started: ") + std::strerror(error),
                     {context.program, 0, 0}};
    return child;
}

void printUrls(const Context &context, const Stack &stack)
{
    if (context.json) {
        std::string out;
        JsonWriter(out)
            .beginObject()
            .field("api", stack.url)
            .field("ui", stack.page)
            .field("docs", stack.url + "/docs")
            .field("broker", stack.brokers)
            .endObject();
        std::puts(out.c_str());
        return;
    }
    std::printf("api     %s\nui      %s\ndocs    %s/docs\nbroker  %s\n", stack.url.c_str(), stack.page.c_str(),
                stack.url.c_str(), stack.brokers.c_str());
}

Status up(const Context &context, const StackOptions &options)
{
    if (const auto running = runningStack(context)) {
        printUrls(context, running.value());
        return Ok{};
    }
    EVENTOPS_TRY(Workspace::open(context.workspace));
    std::vector<std::string> arguments{
        context.program,
        "serve",
        "--json",
        "--insecure-loopback",
        "--workspace",
        context.workspace,
        "--port",
        std::to_string(options.port),
        "--ui-port",
        std::to_string(options.pagePort),
        "--pipeline",
        options.pipeline.empty() ? context.dataDirectory + "/definitions/stack.yaml" : options.pipeline};
    std::vector<std::string> environment;
    if (options.brokers.empty())
        arguments.emplace_back("--demo-bus");
    else
        environment = {"BROKERS=" + options.brokers};
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return Error{Error::Code::Unavailable, std::string("no pipe: ") + std::strerror(errno)};
    const auto child = spawn(context, std::move(arguments), std::move(environment), ends[1]);
    ::close(ends[1]);
    auto line = child ? firstLine(ends[0], child.value(), logFile(context)) : Result<std::string>(child.error());
    ::close(ends[0]);
    const std::string said = EVENTOPS_TRY(std::move(line));
    JsonReader json;
    if (json.read(said))
        return Error{Error::Code::Unavailable, "it did not say where it listens: " + said, {logFile(context), 0, 0}};
    const Stack stack{child.value(), textMember(json, "url"), textMember(json, "page"),
                      options.brokers.empty() ? textMember(json, "brokers") : options.brokers, options.brokers.empty()};
    EVENTOPS_TRY(writeStack(context, stack));
    printUrls(context, stack);
    return Ok{};
}

Status down(const Context &context, const StackOptions &)
{
    const Stack stack = EVENTOPS_TRY(runningStack(context));
    ::kill(stack.pid, SIGTERM);
    const auto start = std::chrono::steady_clock::now();
    while (isOurs(context, stack.pid)) {
        if (std::chrono::steady_clock::now() - start > StopWait)
            return Error{Error::Code::Busy,
                         "process " + std::to_string(stack.pid) + " is still ending",
                         {},
                         "wait, or end it with: kill -9 " + std::to_string(stack.pid) + "; nothing stored is lost"};
        ::poll(nullptr, 0, static_cast<int>(LookTime.count()));
    }
    std::remove(stackFile(context).c_str());
    std::puts("down; what was stored stays in the workspace");
    return Ok{};
}

/// The seeds' services and what plays each part here.
Status status(const Context &context, const StackOptions &)
{
    const auto running = runningStack(context);
    if (!running && running.error().code != Error::Code::NotFound)
        return running.error();
    const Stack stack = running ? running.value() : Stack();
    const std::string engine = running ? "process " + std::to_string(stack.pid) : std::string("-");
    const std::string bus = stack.brokers + (stack.demoBus ? " (in memory, for demos)" : "");
    const std::string store = context.workspace + "/ledger.db";
    struct Service {
        const char *name;
        const std::string &where;
    };
    const std::string registry = "pipelines/schemas, in the engine";
    const Service services[] = {
        {"broker", bus},           {"schema-registry", registry}, {"normalizer", engine}, {"enricher", engine},
        {"feature-rules", engine}, {"clickhouse", store},         {"api", stack.url},     {"ui", stack.page}};
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const Service &service : services) {
        const char *const state = running ? "running" : "stopped";
        const std::string where = running ? service.where : std::string("-");
        json.beginObject().field("service", service.name).field("state", state).field("where", where).endObject();
        if (!context.json)
            std::printf("%-16s%-9s%s\n", service.name, state, printable(where).c_str());
    }
    json.endArray();
    if (context.json)
        std::puts(out.c_str());
    return Ok{};
}

Status urls(const Context &context, const StackOptions &)
{
    const Stack stack = EVENTOPS_TRY(runningStack(context));
    printUrls(context, stack);
    return Ok{};
}

/// The workspace's connection, to the broker of what is up.
Result<KafkaSettings> connection(const Context &context)
{
    const Stack stack = EVENTOPS_TRY(runningStack(context));
    KafkaFeedSettings settings;
    const Workspace workspace{context.workspace};
    if (hasKafka(workspace))
        settings = EVENTOPS_TRY(KafkaFeedSettings::read(workspace));
    settings.set("brokers", stack.brokers);
    return settings.connection();
}

Status init(const Context &context, const StackOptions &)
{
    const KafkaSettings kafka = EVENTOPS_TRY(connection(context));
    const auto client = EVENTOPS_TRY(KafkaClient::openConsumer(kafka, {}));
    for (const TopicOutcome &topic : EVENTOPS_TRY(makeTopics(*client, contractTopics(), {}, AskWait))) {
        std::printf("%-24s%s\n", topic.name.c_str(),
                    topic.made            ? "made"
                    : topic.error.empty() ? "is there"
                                          : printable(topic.error).c_str());
        if (!topic.error.empty())
            return Error{Error::Code::Refused, "topic " + topic.name + " was not made: " + topic.error};
    }
    return Ok{};
}

Status seed(const Context &context, const StackOptions &)
{
    const KafkaSettings kafka = EVENTOPS_TRY(connection(context));
    const auto producer = EVENTOPS_TRY(KafkaProducer::open(kafka, {}));
    EVENTOPS_TRY(producer->send({RawAgentTopic, std::nullopt, RawAgentExample, {}}));
    EVENTOPS_TRY(producer->flush([] { return interrupted().load(); }));
    std::printf("to %s: %s\n", std::string(RawAgentTopic).c_str(), std::string(RawAgentExample).c_str());
    return Ok{};
}

Status logs(const Context &context, const StackOptions &)
{
    const std::string text = EVENTOPS_TRY(app::readTextFile(logFile(context)));
    std::fputs(printable(text).c_str(), stdout);
    return Ok{};
}

} // namespace

void addStack(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<StackOptions>();
    const auto add = [&](const char *name, const char *help, Status (*run)(const Context &, const StackOptions &)) {
        CLI::App *command = app.add_subcommand(name, help);
        addWorkspace(*command, context);
        command->callback([&context, options, run] {
            const Status done = run(context, *options);
            if (!done)
                context.fail(done.error());
        });
        return command;
    };
    CLI::App *first = add("up", "Start the whole stack in the background: Kafka, pipeline, API and web page", up);
    first->add_option("--brokers", options->brokers,
                      "Your Kafka, host:9092; default: one in memory, which forgets everything when it goes down");
    first->add_option("--port", options->port, "Of the API; 0: a free one")->capture_default_str();
    first->add_option("--ui-port", options->pagePort, "Of the web page; 0: a free one")->capture_default_str();
    first->add_option("--pipeline", options->pipeline, "Pipeline file; default: the shipped stack.yaml");
    first->footer("For demos: metrics, alerts and graph queries need no token on this machine.");
    addJson(*first, context);
    add("down", "Stop it; the workspace stays", down);
    addJson(*add("status", "The services and where they are", status), context);
    addJson(*add("urls", "Where API, web page and Kafka are", urls), context);
    add("init", "Make the topics that are missing", init);
    add("seed", "Send one example metric to the topic of raw metrics", seed);
    add("logs", "What it said on its standard error", logs);
}

} // namespace eventops::cli
