// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"

namespace eventops::api {

struct ProblemDetails {
    std::string field = {}; ///< Which parameter, header or member of the body is wrong; empty: none in particular.
    std::string remedy = {};
    std::string code = {}; ///< Of the Error behind it; see toString(Error::Code).
};

/// An answer that says what is wrong (RFC 9457): application/problem+json with status, title, detail, and where known
/// field, remedy, code. Thread: any.
HttpResponse problem(unsigned status, std::string_view detail, const ProblemDetails &details);
HttpResponse problem(const Error &error, std::string field = {});

/// The status that tells of @p code: 400 for what was asked wrongly, 403 refused, 404, 503 busy or not there, …
unsigned statusOf(Error::Code code);

} // namespace eventops::api
