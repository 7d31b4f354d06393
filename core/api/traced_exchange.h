// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"
#include "core/session/telemetry.h"

#include <memory>

namespace eventops::api {

/// @p exchange, of which @p telemetry gets a server span once it is answered, or its stream has ended: named and
/// attributed by OpenTelemetry's semantic conventions for HTTP (1.23). A query string is not told: it may hold what is
/// nobody's business. Thread: any, as the exchange.
std::shared_ptr<HttpExchange> traced(std::shared_ptr<HttpExchange> exchange, std::shared_ptr<Telemetry> telemetry);

} // namespace eventops::api
