// SPDX-License-Identifier: MIT
#include "core/api/syslog_frames.h"

#include <algorithm>
#include <charconv>

namespace eventops::api {
namespace {

constexpr std::size_t LengthDigitsMax = 9;
constexpr std::string_view LineEnds{"\n\0", 2};

std::string_view withoutEnd(std::string_view message)
{
    while (!message.empty() && (message.back() == '\r' || message.back() == '\n' || message.back() == '\0'))
        message.remove_suffix(1);
    return message;
}

} // namespace

void SyslogFrames::add(std::string_view bytes, const Take &take)
{
    m_buffer.append(bytes);
    std::string_view rest = m_buffer;
    while (!rest.empty() && takeOne(rest, take)) {}
    m_buffer.erase(0, m_buffer.size() - rest.size());
}

void SyslogFrames::end(const Take &take)
{
    if (const std::string_view rest = withoutEnd(m_buffer); !rest.empty())
        take(rest, m_counted > 0);
    m_buffer.clear();
}

/// Takes a message, or a piece of one, from the beginning of @p rest. False: it is not whole yet.
bool SyslogFrames::takeOne(std::string_view &rest, const Take &take)
{
    const auto give = [&](std::size_t from, std::size_t size, std::size_t next, bool piece) {
        const std::string_view message = withoutEnd(rest.substr(from, size));
        rest.remove_prefix(next);
        if (!message.empty())
            take(message, piece);
        return true;
    };
    if (m_counted > 0) { // the rest of a long one
        const std::size_t size = std::min({m_counted, rest.size(), m_messageBytesMax});
        if (size < std::min(m_counted, m_messageBytesMax))
            return false;
        m_counted -= size;
        return give(0, size, size, true);
    }
    if (rest.front() >= '1' && rest.front() <= '9') {
        const std::size_t space = rest.substr(0, LengthDigitsMax + 1).find(' ');
        std::size_t length = 0;
        const char *const digitsEnd = rest.data() + std::min(space, rest.size());
        const auto [end, error] = std::from_chars(rest.data(), digitsEnd, length);
        if (space == std::string_view::npos && end == digitsEnd && rest.size() <= LengthDigitsMax)
            return false; // more of the number may come
        if (space != std::string_view::npos && error == std::errc() && end == digitsEnd) {
            const std::size_t begin = space + 1;
            const std::size_t size = std::min(length, m_messageBytesMax);
            if (rest.size() - begin < size)
                return false;
            m_counted = length - size;
            return give(begin, size, begin + size, m_counted > 0);
        }
    }
    const std::size_t end = rest.find_first_of(LineEnds);
    if (end != std::string_view::npos && end <= m_messageBytesMax)
        return give(0, end, end + 1, false);
    return rest.size() > m_messageBytesMax && give(0, m_messageBytesMax, m_messageBytesMax, true);
}

} // namespace eventops::api
