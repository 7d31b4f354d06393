// SPDX-License-Identifier: MIT
#include "core/session/input_log_source.h"

#include "core/codec/action_events.h"
#include "core/codec/batch_decoder.h"

namespace eventops {
namespace {

/// The codec's decoder, as the runner wants it.
class Decoder final : public RecordDecoder
{
public:
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    BatchDecoder m_decoder{actionEventCodec().makeDecoder()};
};

} // namespace

Status InputLogSource::open(std::uint64_t cursor)
{
    m_next = 0;
    while (m_next < m_documents.size() && m_documents[m_next].number < cursor)
        ++m_next;
    return Ok{};
}

Result<bool> InputLogSource::read(RawChunk &chunk, std::vector<OversizePart> &)
{
    if (m_next == m_documents.size())
        return false;
    const InputRow &row = m_documents[m_next++];
    chunk.bytes.reserve(row.payload.size() + RawPaddingBytes);
    chunk.bytes = row.payload;
    chunk.position = row.number;
    chunk.positionEnd = row.number + 1;
    chunk.records.push_back({0, static_cast<std::uint32_t>(row.payload.size())});
    return true;
}

std::unique_ptr<RecordDecoder> InputLogSource::makeDecoder() const
{
    return std::make_unique<Decoder>();
}

} // namespace eventops
