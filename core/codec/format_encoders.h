// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"

#include <string>
#include <string_view>

namespace eventops {

/// Writes an event as a document of another system.
using FormatEncoder = std::string (*)(const Batch &batch, const Event &event);

/// That of a format for events which came in another one, where its receivers demand more than our table reads, by
/// name: alertmanager (a webhook with one alert), cloudevents (structured), otlp.logs (a
/// request with one record). Null: the table is enough (mapping_writer.h).
FormatEncoder formatEncoder(std::string_view format);

} // namespace eventops
