// SPDX-License-Identifier: MIT
#include "tests/support/gui/ui_watchdog.h"

#include <QtCore/QAbstractEventDispatcher>
#include <QtCore/QElapsedTimer>
#include <QtCore/QThread>
#include <QtTest/QtTest>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace eventops::test {
namespace {

/// Nanoseconds for which this thread was ready and had to wait for a core; 0 where the kernel does not say.
qint64 waitedForCoreNs()
{
    static const int file = ::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    std::array<char, 96> text{};
    if (file < 0 || ::pread(file, text.data(), text.size() - 1, 0) <= 0)
        return 0;
    long long ran = 0, waited = 0;
    return std::sscanf(text.data(), "%lld %lld", &ran, &waited) == 2 ? waited : 0;
}

} // namespace

WatchedApplication::WatchedApplication(int &argc, char **argv) : QApplication(argc, argv)
{
    // A loop inside a handler may wait as long as it likes.
    QAbstractEventDispatcher *loop = QAbstractEventDispatcher::instance();
    connect(loop, &QAbstractEventDispatcher::awake, this, [this] { m_since = now(); });
}

WatchedApplication::Stamp WatchedApplication::now() const
{
    static QElapsedTimer timer = [] {
        QElapsedTimer started;
        started.start();
        return started;
    }();
    return {timer.nsecsElapsed(), waitedForCoreNs()};
}

void WatchedApplication::check(const QObject *receiver, int eventType)
{
    const Stamp at = now();
    constexpr qint64 NsAMs = 1'000'000;
    const qint64 busyMs = (at.wallNs - m_since.wallNs - (at.waitedNs - m_since.waitedNs)) / NsAMs;
    m_since = at;
    if (busyMs <= StallMs)
        return;
    m_stalls.push_back(QStringLiteral("the UI thread was busy for %1 ms with event %2 of a %3")
                           .arg(busyMs)
                           .arg(eventType)
                           .arg(QLatin1String(receiver != nullptr ? receiver->metaObject()->className() : "gone")));
    if (!m_expected)
        QTest::qFail(qPrintable(m_stalls.back()), __FILE__, __LINE__);
}

bool WatchedApplication::notify(QObject *receiver, QEvent *event)
{
    // An engine that a test runs in a thread of its own sends its events through here as well.
    if (QThread::currentThread() != thread())
        return QApplication::notify(receiver, event);
    // The receiver may be gone when the handler returns: its name is not asked for then.
    const int type = event->type();
    const QPointer<QObject> watched(receiver);
    if (m_depth == 0)
        m_since = now();
    else
        check(nullptr, type);
    ++m_depth;
    const bool done = QApplication::notify(receiver, event);
    --m_depth;
    check(watched.data(), type);
    return done;
}

} // namespace eventops::test
