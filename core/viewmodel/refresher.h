// SPDX-License-Identifier: MIT
#pragma once

#include <QObject>
#include <QTimer>

#include <functional>

namespace eventops {

/// Paces the questions of a view-model: one under way at a time, not oftener than every IntervalMs, and one more after
/// the last request, so that what is shown is never older than the last change. Thread: UI.
class Refresher final : public QObject
{
    Q_OBJECT

public:
    /// @p ask must lead to exactly one call of `answered` later.
    explicit Refresher(std::function<void()> ask, QObject *parent = nullptr);

    void request();  ///< Asks now, or as soon as it may.
    void answered(); ///< The question under way has its answer, or failed.
    bool isBusy() const { return m_busy; }

    static constexpr int IntervalMs = 200;

private:
    void askNow();

    std::function<void()> m_ask;
    QTimer m_pause;
    bool m_busy = false;
    bool m_again = false;
};

} // namespace eventops
