// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <linux/filter.h>

#include <vector>

namespace eventops {

/// The seccomp program that lets a process read, compute and answer, and no more. What is refused fails with EPERM, so
/// that a script gets an error which it can show; calls whose arguments a filter cannot see (clone3, openat2, io_uring)
/// fail with ENOSYS, upon which libraries fall back to those that it can. Internal to core/script.
/// Unavailable: this kernel or machine cannot filter. Thread: any.
Result<std::vector<sock_filter>> answeringOnlyFilter();

} // namespace eventops
