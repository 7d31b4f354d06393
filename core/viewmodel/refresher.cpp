// SPDX-License-Identifier: MIT
#include "core/viewmodel/refresher.h"

namespace eventops {

Refresher::Refresher(std::function<void()> ask, QObject *parent) : QObject(parent), m_ask(std::move(ask))
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(IntervalMs);
    connect(&m_pause, &QTimer::timeout, this, [this] {
        if (m_again && !m_busy)
            askNow();
    });
}

void Refresher::request()
{
    if (m_busy || m_pause.isActive())
        m_again = true;
    else
        askNow();
}

void Refresher::answered()
{
    m_busy = false;
    if (m_again && !m_pause.isActive())
        askNow();
}

void Refresher::askNow()
{
    m_again = false;
    m_busy = true;
    m_pause.start();
    m_ask();
}

} // namespace eventops
