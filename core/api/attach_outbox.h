// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventops::api {

/// What attached consoles may cost. Sizes in bytes.
struct AttachLimits {
    std::size_t connectionsMax = 32;
    std::size_t callsMax = 64;                         ///< At once on one connection, subscriptions among them.
    std::size_t waitingBytesMax = 16u << 20;           ///< For one console, in all.
    std::size_t waitingBytesHigh = 4u << 20;           ///< Then calls hold back until some is taken …
    std::chrono::milliseconds heldBackMax{20'000};     ///< … and end when that takes so long in all.
    std::chrono::milliseconds stallTimeMax{5'000};     ///< For a console to take something of what waits for it.
    std::chrono::milliseconds greetingTimeMax{10'000}; ///< For it to say which version it is.
    std::chrono::milliseconds pingEvery{15'000};       ///< One that did not answer the last one is cut at the next.
};

/// What waits for one attached console. Pages hold back whoever makes them while much waits; of levels only the newest
/// waits. Thread: any puts, the server's takes.
class AttachOutbox
{
public:
    explicit AttachOutbox(const AttachLimits &limits) : m_limits(limits) {}

    /// @p wake is called when something waits that did not before; under the lock, from any thread.
    void open(std::function<void()> wake);
    void close(); ///< Nothing is taken any more; who is held back goes on. `wake` is not called afterwards.

    enum class Put : std::uint8_t { Taken, Gone, TooSlow };
    /// Waits for room, in all of a call's life for no longer than the limit; @p heldBack counts.
    Put page(std::string packet, std::chrono::nanoseconds &heldBack, const std::atomic<bool> &cancelled);
    void level(std::uint64_t call, std::string packet);
    /// Ends a call: its level goes first. One larger than SmallBytes waits for room as a page does, and is not taken
    /// when there is none in time. Without room for a small one the console is not worth having: see `overflowed`.
    Put answer(std::uint64_t call, std::string packet, std::chrono::nanoseconds &heldBack);
    void now(std::string packet); ///< A small one, of no call.
    void wake();                  ///< Something else is to be done for the console.
    static constexpr std::size_t SmallBytes = 64u << 10;

    // --- the server's thread ---
    std::optional<std::string> take();
    std::vector<std::uint64_t> ended();  ///< Calls that were answered since the last time.
    void socketHolds(std::size_t bytes); ///< Taken, and not sent yet.
    bool overflowed() const;             ///< It asks and asks, and takes nothing.
    std::size_t waiting() const;

private:
    void wakeLocked();
    void pushLocked(std::string packet);
    bool waitForRoom(std::unique_lock<std::mutex> &lock, std::size_t size, std::chrono::nanoseconds &heldBack,
                     const std::atomic<bool> *cancelled);

    const AttachLimits m_limits;
    mutable std::mutex m_mutex;
    std::condition_variable m_room;
    std::function<void()> m_wake; ///< Null: closed, or not open yet.
    bool m_closed = false;
    bool m_woken = false;
    bool m_overflowed = false;
    std::deque<std::string> m_packets;
    std::map<std::uint64_t, std::string> m_levels;
    std::vector<std::uint64_t> m_ended;
    std::size_t m_bytes = 0; ///< Of m_packets and m_levels.
    std::size_t m_inSocket = 0;
};

} // namespace eventops::api
