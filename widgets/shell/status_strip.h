// SPDX-License-Identifier: MIT
#pragma once

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QLabel;
class QProgressBar;
class QToolButton;

namespace eventops {

struct Change;

class ConnectionStatus;
class ReplayController;

/// The status bar's permanent part: workspace or connection, event clock, counts, rate, what is being read with its
/// progress and a way to stop it. Thread: UI. Nothing runs while nothing changes.
class StatusStrip final : public QWidget
{
    Q_OBJECT

public:
    /// @p connection: to the engine elsewhere; null: the workspace is of this process.
    StatusStrip(ReplayController &replay, const QString &workspace, bool readOnly, ConnectionStatus *connection,
                QWidget *parent);

    void show(const Change &change);
    using QWidget::show;
    QToolButton *stopButton() const { return m_stop; }

private:
    void showReplay();
    void showRate();
    void showConnection();

    static constexpr int RateWindowMs = 1'000;
    ReplayController &m_replay;
    QLabel *m_clock, *m_counts, *m_rate, *m_state;
    QProgressBar *m_progress;
    QToolButton *m_stop;
    ConnectionStatus *const m_connection;
    QLabel *m_place = nullptr;        ///< Where the workspace is.
    QToolButton *m_retry = nullptr;   ///< Only with a connection.
    QTimer m_rateTimer; ///< Runs only while events arrive.
    QElapsedTimer m_since;
    quint64 m_events = 0, m_eventsBefore = 0;
};

} // namespace eventops
