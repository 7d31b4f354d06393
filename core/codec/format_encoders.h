// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"

#include <string>
#include <string_view>

namespace eventops {

/// Writes an event as a document of another system.
using FormatEncoder = std::string (*)(const Batch &batch, const Event &event);

/// That of a format, by its name: alertmanager (a webhook with one alert), cloudevents (structured), otlp.logs (a
/// request with one record). Null: the format is only read.
FormatEncoder formatEncoder(std::string_view format);

/// Reads @p encoded with @p codec and reports what of @p event does not come back from it: fields by their names,
/// members of tags and attrs as "attrs.name", each "dropped" or "changed". So the report is what is lost, by
/// construction.
void reportRoundTrip(const Codec &codec, const Batch &batch, const Event &event, std::string_view encoded,
                     LossReport &loss);

} // namespace eventops
