// SPDX-License-Identifier: MIT
//
// The one file that sees Boost.Beast: it takes long to compile.
#include "core/api/request_parser.h"

#include "core/api/problem.h"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>

namespace eventops::api {
namespace {

namespace http = boost::beast::http;

constexpr std::string_view LastChunk = "0\r\n\r\n";

} // namespace

struct RequestParser::Parts {
    http::request_parser<http::string_body> parser;
    bool begun = false;
    bool continued = false; ///< The sender was told to go on, or needs no telling.
    boost::system::error_code error;
};

RequestParser::RequestParser(const HttpLimits &limits) : m_limits(limits)
{
    take();
}

RequestParser::~RequestParser() = default;

RequestParser::State RequestParser::feed(std::string_view bytes, std::size_t &consumed)
{
    auto &parser = m_parts->parser;
    consumed = 0;
    while (consumed < bytes.size() && !parser.is_done()) {
        boost::system::error_code error;
        const std::string_view rest = bytes.substr(consumed);
        // Beast 1.74 asserts that it is never asked about fewer bytes than a last chunk has; as many at least are still
        // to come of any body in chunks that is not whole.
        if (parser.is_header_done() && parser.chunked() && rest.size() < LastChunk.size())
            break;
        const std::size_t used = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
        consumed += used;
        m_parts->begun = true;
        if (error == http::error::need_more)
            break;
        if (error) {
            m_parts->error = error;
            return State::Failed;
        }
        if (used == 0)
            break;
    }
    return parser.is_done() ? State::Done : State::NeedsMore;
}

bool RequestParser::begun() const
{
    return m_parts->begun;
}

bool RequestParser::expectsContinue() const
{
    auto &parts = *m_parts;
    if (parts.continued || !parts.parser.is_header_done() || parts.parser.is_done())
        return false;
    parts.continued = true;
    const auto expect = parts.parser.get()[http::field::expect];
    return boost::beast::iequals(expect, "100-continue") && parts.parser.get().version() >= 11;
}

std::size_t RequestParser::bodyBytes() const
{
    return m_parts->parser.get().body().size();
}

bool RequestParser::keepAlive() const
{
    return m_parts->parser.keep_alive();
}

HttpRequest RequestParser::take()
{
    HttpRequest request;
    if (m_parts) {
        auto message = m_parts->parser.release();
        request.method = std::string(message.method_string());
        request.target = std::string(message.target());
        for (const auto &field : message) {
            std::string name(field.name_string());
            std::transform(name.begin(), name.end(), name.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
            request.headers.push_back({std::move(name), std::string(field.value())});
        }
        request.body = std::move(message.body());
    }
    m_parts = std::make_unique<Parts>();
    m_parts->parser.header_limit(static_cast<std::uint32_t>(m_limits.headerBytesMax));
    m_parts->parser.body_limit(m_limits.bodyBytesMax);
    m_parts->parser.eager(true);
    return request;
}

HttpResponse RequestParser::failure() const
{
    const boost::system::error_code &error = m_parts->error;
    if (error == http::error::header_limit)
        return problem(
            431, "the request line and headers are longer than " + std::to_string(m_limits.headerBytesMax) + " bytes",
            {.remedy = "send fewer or shorter headers, or a shorter query"});
    if (error == http::error::body_limit)
        return problem(413, "the body is longer than " + std::to_string(m_limits.bodyBytesMax) + " bytes",
                       {.remedy = "send it in parts"});
    if (error == http::error::bad_version)
        return problem(505, "only HTTP/1.1 and HTTP/1.0 are spoken here", {});
    return problem(400, "the request is no HTTP: " + error.message(), {});
}

} // namespace eventops::api
