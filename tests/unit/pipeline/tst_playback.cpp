// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/pipeline/playback.h"

#include <thread>

using namespace eventops;

namespace {

using Verdict = Playback::Verdict;
using Mode = Playback::Mode;

constexpr WallNs at(std::int64_t second)
{
    return WallNs{second * 1'000'000'000};
}

/// A steady clock that the test moves.
struct Steady {
    std::int64_t ns = 0;
    void pass(double seconds) { ns += static_cast<std::int64_t>(seconds * 1e9); }
};

Playback::Options options(Steady &steady, double speed = 1.0)
{
    Playback::Options result;
    result.speed = speed;
    result.steadyNs = [&steady] { return steady.ns; };
    return result;
}

} // namespace

class TestPlayback : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void recordsPassWhenTheClockHasCome()
    {
        Steady steady;
        Playback playback(options(steady, 10));
        QVERIFY(playback.admit(at(100)) == Verdict::Pass); // the clock begins with the first record
        QVERIFY(playback.admit(at(100)) == Verdict::Pass);
        QVERIFY(playback.admit(at(120)) == Verdict::Wait);
        steady.pass(1.9);
        QVERIFY(playback.admit(at(120)) == Verdict::Wait);
        steady.pass(0.1);
        QVERIFY(playback.admit(at(120)) == Verdict::Pass);
        QCOMPARE(raw(playback.state().now), raw(at(120)));
        QCOMPARE(raw(playback.state().first), raw(at(100)));
    }

    void aPauseStopsTheClockAndSpeedCountsFromWhereItStands()
    {
        Steady steady;
        Playback playback(options(steady));
        QVERIFY(playback.admit(at(0)) == Verdict::Pass);
        steady.pass(5);
        playback.pause();
        steady.pass(1000);
        QCOMPARE(raw(playback.state().now), raw(at(5)));
        QVERIFY(playback.admit(at(5)) == Verdict::Wait);
        playback.play();
        QVERIFY(playback.admit(at(5)) == Verdict::Pass);
        QVERIFY(bool(playback.setSpeed(100)));
        steady.pass(1);
        QCOMPARE(raw(playback.state().now), raw(at(105)));
        QVERIFY(!playback.setSpeed(0));
        QVERIFY(!playback.setSpeed(-1));
        QVERIFY(bool(playback.setSpeed(PlaybackSpeedMax)));
        QVERIFY(playback.admit(at(1'000'000)) == Verdict::Pass); // as fast as it goes
        QCOMPARE(raw(playback.state().now), raw(at(1'000'000)));
    }

    void stepsPassExactlySoManyRecords()
    {
        Steady steady;
        auto paused = options(steady);
        paused.paused = true;
        Playback playback(std::move(paused));
        QVERIFY(playback.admit(at(10)) == Verdict::Wait);
        QVERIFY(playback.state().now == NoTime);
        playback.step(2);
        QVERIFY(playback.admit(at(10)) == Verdict::Pass);
        QVERIFY(playback.admit(at(5000)) == Verdict::Pass); // however far away
        QVERIFY(playback.admit(at(5000)) == Verdict::Wait);
        QCOMPARE(raw(playback.state().now), raw(at(5000)));
        steady.pass(50);
        QCOMPARE(raw(playback.state().now), raw(at(5000)));
    }

    void seekingPassesWhatLiesBeforeAndNeverGoesBack()
    {
        Steady steady;
        Playback playback(options(steady));
        QVERIFY(playback.admit(at(0)) == Verdict::Pass);
        playback.pause();
        QVERIFY(bool(playback.seek(at(100))));
        QVERIFY(playback.state().mode == Mode::Seeking);
        QVERIFY(playback.admit(at(99)) == Verdict::Pass);
        QVERIFY(playback.admit(at(100)) == Verdict::Wait); // there, and paused as before
        QCOMPARE(raw(playback.state().now), raw(at(100)));
        QVERIFY(playback.state().mode == Mode::Paused);
        const Status back = playback.seek(at(50));
        QVERIFY(!back && back.error().code == Error::Code::Refused);
        playback.play();
        QVERIFY(bool(playback.seek(at(200))));
        QVERIFY(playback.admit(at(150)) == Verdict::Pass);
        QVERIFY(playback.admit(at(201)) == Verdict::Wait);
        QVERIFY(playback.state().mode == Mode::Playing); // it played before
        steady.pass(1);
        QVERIFY(playback.admit(at(201)) == Verdict::Pass);
    }

    void beginsAndEndsWhereItIsTold()
    {
        Steady steady;
        auto span = options(steady);
        span.from = at(50);
        span.until = at(60);
        Playback playback(std::move(span));
        QVERIFY(playback.admit(at(10)) == Verdict::Pass);
        QVERIFY(playback.admit(at(49)) == Verdict::Pass);
        QVERIFY(playback.admit(at(55)) == Verdict::Wait);
        QCOMPARE(raw(playback.state().now), raw(at(50)));
        steady.pass(5);
        QVERIFY(playback.admit(at(55)) == Verdict::Pass);
        QVERIFY(playback.admit(at(60)) == Verdict::End);
        playback.end();
        QVERIFY(playback.state().mode == Mode::Ended);
    }

    void aSearchStandsAtTheNextFinding()
    {
        Steady steady;
        Playback playback(options(steady));
        QVERIFY(playback.admit(at(0)) == Verdict::Pass);
        playback.pause();
        playback.findNext();
        QVERIFY(playback.oneByOne());
        QVERIFY(playback.admit(at(10)) == Verdict::Pass);
        QVERIFY(playback.admit(at(99'999)) == Verdict::Pass);
        playback.found();
        QVERIFY(!playback.oneByOne());
        QVERIFY(playback.admit(at(99'999)) == Verdict::Wait);
        QCOMPARE(raw(playback.state().now), raw(at(99'999)));
    }

    void farTimesDoNotOverflow()
    {
        Steady steady;
        Playback playback(options(steady, PlaybackSpeedMax / 2));
        QVERIFY(playback.admit(WallNs{std::numeric_limits<std::int64_t>::max() - 10}) == Verdict::Pass);
        steady.pass(1e9);
        QCOMPARE(raw(playback.state().now), std::numeric_limits<std::int64_t>::max());
    }

    /// An order wakes the run at once; nothing is lost between a refusal and the wait.
    void ordersWake()
    {
        Playback::Options paused;
        paused.paused = true;
        Playback playback(std::move(paused));
        QVERIFY(playback.admit(at(1)) == Verdict::Wait);
        playback.step(1);
        const auto begun = std::chrono::steady_clock::now();
        playback.wait(std::chrono::seconds(60));
        QVERIFY(playback.admit(at(1)) == Verdict::Pass);
        QVERIFY(playback.admit(at(2)) == Verdict::Wait);
        std::thread person([&] { playback.play(); });
        playback.wait(std::chrono::seconds(60));
        person.join();
        QVERIFY(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
    }
};

EVENTOPS_TEST(TestPlayback)
#include "tst_playback.moc"
