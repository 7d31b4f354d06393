// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

namespace eventops {

constexpr qsizetype EditedTextMax = 256 << 10; ///< UTF-16 units of a text that an editor holds.

/// An editor of plain text gives @p text back as it is: it is not too long, and holds none of the characters that Qt's
/// editors replace by a line feed or a space. Pure; thread: any. O(length).
bool isEditable(const QString &text);

} // namespace eventops
