// SPDX-License-Identifier: MIT
#include "tests/support/test_main.h"

#include "core/viewmodel/ui_bridge.h"

#include <thread>

using namespace eventops;

class TestUiBridge : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void callsArriveInOrderOnTheReceiversThread()
    {
        UiBridge bridge;
        const ReceiverGuard guard;
        std::vector<int> seen;
        bool sameThread = true;
        QThread *const ui = QThread::currentThread();
        const auto call = bridge.to(guard, [&](int number) {
            seen.push_back(number);
            sameThread = sameThread && QThread::currentThread() == ui;
        });
        std::thread other([&] {
            for (int i = 0; i < 1'000; ++i)
                call(i);
        });
        other.join();
        QVERIFY(seen.empty());
        QTRY_COMPARE(seen.size(), std::size_t(1'000));
        QVERIFY(std::is_sorted(seen.begin(), seen.end()));
        QVERIFY(sameThread);
    }

    void aReceiverThatIsGoneGetsNothing()
    {
        UiBridge bridge;
        int calls = 0;
        const ReceiverGuard staying;
        {
            const ReceiverGuard leaving;
            bridge.to(leaving, [&] { calls += 100; })();
            bridge.to(staying, [&] { ++calls; })();
        }
        QTRY_COMPARE(calls, 1);
    }

    void oneDrainAFrame()
    {
        UiBridge bridge;
        const ReceiverGuard guard;
        std::vector<qint64> at;
        QElapsedTimer timer;
        timer.start();
        std::function<void()> again = [&] {
            at.push_back(timer.elapsed());
            if (at.size() < 4)
                bridge.to(guard, [&] { again(); })();
        };
        bridge.to(guard, [&] { again(); })();
        QTRY_COMPARE(at.size(), std::size_t(4));
        for (std::size_t i = 1; i < at.size(); ++i)
            QVERIFY(at[i] - at[i - 1] >= UiBridge::FrameMs - 1);
    }

    void moveOnlyResultsCross()
    {
        UiBridge bridge;
        const ReceiverGuard guard;
        int value = 0;
        bridge.to(guard, [&](std::unique_ptr<int> given) { value = *given; })(std::make_unique<int>(7));
        QTRY_COMPARE(value, 7);
    }
};

EVENTOPS_TEST(TestUiBridge)
#include "tst_ui_bridge.moc"
