// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// Every event of the ledger as a row, with a filter above and what is shown below; see EventGrid and FilterBar for the
/// keys, and Ctrl+F for the filter. Sets and follows the context's event, filter and time span. Thread: UI.
QWidget *makeEventTableView(ViewContext &context, QWidget *parent);

} // namespace eventops
