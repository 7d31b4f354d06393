// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace eventops::remote {

/// What a broken connection means to a call.
enum class OnBreak : std::uint8_t {
    AskAgain,  ///< It only looks: unless a part of its answer has come, it is asked again.
    Tell,      ///< It may have changed something: nobody asks twice.
    Subscribe, ///< It never ends: it is asked again, always.
};

/// A call on its way, its types known to nobody but its three functions. Thread: the back end's, after it was made.
struct RemoteCall {
    Ticket ticket;
    OnBreak onBreak = OnBreak::AskAgain;
    std::string body;                                           ///< Number and arguments.
    std::function<Status(std::string_view)> page;               ///< Reads one and hands it on. Null: has none.
    std::function<Status(std::string_view)> filePart;           ///< The same.
    std::function<void(const Result<std::string_view> &)> done; ///< Reads the answer and tells.

    std::chrono::steady_clock::time_point since = {}; ///< When it began to wait for a connection.
    bool sent = false;
    bool begun = false; ///< A page that is no level has come.
    bool cancelSent = false;
};

} // namespace eventops::remote
