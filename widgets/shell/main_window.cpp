// SPDX-License-Identifier: MIT
#include "widgets/shell/main_window.h"

#include "core/viewmodel/replay_controller.h"
#include "core/viewmodel/shown_text.h"
#include "widgets/shell/command_palette.h"
#include "widgets/shell/help_window.h"
#include "widgets/shell/message_bar.h"
#include "widgets/shell/playback_bar.h"
#include "widgets/shell/search_button.h"
#include "widgets/shell/status_strip.h"
#include "widgets/shell/view_dock.h"
#include "widgets/shell/welcome_page.h"
#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QActionGroup>
#include <QApplication>
#include <QCloseEvent>
#include <QFileDialog>
#include <QMenuBar>
#include <QMimeData>
#include <QSettings>
#include <QStatusBar>
#include <QTabBar>
#include <QToolButton>

#include <algorithm>
#include <iterator>
#include <map>

namespace eventops {
namespace {

QString otherTheme()
{
    return Theme::instance().name() == QLatin1String("dark") ? QStringLiteral("light") : QStringLiteral("dark");
}

} // namespace

MainWindow::MainWindow(const ViewRegistry &views, ViewContext &context, ReplayController &replay, WindowSetup setup,
                       QWidget *parent)
    : QMainWindow(parent), m_setup(std::move(setup)), m_context(context), m_replay(replay)
{
    setObjectName(QStringLiteral("main"));
    setWindowTitle(tr("%1 – EventOps Console").arg(m_setup.workspace));
    setAcceptDrops(mayRead());
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks | GroupedDragging);
    setTabPosition(Qt::AllDockWidgetAreas, QTabWidget::North);
    setDocumentMode(true);
    setIconSize({themeMetric("iconSize"), themeMetric("iconSize")});
    resize(themeMetric("windowWidth"), themeMetric("windowHeight"));
    m_tidyTimer.setSingleShot(true);
    m_makeTimer.setSingleShot(true);
    connect(&m_tidyTimer, &QTimer::timeout, this, &MainWindow::tidy);
    connect(&m_makeTimer, &QTimer::timeout, this, &MainWindow::makeNextView);

    makeCommands();
    for (const ViewSpec &spec : views)
        m_docks.push_back(new ViewDock(spec, context, this));
    makeDocks();
    makeToolBar();
    makeMenus();
    readPreferences();
    m_palette = new CommandPalette(this);
    m_strip = new StatusStrip(replay, m_setup.workspace, m_setup.readOnly, m_setup.connection, this);
    statusBar()->addPermanentWidget(m_strip);
    statusBar()->setSizeGripEnabled(false);
    connectContext();
    connectReplay();
    if (m_setup.expectsEvents) {
        beginViews();
        return;
    }
    m_welcome = new WelcomePage(QList<QAction *>{m_demo, m_open} + m_begins + QList<QAction *>{m_workspace}, this);
    setCentralWidget(m_welcome);
    m_welcome->setFocus();
}

MainWindow::~MainWindow()
{
    // The base class hides the docks when the timers that they start are gone already.
    for (ViewDock *dock : m_docks)
        dock->disconnect(this);
}

QAction *MainWindow::command(const QString &text, const QString &icon, const QKeySequence &keys, const QString &tip,
                             std::function<void()> run)
{
    auto *action = new QAction(themeIcon(icon), text, this);
    action->setShortcut(keys);
    action->setStatusTip(tip);
    const QString shown = keys.isEmpty() ? tip : tr("%1 (%2)").arg(tip, keys.toString(QKeySequence::NativeText));
    action->setToolTip(Qt::convertFromPlainText(shown));
    connect(action, &QAction::triggered, this, std::move(run));
    addAction(action);
    m_commands.push_back(action);
    return action;
}

void MainWindow::makeCommands()
{
    m_open = command(tr("&Open a capture…"), QStringLiteral("folder-open"), QKeySequence::Open,
                     tr("Read a file of events, metrics or logs into this workspace"), [this] { chooseCaptures(); });
    m_demo =
        command(tr("Run the &demo"), QStringLiteral("play"), QKeySequence(tr("Ctrl+D")),
                tr("A made-up shop with known faults, in a workspace of its own"), [this] { Q_EMIT demoChosen(); });
    m_workspace = command(tr("Open a &workspace…"), QStringLiteral("database"), QKeySequence(tr("Ctrl+Shift+O")),
                          tr("Look at a directory in which events were stored before"), [this] { chooseWorkspace(); });
    m_export = command(tr("&Export…"), QStringLiteral("package"), QKeySequence(tr("Ctrl+Shift+E")),
                       tr("Write all records or what the views show into a file"), [this] { Q_EMIT exportChosen(); });
    m_connect = command(tr("&Connect to an engine…"), QStringLiteral("server"), QKeySequence(tr("Ctrl+Shift+A")),
                        tr("Look at a workspace that eventops serve offers, here or elsewhere"),
                        [this] { Q_EMIT connectChosen(); });
    if (m_setup.playback == nullptr && m_setup.connection == nullptr)
        m_play = command(tr("&Play the past…"), QStringLiteral("history"), QKeySequence(tr("Ctrl+Shift+P")),
                         tr("Let the records of this workspace come in again, by a clock that you hold"),
                         [this] { Q_EMIT playbackChosen(true); });
    m_stop = command(tr("&Stop reading"), QStringLiteral("x"), QKeySequence(tr("Ctrl+.")),
                     tr("Stop reading; what was read stays stored"), [this] { m_replay.cancel(); });
    m_stop->setEnabled(false);
    m_follow = command(tr("&Follow new events"), QStringLiteral("fast-forward"), QKeySequence(tr("Ctrl+P")),
                       tr("Keep the newest events in sight, or stand still"),
                       [this] { m_context.setFollowing(m_follow->isChecked()); });
    m_follow->setCheckable(true);
    m_follow->setChecked(m_context.following());
    m_theme = command(tr("Switch between &dark and light"), QStringLiteral("sun"), QKeySequence(tr("Ctrl+T")),
                      tr("Switch between dark and light"), [this] { setThemeByName(otherTheme()); });
    m_search = command(tr("&Command palette"), QStringLiteral("search"), QKeySequence(tr("Ctrl+K")),
                       tr("Find a command or a view"), [this] { openPalette(); });
    m_reset = command(tr("&Reset the layout"), QStringLiteral("refresh-cw"), {}, tr("Put every view back in its place"),
                      [this] { resetLayout(); });
    m_manual = command(tr("&Manual"), QStringLiteral("circle-help"), QKeySequence::HelpContents, tr("Open the manual"),
                       [this] { openHelp(false); });
    m_keys = command(tr("&Keys"), QStringLiteral("info"), QKeySequence(QStringLiteral("?")), tr("Show all keys"),
                     [this] { openHelp(true); });
    m_quit = command(tr("&Quit"), QStringLiteral("x"), QKeySequence::Quit, tr("Close the window"), [this] { close(); });
    m_open->setEnabled(mayRead());
}

/// A command for each view, and what their docks tell us.
void MainWindow::makeDocks()
{
    constexpr int NumbersMax = 10; // the tenth is 0
    for (std::size_t i = 0; i < m_docks.size(); ++i) {
        ViewDock *const dock = m_docks[i];
        const ViewSpec &spec = dock->spec();
        QKeySequence keys = spec.shortcut;
        if (keys.isEmpty() && i < NumbersMax)
            keys = QKeySequence(QStringLiteral("Ctrl+%1").arg((i + 1) % NumbersMax));
        const QString &name = spec.begins.isEmpty() ? spec.title : spec.begins;
        m_viewActions.push_back(command(name, spec.icon, keys, spec.summary, [this, id = spec.id] { showView(id); }));
        if (!spec.begins.isEmpty())
            m_begins << m_viewActions.back();
        addDockWidget(Qt::LeftDockWidgetArea, dock);
        dock->hide();
        const auto later = [this] {
            m_tidyTimer.start();
        };
        connect(dock, &QDockWidget::dockLocationChanged, this, later);
        connect(dock, &QDockWidget::visibilityChanged, this, [this](bool visible) {
            m_tidyTimer.start();
            if (visible)
                m_makeTimer.start();
        });
        connect(dock, &QDockWidget::topLevelChanged, this, later);
    }
}

void MainWindow::makeMenus()
{
    QMenu *file = menuBar()->addMenu(tr("&File"));
    file->addActions(QList<QAction *>{m_open} + m_begins + QList<QAction *>{m_workspace, m_connect, m_export});
    file->addActions({m_demo, m_stop});
    if (m_play != nullptr)
        file->addAction(m_play);
    file->addSeparator();
    file->addAction(m_quit);
    QMenu *view = menuBar()->addMenu(tr("&View"));
    for (QAction *action : m_viewActions)
        view->addAction(action);
    view->addSeparator();
    view->addActions({m_follow, m_theme, m_reset});
    QMenu *help = menuBar()->addMenu(tr("&Help"));
    help->addActions({m_manual, m_keys, m_search});
}

void MainWindow::makeToolBar()
{
    QToolBar *bar = addToolBar(tr("Tools"));
    bar->setObjectName(QStringLiteral("tools"));
    bar->setMovable(false);
    bar->setIconSize({themeMetric("iconSize"), themeMetric("iconSize")});
    bar->setContextMenuPolicy(Qt::PreventContextMenu);
    bar->addActions({m_open, m_demo});
    bar->addSeparator();
    bar->addAction(m_follow);
    bar->addSeparator();
    bar->addWidget(makeSearchButton(*m_search, bar));
    bar->addSeparator();
    auto *settings = new QToolButton(bar);
    settings->setIcon(themeIcon(QStringLiteral("settings")));
    settings->setToolTip(Qt::convertFromPlainText(tr("Settings: worker threads, pipeline")));
    settings->setAccessibleName(tr("Settings"));
    settings->setPopupMode(QToolButton::InstantPopup);
    settings->setMenu(makeSettingsMenu());
    bar->addWidget(settings);
    bar->addActions({m_theme, m_manual});
    addToolBarBreak();
    m_messages = new MessageBar(this);
    addToolBar(m_messages);
    m_messages->hide();
    if (m_setup.playback == nullptr)
        return;
    auto *playback = new PlaybackBar(*m_setup.playback, this);
    connect(playback, &PlaybackBar::leaveChosen, this, [this] { Q_EMIT playbackChosen(false); });
    std::ranges::copy(playback->commands(), std::back_inserter(m_commands)); // the palette and the help know them
    addToolBar(Qt::BottomToolBarArea, playback);
}

QMenu *MainWindow::makeSettingsMenu()
{
    auto *menu = new QMenu(this);
    QMenu *workers = menu->addMenu(themeIcon(QStringLiteral("server")), tr("Worker threads"));
    workers->setToolTipsVisible(true);
    m_workers = new QActionGroup(this);
    for (const unsigned count : {0U, 1U, 2U, 4U, 8U, 16U}) {
        QAction *action = workers->addAction(count == 0 ? tr("As many as fit this machine") : QString::number(count));
        action->setToolTip(Qt::convertFromPlainText(tr("From the next reading on; the result stays the same")));
        action->setCheckable(true);
        action->setData(count);
        m_workers->addAction(action);
    }
    connect(m_workers, &QActionGroup::triggered, this, [this](const QAction *action) {
        m_replay.setWorkers(action->data().toUInt());
        writePreference(QStringLiteral("workers"), action->data());
    });
    QMenu *pipelines = menu->addMenu(themeIcon(QStringLiteral("workflow")), tr("Read captures with"));
    m_pipelines = new QActionGroup(this);
    for (const NamedFile &file : m_setup.pipelines) {
        QAction *action = pipelines->addAction(file.name);
        action->setCheckable(true);
        action->setChecked(m_pipelines->actions().isEmpty());
        action->setData(file.path);
        m_pipelines->addAction(action);
    }
    pipelines->setEnabled(!m_setup.pipelines.empty());
    menu->addSeparator();
    menu->addAction(m_reset);
    return menu;
}

QString MainWindow::pipeline() const
{
    const QAction *chosen = m_pipelines->checkedAction();
    return chosen == nullptr ? QString() : chosen->data().toString();
}

void MainWindow::readPreferences()
{
    unsigned workers = m_replay.workers();
    if (!m_setup.preferencesFile.isEmpty()) {
        const QSettings settings(m_setup.preferencesFile, QSettings::IniFormat);
        workers = settings.value(QStringLiteral("workers"), workers).toUInt();
    }
    for (QAction *action : m_workers->actions()) {
        if (action->data().toUInt() != workers)
            continue;
        action->setChecked(true);
        m_replay.setWorkers(workers);
    }
}

void MainWindow::writePreference(const QString &name, const QVariant &value)
{
    if (!m_setup.preferencesFile.isEmpty())
        QSettings(m_setup.preferencesFile, QSettings::IniFormat).setValue(name, value);
}

void MainWindow::connectContext()
{
    connect(&m_context, &ViewContext::changed, this, [this](const Change &change) {
        m_strip->show(change);
        m_messages->tellTrouble(shownText(change.progress.trouble), change.running);
        if (change.events > 0 || change.running)
            beginViews();
    });
    connect(&m_context, &ViewContext::viewRequested, this, &MainWindow::showView);
    connect(&m_context, &ViewContext::told, this, &MainWindow::tell);
    connect(&m_context, &ViewContext::replayRequested, &m_replay, &ReplayController::start);
    connect(&m_context, &ViewContext::followingSet, m_follow, &QAction::setChecked);
    const auto showTheme = [this] {
        m_theme->setIcon(
            themeIcon(otherTheme() == QLatin1String("dark") ? QStringLiteral("moon") : QStringLiteral("sun")));
    };
    connect(&Theme::instance(), &Theme::changed, this, showTheme);
    showTheme();
}

void MainWindow::connectReplay()
{
    connect(&m_replay, &ReplayController::stateChanged, this, [this] {
        const bool idle = m_replay.state() == ReplayController::State::Idle;
        m_stop->setEnabled(!idle);
        m_open->setEnabled(idle && !m_setup.readOnly);
        if (!idle)
            beginViews();
    });
    connect(&m_replay, &ReplayController::finished, this, [this](const QString &digest) {
        constexpr int DigestShown = 12;
        tell(tr("Read %1 to its end, digest %2…").arg(m_replay.title(), digest.left(DigestShown)), false);
    });
    connect(&m_replay, &ReplayController::cancelled, this,
            [this] { tell(tr("Stopped reading %1; everything read so far is stored").arg(m_replay.title()), false); });
    connect(&m_replay, &ReplayController::failed, this, [this](const QString &sentence) { tell(sentence, true); });
}

void MainWindow::tell(const QString &sentence, bool isError)
{
    if (isError)
        m_messages->tell(sentence);
    else
        statusBar()->showMessage(sentence); // until the next one: whoever looks away must not miss it
}

QStringList MainWindow::viewIds() const
{
    QStringList ids;
    for (const ViewDock *dock : m_docks)
        ids << dock->spec().id;
    return ids;
}

ViewDock *MainWindow::dock(const QString &viewId) const
{
    const auto found =
        std::find_if(m_docks.begin(), m_docks.end(), [&](const ViewDock *dock) { return dock->spec().id == viewId; });
    return found == m_docks.end() ? nullptr : *found;
}

void MainWindow::showView(const QString &viewId)
{
    ViewDock *const wanted = dock(viewId);
    if (wanted == nullptr)
        return;
    beginViews();
    const bool comes = wanted->spec().onDemand && wanted->isHidden();
    wanted->show();
    wanted->raise();
    if (comes)
        giveRoom(*wanted);
    wanted->view()->setFocus(Qt::ShortcutFocusReason);
}

/// A tool that somebody asked for is what he looks at: another one goes, and what stands above gives way.
void MainWindow::giveRoom(ViewDock &tool)
{
    for (ViewDock *dock : m_docks) {
        if (dock != &tool && dock->spec().onDemand && !dock->isFloating())
            dock->hide();
        else if (dock->spec().area == ViewArea::Top && dock->isVisible() && !dock->isFloating())
            resizeDocks({dock, &tool}, {height() / ToolParts, height() - height() / ToolParts}, Qt::Vertical);
    }
}

void MainWindow::openPalette()
{
    std::vector<QAction *> actions = m_viewActions;
    for (QAction *action : m_commands) {
        if (action != m_search && std::find(actions.begin(), actions.end(), action) == actions.end())
            actions.push_back(action);
    }
    m_palette->open(actions);
}

/// From the welcome to the views; once.
void MainWindow::beginViews()
{
    if (!m_welcoming)
        return;
    m_welcoming = false;
    if (m_welcome != nullptr)
        m_welcome->hide();
    arrangeDefault();
    if (isVisible())
        showLayout();
}

void MainWindow::showLayout()
{
    m_arranged = true;
    sizeDefault();
    if (m_setup.layoutFile.isEmpty())
        return;
    const QSettings settings(m_setup.layoutFile, QSettings::IniFormat);
    restoreState(settings.value(QStringLiteral("state")).toByteArray(), LayoutVersion);
}

void MainWindow::arrangeDefault()
{
    std::map<ViewArea, ViewDock *> first;
    for (ViewDock *dock : m_docks) {
        dock->setFloating(false);
        removeDockWidget(dock);
        first.try_emplace(dock->spec().area, dock);
    }
    // The middle column hangs in the left dock area, the other column in the right one; there is no central widget.
    QDockWidget *last = nullptr;
    const auto place = [&](ViewArea area, Qt::DockWidgetArea side, Qt::Orientation split) {
        const auto found = first.find(area);
        if (found == first.end())
            return;
        if (last == nullptr || dockWidgetArea(last) != side)
            addDockWidget(side, found->second);
        else
            splitDockWidget(last, found->second, split);
        last = found->second;
    };
    place(ViewArea::Left, Qt::LeftDockWidgetArea, Qt::Horizontal);
    place(ViewArea::Top, Qt::LeftDockWidgetArea, Qt::Horizontal);
    const bool column = first.count(ViewArea::Top) != 0;
    place(ViewArea::Centre, Qt::LeftDockWidgetArea, column ? Qt::Vertical : Qt::Horizontal);
    place(ViewArea::Bottom, Qt::LeftDockWidgetArea, Qt::Vertical);
    place(ViewArea::RightTop, Qt::RightDockWidgetArea, Qt::Vertical);
    place(ViewArea::RightBottom, Qt::RightDockWidgetArea, Qt::Vertical);
    for (ViewDock *dock : m_docks) {
        ViewDock *const front = first.at(dock->spec().area);
        if (dock != front)
            tabifyDockWidget(front, dock);
        dock->setVisible(!dock->spec().onDemand);
    }
    for (const auto &[area, dock] : first)
        dock->raise();
}

void MainWindow::sizeDefault()
{
    // Shares of the height, in the order of the areas; the side column has a width of its own.
    struct Share {
        ViewArea area;
        int part;
    };
    constexpr int Whole = 100;
    const auto share = [this](std::initializer_list<Share> shares) {
        QList<QDockWidget *> docks;
        QList<int> sizes;
        for (const Share &s : shares) {
            for (ViewDock *dock : m_docks) {
                if (dock->spec().area != s.area || !dock->isVisible())
                    continue;
                docks << dock;
                sizes << height() * s.part / Whole;
                break;
            }
        }
        resizeDocks(docks, sizes, Qt::Vertical);
    };
    QList<QDockWidget *> columns;
    for (const Qt::DockWidgetArea side : {Qt::LeftDockWidgetArea, Qt::RightDockWidgetArea}) {
        const auto found = std::find_if(m_docks.begin(), m_docks.end(), [&](ViewDock *dock) {
            return dockWidgetArea(dock) == side && !dock->isHidden() && !dock->isFloating();
        });
        if (found != m_docks.end())
            columns << *found;
    }
    const int side = std::min(themeMetric("sideWidth"), width() / 3);
    if (columns.size() == 2)
        resizeDocks(columns, {width() - side, side}, Qt::Horizontal);
    share({{ViewArea::Top, 46}, {ViewArea::Centre, 54}, {ViewArea::Bottom, 30}});
    share({{ViewArea::RightTop, 50}, {ViewArea::RightBottom, 50}});
}

void MainWindow::resetLayout()
{
    beginViews();
    arrangeDefault();
    sizeDefault();
}

void MainWindow::saveLayout()
{
    if (m_setup.layoutFile.isEmpty() || !m_arranged)
        return;
    QSettings settings(m_setup.layoutFile, QSettings::IniFormat);
    settings.setValue(QStringLiteral("state"), saveState(LayoutVersion));
}

/// Titles only where there is no tab, and icons on the tabs.
void MainWindow::tidy()
{
    for (ViewDock *dock : m_docks) {
        const QList<QDockWidget *> tabs = tabifiedDockWidgets(dock);
        const bool tabbed =
            std::any_of(tabs.begin(), tabs.end(), [](QDockWidget *other) { return !other->isHidden(); });
        dock->setTitleShown(!tabbed || dock->isFloating());
    }
    for (QTabBar *bar : findChildren<QTabBar *>(QString(), Qt::FindDirectChildrenOnly)) {
        bar->setExpanding(false);
        bar->setDrawBase(false);
        bar->setFocusPolicy(Qt::TabFocus);
        for (int i = 0; i < bar->count(); ++i) {
            for (const ViewDock *dock : m_docks) {
                if (bar->tabText(i) == dock->windowTitle() && bar->tabIcon(i).isNull())
                    bar->setTabIcon(i, dock->windowIcon());
            }
        }
    }
}

/// One view a turn of the event loop: the window answers in between.
void MainWindow::makeNextView()
{
    for (ViewDock *dock : m_docks) {
        if (dock->isMade() || !dock->isInFront())
            continue;
        dock->view();
        m_makeTimer.start();
        return;
    }
}

void MainWindow::setThemeByName(const QString &name)
{
    if (Theme::instance().load(name))
        writePreference(QStringLiteral("theme"), name);
}

void MainWindow::chooseCaptures()
{
    const QStringList files = QFileDialog::getOpenFileNames(this, tr("Open a capture"), QString(), QString(), nullptr,
                                                            QFileDialog::DontUseNativeDialog);
    if (!files.isEmpty())
        Q_EMIT capturesChosen(files);
}

void MainWindow::chooseWorkspace()
{
    const QString directory = QFileDialog::getExistingDirectory(
        this, tr("Open a workspace"), QString(), QFileDialog::ShowDirsOnly | QFileDialog::DontUseNativeDialog);
    if (!directory.isEmpty())
        Q_EMIT workspaceChosen(directory);
}

void MainWindow::openHelp(bool keys)
{
    if (m_help == nullptr) {
        QList<HelpWindow::Key> rows;
        for (const QAction *action : m_commands) {
            if (!action->shortcut().isEmpty())
                rows.append({action->shortcut().toString(QKeySequence::NativeText), action->statusTip()});
        }
        for (const ViewDock *dock : m_docks) {
            for (const QString &key : dock->spec().keys.split(QLatin1Char(';'), Qt::SkipEmptyParts))
                rows.append({key.section(QLatin1Char(':'), 0, 0).trimmed(),
                             tr("%1: %2").arg(dock->spec().title, key.section(QLatin1Char(':'), 1).trimmed())});
        }
        m_help = new HelpWindow(m_setup.manual, rows, this);
    }
    if (keys)
        m_help->showKeys();
    else
        m_help->showManual();
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    saveLayout();
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    const QList<QUrl> urls = event->mimeData()->urls();
    if (std::any_of(urls.begin(), urls.end(), [](const QUrl &url) { return url.isLocalFile(); }))
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    QStringList files;
    for (const QUrl &url : event->mimeData()->urls()) {
        if (url.isLocalFile())
            files << url.toLocalFile();
    }
    if (files.isEmpty())
        return;
    event->acceptProposedAction();
    Q_EMIT capturesChosen(files);
}

void MainWindow::showEvent(QShowEvent *event)
{
    QMainWindow::showEvent(event);
    if (!m_welcoming && !m_arranged)
        showLayout();
}

} // namespace eventops
