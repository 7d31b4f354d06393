// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <QObject>
#include <QTimer>

#include <memory>
#include <vector>

namespace eventops {

/// A finding of the past that is played, for the scale.
struct PlaybackMark {
    qint64 ns = 0;
    int severity = 0; ///< OpenTelemetry number.
};

/// The past of a workspace as a window plays it: the virtual clock's buttons and its hands. Times are nanoseconds UTC.
/// Thread: UI. Looks at the clock 20 times a second while it runs, not at all while it stands.
class PlaybackController final : public QObject
{
    Q_OBJECT

public:
    /// @p marks: of the whole past, as it was recorded.
    PlaybackController(std::shared_ptr<Playback> playback, qint64 firstNs, qint64 lastNs,
                       std::vector<PlaybackMark> marks, QObject *parent = nullptr);

    const std::shared_ptr<Playback> &playback() const { return m_playback; }
    Playback::Mode mode() const { return m_state.mode; }
    bool plays() const; ///< The clock runs, or will when it has come to where it was sent.
    qint64 nowNs() const;
    qint64 firstNs() const { return m_firstNs; }
    qint64 lastNs() const { return m_lastNs; }
    double speed() const { return m_state.speed; }
    const std::vector<PlaybackMark> &marks() const { return m_marks; }

public Q_SLOTS:
    void toggle();                ///< Play or pause.
    void step();                  ///< One record.
    void findNext();              ///< To the next finding.
    void setSpeed(double speed);  ///< Virtual seconds a second.
    /// What lies before the clock has been decided: then `rewindWanted`, for the owner to play anew.
    void seek(qint64 ns);

Q_SIGNALS:
    void changed();
    void rewindWanted(qint64 ns);

private:
    void look();

    const std::shared_ptr<Playback> m_playback;
    const qint64 m_firstNs, m_lastNs;
    const std::vector<PlaybackMark> m_marks;
    Playback::State m_state;
    QTimer m_timer;
    int m_quietLooks = 0;
};

} // namespace eventops
