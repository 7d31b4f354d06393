// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// Ask the ledger, the lake or ClickHouse in SQL; see QueryPanel. Thread: UI. @p context must outlive the view.
QWidget *makeQueryView(ViewContext &context, QWidget *parent);

} // namespace eventops
