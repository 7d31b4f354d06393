// SPDX-License-Identifier: MIT
//
// Any bytes as what a client sends, to the HTTP parser and as syslog over TCP: however they are cut into pieces, the
// same requests and messages come of them. The first byte chooses the piece's length.
#include "core/api/request_parser.h"
#include "core/api/syslog_frames.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>

using namespace eventops;
using namespace eventops::fuzz;

namespace {

/// Those that are taken.
std::string requestsOf(std::string_view bytes, std::size_t piece)
{
    api::HttpLimits limits;
    limits.headerBytesMax = 1u << 20; // Beast counts a head that comes whole and one in pieces differently
    limits.bodyBytesMax = 4096;
    api::RequestParser parser(limits);
    std::string out, buffer;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(piece, bytes.size() - at);
        buffer += bytes.substr(at, size);
        at += size;
        for (;;) {
            std::size_t consumed = 0;
            const auto state = parser.feed(buffer, consumed);
            require(consumed <= buffer.size() && parser.bodyBytes() <= limits.bodyBytesMax);
            buffer.erase(0, consumed);
            if (state == api::RequestParser::State::Failed) { // how early it shows depends on the pieces
                require(parser.failure().status >= 400);
                return out;
            }
            if (state == api::RequestParser::State::NeedsMore)
                break;
            const bool stays = parser.keepAlive();
            const api::HttpRequest request = parser.take();
            out += request.method + ' ' + request.target + ' ' + request.body + '\n';
            if (!stays)
                return out; // the connection is closed
            if (buffer.empty())
                break;
        }
    }
    return out;
}

std::string messagesOf(std::string_view bytes, std::size_t piece)
{
    constexpr std::size_t MessageMax = 64, CountMax = 10;
    api::SyslogFrames frames(MessageMax);
    std::string out;
    const auto take = [&](std::string_view message, bool isPiece) {
        require(message.size() <= MessageMax + CountMax); // one that is cut off comes with its count
        out += message;
        out += isPiece ? "|" : "\n";
    };
    for (std::size_t at = 0; at < bytes.size(); at += piece)
        frames.add(bytes.substr(at, piece), take);
    frames.end(take);
    return out;
}

} // namespace

EVENTOPS_FUZZ(http)
{
    const std::size_t piece = 1 + takeChoice(bytes, 32);
    if (takeChoice(bytes, 2) == 0)
        require(requestsOf(bytes, bytes.size() + 1) == requestsOf(bytes, piece));
    else
        require(messagesOf(bytes, bytes.size() + 1) == messagesOf(bytes, piece));
}
