// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// The numbers of the selected entity over time, and how surprising they were. Thread: UI. @p context must outlive the
/// view.
QWidget *makeChartsView(ViewContext &context, QWidget *parent);

} // namespace eventops
