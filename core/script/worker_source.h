// SPDX-License-Identifier: MIT
#pragma once

namespace eventops {

/// The text of worker.py: what a worker process runs before the script. Internal to core/script.
extern const char *const WorkerSource;

} // namespace eventops
