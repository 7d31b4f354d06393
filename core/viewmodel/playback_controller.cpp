// SPDX-License-Identifier: MIT
#include "core/viewmodel/playback_controller.h"

#include <algorithm>
#include <utility>

namespace eventops {
namespace {

constexpr int LookEveryMs = 50;
constexpr int QuietLooksMax = 20; ///< An order takes a moment to show.

} // namespace

PlaybackController::PlaybackController(std::shared_ptr<Playback> playback, qint64 firstNs, qint64 lastNs,
                                       std::vector<PlaybackMark> marks, QObject *parent)
    : QObject(parent),
      m_playback(std::move(playback)),
      m_firstNs(firstNs),
      m_lastNs(std::max(firstNs, lastNs)),
      m_marks(std::move(marks)),
      m_state(m_playback->state())
{
    m_timer.setInterval(LookEveryMs);
    connect(&m_timer, &QTimer::timeout, this, &PlaybackController::look);
    m_timer.start();
}

bool PlaybackController::plays() const
{
    return m_state.mode == Playback::Mode::Playing || m_state.mode == Playback::Mode::Seeking
           || m_state.mode == Playback::Mode::Searching;
}

qint64 PlaybackController::nowNs() const
{
    return m_state.now == NoTime ? m_firstNs : std::clamp<qint64>(raw(m_state.now), m_firstNs, m_lastNs);
}

void PlaybackController::toggle()
{
    if (plays())
        m_playback->pause();
    else
        m_playback->play();
    look();
}

void PlaybackController::step()
{
    m_playback->step(1);
    look();
}

void PlaybackController::findNext()
{
    m_playback->findNext();
    look();
}

void PlaybackController::setSpeed(double speed)
{
    if (m_playback->setSpeed(speed))
        look();
}

void PlaybackController::seek(qint64 ns)
{
    const qint64 wanted = std::clamp(ns, m_firstNs, m_lastNs);
    if (m_state.mode == Playback::Mode::Ended || !m_playback->seek(WallNs{wanted}))
        Q_EMIT rewindWanted(wanted);
    look();
}

void PlaybackController::look()
{
    const Playback::State before = std::exchange(m_state, m_playback->state());
    const bool changes = plays() || before.mode != m_state.mode || before.now != m_state.now;
    const bool ordered = sender() != &m_timer;
    m_quietLooks = changes || ordered ? 0 : m_quietLooks + 1;
    if (m_quietLooks > QuietLooksMax)
        m_timer.stop();
    else if (!m_timer.isActive())
        m_timer.start();
    if (changes || ordered)
        Q_EMIT changed();
}

} // namespace eventops
