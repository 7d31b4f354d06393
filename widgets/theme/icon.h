// SPDX-License-Identifier: MIT
#pragma once

#include <QIcon>
#include <QString>

namespace eventops {

/// An icon of the shipped family by its file name ("play"), drawn in the colour of @p token whenever it is painted: it
/// follows a change of theme by itself; disabled ones are drawn in "textMuted". An unknown name draws nothing.
/// Thread: UI. Rendered once for each size and colour.
QIcon themeIcon(const QString &name, const QString &token = QStringLiteral("text"));

} // namespace eventops
