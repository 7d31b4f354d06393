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

class ReplayController;

/// The status bar's permanent part: workspace, event clock, counts, rate, what is being read with its progress and a
/// way to stop it. Thread: UI. Nothing runs while nothing changes.
class StatusStrip final : public QWidget
{
    Q_OBJECT

public:
    StatusStrip(ReplayController &replay, const QString &workspace, bool readOnly, QWidget *parent);

    void show(const Change &change);
    using QWidget::show;
    QToolButton *stopButton() const { return m_stop; }

private:
    void showReplay();
    void showRate();

    static constexpr int RateWindowMs = 1'000;
    ReplayController &m_replay;
    QLabel *m_clock, *m_counts, *m_rate, *m_state;
    QProgressBar *m_progress;
    QToolButton *m_stop;
    QTimer m_rateTimer; ///< Runs only while events arrive.
    QElapsedTimer m_since;
    quint64 m_events = 0, m_eventsBefore = 0;
};

} // namespace eventops
