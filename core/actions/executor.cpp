// SPDX-License-Identifier: MIT
#include "core/actions/executor.h"

namespace eventops {

Executor::~Executor() = default;

} // namespace eventops
