// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

/// Gives the keyboard that @p view gets to @p content, now or as soon as that is shown: unlike a focus proxy, which
/// drops the focus while its target is hidden. @p content is a descendant of @p view. Thread: UI.
void relayFocus(QWidget &view, QWidget &content);

} // namespace eventops
