// SPDX-License-Identifier: MIT
#include "widgets/shell/playback_bar.h"

#include "core/viewmodel/playback_controller.h"
#include "core/viewmodel/shown_text.h"
#include "widgets/shell/playback_track.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/icon.h"
#include "widgets/theme/theme.h"

#include <QAction>
#include <QFontMetrics>
#include <QLabel>

namespace eventops {
namespace {

constexpr double Speeds[] = {1, 10, 60, 600, 3'600, 36'000, PlaybackSpeedMax};

QString speedText(double speed)
{
    if (speed >= PlaybackSpeedMax)
        return PlaybackBar::tr("as fast as it goes");
    return PlaybackBar::tr("× %1").arg(shownCount(static_cast<quint64>(speed)));
}

} // namespace

PlaybackBar::PlaybackBar(PlaybackController &playback, QWidget *parent)
    : QToolBar(parent), m_playback(playback), m_track(new PlaybackTrack(playback, this)), m_time(new QLabel(this)),
      m_speeds(new ComboBox(this))
{
    setObjectName(QStringLiteral("playback"));
    setWindowTitle(tr("Playback"));
    setMovable(false);
    setContextMenuPolicy(Qt::PreventContextMenu);
    setIconSize({themeMetric("iconSize"), themeMetric("iconSize")});
    m_start = button(tr("To the beginning"), QStringLiteral("history"), QStringLiteral("Ctrl+Shift+Home"),
                     tr("Play anew from the first record"));
    m_toggle = button(tr("Pause"), QStringLiteral("pause"), QStringLiteral("Ctrl+Space"), tr("Play or pause"));
    m_step = button(tr("One record"), QStringLiteral("skip-forward"), QStringLiteral("Ctrl+Right"),
                    tr("Let one record pass and pause"));
    m_next = button(tr("Next finding"), QStringLiteral("triangle-alert"), QStringLiteral("Ctrl+Shift+Right"),
                    tr("Go on to the next finding and pause"));
    addWidget(m_speeds);
    makeSpeeds();
    addWidget(m_track);
    m_time->setTextFormat(Qt::PlainText);
    m_time->setFont(Theme::instance().font(Theme::FontRole::Mono));
    m_time->setContentsMargins(themeMetric("space2"), 0, themeMetric("space2"), 0);
    addWidget(m_time);
    addSeparator();
    m_leave = button(tr("Back to the present"), QStringLiteral("x"), QStringLiteral("Ctrl+Shift+P"),
                     tr("End the playback and show the workspace as it is"));
    connect(m_start, &QAction::triggered, &playback, [&playback] { playback.seek(playback.firstNs()); });
    connect(m_toggle, &QAction::triggered, &playback, &PlaybackController::toggle);
    connect(m_step, &QAction::triggered, &playback, &PlaybackController::step);
    connect(m_next, &QAction::triggered, &playback, &PlaybackController::findNext);
    connect(m_leave, &QAction::triggered, this, &PlaybackBar::leaveChosen);
    connect(m_track, &PlaybackTrack::chosen, &playback, &PlaybackController::seek);
    connect(m_track, &QSlider::sliderMoved, this, &PlaybackBar::showClock);
    connect(&playback, &PlaybackController::changed, this, &PlaybackBar::showClock);
    showClock();
}

QAction *PlaybackBar::button(const QString &text, const QString &icon, const QString &keys, const QString &tip)
{
    QAction *action = addAction(themeIcon(icon), text);
    action->setShortcut(QKeySequence(keys));
    action->setToolTip(Qt::convertFromPlainText(
        tr("%1 (%2)").arg(tip, action->shortcut().toString(QKeySequence::NativeText))));
    action->setStatusTip(tip);
    return action;
}

void PlaybackBar::makeSpeeds()
{
    m_speeds->setAccessibleName(tr("Speed"));
    m_speeds->setToolTip(Qt::convertFromPlainText(tr("Seconds of event time a second")));
    bool known = false;
    for (const double speed : Speeds) {
        m_speeds->addItem(speedText(speed), speed);
        if (speed == m_playback.speed()) {
            m_speeds->setCurrentIndex(m_speeds->count() - 1);
            known = true;
        }
    }
    if (!known) {
        m_speeds->insertItem(0, speedText(m_playback.speed()), m_playback.speed());
        m_speeds->setCurrentIndex(0);
    }
    connect(m_speeds, &QComboBox::activated, this,
            [this](int index) { m_playback.setSpeed(m_speeds->itemData(index).toDouble()); });
}

void PlaybackBar::showClock()
{
    const bool ended = m_playback.mode() == Playback::Mode::Ended;
    const bool plays = m_playback.plays();
    m_toggle->setIcon(themeIcon(plays ? QStringLiteral("pause") : QStringLiteral("play")));
    m_toggle->setText(plays ? tr("Pause") : tr("Play"));
    for (QAction *action : {m_toggle, m_step, m_next})
        action->setEnabled(!ended);
    const qint64 shown = m_track->isSliderDown() ? m_track->handleNs() : m_playback.nowNs();
    m_time->setText(shownTime(WallNs{shown}));
}

} // namespace eventops
