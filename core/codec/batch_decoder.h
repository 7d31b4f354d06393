// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"

#include <memory>

namespace eventops {

/// Runs a codec over the records of a batch and files what becomes of each. Thread: one, like the decoder it holds.
class BatchDecoder
{
public:
    explicit BatchDecoder(std::unique_ptr<CodecDecoder> codec) : m_codec(std::move(codec)) {}

    /// Every Pending record becomes Stored (events appended), Skipped (valid, and no event in it) or DeadLettered, and
    /// gets its hash. Never fails.
    void decode(Batch &batch);

private:
    std::unique_ptr<CodecDecoder> m_codec;
};

} // namespace eventops
