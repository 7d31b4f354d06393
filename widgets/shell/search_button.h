// SPDX-License-Identifier: MIT
#pragma once

class QAction;
class QPushButton;
class QWidget;

namespace eventops {

/// A button of the tool bar that looks like the field that @p search opens, with its keys. Thread: UI.
QPushButton *makeSearchButton(QAction &search, QWidget *parent);

} // namespace eventops
