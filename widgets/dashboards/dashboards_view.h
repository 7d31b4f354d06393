// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// Saved queries as charts on one page; see DashboardsPanel. Thread: UI. @p context must outlive the view.
QWidget *makeDashboardsView(ViewContext &context, QWidget *parent);

} // namespace eventops
