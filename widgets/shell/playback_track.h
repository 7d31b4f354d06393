// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/playback_controller.h"

#include <QSlider>

namespace eventops {

/// The scale of a playback: where its clock stands, where findings lie, and a handle to send it elsewhere. Thread: UI.
class PlaybackTrack final : public QSlider
{
    Q_OBJECT

public:
    explicit PlaybackTrack(PlaybackController &playback, QWidget *parent);

    qint64 handleNs() const; ///< Where the handle is, held or not.

Q_SIGNALS:
    void chosen(qint64 ns); ///< The handle was let go of, or moved by key or click.

protected:
    void paintEvent(QPaintEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;

private:
    void showClock();

    PlaybackController &m_playback;
};

} // namespace eventops
