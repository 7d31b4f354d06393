// SPDX-License-Identifier: MIT
#include "core/viewmodel/ui_bridge.h"

#include <algorithm>

namespace eventops {

UiBridge::UiBridge(QObject *parent) : QObject(parent)
{
    m_frame.setSingleShot(true);
    m_frame.setTimerType(Qt::PreciseTimer);
    connect(&m_frame, &QTimer::timeout, this, &UiBridge::drain);
}

void UiBridge::post(std::weak_ptr<char> receiver, std::function<void()> call)
{
    bool first = false;
    {
        const std::lock_guard lock(m_mutex);
        first = m_calls.empty();
        m_calls.emplace_back(std::move(receiver), std::move(call));
    }
    if (!first)
        return; // the queued call that the first one made will find this one
    QMetaObject::invokeMethod(
        this,
        [this] {
            const qint64 since = m_sinceDrain.isValid() ? m_sinceDrain.elapsed() : FrameMs;
            m_frame.start(static_cast<int>(std::max<qint64>(0, FrameMs - since)));
        },
        Qt::QueuedConnection);
}

void UiBridge::drain()
{
    std::vector<std::pair<std::weak_ptr<char>, std::function<void()>>> calls;
    {
        const std::lock_guard lock(m_mutex);
        calls.swap(m_calls);
    }
    m_sinceDrain.start();
    for (const auto &[receiver, call] : calls) {
        if (!receiver.expired())
            call();
    }
}

} // namespace eventops
