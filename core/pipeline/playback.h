// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

namespace eventops {

constexpr double PlaybackSpeedMax = 1e9; ///< Virtual seconds a second; at it and beyond, as fast as it goes.

/// A virtual clock over records of the past: a run reads on only as far as it has come. It can be stopped, sped up,
/// moved on by a record, to the next finding or to a time; never back, since what was decided cannot be undone: to go
/// back, play anew and seek. Results do not depend on it (design section 2): it says when, never what.
/// Thread: any; one run at a time.
class Playback
{
public:
    struct Options {
        double speed = 1.0;          ///< Virtual seconds a second, above 0.
        WallNs from = NoTime;        ///< What lies before it is read at once; NoTime: the beginning.
        WallNs until = NoTime;       ///< The run ends before the first record at or after it; NoTime: at the last one.
        bool paused = false;         ///< Stand still at `from`.
        /// A steady clock in nanoseconds, for tests; empty: the machine's.
        std::function<std::int64_t()> steadyNs;
    };
    enum class Mode : std::uint8_t {
        Paused,
        Playing,
        Seeking,   ///< As fast as it goes, up to a time; then paused or playing again.
        Searching, ///< Record by record, up to the next finding; then paused.
        Ended,     ///< Everything has passed.
    };
    struct State {
        Mode mode = Mode::Paused;
        WallNs now = NoTime;   ///< The virtual clock; NoTime: before the first record.
        WallNs first = NoTime; ///< Time of the first record that passed.
        double speed = 1.0;
    };

    explicit Playback(Options options);

    // --- what a person does; without effect when ended ---
    void play();
    void pause();
    /// InvalidArgument: not above 0.
    Status setSpeed(double speed);
    void step(std::uint64_t records); ///< Lets so many pass, however far away, and pauses.
    void findNext();                  ///< Plays at full speed to the next finding and pauses.
    /// Everything before @p time passes at once. Refused when it lies before the clock.
    Status seek(WallNs time);
    State state() const;

    // --- the run's side ---
    enum class Verdict : std::uint8_t { Pass, Wait, End };
    /// Whether the next record may pass; @p time is the newest event time up to it, NoTime before any.
    Verdict admit(WallNs time);
    bool oneByOne() const;            ///< Each record is to be worked on before the next one is asked for.
    void found();                     ///< A finding came of what passed.
    void end();
    /// Returns when a record at the time that was last refused may pass, a person did something, or after @p atMost.
    void wait(std::chrono::milliseconds atMost);

private:
    // All of these hold the mutex.
    WallNs nowLocked() const;
    bool runsFree() const { return m_speed >= PlaybackSpeedMax; }
    void setMode(Mode mode);
    void arrive();

    const Options m_options;
    mutable std::mutex m_mutex;
    std::condition_variable m_changed;
    Mode m_mode;
    bool m_playAfterSeek;
    double m_speed;
    WallNs m_anchor = NoTime;         ///< Where the clock stood at …
    std::int64_t m_anchorSteadyNs = 0;///< … this moment; while it does not play, where it stands.
    WallNs m_first = NoTime;
    WallNs m_seekTo = NoTime;
    WallNs m_refused = NoTime;
    std::uint64_t m_steps = 0;
    std::uint64_t m_orders = 0;       ///< Changes of mode or speed, and steps, so far …
    std::uint64_t m_ordersRefused = 0;///< … and when a record was refused.
};

} // namespace eventops
