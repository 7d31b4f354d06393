// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// A document, and the pipeline that reads it; see AssistantPanel. Thread: UI. @p context must outlive the view.
QWidget *makeAssistantView(ViewContext &context, QWidget *parent);

/// A transformer on an event, without storing anything; see TransformPanel. The same.
QWidget *makeTransformView(ViewContext &context, QWidget *parent);

} // namespace eventops
