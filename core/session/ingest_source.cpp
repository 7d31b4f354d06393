// SPDX-License-Identifier: MIT
#include "core/session/ingest_source.h"

#include "core/codec/batch_decoder.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds LookTime{100}; ///< Between two looks whether to stop.

const Codec &ingestCodec()
{
    return *codecByName("auto");
}

/// The codec's decoder, as the runner wants it.
class IngestDecoder final : public RecordDecoder
{
public:
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    BatchDecoder m_decoder{ingestCodec().makeDecoder()};
};

} // namespace

Status IngestSource::open(std::uint64_t cursor)
{
    m_position = cursor;
    return Ok{};
}

Result<bool> IngestSource::read(RawChunk &chunk, std::vector<OversizePart> &)
{
    m_queue->take(chunk, m_position, LookTime);
    m_position = chunk.positionEnd;
    return true;
}

std::unique_ptr<RecordDecoder> IngestSource::makeDecoder() const
{
    return std::make_unique<IngestDecoder>();
}

std::vector<std::string> tenantsOf(const IngestRequest &request)
{
    const auto chunk = std::make_shared<RawChunk>();
    chunk->bytes.reserve(request.bytes.size() + RawPaddingBytes);
    chunk->bytes = request.bytes;
    Batch batch;
    batch.chunks.push_back(chunk);
    for (const RawChunk::Record &record : request.records) {
        RawRecord &added = batch.records.emplace_back();
        added.offset = record.offset;
        added.size = record.size;
    }
    IngestDecoder().decode(batch);
    std::vector<std::string> tenants;
    for (const Event &event : batch.events) {
        const std::string_view tenant = batch.text(event, Field::Tenant);
        if (std::find(tenants.begin(), tenants.end(), tenant) == tenants.end())
            tenants.emplace_back(tenant);
    }
    return tenants;
}

} // namespace eventops
