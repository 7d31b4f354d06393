// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <memory>
#include <mutex>
#include <vector>

namespace eventops {

/// Batches whose memory is used again: allocating megabytes per chunk costs more than filling them. Thread: any.
class BatchPool
{
public:
    std::unique_ptr<Batch> take()
    {
        const std::lock_guard lock(m_mutex);
        if (m_free.empty())
            return std::make_unique<Batch>();
        auto batch = std::move(m_free.back());
        m_free.pop_back();
        return batch;
    }

    void give(std::unique_ptr<Batch> batch)
    {
        batch->clear();
        const std::lock_guard lock(m_mutex);
        if (m_free.size() < FreeMax)
            m_free.push_back(std::move(batch));
    }

private:
    static constexpr std::size_t FreeMax = 64; ///< What three commit groups of small batches hold.
    std::mutex m_mutex;
    std::vector<std::unique_ptr<Batch>> m_free;
};

} // namespace eventops
