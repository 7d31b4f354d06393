// SPDX-License-Identifier: MIT
#pragma once

#include <QString>

#include <string_view>

namespace eventops {

constexpr qsizetype VisibleTextMax = 400; ///< UTF-16 units of a cell; more is cut and ends in "…".

/// Untrusted text as one line that shows what it holds: control characters as \n, \t, \x1b, characters that are
/// invisible or turn the direction of writing as \u202e, bytes that are not UTF-8 as U+FFFD. Plain text: markup is not
/// looked at. What lies past @p max is never read. Pure; thread: any. O(length shown).
QString visibleText(std::string_view utf8, qsizetype max = VisibleTextMax);

/// The same of a text that went through Qt, such as a lane's name.
QString visibleText(const QString &text, qsizetype max = VisibleTextMax);

} // namespace eventops
