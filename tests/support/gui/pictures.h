// SPDX-License-Identifier: MIT
#pragma once

#include <QtCore/QDir>
#include <QtWidgets/QWidget>

namespace eventops::test {

/// Writes what @p widget looks like to $EVENTOPS_PICTURES/NAME.png, for people to look at; nothing without that
/// variable.
inline void takePicture(QWidget &widget, const QString &name)
{
    const QString folder = qEnvironmentVariable("EVENTOPS_PICTURES");
    if (!folder.isEmpty() && QDir().mkpath(folder))
        widget.grab().save(folder + QLatin1Char('/') + name + QStringLiteral(".png"));
}

} // namespace eventops::test
