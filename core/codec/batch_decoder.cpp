// SPDX-License-Identifier: MIT
#include "core/codec/batch_decoder.h"

#include "core/base/hash.h"

#include <algorithm>
#include <string>

namespace eventops {
namespace {

const LossReason &codecLoss(std::string_view name)
{
    const auto all = codecLosses();
    return *std::find_if(all.begin(), all.end(), [&](const LossReason &loss) { return loss.name == name; });
}

void refuse(Batch &batch, std::uint32_t record, const LossReason &reason, std::string_view detail)
{
    batch.records[record].outcome = Outcome::DeadLettered;
    batch.deadLetters.push_back({record, batch.strings.intern(reason.name), batch.strings.append(detail)});
}

} // namespace

void BatchDecoder::decode(Batch &batch)
{
    batch.events.reserve(batch.events.size() + batch.records.size()); // growing by doubling would waste half
    for (std::uint32_t i = 0; i < batch.records.size(); ++i) {
        RawRecord &record = batch.records[i];
        if (record.outcome != Outcome::Pending)
            continue;
        const RawChunk &chunk = *batch.chunks[record.chunk];
        if (chunk.oversizeBytes > 0) {
            record.hash = chunk.oversizeHash;
            refuse(batch, i, codecLoss("record_too_long"),
                   "the record has " + std::to_string(chunk.oversizeBytes) + " bytes");
            continue;
        }
        if (record.hash == 0) // a capture may remember that of bytes redacted since
            record.hash = hash64(batch.raw(record));
        const std::size_t before = batch.events.size();
        if (const DecodeFailure failure = m_codec->decode(batch, i))
            refuse(batch, i, *failure.reason, failure.detail);
        else
            record.outcome = batch.events.size() > before ? Outcome::Stored : Outcome::Skipped;
    }
}

} // namespace eventops
