// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>

namespace eventops {

/// @p error with where it is and what the client library said of the connection; where that tells a mistake that people
/// make (a sign-in, a certificate, the wrong protocol for a port), the error is that one, with what to do about it.
/// @p refused: a sign-in was refused.
Error explainConnection(Error error, const std::string &brokers, const std::string &said, bool refused);

/// True when waiting longer for that connection is of no use.
bool isHopeless(const std::string &said, bool refused);

} // namespace eventops
