// SPDX-License-Identifier: MIT
#include "core/base/clock.h"

#include <chrono>

namespace eventops {

Clock::~Clock() = default;

WallNs SystemClock::now() const
{
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return WallNs{std::chrono::duration_cast<std::chrono::nanoseconds>(since).count()};
}

} // namespace eventops
