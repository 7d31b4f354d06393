// SPDX-License-Identifier: MIT
#include "core/api/problem.h"

#include "core/base/json.h"

namespace eventops::api {

HttpResponse problem(unsigned status, std::string_view detail, const ProblemDetails &details)
{
    HttpResponse response;
    response.status = status;
    response.contentType = "application/problem+json";
    JsonWriter json(response.body);
    json.beginObject().field("type", "about:blank").field("title", statusText(status));
    json.key("status").unsignedInteger(status).field("detail", detail);
    if (!details.field.empty())
        json.field("field", details.field);
    if (!details.remedy.empty())
        json.field("remedy", details.remedy);
    if (!details.code.empty())
        json.field("code", details.code);
    json.endObject();
    return response;
}

HttpResponse problem(const Error &error, std::string field)
{
    // Where a file lies on the server's disk is nothing for a client: only the sentence is told.
    HttpResponse response =
        problem(statusOf(error.code), error.message, {std::move(field), error.remedy, toString(error.code)});
    if (response.status == 503)
        response.headers.push_back({"Retry-After", "1"});
    return response;
}

unsigned statusOf(Error::Code code)
{
    switch (code) {
    case Error::Code::InvalidConfig:
    case Error::Code::InvalidInput:
    case Error::Code::InvalidArgument: return 400;
    case Error::Code::NotFound: return 404;
    case Error::Code::Refused: return 403;
    case Error::Code::LimitExceeded: return 413;
    case Error::Code::Full: return 507;
    case Error::Code::Io:
    case Error::Code::Corrupt: return 500;
    case Error::Code::Busy:
    case Error::Code::Unavailable:
    case Error::Code::Cancelled: return 503;
    }
    return 500;
}

} // namespace eventops::api
