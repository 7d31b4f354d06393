// SPDX-License-Identifier: MIT
#pragma once

class QApplication;
class QString;

namespace eventops {

/// Fusion with the theme's palette, font and a small style sheet made from its tokens; follows every change of theme.
/// Call once, after `loadConsoleResources`. Thread: UI.
void applyTheme(QApplication &application);
/// The style sheet for the tokens as they are now.
QString themeStyleSheet();
/// "dark" or "light", by what the desktop's own palette looked like before `applyTheme`.
QString systemThemeName();

} // namespace eventops
