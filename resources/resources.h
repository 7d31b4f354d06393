// SPDX-License-Identifier: MIT
#pragma once

namespace eventops {

/// Registers the themes and icons under `:/eventops` and the shipped fonts with the application, so that the window and
/// every picture of it look the same on each machine. Call once, after the application object was made. Thread: UI.
void loadConsoleResources();

} // namespace eventops
