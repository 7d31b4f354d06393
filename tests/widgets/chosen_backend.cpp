// SPDX-License-Identifier: MIT
#include "tests/widgets/chosen_backend.h"

#include "app/common/local.h"
#include "app/console/demo.h"
#include "core/api/api_server.h"
#include "core/base/hash.h"
#include "core/codec/action_state.h"
#include "core/kafka/demo_bus.h"
#include "core/kafka/topics.h"
#include "core/remote/remote_backend.h"
#include "core/session/kafka_feed.h"

#include <QFile>

#include <atomic>
#include <future>

namespace eventops::test {
namespace {

const std::string Token(40, 't');

std::unique_ptr<api::ApiServer> serve(Backend &backend, const Caller &caller, std::uint16_t port = 0)
{
    api::ApiOptions options;
    options.port = port;
    auto server = api::ApiServer::start(backend, {{sha256Hex(Token), caller}}, options);
    return server ? std::move(server).value() : nullptr;
}

/// Stays to the end of the program: tests keep pointers to their fakes.
struct Served {
    std::unique_ptr<Backend> backend;
    std::unique_ptr<api::ApiServer> server;
};

} // namespace

bool overTheWire()
{
    return qgetenv("EVENTOPS_TEST_BACKEND") == "remote";
}

std::unique_ptr<Backend> chosenBackend(std::unique_ptr<Backend> backend, const Caller &caller)
{
    if (!overTheWire())
        return backend;
    static std::vector<Served> kept;
    auto server = serve(*backend, caller);
    if (server == nullptr)
        qFatal("no server");
    remote::RemoteOptions options;
    options.url = remote::normalUrl(server->url()).value();
    options.token = Token;
    kept.push_back({std::move(backend), std::move(server)});
    auto attached = remote::RemoteBackend::attach(std::move(options));
    if (!attached)
        qFatal("%s", attached.error().text().c_str());
    return std::move(attached).value();
}

struct ServedEngine::Parts {
    QTemporaryDir directory;
    console::Options options;
    std::atomic<bool> done{false};
    std::uint16_t port = 0; ///< While nobody listens.
    std::unique_ptr<LocalBackend> backend;
    std::unique_ptr<api::ApiServer> server;
    std::string workspace;
    std::unique_ptr<DemoBus> bus; ///< Null until somebody wants topics.
};

ServedEngine::ServedEngine(const console::Options &options, std::shared_ptr<Playback> playback)
    : m_parts(std::make_unique<Parts>())
{
    Parts &parts = *m_parts;
    const std::string data = EVENTOPS_SOURCE_DIR "/pipelines";
    const std::string workspace =
        options.demo ? parts.directory.filePath(QStringLiteral("demo")).toStdString() : options.workspace;
    parts.workspace = workspace;
    parts.backend = std::make_unique<LocalBackend>(
        Workspace{workspace}, app::localOptions(EVENTOPS_BINARY_DIR "/bin/eventops", data, workspace));
    ReplayRequest request;
    if (options.demo) {
        if (!Workspace::open(workspace))
            qFatal("no workspace");
        request = console::demoRequest(data, workspace, options.demoPace).valueOr({});
    } else {
        request.files = options.files;
        request.pipelineName = options.pipeline;
        request.pipelineText = app::readTextFile(options.pipeline).valueOr({});
        request.live = playback == nullptr;
    }
    request.playback = std::move(playback);
    parts.backend->replay({"tester", Role::Admin, {}}, request, {},
                          [&parts](const Result<WorkspaceSummary> &) { parts.done = true; });
    static std::uint16_t port = 0; // the next engine has it, too: windows show it
    parts.server = serve(*parts.backend, {app::ownUser(), Role::Admin, {}}, port);
    if (parts.server == nullptr)
        parts.server = serve(*parts.backend, {app::ownUser(), Role::Admin, {}});
    if (parts.server != nullptr)
        port = parts.server->port();
    QFile token(parts.directory.filePath(QStringLiteral("token")));
    if (parts.server == nullptr || !token.open(QIODevice::WriteOnly)
        || !token.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
        qFatal("no server");
    token.write(QByteArray::fromStdString(Token));
    parts.options = options;
    parts.options.demo = false;
    parts.options.files.clear();
    parts.options.pipeline.clear();
    parts.options.workspace.clear();
    parts.options.attach = {parts.server->url()};
    parts.options.tokenFiles = {token.fileName().toStdString()};
}

ServedEngine::~ServedEngine() = default;

console::Options ServedEngine::attachOptions() const
{
    return m_parts->options;
}

WorkspaceSummary ServedEngine::summary() const
{
    std::promise<WorkspaceSummary> promise;
    m_parts->backend->summary({"tester", Role::Admin, {}}, false, [&](const Result<WorkspaceSummary> &told) {
        promise.set_value(told ? told.value() : WorkspaceSummary());
    });
    return promise.get_future().get();
}

console::Options ServedEngine::topicsOptions()
{
    constexpr std::uint32_t Partitions = 12; // the bus forgets what is more than some megabytes in one
    Parts &parts = *m_parts;
    auto bus = DemoBus::start(Partitions);
    if (!bus)
        qFatal("no bus");
    parts.bus = std::move(bus).value();
    KafkaFeedSettings settings;
    settings.set("brokers", parts.bus->brokers());
    std::vector<std::string> published = settings.published();
    published.insert(published.end(),
                     {std::string(NormalizedTopic), std::string(FindingsPublished), ActionStateTopic});
    const Status named = settings.publish(published);
    const auto feed = KafkaFeed::open(Workspace{parts.workspace}, settings, [] { return false; });
    if (!named || !feed || !feed.value()->catchUp())
        qFatal("nothing is published");
    console::Options options = parts.options;
    options.attach = {"kafka://" + parts.bus->brokers()};
    options.tokenFiles.clear();
    return options;
}

LocalBackend &ServedEngine::backend()
{
    return *m_parts->backend;
}

void ServedEngine::stop()
{
    m_parts->port = m_parts->server->port();
    m_parts->server.reset();
}

bool ServedEngine::listenAgain()
{
    m_parts->server = serve(*m_parts->backend, {app::ownUser(), Role::Admin, {}}, m_parts->port);
    return m_parts->server != nullptr;
}

bool ServedEngine::isDone() const
{
    return m_parts->done;
}

} // namespace eventops::test
