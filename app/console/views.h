// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/shell/view_spec.h"

namespace eventops::console {

/// All views of the window, in the order of their shortcuts. A new view is its folder and one line here.
ViewRegistry consoleViews();

} // namespace eventops::console
