// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// The findings as cards, newest first, each with its bits explained. Thread: UI. The context must outlive it.
QWidget *makeFindingsPanel(ViewContext &context, QWidget *parent);

} // namespace eventops
