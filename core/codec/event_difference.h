// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"

#include <string_view>

namespace eventops {

/// Reports what of @p event is not in @p again as it was: fields by their names, members of tags and attrs as
/// "attrs.name", each "dropped" or "changed". How it was written and came here (codec, content type, headers, the
/// writing of its time) is no part of the event. Thread: any. O(bytes of the texts).
void reportDifference(const Batch &batch, const Event &event, const Batch &againBatch, const Event &again,
                      LossReport &loss);

/// Reads one document back into @p back: true when it gives one event, which is its first.
bool readBack(CodecDecoder &decoder, std::string_view encoded, Batch &back);

} // namespace eventops
