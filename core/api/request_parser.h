// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"

#include <memory>

namespace eventops::api {

/// Reads requests from the bytes of one connection (RFC 9112), one after the other. Refuses what two servers could read
/// in two ways: more than one length, length and chunks together, white space before a colon. Thread: one.
class RequestParser
{
public:
    explicit RequestParser(const HttpLimits &limits);
    ~RequestParser();

    enum class State : unsigned char { NeedsMore, Done, Failed };
    /// Reads on. @p consumed: how many of the bytes are done with; the others come again, with more behind them.
    State feed(std::string_view bytes, std::size_t &consumed);

    bool begun() const;            ///< Something of a request was consumed.
    bool expectsContinue() const;  ///< The head is there and its sender waits for a word before the body.
    std::size_t bodyBytes() const; ///< Held of the body so far.
    bool keepAlive() const;        ///< Done: the connection may stay.
    HttpRequest take();            ///< Done: the request; the parser begins anew.
    HttpResponse failure() const;  ///< Failed: what to answer.

private:
    struct Parts;
    const HttpLimits m_limits;
    std::unique_ptr<Parts> m_parts;
};

} // namespace eventops::api
