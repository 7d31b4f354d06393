// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// The entity graph: what hangs on what, and what is wrong where. Thread: UI. @p context must outlive the view.
QWidget *makeGraphView(ViewContext &context, QWidget *parent);

} // namespace eventops
