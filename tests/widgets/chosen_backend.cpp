// SPDX-License-Identifier: MIT
#include "tests/widgets/chosen_backend.h"

#include "app/common/local.h"
#include "app/console/demo.h"
#include "core/api/api_server.h"
#include "core/base/hash.h"
#include "core/codec/action_state.h"
#include "core/kafka/demo_bus.h"
#include "core/kafka/topics.h"
#include "core/remote/kafka_backend.h"
#include "core/remote/remote_backend.h"
#include "core/session/kafka_feed.h"
#include "tests/widgets/quiet_backend.h"
#include "tests/widgets/real_topics.h"

#include <QFile>
#include <QProcess>
#include <QtTest/QtTest>

#include <atomic>
#include <csignal>
#include <future>
#include <optional>
#include <sys/prctl.h>

namespace eventops::test {
namespace {

const std::string Token(40, 't');
const std::string DataDirectory = EVENTOPS_SOURCE_DIR "/pipelines";
constexpr int ReadWithinMs = 120'000;

std::unique_ptr<api::ApiServer> serve(Backend &backend, const Caller &caller, std::uint16_t port = 0,
                                      std::optional<api::TlsFiles> tls = {})
{
    api::ApiOptions options;
    options.port = port;
    options.tls = std::move(tls);
    auto server = api::ApiServer::start(backend, {{sha256Hex(Token), caller}}, options);
    return server ? std::move(server).value() : nullptr;
}

} // namespace

BackEndKind chosenKind()
{
    static const BackEndKind Chosen = [] {
        const QByteArray name = qgetenv("EVENTOPS_TEST_BACKEND");
        for (const BackEndKind kind : {BackEndKind::Remote, BackEndKind::Kafka, BackEndKind::Capture}) {
            if (name == nameOf(kind))
                return kind;
        }
        if (!name.isEmpty() && name != nameOf(BackEndKind::Local))
            qFatal("EVENTOPS_TEST_BACKEND=%s is none of local, remote, kafka, capture", name.constData());
        return BackEndKind::Local;
    }();
    return Chosen;
}

const char *nameOf(BackEndKind kind)
{
    switch (kind) {
    case BackEndKind::Local: break;
    case BackEndKind::Remote: return "remote";
    case BackEndKind::Kafka: return "kafka";
    case BackEndKind::Capture: return "capture";
    }
    return "local";
}

namespace {

std::unique_ptr<Backend> remoteBackend(Backend &backend, const Caller &caller)
{
    static std::vector<std::unique_ptr<api::ApiServer>> kept;
    auto server = serve(backend, caller);
    if (server == nullptr)
        qFatal("no server");
    remote::RemoteOptions options;
    options.url = remote::normalUrl(server->url()).value();
    options.token = Token;
    kept.push_back(std::move(server));
    auto attached = remote::RemoteBackend::attach(std::move(options));
    if (!attached)
        qFatal("%s", attached.error().text().c_str());
    return std::move(attached).value();
}

std::unique_ptr<Backend> topicsBackend(const Caller &caller)
{
    remote::KafkaAttachOptions options;
    options.address = readKafkaAddress(emptyTopics()).value();
    options.local = app::localOptions({}, DataDirectory, {});
    options.user = caller.user;
    auto attached = remote::KafkaBackend::attach(std::move(options));
    if (!attached)
        qFatal("%s", attached.error().text().c_str());
    return std::move(attached).value();
}

std::unique_ptr<Backend> emptyWorkspace()
{
    static std::vector<std::unique_ptr<QTemporaryDir>> kept;
    kept.push_back(std::make_unique<QTemporaryDir>());
    const std::string directory = kept.back()->path().toStdString();
    return std::make_unique<LocalBackend>(Workspace{directory}, app::localOptions({}, DataDirectory, directory));
}

} // namespace

std::unique_ptr<Backend> chosenBackend(std::unique_ptr<Backend> backend, const Caller &caller)
{
    if (chosenKind() == BackEndKind::Local)
        return backend;
    static std::vector<std::unique_ptr<Backend>> kept; // to the end of the program: tests keep pointers to their fakes
    kept.push_back(std::move(backend));
    if (chosenKind() == BackEndKind::Remote)
        return remoteBackend(*kept.back(), caller);
    if (dynamic_cast<QuietBackend *>(kept.back().get()) == nullptr)
        qFatal("what this test made up is in no topic and no capture: list it in exceptions.tsv");
    return chosenKind() == BackEndKind::Kafka ? topicsBackend(caller) : emptyWorkspace();
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
    QProcess executor;            ///< Where decisions come by topics, nobody waits who would start one.

    ~Parts()
    {
        executor.kill();
        executor.waitForFinished();
    }
    std::string path(const char *name) const { return directory.filePath(QLatin1String(name)).toStdString(); }
    void begin(const console::Options &asked, std::shared_ptr<Playback> playback);
    void listen();
    void exportCapture(const console::Options &asked);
    void startExecutor();
};

/// Reads in what there is to be read.
void ServedEngine::Parts::begin(const console::Options &asked, std::shared_ptr<Playback> playback)
{
    ReplayRequest request;
    if (asked.demo) {
        request = console::demoRequest(DataDirectory, workspace, asked.demoPace).valueOr({});
    } else {
        request.files = asked.files;
        request.pipelineName = asked.pipeline;
        request.pipelineText = app::readTextFile(asked.pipeline).valueOr({});
        request.live = playback == nullptr;
    }
    request.playback = std::move(playback);
    backend->replay({"tester", Role::Admin, {}}, request, {}, [this](const Result<WorkspaceSummary> &) {
        done = true;
    });
}

void ServedEngine::Parts::listen()
{
    static std::uint16_t lastPort = 0; // the next engine has it, too: windows show it
    server = serve(*backend, {app::ownUser(), Role::Admin, {}}, lastPort);
    if (server == nullptr)
        server = serve(*backend, {app::ownUser(), Role::Admin, {}});
    QFile token(directory.filePath(QStringLiteral("token")));
    if (server == nullptr || !token.open(QIODevice::WriteOnly)
        || !token.setPermissions(QFile::ReadOwner | QFile::WriteOwner))
        qFatal("no server");
    lastPort = server->port();
    token.write(QByteArray::fromStdString(Token));
    options.attach = {server->url()};
    options.tokenFiles = {token.fileName().toStdString()};
}

/// What a person does who takes the events home. They are read by the pipeline that they were read by.
void ServedEngine::Parts::exportCapture(const console::Options &asked)
{
    if (!QTest::qWaitFor([this] { return done.load(); }, ReadWithinMs))
        qFatal("the engine does not come to its end");
    ExportRequest request;
    request.path = path("all.evcap");
    std::promise<Status> promise;
    backend->exportCapture({"tester", Role::Admin, {}}, request, {}, [&](const Result<ExportProgress> &exported) {
        promise.set_value(exported ? Status(Ok{}) : Status(exported.error()));
    });
    const Status exported = promise.get_future().get();
    if (!exported)
        qFatal("%s", exported.error().text().c_str());
    options.workspace = asked.demo ? path("offline") : asked.workspace;
    options.files = {request.path};
    options.pipeline = asked.demo ? DataDirectory + "/definitions/demo.yaml" : asked.pipeline;
}

/// `eventops executor` beside the engine.
void ServedEngine::Parts::startExecutor()
{
    executor.setProcessChannelMode(QProcess::ForwardedChannels);
    executor.setChildProcessModifier([] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); });
    executor.start(QStringLiteral(EVENTOPS_BINARY_DIR "/bin/eventops"),
                   {QStringLiteral("executor"), QStringLiteral("--workspace"), QString::fromStdString(workspace)});
    if (!executor.waitForStarted())
        qFatal("no executor");
}

ServedEngine::ServedEngine(const console::Options &options, std::shared_ptr<Playback> playback, BackEndKind kind)
    : m_parts(std::make_unique<Parts>())
{
    Parts &parts = *m_parts;
    console::Options asked = options;
    if (kind == BackEndKind::Capture)
        asked.demoPace = 0;
    const bool ownWorkspace = options.demo || kind == BackEndKind::Capture;
    parts.workspace = ownWorkspace ? parts.path("engine") : options.workspace;
    parts.backend = std::make_unique<LocalBackend>(
        Workspace{parts.workspace},
        app::localOptions(EVENTOPS_BINARY_DIR "/bin/eventops", DataDirectory, parts.workspace));
    parts.options = options;
    parts.options.demo = false;
    parts.options.files.clear();
    parts.options.pipeline.clear();
    parts.options.workspace.clear();
    if (!Workspace::open(parts.workspace))
        qFatal("no workspace");
    if (kind == BackEndKind::Kafka) { // before the run, which then publishes as it goes
        const PublishedTopics topics = topicsFor(parts.workspace, app::ownUser());
        parts.options.attach = {topics.address};
        parts.options.tokenFiles = {topics.tokenFile};
    }
    parts.begin(asked, std::move(playback));
    if (kind == BackEndKind::Remote)
        parts.listen();
    else if (kind == BackEndKind::Capture)
        parts.exportCapture(asked);
    else if (options.demo && !QTest::qWaitFor([this] { return summary().counters.events > 0; }, ReadWithinMs))
        qFatal("the demo does not begin");
    else if (options.demo)
        parts.startExecutor();
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

std::string ServedEngine::listenByTls(const std::string &certificate, const std::string &key)
{
    m_parts->server.reset();
    m_parts->server = serve(*m_parts->backend, {app::ownUser(), Role::Admin, {}}, 0, api::TlsFiles{certificate, key});
    return m_parts->server == nullptr ? std::string() : "wss://localhost:" + std::to_string(m_parts->server->port());
}

bool ServedEngine::isDone() const
{
    return m_parts->done;
}

} // namespace eventops::test
