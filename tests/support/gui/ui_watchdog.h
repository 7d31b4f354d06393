// SPDX-License-Identifier: MIT
#pragma once

#include <QtWidgets/QApplication>

#include <vector>

namespace eventops::test {

/// An application that fails the running test when the UI thread is busy with one event for longer than StallMs. Time
/// in which the thread was ready and the machine did not let it run (/proc/thread-self/schedstat) does not count; nor
/// does waiting in an event loop, nor what a test does outside of event handlers. Thread: UI.
class WatchedApplication final : public QApplication
{
public:
    WatchedApplication(int &argc, char **argv);
    bool notify(QObject *receiver, QEvent *event) override;

    /// Stalls are recorded and do not fail the test, until the returned list was read and `expectStalls(false)` said.
    void expectStalls(bool expected) { m_expected = expected; }
    const std::vector<QString> &stalls() const { return m_stalls; }

    static constexpr qint64 StallMs = 200;

private:
    struct Stamp {
        qint64 wallNs = 0, waitedNs = 0;
    };
    Stamp now() const;
    void check(const QObject *receiver, int eventType);

    int m_depth = 0;
    bool m_expected = false;
    Stamp m_since; ///< When the thread last began to be busy.
    std::vector<QString> m_stalls;
};

} // namespace eventops::test
