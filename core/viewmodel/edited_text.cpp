// SPDX-License-Identifier: MIT
#include "core/viewmodel/edited_text.h"

#include <algorithm>

namespace eventops {

bool isEditable(const QString &text)
{
    constexpr char16_t NoBreakSpace = 0x00a0, LineSeparator = 0x2028, ParagraphSeparator = 0x2029;
    constexpr char16_t FrameBegin = 0xfdd0, FrameEnd = 0xfdd1; // with which Qt marks frames of a document
    const auto isReplaced = [](QChar c) {
        const char16_t u = c.unicode();
        return u == u'\r' || u == NoBreakSpace || u == LineSeparator || u == ParagraphSeparator || u == FrameBegin
               || u == FrameEnd;
    };
    return text.size() <= EditedTextMax && std::none_of(text.begin(), text.end(), isReplaced);
}

} // namespace eventops
