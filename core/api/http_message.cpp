// SPDX-License-Identifier: MIT
#include "core/api/http_message.h"

#include "core/codec/json_reader.h"

#include <algorithm>

namespace eventops::api {
namespace {

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

Error pathError(std::string_view path, const char *what)
{
    return Error{Error::Code::InvalidArgument,
                 std::string("the path ") + what,
                 {},
                 path.size() > 1 ? "ask for the path as /openapi.json lists it" : ""};
}

} // namespace

HttpExchange::~HttpExchange() = default;

const std::string *HttpRequest::header(std::string_view name) const
{
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto &h) { return h.name == name; });
    return found == headers.end() ? nullptr : &found->value;
}

std::size_t HttpRequest::headerCount(std::string_view name) const
{
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(), [&](const auto &h) { return h.name == name; }));
}

std::string_view statusText(unsigned status)
{
    switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 426: return "Upgrade Required";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    case 507: return "Insufficient Storage";
    default: return "";
    }
}

std::optional<std::string> percentDecoded(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        if (c == '%') {
            const int high = i + 2 < text.size() ? hexDigit(text[i + 1]) : -1;
            const int low = i + 2 < text.size() ? hexDigit(text[i + 2]) : -1;
            if (high < 0 || low < 0)
                return std::nullopt;
            c = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return std::nullopt;
        out += c;
    }
    if (!isValidUtf8(out))
        return std::nullopt;
    return out;
}

Result<std::vector<std::pair<std::string, std::string>>> parseQuery(std::string_view query)
{
    std::vector<std::pair<std::string, std::string>> members;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        std::string member(query.substr(0, end));
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
        if (member.empty())
            continue;
        std::replace(member.begin(), member.end(), '+', ' ');
        const std::size_t equals = member.find('=');
        const auto name = percentDecoded(std::string_view(member).substr(0, equals));
        const auto value = percentDecoded(equals == std::string::npos ? std::string_view()
                                                                      : std::string_view(member).substr(equals + 1));
        if (!name || !value)
            return Error{Error::Code::InvalidArgument,
                         "the query has a broken escape, or holds what is no UTF-8 text",
                         {},
                         "write bytes other than letters, digits and - . _ ~ as %XX"};
        members.emplace_back(*name, *value);
    }
    return members;
}

Result<std::vector<std::string>> parsePath(std::string_view path)
{
    if (path.empty() || path.front() != '/')
        return pathError(path, "does not begin with a slash");
    std::vector<std::string> segments;
    if (path == "/")
        return segments;
    std::size_t at = 1;
    for (;;) {
        const std::size_t end = path.find('/', at);
        const std::string_view written = path.substr(at, end == std::string_view::npos ? end : end - at);
        if (written.empty())
            return pathError(path, "has an empty segment");
        auto segment = percentDecoded(written);
        if (!segment)
            return pathError(path, "has a broken escape or control character, or is no UTF-8");
        if (*segment == "." || *segment == "..")
            return pathError(path, "has a dot segment");
        if (segment->find('/') != std::string::npos || segment->find('\\') != std::string::npos)
            return pathError(path, "has an encoded slash or a backslash");
        segments.push_back(std::move(*segment));
        if (end == std::string_view::npos)
            return segments;
        at = end + 1;
    }
}

} // namespace eventops::api
