// SPDX-License-Identifier: MIT
#include "core/codec/header_block.h"

#include "core/base/json.h"
#include "core/codec/ascii.h"
#include "core/codec/json_envelope.h"

namespace eventops {
namespace {

constexpr std::string_view Blanks = " \t\r";
constexpr std::size_t HeaderBytesMax = 64u << 10; ///< Of the lines before a body: they are kept beside each event.

} // namespace

DecodeFailure HeaderBlock::read(std::string_view raw)
{
    *this = {};
    JsonWriter out(json);
    out.beginObject();
    for (std::size_t at = 0, line = 1;; ++line) {
        const std::size_t end = raw.find('\n', at);
        if (end != std::string_view::npos && end > HeaderBytesMax)
            return lose(loss::BadField, "headers: more than " + std::to_string(HeaderBytesMax) + " bytes up to line "
                                            + std::to_string(line) + "; what is that long belongs into the body");
        if (end == std::string_view::npos)
            return lose(loss::BadField, "headers: no empty line after line " + std::to_string(line)
                                            + "; an empty line stands between headers and body");
        const std::string_view text = trimmed(raw.substr(at, end - at), Blanks);
        at = end + 1;
        if (text.empty()) {
            body = raw.substr(at);
            out.endObject();
            return {};
        }
        const std::size_t colon = text.find(':');
        if (colon == 0 || colon == std::string_view::npos || !isValidUtf8(text))
            return lose(loss::BadField, "headers: line " + std::to_string(line) + " is not \"name: value\" in UTF-8");
        const std::string name = lowered(text.substr(0, colon));
        const std::string_view value = trimmed(text.substr(colon + 1), Blanks);
        out.field(name, value);
        if (name == "content-type")
            contentType = lowered(trimmed(value.substr(0, value.find(';')), Blanks)); // without "; charset=utf-8"
        else if (name == "x-event-source")
            source = value;
        else if (name == "x-event-timestamp")
            timestamp = value;
    }
}

} // namespace eventops
