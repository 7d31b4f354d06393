// SPDX-License-Identifier: MIT
#include "core/base/result.h"

namespace eventops {

std::string Error::text() const
{
    std::string out;
    if (!where.file.empty()) {
        out += where.file;
        if (where.line > 0) {
            out += ':' + std::to_string(where.line);
            if (where.column > 0)
                out += ':' + std::to_string(where.column);
        }
        out += ": ";
    }
    out += message;
    if (!remedy.empty())
        out += " (" + remedy + ")";
    return out;
}

const char *toString(Error::Code code)
{
    switch (code) {
    case Error::Code::InvalidConfig: return "invalid_config";
    case Error::Code::InvalidInput: return "invalid_input";
    case Error::Code::InvalidArgument: return "invalid_argument";
    case Error::Code::NotFound: return "not_found";
    case Error::Code::Refused: return "refused";
    case Error::Code::Busy: return "busy";
    case Error::Code::Io: return "io";
    case Error::Code::Full: return "full";
    case Error::Code::Corrupt: return "corrupt";
    case Error::Code::Unavailable: return "unavailable";
    case Error::Code::LimitExceeded: return "limit_exceeded";
    case Error::Code::Cancelled: return "cancelled";
    }
    return "unknown";
}

} // namespace eventops
