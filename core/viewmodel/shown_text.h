// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <QString>

#include <string_view>

namespace eventops {

// How values of the engine become text that a view can show. Pure functions; thread: any. O(length shown): what lies
// past a limit is never looked at.

constexpr qsizetype ShownLineMax = 400;  ///< UTF-16 units of a text that a card shows in a line or a paragraph.
constexpr qsizetype ShownNameMax = 120;  ///< Of a name: entity, command, step.
constexpr qsizetype ShownBlockMax = 4'000; ///< Of a text that keeps its lines: output, arguments.

/// @p utf8 on one line: control characters and line ends become spaces, characters that turn the direction of writing
/// or are invisible become U+FFFD, bytes that are not UTF-8 too; longer than @p max ends in "…".
QString shownText(std::string_view utf8, qsizetype max = ShownLineMax);
/// The same, but line ends stay.
QString shownBlock(std::string_view utf8, qsizetype max = ShownBlockMax);
/// An id, unchanged but for decoding: for looking up, never for showing.
QString exactText(std::string_view utf8);

/// "2025-10-21 10:05:00" in UTC, with milliseconds where there are any; "" for NoTime.
QString shownTime(WallNs time);
/// "3 d 4 h", "12 min 5 s", "850 ms": two units at most; "-" before a negative one.
QString shownDuration(qint64 ns);
/// 1234567 → "1 234 567" with thin no-break spaces.
QString shownCount(quint64 count);
/// 1536 → "1.5 KiB".
QString shownBytes(quint64 bytes);
/// What a growing file takes, in whole units below a GiB: the digits behind hang on how its writes happened to fall.
/// 7208960 → "7 MiB".
QString shownDiskSize(quint64 bytes);
/// 11.84 → "11.8".
QString shownBits(double bits);

} // namespace eventops
