// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace eventops {

/// A raw event of the ledger that is to be transformed.
struct WaitingEvent {
    std::int64_t id = 0;
    std::string group; ///< Events of one group stay in order, where the queue has an order.
};

/// What was taken from a queue.
struct TakenEvent {
    std::int64_t id = 0;      ///< 0: the message names no event.
    std::string message;      ///< As it came.
    std::string place = {};   ///< The log it stands in; empty: the queue itself knows what was taken.
    std::uint64_t next = 0;   ///< Where reading that log goes on behind it.
    std::string receipt = {}; ///< By which the queue knows it.
};

/// What could not be transformed, and why.
struct FailedEvent {
    TakenEvent taken;
    std::string why;
};

/// Where ids of raw events wait for whoever transforms them. The events themselves are in the ledger, before and
/// after: a queue that loses everything loses no event, as what was announced and is not done for long is announced
/// again. At least once: what was taken and not acknowledged comes again, perhaps to another process; who takes it asks
/// the ledger whether it still waits.
///
/// Thread: one at a time. Errors: Unavailable while the queue does not answer, Refused for a sign-in or right that is
/// missing, NotFound for a queue that is not there, Cancelled; all of them are worth another try.
class RawEventQueue
{
public:
    virtual ~RawEventQueue();
    /// Which one this is, without secrets: an id that was announced to another one was not announced here.
    virtual std::string name() const = 0;
    /// Returns when the queue has all of them; after an error it may have some.
    virtual Status publish(std::span<const WaitingEvent> events) = 0;
    /// At most @p max, within about @p wait; none: there are none just now.
    virtual Result<std::vector<TakenEvent>> take(std::size_t max, std::chrono::milliseconds wait) = 0;
    /// They are done: never to be handed out again. Their places, where they have some, are to be kept beforehand.
    virtual Status acknowledge(std::span<const TakenEvent> events) = 0;
    /// Nobody works on them any more: somebody else may at once.
    virtual void release(std::span<const TakenEvent> events) = 0;
    /// For people and programs that look for what went wrong; where no such queue is set, nothing happens. Before
    /// `acknowledge`.
    virtual Status deadLetter(std::span<const FailedEvent> events) = 0;
};

} // namespace eventops
