// SPDX-License-Identifier: MIT
//
// `eventops serve`: a workspace over HTTP, for programs and for a console elsewhere.
#include "app/cli/transformers.h"

#include "core/api/api_server.h"
#include "core/api/settings_tree.h"
#include "core/api/syslog_server.h"
#include "core/base/json.h"
#include "core/kafka/demo_bus.h"
#include "core/session/kafka_feed.h"
#include "core/session/sink_feed.h"
#include "core/session/webhook_feed.h"

#include <charconv>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <mutex>
#include <optional>
#include <tuple>

namespace eventops::cli {
namespace {

constexpr std::uint32_t DemoPartitions = 1;
constexpr std::chrono::milliseconds LookTime{50}; ///< Between two looks whether a signal came.

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8088;
    std::string listen; ///< Host and port together.
    std::string certificate, key;
    std::vector<std::string> hostNames;
    std::string captures;
    std::optional<std::uint16_t> pagePort;
    std::string pipeline;
    std::string syslog; ///< Address and port.
    std::string transformers;
    bool insecureLoopback = false;
    bool demoBus = false;
    bool readOnly = false;
};

/// "ADDRESS:PORT", "[::1]:8088". @p option: "--listen", for the error.
Result<std::pair<std::string, std::uint16_t>> readAddress(const char *option, const std::string &text)
{
    const std::size_t colon = text.rfind(':');
    std::string host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    const char *const end = text.data() + text.size();
    const char *const begin = colon == std::string::npos ? end : text.data() + colon + 1;
    std::uint16_t port = 0;
    const auto read = std::from_chars(begin, end, port);
    const bool six = host.find(':') != std::string::npos;
    if (begin == end || read.ec != std::errc() || read.ptr != end || host.empty() || six != text.starts_with('['))
        return Error{Error::Code::InvalidArgument,
                     std::string(option) + ": \"" + text + "\" is no address with a port",
                     {},
                     "write 192.0.2.7:8088, 0.0.0.0:8088 or [::]:8088"};
    return std::pair(std::move(host), port);
}

Status readListen(Options &options)
{
    if (!options.listen.empty())
        std::tie(options.host, options.port) = EVENTOPS_TRY(readAddress("--listen", options.listen));
    return Ok{};
}

/// Takes syslog where the options say so; null: nowhere. Must go before @p backend.
Result<std::unique_ptr<api::SyslogServer>> startSyslog(Backend &backend, const Options &options)
{
    if (options.syslog.empty() || options.readOnly)
        return std::unique_ptr<api::SyslogServer>();
    const auto [host, port] = EVENTOPS_TRY(readAddress("--syslog", options.syslog));
    return api::SyslogServer::listen(host, port, backend);
}

/// Name and text of the pipeline that the workspace last ran, else of the shipped one.
Result<std::pair<std::string, std::string>> ownPipeline(const Context &context)
{
    const Workspace workspace{context.workspace};
    auto text = workspace.readPipeline();
    if (text)
        return std::pair(workspace.pipelineFile(), std::move(text).value());
    const std::string shipped = context.dataDirectory + "/definitions/default.yaml";
    return std::pair(shipped, EVENTOPS_TRY(app::readTextFile(shipped)));
}

/// Lets transformers work on what is handed in for them. @p folder: of scripts; empty: the workspace's own. The desk
/// must go before @p backend.
Status startTransformers(const Context &context, Backend &backend, const std::string &folder, api::ApiOptions &api)
{
    TransformDesk::Options options;
    api.transforms.shipped = EVENTOPS_TRY(loadTransformMappings(context.dataDirectory + "/transformers"));
    options.registry = transformerRegistry(context, api.transforms.shipped, folder);
    options.consumes = options.forwards = !api.readOnly;
    api.transforms.desk = std::make_shared<TransformDesk>(Workspace{context.workspace}, backend, std::move(options));
    return Ok{};
}

/// The run of the pipeline that the options name, if they name one.
class PipelineRun
{
public:
    PipelineRun() = default;
    ~PipelineRun() { [[maybe_unused]] const Status told = stop(); }
    PipelineRun(const PipelineRun &) = delete;
    PipelineRun &operator=(const PipelineRun &) = delete;

    Status start(const Context &context, Backend &backend, const std::string &pipeline)
    {
        if (pipeline.empty())
            return Ok{};
        ReplayRequest request;
        request.pipelineName = pipeline;
        request.pipelineText = EVENTOPS_TRY(app::readTextFile(pipeline));
        request.ingest = true;
        m_running = m_done.get_future();
        m_ticket = backend.replay(context.caller(), request, {}, [this](const Result<WorkspaceSummary> &outcome) {
            m_done.set_value(outcome ? Status(Ok{}) : Status(outcome.error()));
        });
        return Ok{};
    }
    bool ended() const { return m_running.valid() && m_running.wait_for(LookTime) == std::future_status::ready; }
    /// How it ended; that it was stopped is no error.
    Status stop()
    {
        if (!m_running.valid())
            return Ok{};
        m_ticket.cancel();
        const Status status = m_running.get();
        return !status && status.error().code == Error::Code::Cancelled ? Status(Ok{}) : status;
    }

private:
    Ticket m_ticket;
    std::promise<Status> m_done;
    std::future<Status> m_running;
};

void announce(const Context &context, const api::ApiServer &server, const api::ApiServer *page, const Options &options,
              const std::string &brokers)
{
    const std::string tokens = context.workspace + '/' + api::TokenFileName;
    std::string out;
    if (context.json) {
        JsonWriter json(out);
        json.beginObject().field("url", server.url()).key("port").unsignedInteger(server.port());
        if (page != nullptr)
            json.field("page", page->url());
        if (!brokers.empty())
            json.field("brokers", brokers);
        json.field("workspace", context.workspace).field("tokens", tokens).endObject();
    } else {
        out = "Serving " + printable(context.workspace) + " at " + server.url() + "\nTokens:  " + printable(tokens)
              + "\nPaths:   " + server.url() + "/docs";
        if (page != nullptr)
            out += "\nPage:    " + page->url();
        if (!brokers.empty())
            out += "\nKafka:   " + brokers + " (in memory, for demos)";
        if (options.insecureLoopback)
            out += "\nAnybody on this machine may read metrics, alerts and the graph, and hand in events: "
                   "--insecure-loopback is for demos";
    }
    std::puts(out.c_str());
    std::fflush(stdout); // whoever started us reads the port here
}

Status serve(const Context &context, const Options &options)
{
    EVENTOPS_TRY(Workspace::open(context.workspace));
    auto tokens = EVENTOPS_TRY(api::loadTokens(context.workspace));
    auto telemetrySettings = EVENTOPS_TRY(TelemetrySettings::fromEnvironment(std::getenv));
    telemetrySettings.serviceVersion = EVENTOPS_VERSION;
    const auto telemetry = std::make_shared<Telemetry>(std::move(telemetrySettings));
    LocalBackendOptions backendOptions = context.backendOptions();
    backendOptions.telemetry = telemetry;
    backendOptions.sinksBeside = true; // also while nothing runs, and no run waits for one at its end
    const auto loadSinks = [&context, registry = backendOptions.registry] {
        return workspaceSinks({context.workspace}, registry, context.dataDirectory);
    };
    const auto backend = std::make_unique<LocalBackend>(Workspace{context.workspace}, std::move(backendOptions));
    api::ApiOptions api;
    api.address = options.host;
    api.port = options.port;
    if (!options.certificate.empty())
        api.tls = api::TlsFiles{options.certificate, options.key};
    api.hostNames = options.hostNames;
    api.replays.directory = options.captures;
    api.replays.pipeline = [&context] {
        return ownPipeline(context);
    };
    api.telemetry = telemetry;
    api.insecureLoopback = options.insecureLoopback;
    api.readOnly = options.readOnly;
    api.intakes = Workspace{context.workspace};
    const api::SettingsTree settings = EVENTOPS_TRY(api::SettingsTree::load({context.workspace}, std::getenv));
    api.mounts.clear();
    for (const api::MountedOperation &operation : EVENTOPS_TRY(api::mountedOperations(settings, context.dataDirectory)))
        api.mounts.push_back({operation.method, operation.path, operation.nickname, operation.handler});
    std::unique_ptr<DemoBus> bus;
    if (options.demoBus) {
        bus = EVENTOPS_TRY(DemoBus::start(DemoPartitions));
        ::setenv("BROKERS", bus->brokers().c_str(), 1); // where sources and feed look when nobody names another one
        ::unsetenv("KAFKA_BOOTSTRAP");
        const Workspace workspace{context.workspace};
        if (!hasKafka(workspace))
            EVENTOPS_TRY(KafkaFeedSettings().write(workspace));
    }
    // What its targets say is taken in by the back end, what they are to hear is in the ledger.
    api.callbacks = std::make_shared<WebhookCallbacks>(Workspace{context.workspace}, [&] { backend->inputWaits(); });
    const auto told = [](const std::string &trouble) {
        std::fprintf(stderr, "eventops: %s\n", printable(trouble).c_str());
    };
    const std::unique_ptr<WebhookProjector> hooks =
        options.readOnly ? nullptr : std::make_unique<WebhookProjector>(Workspace{context.workspace}, nullptr, told);
    const std::unique_ptr<SinkWatch> sinks =
        options.readOnly ? nullptr : std::make_unique<SinkWatch>(Workspace{context.workspace}, loadSinks, told);
    EVENTOPS_TRY(startTransformers(context, *backend, options.transformers, api));
    PipelineRun run; // before the servers: what they hand in goes into it
    EVENTOPS_TRY(run.start(context, *backend, options.pipeline));
    const auto server = EVENTOPS_TRY(api::ApiServer::start(*backend, tokens, api));
    std::unique_ptr<api::ApiServer> page;
    if (options.pagePort) {
        api.port = *options.pagePort;
        page = EVENTOPS_TRY(api::ApiServer::start(*backend, tokens, api));
    }
    const auto syslog = EVENTOPS_TRY(startSyslog(*backend, options));
    if (syslog && !context.json)
        std::printf("Syslog:  UDP and TCP, port %u\n", unsigned{syslog->port()});
    announce(context, *server, page.get(), options, bus ? bus->brokers() : std::string());
    std::mutex mutex; // nobody else has it: the wait ends by time alone, a signal handler may wake nobody
    std::unique_lock lock(mutex);
    std::condition_variable never;
    while (!interrupted() && !run.ended())
        never.wait_for(lock, LookTime);
    return run.stop();
}

void printSettings(const Context &context, const api::SettingsTree &settings)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const api::SettingsTree::Entry &entry : settings.entries()) {
        json.beginObject().field("path", entry.path).key("value").raw(entry.value);
        json.field("origin", entry.origin)
            .field("environment", api::SettingsTree::environmentName(entry.path))
            .endObject();
        if (!context.json)
            std::printf("%-40s  %-20s  %s\n", printable(entry.path).c_str(), printable(entry.origin).c_str(),
                        printable(entry.value).c_str());
    }
    json.endArray();
    if (context.json)
        std::puts(out.c_str());
}

} // namespace

void addSettings(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("settings", "What is served by which handler, by path, and who says so");
    addWorkspace(*command, context);
    addJson(*command, context);
    command->footer("The workspace's settings.yaml, a map of path to value, goes before what is built in; the "
                    "environment before both: the --json output names its variables.");
    command->callback([&context] {
        const auto settings = api::SettingsTree::load({context.workspace}, std::getenv);
        if (!settings)
            return context.fail(settings.error());
        printSettings(context, settings.value());
    });
}

void addServe(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("serve", "Answer HTTP requests over a workspace, until interrupted");
    addWorkspace(*command, context);
    addJson(*command, context);
    command->add_option("--port", options->port, "Port to listen on; 0: a free one, which is printed")
        ->capture_default_str();
    auto *host = command->add_option("--host", options->host, "Address to listen on")->capture_default_str();
    command
        ->add_option("--listen", options->listen,
                     "Address and port together, 0.0.0.0:8088; off loopback only with a certificate")
        ->excludes(host);
    auto *key = command->add_option("--tls-key", options->key, "PEM file of its key; only its owner may read it");
    auto *certificate = command
                            ->add_option("--tls-cert", options->certificate,
                                         "PEM file of the server's certificate, with those up to its authority: "
                                         "HTTPS and nothing else; a renewed one counts at once")
                            ->needs(key);
    key->needs(certificate);
    command->add_option("--host-name", options->hostNames,
                        "Name that clients may ask for, besides the address; several: once for each");
    command->add_option("--ui-port", options->pagePort,
                        "Also serve the web page (latest CPU metrics, live alerts) on this port; 0: a free one");
    command->add_option("--pipeline", options->pipeline,
                        "Run this pipeline over its sources meanwhile; default: none, only what is handed in runs "
                        "through the workspace's own");
    command->add_option("--transformers", options->transformers,
                        "Folder of transformers in Python that may be registered; default: transformers in the "
                        "workspace");
    command->add_option("--syslog", options->syslog,
                        "Also take syslog over UDP and TCP at this address and port, 127.0.0.1:5514: from anybody who "
                        "reaches it; default: none");
    command->add_option("--captures", options->captures,
                        "Folder of captures that operators may have read in over HTTP; default: none may");
    command->add_flag("--demo-bus", options->demoBus,
                      "Also be a Kafka with the topics of the contracts, on a free port, in memory: for demos");
    command->add_flag("--read-only", options->readOnly, "Nobody changes anything, whatever their token allows");
    command->add_flag("--insecure-loopback", options->insecureLoopback,
                      "Metrics, alerts, graph queries and Karma's log handler without a token, for demos: for any "
                      "program of this machine");
    command->callback([&context, options] {
        const Status read = readListen(*options);
        if (const Status status = read ? serve(context, *options) : read; !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
