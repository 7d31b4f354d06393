// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// The approval queue: evidence, countdown, approve and reject with a reason, by keyboard or mouse. Thread: UI. The context must outlive it.
QWidget *makeApprovalsPanel(ViewContext &context, QWidget *parent);

} // namespace eventops
