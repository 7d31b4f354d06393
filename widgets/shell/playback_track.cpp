// SPDX-License-Identifier: MIT
#include "widgets/shell/playback_track.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/theme/theme.h"

#include <QMouseEvent>
#include <QPainter>
#include <QStyle>

#include <algorithm>

namespace eventops {
namespace {

constexpr int TrackSteps = 10'000;

double partOf(const PlaybackController &playback, qint64 ns)
{
    const double span = static_cast<double>(playback.lastNs() - playback.firstNs());
    return span <= 0 ? 1.0 : static_cast<double>(ns - playback.firstNs()) / span;
}

} // namespace

PlaybackTrack::PlaybackTrack(PlaybackController &playback, QWidget *parent)
    : QSlider(Qt::Horizontal, parent), m_playback(playback)
{
    setObjectName(QStringLiteral("track"));
    setRange(0, TrackSteps);
    setPageStep(TrackSteps / 20);
    setSingleStep(TrackSteps / 200);
    setAccessibleName(tr("Time of the playback"));
    setToolTip(Qt::convertFromPlainText(tr("Time of the playback; marks are findings. Drag to go there")));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    connect(&playback, &PlaybackController::changed, this, &PlaybackTrack::showClock);
    connect(this, &QSlider::sliderReleased, this, [this] { Q_EMIT chosen(handleNs()); });
    connect(this, &QSlider::actionTriggered, this, [this](int action) {
        if (action != SliderMove)
            Q_EMIT chosen(handleNs());
    });
    showClock();
}

qint64 PlaybackTrack::handleNs() const
{
    const double part = static_cast<double>(sliderPosition()) / TrackSteps;
    return m_playback.firstNs()
           + static_cast<qint64>(part * static_cast<double>(m_playback.lastNs() - m_playback.firstNs()));
}

void PlaybackTrack::showClock()
{
    if (!isSliderDown())
        setValue(static_cast<int>(partOf(m_playback, m_playback.nowNs()) * TrackSteps));
}

/// A click anywhere goes there, as in any player.
void PlaybackTrack::mousePressEvent(QMouseEvent *event)
{
    if (event->button() == Qt::LeftButton) {
        const int room = std::max(1, width() - themeMetric("space3"));
        const int at = static_cast<int>(event->position().x()) - themeMetric("space3") / 2;
        setSliderPosition(QStyle::sliderValueFromPosition(minimum(), maximum(), at, room));
    }
    QSlider::mousePressEvent(event);
}

void PlaybackTrack::paintEvent(QPaintEvent *)
{
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const int handle = themeMetric("space3");
    const int groove = themeMetric("space1");
    const QRectF whole(handle / 2.0, (height() - groove) / 2.0, width() - handle, groove);
    const double part = static_cast<double>(sliderPosition()) / TrackSteps;
    painter.setPen(Qt::NoPen);
    painter.setBrush(themeColor("border"));
    painter.drawRoundedRect(whole, groove / 2.0, groove / 2.0);
    painter.setBrush(themeColor("accent"));
    painter.drawRoundedRect(QRectF(whole.topLeft(), QSizeF(whole.width() * part, groove)), groove / 2.0, groove / 2.0);
    painter.setRenderHint(QPainter::Antialiasing, false);
    for (const PlaybackMark &mark : m_playback.marks()) {
        const double x = whole.left() + whole.width() * partOf(m_playback, mark.ns);
        painter.fillRect(QRectF(x, whole.top() - groove, themeMetric("border") * 2.0, groove * 3.0),
                         Theme::instance().severityColor(mark.severity));
    }
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setBrush(themeColor(hasFocus() ? "focus" : "text"));
    painter.drawEllipse(QPointF(whole.left() + whole.width() * part, whole.center().y()), handle / 2.0 - 1,
                        handle / 2.0 - 1);
}

} // namespace eventops
