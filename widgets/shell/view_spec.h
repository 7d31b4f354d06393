// SPDX-License-Identifier: MIT
#pragma once

#include <QKeySequence>
#include <QString>

#include <functional>
#include <vector>

class QWidget;

namespace eventops {

class ViewContext;

/// Where a view stands in the default layout. Views of one area are tabs of one another; the first one is in front.
enum class ViewArea { Top, Centre, Bottom, Left, RightTop, RightBottom };

/// All that the window knows of a view.
struct ViewSpec {
    QString id; ///< Lower case; names the view in settings and on the command line. Never changes.
    QString title;
    QString icon;    ///< See themeIcon.
    QString summary; ///< One sentence for help and tooltips.
    ViewArea area = ViewArea::Centre;
    std::function<QWidget *(ViewContext &, QWidget *parent)> factory; ///< Called once, when the view is first shown.
    QKeySequence shortcut = {}; ///< Empty: Ctrl and its number in the registry, 1 to 9.
    QString keys = {};          ///< Its own keys for the help, "Enter: open; F: follow".
    bool onDemand = false;      ///< A tool: no part of the default layout until somebody asks for it.
    QString begins = {};        ///< Not empty: a way to bring events in; its name in the File menu and the welcome.
};
using ViewRegistry = std::vector<ViewSpec>;

} // namespace eventops
