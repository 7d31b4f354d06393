// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// One event from its raw bytes through every stage to its findings, actions and audit rows; follows the context's
/// selection. Keys: arrows walk, right opens, left closes, Ctrl+C copies. Thread: UI.
QWidget *makeInspectorView(ViewContext &context, QWidget *parent);

} // namespace eventops
