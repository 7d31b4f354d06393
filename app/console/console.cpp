// SPDX-License-Identifier: MIT
#include "app/console/console.h"

#include "app/common/local.h"
#include "app/common/transformers.h"
#include "app/console/connect_dialog.h"
#include "app/console/demo.h"
#include "app/console/engine_connection.h"
#include "app/console/export_dialog.h"
#include "app/console/playback_session.h"
#include "app/console/views.h"
#include "core/session/guarded_backend.h"
#include "core/session/source_tools.h"
#include "core/viewmodel/export_controller.h"
#include "core/viewmodel/playback_controller.h"
#include "core/viewmodel/replay_controller.h"
#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/view_context.h"
#include "qml/theme/quick_theme.h"
#include "widgets/shell/main_window.h"
#include "widgets/theme/theme.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QRegularExpression>
#include <QTimer>

#include <filesystem>

namespace eventops::console {
namespace {

QString pathText(const std::string &path)
{
    return QFile::decodeName(QByteArray::fromStdString(path));
}

/// @p workspace: empty: it is an engine's elsewhere.
std::shared_ptr<const SourceTools> sourceTools(const std::string &dataDirectory, const std::string &workspace,
                                               bool mayReplay)
{
    const auto tools = std::make_shared<SourceTools>();
    tools->registry = app::localOptions({}, dataDirectory, workspace).registry;
    tools->dataDirectory = dataDirectory;
    tools->workspace = workspace;
    tools->mayReplay = mayReplay;
    if (auto shipped = loadTransformMappings(dataDirectory + "/transformers"))
        tools->shipped = std::move(shipped).value();
    tools->transformers =
        app::transformerRegistry(tools->shipped, workspace.empty() ? std::string() : app::scriptFolderOf(workspace));
    return tools;
}

/// The shipped pipelines that read files, the default first, then those that were saved in @p workspace.
std::vector<NamedFile> pipelineFiles(const std::string &dataDirectory, const std::string &workspace)
{
    std::vector<NamedFile> files;
    const QStringList suffixes = {QStringLiteral("*.yaml"), QStringLiteral("*.yml")}; // as the dialog that saves them
    const QDir directory(pathText(dataDirectory + "/definitions"));
    for (const QFileInfo &file : directory.entryInfoList(suffixes, QDir::Files, QDir::Name)) {
        const QString name = file.completeBaseName();
        if (name == QLatin1String("demo"))
            continue;
        const auto at = name == QLatin1String("default") ? files.begin() : files.end();
        files.insert(at, {name, file.absoluteFilePath()});
    }
    if (workspace.empty())
        return files;
    const QDir own(pathText(workspace + "/pipelines"));
    for (const QFileInfo &file : own.entryInfoList(suffixes, QDir::Files, QDir::Name))
        files.push_back({Console::tr("%1, of this workspace").arg(file.completeBaseName()), file.absoluteFilePath()});
    return files;
}

/// The manual as the help shows it: without pictures of the window in which it stands.
QString manualText()
{
    QFile file(QStringLiteral(":/eventops/docs/manual.md"));
    if (!file.open(QIODevice::ReadOnly))
        return {};
    static const QRegularExpression picture(QStringLiteral("^!\\[[^\n]*$"), QRegularExpression::MultilineOption);
    return QString::fromUtf8(file.readAll()).remove(picture);
}

} // namespace

Console::Console(Options options, QString preferencesFile, std::string program)
    : m_options(std::move(options)),
      m_preferencesFile(std::move(preferencesFile)),
      m_program(std::move(program)),
      m_dataDirectory(app::findDataDirectory(m_program))
{
    const auto follow = [] { QuickTheme::instance().load(Theme::instance().name()); };
    QObject::connect(&Theme::instance(), &Theme::changed, &QuickTheme::instance(), follow);
    follow();
}

Console::~Console()
{
    delete m_connect.data();
    closeWindow();
}

void Console::start()
{
    if (!m_options.attach.empty()) {
        const std::string token = m_options.tokenFiles.empty() ? std::string() : m_options.tokenFiles.front();
        return connectTo({m_options.attach.front(), token, m_options.readOnly, m_options.caFile, m_options.keepIn});
    }
    if (m_options.demo) {
        startDemo();
    } else {
        const std::string directory = m_options.workspace.empty() ? app::defaultWorkspace() : m_options.workspace;
        std::error_code code;
        const bool holdsEvents = std::filesystem::exists(directory + "/ledger.db", code);
        openWorkspace(directory, holdsEvents || !m_options.files.empty());
        if (!m_options.files.empty()) {
            QStringList files;
            for (const std::string &file : m_options.files)
                files << pathText(file);
            openCaptures(files);
        }
    }
    showAsAsked();
}

void Console::openWorkspace(const std::string &directory, bool expectsEvents)
{
    const std::filesystem::path own(m_program);
    std::unique_ptr<Backend> backend = std::make_unique<LocalBackend>(
        Workspace{directory}, app::localOptions((own.parent_path() / "eventops").string(), m_dataDirectory, directory));
    if (m_options.readOnly)
        backend = std::make_unique<GuardedBackend>(std::move(backend), GuardMode::ReadOnly);
    const Role role = m_options.readOnly ? Role::Viewer : Role::Admin;
    auto context = std::make_unique<ViewContext>(std::move(backend), Caller{app::ownUser(), role, {}});
    context->setQueryFolders({m_dataDirectory, directory});
    context->setSourceTools(sourceTools(m_dataDirectory, directory, !m_options.readOnly));
    m_directory = directory;
    WindowSetup setup;
    const bool isDemo = m_demoDirectory != nullptr && directory == m_demoDirectory->path().toStdString();
    setup.workspace = isDemo ? tr("Demo") : QDir(pathText(directory)).dirName();
    setup.readOnly = m_options.readOnly;
    setup.expectsEvents = expectsEvents;
    openWindow(std::move(context), std::move(setup));
    m_past.reset(); // its copies go with it
}

/// Another window in place of the one before.
void Console::openWindow(std::unique_ptr<ViewContext> context, WindowSetup setup)
{
    const QByteArray geometry = m_window == nullptr ? QByteArray() : m_window->saveGeometry();
    closeWindow();
    m_context = std::move(context);
    m_replay = std::make_unique<ReplayController>(*m_context);
    m_export = std::make_unique<ExportController>(*m_context);
    if (setup.layoutFile.isEmpty() && !m_options.readOnly)
        setup.layoutFile = pathText(m_directory + "/window.ini");
    setup.preferencesFile = m_preferencesFile;
    setup.manual = manualText();
    setup.pipelines = pipelineFiles(m_dataDirectory, m_directory);
    m_window = std::make_unique<MainWindow>(consoleViews(), *m_context, *m_replay, std::move(setup));
    m_window->restoreGeometry(geometry);
    connectWindow();
    m_window->show();
}

/// The window may not go while it is asking: what it asks for is done after it has returned.
void Console::connectWindow()
{
    MainWindow *const window = m_window.get();
    connect(window, &MainWindow::demoChosen, this, &Console::startDemo, Qt::QueuedConnection);
    connect(window, &MainWindow::capturesChosen, this, &Console::openCaptures, Qt::QueuedConnection);
    connect(window, &MainWindow::exportChosen, this, &Console::openExport, Qt::QueuedConnection);
    connect(window, &MainWindow::connectChosen, this, &Console::openConnect, Qt::QueuedConnection);
    const auto turn = [this](bool begin) {
        begin ? startPlayback() : openWorkspace(m_directory, true);
    };
    connect(window, &MainWindow::playbackChosen, this, turn, Qt::QueuedConnection);
    const auto open = [this](const QString &directory) {
        openWorkspace(QFile::encodeName(directory).toStdString(), true);
    };
    connect(window, &MainWindow::workspaceChosen, this, open, Qt::QueuedConnection);
    connect(m_context.get(), &ViewContext::changed, this, &Console::selectAsAsked);
}

void Console::closeWindow()
{
    if (m_window != nullptr)
        m_window->saveLayout();
    m_guard.reset();
    m_window.reset();
    m_export.reset();
    m_replay.reset();
    if (m_past != nullptr)
        m_past->stop();
    m_context.reset();
    m_playback.reset();
    m_engine.reset(); // what its back end told it comes from a thread that has ended
}

/// Tries an engine; who waits long, or in vain, sees why.
void Console::connectTo(const EngineAddress &address)
{
    constexpr int LongMs = 400;
    ConnectDialog *const dialog = makeConnectDialog(address);
    connect(dialog, &ConnectDialog::needed, dialog, &QWidget::show);
    QTimer::singleShot(LongMs, dialog, &QWidget::show);
    dialog->connectNow();
}

void Console::openConnect()
{
    ConnectDialog *const dialog =
        m_connect != nullptr ? m_connect.data() : makeConnectDialog(m_engine ? m_engine->address() : EngineAddress());
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

ConnectDialog *Console::makeConnectDialog(const EngineAddress &address)
{
    m_connect = new ConnectDialog(address); // no child of the window: that goes when another one comes
    m_connect->setAttribute(Qt::WA_DeleteOnClose);
    m_connect->setAttribute(Qt::WA_QuitOnClose, m_window == nullptr);
    connect(m_connect, &ConnectDialog::attached, this, &Console::openEngine);
    connect(m_connect, &QDialog::rejected, this, [this] {
        if (m_window == nullptr)
            QCoreApplication::exit(app::ExitFailed); // there is nothing else to look at
    });
    return m_connect;
}

ConnectDialog *Console::connectDialog() const
{
    return m_connect;
}

/// The workspace of an engine elsewhere.
void Console::openEngine(EngineConnection *connection)
{
    std::unique_ptr<EngineConnection> engine(connection);
    const QString folder = QFileInfo(m_preferencesFile).path();
    auto context = std::make_unique<ViewContext>(engine->takeBackend(), engine->caller());
    context->setQueryFolders({m_dataDirectory, QFile::encodeName(folder).toStdString()});
    context->setSourceTools(sourceTools(m_dataDirectory, {}, false));
    WindowSetup setup;
    setup.workspace = engine->status().engine();
    setup.readOnly = engine->isReadOnly();
    setup.expectsEvents = true;
    setup.connection = &engine->status();
    setup.layoutFile = folder + QStringLiteral("/attached.ini");
    const bool isFirst = m_window == nullptr;
    openWindow(std::move(context), std::move(setup));
    m_engine = std::move(engine);
    if (isFirst)
        showAsAsked();
}

void Console::openCaptures(const QStringList &files)
{
    std::string pipeline = m_options.pipeline;
    if (pipeline.empty())
        pipeline = QFile::encodeName(m_window->pipeline()).toStdString();
    auto text = app::readTextFile(pipeline);
    if (!text) {
        m_context->tell(shownText(text.error().text()), true);
        return;
    }
    ReplayRequest request;
    request.pipelineName = pipeline;
    request.pipelineText = std::move(text).value();
    request.live = true;
    for (const QString &file : files)
        request.files.push_back(QFile::encodeName(file).toStdString());
    const QString first = QFileInfo(files.front()).fileName();
    m_replay->start(std::move(request),
                    files.size() == 1 ? first : tr("%1 and %2 more").arg(first).arg(files.size() - 1));
}

/// One dialog for each window; it stays until it is closed.
void Console::openExport()
{
    auto *dialog = m_window->findChild<ExportDialog *>();
    if (dialog == nullptr)
        dialog = new ExportDialog(*m_context, *m_export, m_window.get());
    dialog->show();
    dialog->raise();
    dialog->activateWindow();
}

void Console::startDemo()
{
    auto directory = std::make_unique<QTemporaryDir>(QDir::tempPath() + QStringLiteral("/eventops-demo-XXXXXX"));
    auto request = demoRequest(m_dataDirectory, directory->path().toStdString(), m_options.demoPace);
    const bool ready = directory->isValid() && static_cast<bool>(request);
    const auto previous = std::move(m_demoDirectory); // goes after its window
    m_demoDirectory = std::move(directory);
    openWorkspace(m_demoDirectory->path().toStdString(), ready);
    if (!request)
        m_context->tell(shownText(request.error().text()), true);
    else if (!m_demoDirectory->isValid())
        m_context->tell(m_demoDirectory->errorString(), true);
    else // once the window is there
        QTimer::singleShot(0, m_replay.get(), [replay = m_replay.get(), begun = std::move(request).value()] {
            replay->start(begun, tr("the demo"));
        });
}

/// Copies the past aside and then plays it; the window goes on meanwhile.
void Console::startPlayback()
{
    const QString title = m_window->windowTitle().section(QStringLiteral(" – "), 0, 0);
    m_past = std::make_unique<PlaybackSession>(m_directory, title);
    m_context->tell(tr("Preparing the playback…"));
    const auto progress = [this](double part) {
        constexpr double Percent = 100;
        m_context->tell(tr("Preparing the playback: %1 %").arg(static_cast<int>(part * Percent)));
    };
    m_past->prepare(*m_context, progress, [this](const Status &prepared) {
        if (prepared)
            QTimer::singleShot(0, this, [this] { play(-1, m_past->defaultSpeed(), false); });
        else
            m_context->tell(shownText(prepared.error().text()), true);
    });
}

/// Plays the past in a workspace of its own, in which nothing can be decided.
void Console::play(qint64 fromNs, double speed, bool paused)
{
    auto directory = m_past->nextDirectory();
    if (!directory) {
        m_context->tell(shownText(directory.error().text()), true);
        return;
    }
    LocalBackendOptions options = app::localOptions({}, m_dataDirectory, directory.value());
    options.startExecutor = {};
    auto backend = std::make_unique<LocalBackend>(Workspace{directory.value()}, std::move(options));
    auto context = std::make_unique<ViewContext>(std::move(backend), Caller{app::ownUser(), Role::Operator, {}});
    context->setQueryFolders({m_dataDirectory, m_directory});
    context->setSourceTools(sourceTools(m_dataDirectory, m_directory, false));
    context->setFollowing(true);
    ReplayRequest request = m_past->request(fromNs, speed, paused);
    auto controller = m_past->makeController(request);
    WindowSetup setup;
    setup.workspace = tr("%1, as it was").arg(m_past->title());
    setup.readOnly = true;
    setup.expectsEvents = true;
    setup.playback = controller.get();
    openWindow(std::move(context), std::move(setup));
    m_playback = std::move(controller);
    const auto rewind = [this](qint64 ns) {
        const bool stands = m_playback->mode() == Playback::Mode::Paused;
        play(ns, m_playback->speed(), stands);
    };
    connect(m_playback.get(), &PlaybackController::rewindWanted, this, rewind, Qt::QueuedConnection);
    m_replay->start(std::move(request), tr("the past"));
}

void Console::showAsAsked()
{
    const QStringList size = QString::fromStdString(m_options.size).split(QLatin1Char('x'));
    if (size.size() == 2 && size[0].toInt() > 0 && size[1].toInt() > 0)
        m_window->resize(size[0].toInt(), size[1].toInt());
    if (!m_options.show.empty()) {
        // After the layout has settled.
        QTimer::singleShot(0, m_window.get(), [this] {
            for (const std::string &view : m_options.show)
                m_window->showView(QString::fromStdString(view));
        });
    }
}

/// Selects the first event that the options' filter finds, as soon as there is one.
void Console::selectAsAsked()
{
    if (m_options.selectFilter.empty() || m_selected)
        return;
    const Query query{m_options.selectFilter, 1, true};
    m_context->backend().events(m_context->caller(), query,
                                m_context->bridge().to(m_guard,
                                                       [this](const EventPage &page) {
                                                           const Event &event = page.batch.events[page.rows.front()];
                                                           if (!std::exchange(m_selected, true))
                                                               select(page.batch, event);
                                                       }),
                                [](const Result<Ok> &) {});
}

void Console::select(const Batch &batch, const Event &event)
{
    const auto text = [&](Field field) { return exactText(batch.text(event, field)); };
    m_context->selectEntity({text(Field::Tenant), text(Field::EntityType), text(Field::EntityId)});
    m_context->selectEvent(text(Field::EventId));
}

bool Console::saveScreenshot()
{
    if (m_options.screenshot.empty())
        return true;
    if (m_window == nullptr)
        return m_connect != nullptr && m_connect->grab().save(pathText(m_options.screenshot), "PNG");
    return m_window->grab().save(pathText(m_options.screenshot), "PNG");
}

} // namespace eventops::console
