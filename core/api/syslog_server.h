// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace eventops::api {

struct SyslogLimits {
    std::size_t messageBytesMax = 64u << 10; ///< A longer one comes in pieces, each a record.
    std::size_t connectionsMax = 256;        ///< More are closed at once.
    std::size_t batchBytesMax = 1u << 20;    ///< Handed on together at most …
    std::chrono::milliseconds batchWait{20}; ///< … and after this time at the latest.
    std::size_t waitingBytesMax = 8u << 20;  ///< Handed on and not yet stored; then nothing is read.
};

struct SyslogStatistics {
    std::atomic<std::uint64_t> messages{0}; ///< Read.
    std::atomic<std::uint64_t> stored{0};   ///< Of them; dead letters and duplicates included.
    std::atomic<std::uint64_t> lost{0};     ///< Datagrams for which the system had no room, as it tells.
    std::atomic<std::uint64_t> refused{0};  ///< Messages that the back end would not take.
    std::atomic<std::uint64_t> cut{0};      ///< Messages that came in pieces.
    std::atomic<std::uint64_t> connectionsOpen{0};
};

/// Takes syslog messages over UDP (RFC 5426) and TCP (RFC 6587: octet counting and lines, told apart by the first byte
/// of each) on one port and hands them to a back end. Syslog knows no answers: over TCP a sender is held up while the
/// ledger is slow, over UDP the system drops what it has no room for, and says how much. What was read and not yet
/// stored when the process dies is lost, as its senders cannot know. Whoever reaches the port can hand in messages.
/// Thread: works on one of its own.
class SyslogServer
{
public:
    /// @p address: an IPv4 or IPv6 address; @p port: 0 takes a free one. Unavailable when it cannot be had.
    /// @p backend must outlive it.
    static Result<std::unique_ptr<SyslogServer>> listen(const std::string &address, std::uint16_t port,
                                                        Backend &backend, const SyslogLimits &limits = {});
    ~SyslogServer(); ///< Hands on what was read and waits until it is stored or refused.

    std::uint16_t port() const { return m_port; }
    const SyslogStatistics &statistics() const;

private:
    class Worker;
    SyslogServer(std::shared_ptr<Worker> worker, std::uint16_t port);
    std::shared_ptr<Worker> m_worker;
    std::uint16_t m_port = 0;
    std::thread m_thread; ///< Last: it uses the others.
};

} // namespace eventops::api
