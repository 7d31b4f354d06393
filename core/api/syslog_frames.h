// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace eventops::api {

/// Finds the messages in a stream of syslog over TCP (RFC 6587): "LENGTH MESSAGE", or lines that end with a line feed
/// or a zero byte. Thread: one. Memory: at most one message.
class SyslogFrames
{
public:
    using Take = std::function<void(std::string_view message, bool piece)>;

    explicit SyslogFrames(std::size_t messageBytesMax) : m_messageBytesMax(messageBytesMax) {}
    /// Calls @p take for every message that is whole now; `piece`: it is a part of a longer one.
    void add(std::string_view bytes, const Take &take);
    /// The stream is over: what is left is a message as well.
    void end(const Take &take);

private:
    bool takeOne(std::string_view &rest, const Take &take);
    std::size_t m_messageBytesMax;
    std::string m_buffer;
    std::size_t m_counted = 0; ///< Octets that are to come of a message whose beginning was taken as a piece.
};

} // namespace eventops::api
