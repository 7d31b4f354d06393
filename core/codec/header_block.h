// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"

#include <string>
#include <string_view>

namespace eventops {

/// What stands before a body: field lines (RFC 9112, section 5), each "name: value", ended by an empty line. Lines may
/// end with a line feed alone, as in a file that a person wrote.
struct HeaderBlock {
    std::string contentType, source, timestamp;
    std::string json; ///< All of them as an object, names in small letters.
    std::string_view body;

    /// BadField names the line.
    DecodeFailure read(std::string_view raw);
};

} // namespace eventops
