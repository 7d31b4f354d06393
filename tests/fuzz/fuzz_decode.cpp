// SPDX-License-Identifier: MIT
//
// Any bytes through any codec: a declared reason or events, never a crash; what was read can be written by any codec
// that writes, and what was written in an envelope of ours can be read again. The first byte chooses the codec that
// reads, the second the one that writes.
#include "core/codec/codec.h"
#include "core/codec/event_difference.h"
#include "tests/fuzz/fuzz_target.h"

#include <algorithm>

using namespace eventops;
using namespace eventops::fuzz;

EVENTOPS_FUZZ(decode)
{
    const auto codecs = builtinCodecs();
    const Codec &codec = *codecs[takeChoice(bytes, codecs.size())];
    const Codec *const writer = codecs[takeChoice(bytes, codecs.size())];
    Batch batch = batchOf(bytes);
    const DecodeFailure failure = codec.makeDecoder()->decode(batch, 0);
    if (failure) {
        const auto losses = codecLosses();
        require(batch.events.empty() && std::any_of(losses.begin(), losses.end(), [&](const LossReason &reason) {
                    return &reason == failure.reason;
                }));
        return;
    }
    const std::size_t count = std::min<std::size_t>(batch.events.size(), 4);
    for (std::size_t i = 0; i < count; ++i) {
        for (const Codec *to : {codecByName("karma.v1"), codecByName("monitoring.v1"), writer}) {
            LossReport loss;
            const auto written = to->encode(batch, batch.events[i], loss);
            if (!written) {
                require(!written.error().message.empty());
                continue;
            }
            if (to == writer)
                continue;
            Batch again;
            require(readBack(*to->makeDecoder(), written.value(), again));
        }
    }
}
