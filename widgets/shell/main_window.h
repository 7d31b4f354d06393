// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/view_context.h"
#include "widgets/shell/view_spec.h"

#include <QMainWindow>
#include <QStringList>
#include <QTimer>

class QActionGroup;
class QMenu;

namespace eventops {

class CommandPalette;
class ConnectionStatus;
class HelpWindow;
class MessageBar;
class PlaybackController;
class ReplayController;
class StatusStrip;
class ViewDock;
class WelcomePage;

/// A file that a person can choose by its name.
struct NamedFile {
    QString name, path;
};

/// What the composition root tells a window.
struct WindowSetup {
    QString workspace;                ///< How it is called in title and status bar.
    QString layoutFile;               ///< Where the layout of this workspace is kept; empty: nowhere.
    QString preferencesFile;          ///< Where theme and workers of this user are kept; empty: nowhere.
    QString manual;                   ///< Markdown.
    std::vector<NamedFile> pipelines; ///< With which captures can be read; the first one is the default.
    bool readOnly = false;
    bool expectsEvents = false; ///< The workspace holds something or will soon: begin with the views.
    ConnectionStatus *connection = nullptr; ///< The workspace is an engine's elsewhere; null: of this process.
    PlaybackController *playback = nullptr; ///< The window shows the past; null: it shows the present.
};

/// The window: docks, menus, tool bar, shortcuts, help and command palette from a registry of views, none of which it
/// knows by name. It asks its owner for everything that needs a file or another workspace. Opens nothing modal by
/// itself. Thread: UI.
class MainWindow final : public QMainWindow
{
    Q_OBJECT

public:
    MainWindow(const ViewRegistry &views, ViewContext &context, ReplayController &replay, WindowSetup setup,
               QWidget *parent = nullptr);
    ~MainWindow() override;

    QStringList viewIds() const;
    ViewDock *dock(const QString &viewId) const; ///< Null: no such view.
    void showView(const QString &viewId);        ///< Brings it up and gives it the keyboard.
    bool showsWelcome() const { return m_welcoming; }
    QString pipeline() const; ///< Path of the chosen one.
    CommandPalette &commandPalette() { return *m_palette; }
    MessageBar &messages() { return *m_messages; }

public Q_SLOTS:
    void openPalette();
    void resetLayout();
    void saveLayout();
    void setThemeByName(const QString &name); ///< For good: it is written to the preferences.

Q_SIGNALS:
    void capturesChosen(const QStringList &files);
    void workspaceChosen(const QString &directory);
    void demoChosen();
    void exportChosen();
    void connectChosen();
    void playbackChosen(bool begin); ///< False: back to the present.

protected:
    void closeEvent(QCloseEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void showEvent(QShowEvent *event) override;

private:
    QAction *command(const QString &text, const QString &icon, const QKeySequence &keys, const QString &tip,
                     std::function<void()> run);
    void makeCommands();
    void makeDocks();
    void makeMenus();
    void makeToolBar();
    /// Captures lie on this machine; an engine elsewhere could not read them.
    bool mayRead() const { return !m_setup.readOnly && m_setup.connection == nullptr; }
    QMenu *makeSettingsMenu();
    void readPreferences();
    void writePreference(const QString &name, const QVariant &value);
    void connectContext();
    void connectReplay();
    void arrangeDefault();
    void sizeDefault();
    void giveRoom(ViewDock &tool);
    void showLayout();
    void beginViews();
    void tidy();
    void makeNextView();
    void chooseCaptures();
    void chooseWorkspace();
    void openHelp(bool keys);
    void tell(const QString &sentence, bool isError);

    static constexpr int LayoutVersion = 1;
    static constexpr int ToolParts = 4; ///< Of the height: what stands above a tool keeps one.
    const WindowSetup m_setup;
    ViewContext &m_context;
    ReplayController &m_replay;
    std::vector<ViewDock *> m_docks;      ///< In the order of the registry.
    std::vector<QAction *> m_viewActions; ///< The same.
    std::vector<QAction *> m_commands;
    QList<QAction *> m_begins;            ///< Of the views by which events come in.
    QAction *m_open = nullptr, *m_demo = nullptr, *m_workspace = nullptr, *m_follow = nullptr, *m_theme = nullptr;
    QAction *m_search = nullptr, *m_reset = nullptr, *m_quit = nullptr, *m_stop = nullptr, *m_export = nullptr;
    QAction *m_play = nullptr, *m_connect = nullptr;
    QAction *m_manual = nullptr, *m_keys = nullptr;
    QActionGroup *m_workers = nullptr, *m_pipelines = nullptr;
    MessageBar *m_messages = nullptr;
    StatusStrip *m_strip = nullptr;
    WelcomePage *m_welcome = nullptr;
    CommandPalette *m_palette = nullptr;
    HelpWindow *m_help = nullptr;
    QTimer m_tidyTimer, m_makeTimer;
    bool m_welcoming = true;
    bool m_arranged = false;
};

} // namespace eventops
