// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace eventops {

/// A queue between threads that never holds more than its limit: a full queue makes the producer wait (back-pressure).
/// Thread: any number of producers and consumers.
template <typename T>
class BoundedQueue
{
public:
    explicit BoundedQueue(std::size_t itemsMax) : m_itemsMax(itemsMax) { assert(itemsMax > 0); }

    /// Waits for room. False: the queue was closed and @p item was not taken.
    bool push(T item)
    {
        std::unique_lock lock(m_mutex);
        m_room.wait(lock, [&] { return m_closed || m_items.size() < m_itemsMax; });
        if (m_closed)
            return false;
        m_items.push_back(std::move(item));
        m_filled.notify_one();
        return true;
    }

    /// Waits for an item. Nothing: closed and drained.
    std::optional<T> pop()
    {
        std::unique_lock lock(m_mutex);
        m_filled.wait(lock, [&] { return m_closed || !m_items.empty(); });
        if (m_items.empty())
            return std::nullopt;
        std::optional<T> item(std::move(m_items.front()));
        m_items.pop_front();
        m_room.notify_one();
        return item;
    }

    /// Waits at most @p wait until `pop` would return at once. False: it would still wait.
    bool waitFor(std::chrono::milliseconds wait)
    {
        std::unique_lock lock(m_mutex);
        return m_filled.wait_for(lock, wait, [&] { return m_closed || !m_items.empty(); });
    }

    /// Waits at most @p wait for room. True: there is some, and a `push` by the only producer would return at once.
    bool waitForRoom(std::chrono::milliseconds wait)
    {
        std::unique_lock lock(m_mutex);
        return m_room.wait_for(lock, wait, [&] { return m_closed || m_items.size() < m_itemsMax; });
    }

    /// What is there is still handed out; nothing more is taken.
    void close()
    {
        const std::lock_guard lock(m_mutex);
        m_closed = true;
        m_filled.notify_all();
        m_room.notify_all();
    }

    std::size_t capacity() const { return m_itemsMax; }
    std::size_t size() const
    {
        const std::lock_guard lock(m_mutex);
        return m_items.size();
    }

private:
    const std::size_t m_itemsMax;
    mutable std::mutex m_mutex;
    std::condition_variable m_room;
    std::condition_variable m_filled;
    std::deque<T> m_items;
    bool m_closed = false;
};

} // namespace eventops
