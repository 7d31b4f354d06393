// SPDX-License-Identifier: MIT
#include "core/pipeline/playback.h"

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

std::int64_t machineSteadyNs()
{
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

constexpr std::int64_t LongestStepNs = std::numeric_limits<std::int64_t>::max() / 4;

/// @p virtualNs later, without overflow.
WallNs later(WallNs time, double virtualNs)
{
    const std::int64_t step = virtualNs >= static_cast<double>(LongestStepNs) ? LongestStepNs
                                                                              : static_cast<std::int64_t>(virtualNs);
    return raw(time) > std::numeric_limits<std::int64_t>::max() - step
               ? WallNs{std::numeric_limits<std::int64_t>::max()}
               : WallNs{raw(time) + step};
}

} // namespace

Playback::Playback(Options options)
    : m_options([&] {
          if (!options.steadyNs)
              options.steadyNs = machineSteadyNs;
          return std::move(options);
      }()),
      m_mode(m_options.from != NoTime ? Mode::Seeking : m_options.paused ? Mode::Paused : Mode::Playing),
      m_playAfterSeek(!m_options.paused),
      m_speed(m_options.speed),
      m_seekTo(m_options.from)
{
}

WallNs Playback::nowLocked() const
{
    if (m_mode != Mode::Playing || m_anchor == NoTime || runsFree())
        return m_anchor;
    const double passedNs = static_cast<double>(m_options.steadyNs() - m_anchorSteadyNs);
    return later(m_anchor, passedNs * m_speed);
}

/// The clock stands where it is, and goes on from there.
void Playback::setMode(Mode mode)
{
    m_anchor = nowLocked();
    m_anchorSteadyNs = m_options.steadyNs();
    m_mode = mode;
    ++m_orders;
    m_changed.notify_all();
}

void Playback::play()
{
    const std::lock_guard lock(m_mutex);
    m_playAfterSeek = true;
    m_steps = 0;
    if (m_mode == Mode::Paused || m_mode == Mode::Searching)
        setMode(Mode::Playing);
}

void Playback::pause()
{
    const std::lock_guard lock(m_mutex);
    m_playAfterSeek = false;
    m_steps = 0;
    if (m_mode == Mode::Playing || m_mode == Mode::Searching)
        setMode(Mode::Paused);
}

Status Playback::setSpeed(double speed)
{
    if (!(speed > 0))
        return Error{Error::Code::InvalidArgument, "the speed must be above 0", {}, "pause instead"};
    const std::lock_guard lock(m_mutex);
    setMode(m_mode); // what has passed until now passed at the old speed
    m_speed = speed;
    return Ok{};
}

void Playback::step(std::uint64_t records)
{
    const std::lock_guard lock(m_mutex);
    if (m_mode == Mode::Ended || m_mode == Mode::Seeking)
        return;
    setMode(Mode::Paused);
    m_steps += records;
}

void Playback::findNext()
{
    const std::lock_guard lock(m_mutex);
    if (m_mode == Mode::Paused || m_mode == Mode::Playing)
        setMode(Mode::Searching);
}

Status Playback::seek(WallNs time)
{
    const std::lock_guard lock(m_mutex);
    const WallNs now = nowLocked();
    if (now != NoTime && time < now)
        return Error{Error::Code::Refused, "the past of a playback has been decided", {}, "play anew and seek there"};
    if (m_mode == Mode::Ended)
        return Ok{};
    if (m_mode != Mode::Seeking)
        m_playAfterSeek = m_mode == Mode::Playing;
    m_seekTo = time;
    setMode(Mode::Seeking);
    return Ok{};
}

Playback::State Playback::state() const
{
    const std::lock_guard lock(m_mutex);
    return {m_mode, nowLocked(), m_first, m_speed};
}

/// The clock has come to where it was sent.
void Playback::arrive()
{
    if (m_first != NoTime) // else it begins with the first record
        m_anchor = std::max(m_anchor, m_seekTo);
    setMode(m_playAfterSeek ? Mode::Playing : Mode::Paused);
}

Playback::Verdict Playback::admit(WallNs time)
{
    const std::lock_guard lock(m_mutex);
    if (m_options.until != NoTime && time != NoTime && time >= m_options.until)
        return Verdict::End;
    if (m_mode == Mode::Seeking && time != NoTime && time >= m_seekTo)
        arrive();
    bool may = true;
    if (m_mode == Mode::Playing)
        may = m_anchor == NoTime || time == NoTime || runsFree() || time <= nowLocked();
    else if (m_mode == Mode::Paused)
        may = m_steps > 0;
    if (!may) {
        m_refused = time;
        m_ordersRefused = m_orders;
        return Verdict::Wait;
    }
    if (m_mode == Mode::Paused)
        --m_steps;
    if (m_first == NoTime)
        m_first = time;
    const bool runsByItself = m_mode == Mode::Playing && !runsFree();
    if (time != NoTime && (m_anchor == NoTime || (!runsByItself && time > m_anchor))) {
        m_anchor = time;
        m_anchorSteadyNs = m_options.steadyNs();
    }
    return Verdict::Pass;
}

bool Playback::oneByOne() const
{
    const std::lock_guard lock(m_mutex);
    return m_mode == Mode::Searching;
}

void Playback::found()
{
    const std::lock_guard lock(m_mutex);
    if (m_mode == Mode::Searching)
        setMode(Mode::Paused);
}

void Playback::end()
{
    const std::lock_guard lock(m_mutex);
    setMode(Mode::Ended);
}

void Playback::wait(std::chrono::milliseconds atMost)
{
    std::unique_lock lock(m_mutex);
    std::chrono::nanoseconds nap = atMost;
    if (m_mode == Mode::Playing && m_refused != NoTime && m_anchor != NoTime) {
        const double dueNs = static_cast<double>(raw(m_refused) - raw(nowLocked())) / m_speed;
        if (dueNs < static_cast<double>(nap.count()))
            nap = std::chrono::nanoseconds(std::max<std::int64_t>(static_cast<std::int64_t>(dueNs), 0));
    }
    m_changed.wait_for(lock, nap, [&] { return m_orders != m_ordersRefused; });
}

} // namespace eventops
