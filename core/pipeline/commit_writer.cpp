// SPDX-License-Identifier: MIT
#include "core/pipeline/commit_writer.h"

namespace eventops {

CommitWriter::CommitWriter(CommitSink &sink, BatchPool &batches)
    : m_sink(sink), m_batches(batches), m_thread([this] { work(); })
{
}

CommitWriter::~CommitWriter()
{
    m_queue.close();
    m_thread.join();
}

Status CommitWriter::push(CommitGroup group, std::unordered_set<std::uint64_t> keys)
{
    {
        const std::lock_guard lock(m_mutex);
        if (m_error)
            return *m_error;
        m_keysUnderWay.push_back(std::move(keys));
        ++m_underWay;
    }
    m_queue.push({std::move(group)});
    return Ok{};
}

bool CommitWriter::seen(std::uint64_t keyHash)
{
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &keys : m_keysUnderWay) {
            if (keys.contains(keyHash))
                return true;
        }
    }
    // A group committed since then is known to the sink.
    const std::lock_guard lock(m_sinkMutex);
    return m_sink.seen(keyHash);
}

Status CommitWriter::drain()
{
    std::unique_lock lock(m_mutex);
    m_idle.wait(lock, [&] { return m_underWay == 0; });
    return m_error ? Status(*m_error) : Status(Ok{});
}

std::size_t CommitWriter::underWay()
{
    const std::lock_guard lock(m_mutex);
    return m_underWay;
}

void CommitWriter::work()
{
    while (auto job = m_queue.pop()) {
        bool failed = false;
        {
            const std::lock_guard lock(m_mutex);
            failed = m_error.has_value();
        }
        Status status = Ok{};
        if (!failed) {
            const std::lock_guard lock(m_sinkMutex);
            status = m_sink.commit(job->group);
        }
        for (auto &batch : job->group.batches)
            m_batches.give(std::move(batch));
        const std::lock_guard lock(m_mutex);
        if (!status)
            m_error = status.error();
        m_keysUnderWay.pop_front();
        --m_underWay;
        m_idle.notify_all();
    }
}

} // namespace eventops
