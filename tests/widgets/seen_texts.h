// SPDX-License-Identifier: MIT
#pragma once

#include <QRect>
#include <QString>
#include <QWidget>

#include <vector>

namespace eventops::test {

/// A text that a window shows, of a widget or of a QML item. What a view paints by itself is not among them.
struct SeenText {
    QString text;
    QString where;        ///< The view and the kind of thing, for messages.
    QRectF rect;          ///< Of its letters, in the window's coordinates.
    QRectF seen;          ///< The part of it that nothing clips; what only has to be scrolled to is clipped, too.
    double missing = 0.0; ///< Pixels that it lacks to be shown in full; 0: nothing is elided.
    double spare = 0.0;   ///< Pixels that stand empty beside it.
    bool scrolls = false; ///< It stands in something that scrolls.

    bool isWhole() const;        ///< All of it can be read.
    bool isCut() const { return missing > 1.0; }
};

/// Every text of @p window that is visible at least in part, in no particular order. Thread: UI.
std::vector<SeenText> seenTexts(const QWidget &window);

/// Those that hold @p part and can be read in full.
std::vector<SeenText> wholeTexts(const QWidget &window, const QString &part);

/// Some view says that it is still reading or laying out what it will show.
bool isUnderWay(const QWidget &window);

/// Sentences for texts that overlap, are elided although there is room, or are clipped by what does not scroll, and for
/// icons of a wrong size.
QStringList layoutBreaches(const QWidget &window);

} // namespace eventops::test
