// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <memory>
#include <mutex>
#include <vector>

namespace eventops {

/// Chunks whose memory is used again once the last one who held them has let go: fresh pages cost as much as reading
/// into them. Chunks may outlive the pool. Thread: any.
class ChunkPool
{
public:
    std::shared_ptr<RawChunk> take()
    {
        std::unique_ptr<RawChunk> chunk;
        {
            const std::lock_guard lock(m_free->mutex);
            if (!m_free->chunks.empty()) {
                chunk = std::move(m_free->chunks.back());
                m_free->chunks.pop_back();
            }
        }
        if (!chunk)
            chunk = std::make_unique<RawChunk>();
        return {chunk.release(), [free = m_free](RawChunk *used) { free->give(std::unique_ptr<RawChunk>(used)); }};
    }

private:
    static constexpr std::size_t FreeMax = 32;
    struct Free {
        std::mutex mutex;
        std::vector<std::unique_ptr<RawChunk>> chunks;

        void give(std::unique_ptr<RawChunk> chunk)
        {
            if (chunk->bytes.capacity() > BytesKeptMax)
                return;
            chunk->clear();
            const std::lock_guard lock(mutex);
            if (chunks.size() < FreeMax)
                chunks.push_back(std::move(chunk));
        }
    };
    static constexpr std::size_t BytesKeptMax = 1u << 20; ///< A chunk grown by one long record is not kept.

    std::shared_ptr<Free> m_free = std::make_shared<Free>();
};

} // namespace eventops
