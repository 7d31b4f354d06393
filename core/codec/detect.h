// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// What a text is taken for.
struct DetectedCodec {
    std::string codec; ///< A name for makeCodec(), or "unknown".
    double confidence =
        0.0; ///< 0 to 1: the share of its records that are of it; at most a half for formats of anything.
};

struct Detection {
    DetectedCodec best;
    std::vector<DetectedCodec> alternatives; ///< What else reads it, the best first.
    std::vector<std::string_view> records;   ///< Its first ones, as they are to be decoded; views into the bytes.
    bool takesHeaders = false; ///< makeCodec() with `headers: true` reads headers, an empty line and the bytes.
};

/// Tells the format of @p bytes, the beginning of a file or all of it, or a body with the HTTP @p headers it came with.
/// The same codec that `auto` reads it with. Never fails: bytes that are nothing known are "unknown". Thread: any.
/// O(length), at most the first 256 KiB and 50 records are read.
Detection detect(std::string_view bytes, std::span<const std::pair<std::string, std::string>> headers = {});

/// A row of a format's table: where the value of @p field of an event comes from.
struct FormatLine {
    std::string file; ///< "formats/otlp_logs.yaml"
    std::size_t line = 0;
    std::string text;
};
/// @p field as "entity.id" or "message". Empty file: the codec @p format has no table, or the table does not say.
FormatLine formatLine(std::string_view format, std::string_view field);

} // namespace eventops
