// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <future>

namespace eventops::test {

/// Starts an asynchronous call and waits for its outcome: `waitFor<Health>([&](Done<Health> done) { … })`.
template <typename T, typename Start>
Result<T> waitFor(Start start)
{
    std::promise<Result<T>> promise;
    auto future = promise.get_future();
    start([&promise](Result<T> result) { promise.set_value(std::move(result)); });
    return future.get();
}

} // namespace eventops::test
