// SPDX-License-Identifier: MIT
#pragma once

#include "app/console/options.h"
#include "core/viewmodel/ui_bridge.h"

#include <QObject>
#include <QPointer>
#include <QString>
#include <QTemporaryDir>

#include <memory>

namespace eventops {

class ExportController;
class MainWindow;
class PlaybackController;
class ReplayController;
class ViewContext;
struct Batch;
struct Event;
struct WindowSetup;

} // namespace eventops

namespace eventops::console {

class ConnectDialog;
class EngineConnection;
class ExportDialog;
class PlaybackSession;
struct EngineAddress;

/// One window on one workspace at a time, of this machine or an engine's elsewhere, and what the window asks for.
/// Thread: UI.
class Console final : public QObject
{
    Q_OBJECT

public:
    /// @p program: path of the program itself, beside which `eventops` and the shipped data are looked for.
    Console(Options options, QString preferencesFile, std::string program);
    ~Console() override;

    void start();          ///< Shows the window; nothing is asked.
    bool saveScreenshot(); ///< To the file that the options name; true when none is named.
    ConnectDialog *connectDialog() const;                    ///< Null: not open.
    MainWindow *window() const { return m_window.get(); }    ///< Null before `start` and while first attaching.
    ViewContext *context() const { return m_context.get(); } ///< Of that window.

private:
    void openWorkspace(const std::string &directory, bool expectsEvents);
    void openWindow(std::unique_ptr<ViewContext> context, WindowSetup setup);
    void connectWindow();
    void openCaptures(const QStringList &files);
    void openExport();
    void openConnect();
    void connectTo(const EngineAddress &address);
    ConnectDialog *makeConnectDialog(const EngineAddress &address);
    void openEngine(EngineConnection *connection);
    void startDemo();
    void startPlayback();
    void play(qint64 fromNs, double speed, bool paused);
    void closeWindow();
    void showAsAsked();
    void selectAsAsked();
    void select(const Batch &batch, const Event &event);

    const Options m_options;
    const QString m_preferencesFile;
    const std::string m_program, m_dataDirectory;
    std::unique_ptr<QTemporaryDir> m_demoDirectory; ///< Outlives the back end that works in it.
    std::string m_directory;                        ///< Of the workspace that the window shows, or plays the past of.
    std::unique_ptr<EngineConnection> m_engine;     ///< Only while the window shows an engine elsewhere.
    QPointer<ConnectDialog> m_connect;
    std::unique_ptr<PlaybackSession> m_past;        ///< Only while it is being prepared or played.
    std::unique_ptr<ViewContext> m_context;
    std::unique_ptr<PlaybackController> m_playback;
    std::unique_ptr<ReplayController> m_replay;
    std::unique_ptr<ExportController> m_export;
    std::unique_ptr<MainWindow> m_window;
    ReceiverGuard m_guard;
    bool m_selected = false;
};

} // namespace eventops::console
