// SPDX-License-Identifier: MIT
#include "core/queue/raw_event_queue.h"

namespace eventops {

RawEventQueue::~RawEventQueue() = default;

} // namespace eventops
