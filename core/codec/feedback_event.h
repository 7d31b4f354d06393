// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/feedback.h"

#include <string>

namespace eventops {

/// The feedback as an event in Karma's envelope, as the input log keeps it: attrs are feedbackToJson and a message, the
/// entity is "finding:" and the finding's id. @p ts: the workspace clock. @p act: what tells this act of a person from
/// every other, so that one may change their mind. One line, no line end. Thread: any.
std::string encodeFeedback(const Feedback &feedback, WallNs ts, std::uint64_t act);

} // namespace eventops
