// SPDX-License-Identifier: MIT
#pragma once

#include <QToolBar>

class QAction;
class QLabel;

namespace eventops {

class ComboBox;
class PlaybackController;
class PlaybackTrack;

/// What a tape deck has: play, pause, step, next finding, speed, a scale to go anywhere, and the way back to the
/// present. Thread: UI.
class PlaybackBar final : public QToolBar
{
    Q_OBJECT

public:
    PlaybackBar(PlaybackController &playback, QWidget *parent);

    PlaybackTrack &track() { return *m_track; }
    QList<QAction *> commands() const { return {m_start, m_toggle, m_step, m_next, m_leave}; }

Q_SIGNALS:
    void leaveChosen();

private:
    QAction *button(const QString &text, const QString &icon, const QString &keys, const QString &tip);
    void makeSpeeds();
    void showClock();

    PlaybackController &m_playback;
    QAction *m_toggle, *m_step, *m_next, *m_start, *m_leave;
    PlaybackTrack *m_track;
    QLabel *m_time;
    ComboBox *m_speeds;
};

} // namespace eventops
