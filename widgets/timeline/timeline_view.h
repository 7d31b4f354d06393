// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// Lanes of event density over time with overview, axis, findings and actions; see TimelineCanvas for mouse and keys.
/// Sets and follows the context's time span and finding. Thread: UI.
QWidget *makeTimelineView(ViewContext &context, QWidget *parent);

} // namespace eventops
