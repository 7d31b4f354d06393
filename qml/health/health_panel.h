// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// Is every record accounted for, and what does each part of the engine do? Thread: UI. The context must outlive it.
QWidget *makeHealthPanel(ViewContext &context, QWidget *parent);

} // namespace eventops
