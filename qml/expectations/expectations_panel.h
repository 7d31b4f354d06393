// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// What should happen next: a lane for each case in flight, and the step machine that was learned of its entity type.
/// Thread: UI. The context must outlive it.
QWidget *makeExpectationsPanel(ViewContext &context, QWidget *parent);

} // namespace eventops
