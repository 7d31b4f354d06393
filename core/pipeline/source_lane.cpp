// SPDX-License-Identifier: MIT
#include "core/pipeline/source_lane.h"

namespace eventops {

SourceLane::SourceLane(Source &source, std::uint32_t index, std::uint64_t skipBelow, WorkerPool &pool,
                       BatchPool &batches, Doorbell &ready, PhaseOf phaseOf)
    : m_source(source), m_index(index), m_skipBelow(skipBelow), m_pool(pool), m_batches(batches), m_ready(ready),
      m_phaseOf(std::move(phaseOf)), m_pending(QueuedMax)
{
    for (unsigned i = 0; i < pool.workers(); ++i)
        m_decoders.push_back(source.makeDecoder());
    m_reader = std::thread([this] { readAll(); });
}

SourceLane::~SourceLane()
{
    stop();
    m_pending.close();
    m_reader.join();
    // Workers refer to this lane until their tasks are done.
    if (m_front)
        m_front->wait();
    while (auto pending = m_pending.pop())
        pending->wait();
}

void SourceLane::stop()
{
    m_stop = true;
}

void SourceLane::readAll()
{
    while (!m_stop) {
        auto chunk = m_chunks.take();
        std::vector<OversizePart> oversize;
        chunk->source = m_index;
        Result<bool> more = m_source.read(*chunk, oversize);
        if (!more || !more.value()) {
            std::promise<Item> end;
            Item item;
            item.ended = static_cast<bool>(more);
            if (!more)
                item.error = more.error();
            end.set_value(std::move(item));
            m_pending.push(end.get_future());
            break;
        }
        submit(std::move(chunk), std::move(oversize));
    }
    m_pending.close();
    m_ready.ring();
}

void SourceLane::submit(std::shared_ptr<RawChunk> chunk, std::vector<OversizePart> oversize)
{
    const auto promise = std::make_shared<std::promise<Item>>();
    if (!m_pending.push(promise->get_future())) // waits for a credit
        return;
    const auto parts = std::make_shared<std::vector<OversizePart>>(std::move(oversize));
    // Once the promise is kept the lane may be gone; the bell is the runner's.
    m_pool.submit([this, &ready = m_ready, promise, chunk = std::move(chunk), parts](unsigned worker) {
        promise->set_value(decode(chunk, *parts, worker));
        ready.ring();
    });
}

SourceLane::Item SourceLane::decode(const std::shared_ptr<RawChunk> &chunk, std::vector<OversizePart> &oversize,
                                    unsigned worker)
{
    Item item;
    item.positionEnd = chunk->positionEnd;
    item.prefixHash = chunk->prefixHash;
    item.bytes = chunk->bytes.size();
    item.batch = m_batches.take();
    Batch &batch = *item.batch;
    batch.chunks.push_back(chunk);
    batch.oversize = std::move(oversize);
    for (OversizePart &part : batch.oversize)
        part.source = m_index;
    batch.records.reserve(chunk->records.size());
    for (std::size_t i = 0; i < chunk->records.size(); ++i) {
        const RawChunk::Record &record = chunk->records[i];
        RawChunk::Origin origin{chunk->position + record.offset, 0, 0};
        if (!chunk->origins.empty())
            origin = chunk->origins[i];
        const std::uint64_t position = origin.position;
        if (position < m_skipBelow) {
            ++item.duplicates;
            continue;
        }
        RawRecord &added = batch.records.emplace_back();
        added.position = position;
        added.seq = origin.seq;
        added.hash = origin.hash;
        added.offset = record.offset;
        added.size = record.size;
        added.source = m_index;
    }
    m_phaseOf(worker).run(*m_decoders[worker], batch);
    return item;
}

std::optional<SourceLane::Item> SourceLane::next(std::chrono::milliseconds wait)
{
    if (!m_front) {
        if (!m_pending.waitFor(wait)) // a slow source: what came before it can be committed meanwhile
            return std::nullopt;
        m_front = m_pending.pop();
        if (!m_front)
            return Item{}; // stopped: neither ended nor failed
    }
    if (m_front->wait_for(wait) != std::future_status::ready)
        return std::nullopt;
    Item item = m_front->get();
    m_front.reset();
    return item;
}

} // namespace eventops
