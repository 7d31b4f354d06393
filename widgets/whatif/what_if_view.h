// SPDX-License-Identifier: MIT
#pragma once

class QWidget;

namespace eventops {

class ViewContext;

/// What an edited pipeline would have decided; see WhatIfPanel. Thread: UI. @p context must outlive the view.
QWidget *makeWhatIfView(ViewContext &context, QWidget *parent);

} // namespace eventops
