// SPDX-License-Identifier: MIT
#include "core/api/attach_outbox.h"

#include <utility>

namespace eventops::api {
namespace {

constexpr std::chrono::milliseconds CancelLook{100}; ///< Between two looks whether a call that waits was cancelled.

} // namespace

void AttachOutbox::open(std::function<void()> wake)
{
    const std::lock_guard lock(m_mutex);
    m_wake = std::move(wake);
}

void AttachOutbox::close()
{
    {
        const std::lock_guard lock(m_mutex);
        m_closed = true;
        m_wake = {};
        m_packets.clear();
        m_levels.clear();
        m_bytes = 0;
    }
    m_room.notify_all();
}

void AttachOutbox::wakeLocked()
{
    if (m_wake && !std::exchange(m_woken, true))
        m_wake();
}

void AttachOutbox::pushLocked(std::string packet)
{
    m_overflowed = m_overflowed || m_bytes + m_inSocket + packet.size() > m_limits.waitingBytesMax;
    if (!m_overflowed) {
        m_bytes += packet.size();
        m_packets.push_back(std::move(packet));
    }
    wakeLocked();
}

/// False: there was none in time. Closed or cancelled, it waits no longer.
bool AttachOutbox::waitForRoom(std::unique_lock<std::mutex> &lock, std::size_t size, std::chrono::nanoseconds &heldBack,
                               const std::atomic<bool> *cancelled)
{
    using Steady = std::chrono::steady_clock;
    const auto hasRoom = [&] {
        const std::size_t waiting = m_bytes + m_inSocket;
        return waiting < m_limits.waitingBytesHigh && waiting + size <= m_limits.waitingBytesMax;
    };
    while (!m_closed && (cancelled == nullptr || !*cancelled) && !hasRoom()) {
        if (heldBack >= m_limits.heldBackMax || size > m_limits.waitingBytesMax)
            return false;
        const auto since = Steady::now();
        m_room.wait_for(lock, CancelLook);
        heldBack += Steady::now() - since;
    }
    return true;
}

AttachOutbox::Put AttachOutbox::page(std::string packet, std::chrono::nanoseconds &heldBack,
                                     const std::atomic<bool> &cancelled)
{
    std::unique_lock lock(m_mutex);
    if (!waitForRoom(lock, packet.size(), heldBack, &cancelled))
        return Put::TooSlow;
    if (m_closed || cancelled)
        return Put::Gone;
    pushLocked(std::move(packet));
    return Put::Taken;
}

void AttachOutbox::level(std::uint64_t call, std::string packet)
{
    const std::lock_guard lock(m_mutex);
    if (m_closed)
        return;
    std::string &waiting = m_levels[call];
    m_bytes += packet.size();
    m_bytes -= waiting.size();
    waiting = std::move(packet);
    wakeLocked();
}

AttachOutbox::Put AttachOutbox::answer(std::uint64_t call, std::string packet, std::chrono::nanoseconds &heldBack)
{
    std::unique_lock lock(m_mutex);
    if (packet.size() > SmallBytes && !waitForRoom(lock, packet.size(), heldBack, nullptr))
        return Put::TooSlow;
    if (m_closed)
        return Put::Gone;
    const auto level = m_levels.find(call);
    if (level != m_levels.end()) {
        m_packets.push_back(std::move(level->second)); // its bytes are counted already
        m_levels.erase(level);
    }
    pushLocked(std::move(packet));
    m_ended.push_back(call);
    return Put::Taken;
}

void AttachOutbox::now(std::string packet)
{
    const std::lock_guard lock(m_mutex);
    if (!m_closed)
        pushLocked(std::move(packet));
}

void AttachOutbox::wake()
{
    const std::lock_guard lock(m_mutex);
    wakeLocked();
}

bool AttachOutbox::overflowed() const
{
    const std::lock_guard lock(m_mutex);
    return m_overflowed;
}

std::optional<std::string> AttachOutbox::take()
{
    const std::lock_guard lock(m_mutex);
    std::optional<std::string> out;
    if (!m_packets.empty()) {
        out = std::move(m_packets.front());
        m_packets.pop_front();
    } else if (!m_levels.empty()) {
        out = std::move(m_levels.begin()->second);
        m_levels.erase(m_levels.begin());
    }
    if (out)
        m_bytes -= out->size();
    else
        m_woken = false;
    return out;
}

std::vector<std::uint64_t> AttachOutbox::ended()
{
    const std::lock_guard lock(m_mutex);
    return std::exchange(m_ended, {});
}

void AttachOutbox::socketHolds(std::size_t bytes)
{
    {
        const std::lock_guard lock(m_mutex);
        m_inSocket = bytes;
    }
    m_room.notify_all();
}

std::size_t AttachOutbox::waiting() const
{
    const std::lock_guard lock(m_mutex);
    return m_bytes + m_inSocket;
}

} // namespace eventops::api
