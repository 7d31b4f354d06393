// SPDX-License-Identifier: MIT
//
// Any bytes through any codec: a declared reason or events, never a crash; what was read can be written, and what was
// written in an envelope of ours can be read again. The first byte chooses the codec.
#include "core/codec/codec.h"
#include "core/codec/json_reader.h"

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

using namespace eventops;

void require(bool good)
{
    if (!good)
        std::abort();
}

Batch batchOf(std::string_view record)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(record.size() + RawPaddingBytes);
    chunk->bytes = record;
    RawRecord &raw = batch.records.emplace_back();
    raw.size = static_cast<std::uint32_t>(record.size());
    batch.chunks.push_back(std::move(chunk));
    return batch;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    if (size == 0)
        return 0;
    const auto codecs = builtinCodecs();
    const Codec &codec = *codecs[data[0] % codecs.size()];
    Batch batch = batchOf({reinterpret_cast<const char *>(data) + 1, size - 1});
    const DecodeFailure failure = codec.makeDecoder()->decode(batch, 0);
    if (failure) {
        const auto losses = codecLosses();
        require(batch.events.empty() && std::any_of(losses.begin(), losses.end(), [&](const LossReason &reason) {
            return &reason == failure.reason;
        }));
        return 0;
    }
    for (const Event &event : batch.events) {
        for (const Codec *writer : codecs) {
            LossReport loss;
            const auto written = writer->encode(batch, event, loss);
            if (!written || (writer->name() != "karma.v1" && writer->name() != "monitoring.v1"))
                continue;
            Batch again = batchOf(written.value());
            require(!writer->makeDecoder()->decode(again, 0) && again.events.size() == 1);
        }
    }
    return 0;
}
