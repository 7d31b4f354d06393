// SPDX-License-Identifier: MIT
#include "core/pipeline/commit_writer.h"

namespace eventops {

CommitWriter::CommitWriter(CommitSink &sink, BatchPool &batches, Limits limits, Doorbell &idle)
    : m_sink(sink), m_batches(batches), m_limits(limits), m_idleBell(idle), m_thread([this] { work(); })
{
}

CommitWriter::~CommitWriter()
{
    {
        const std::lock_guard lock(m_mutex);
        m_closing = true;
    }
    m_retry.notify_all();
    m_queue.close();
    m_thread.join();
}

Result<bool> CommitWriter::push(CommitGroup &group, std::unordered_set<std::uint64_t> &keys,
                                std::function<void()> &committed, std::chrono::milliseconds wait)
{
    const bool room = m_queue.waitForRoom(wait);
    {
        const std::lock_guard lock(m_mutex);
        if (m_error)
            return *m_error;
        if (!room)
            return false;
        m_keysUnderWay.push_back(std::move(keys));
        ++m_underWay;
    }
    m_queue.push({std::move(group), std::move(committed)});
    return true;
}

std::vector<bool> CommitWriter::seen(std::span<const std::uint64_t> keyHashes)
{
    std::vector<bool> onTheWay(keyHashes.size());
    {
        const std::lock_guard lock(m_mutex);
        for (const auto &keys : m_keysUnderWay) {
            for (std::size_t i = 0; i < keyHashes.size(); ++i)
                onTheWay[i] = onTheWay[i] || keys.contains(keyHashes[i]);
        }
    }
    // A group committed since then is known to the sink.
    std::vector<bool> found;
    {
        const std::lock_guard lock(m_sinkMutex);
        found = m_sink.seen(keyHashes);
    }
    for (std::size_t i = 0; i < keyHashes.size(); ++i)
        found[i] = found[i] || onTheWay[i];
    return found;
}

Result<bool> CommitWriter::drain(std::chrono::milliseconds wait)
{
    std::unique_lock lock(m_mutex);
    if (!m_idle.wait_for(lock, wait, [&] { return m_underWay == 0; }))
        return false;
    return m_error ? Result<bool>(*m_error) : Result<bool>(true);
}

std::string CommitWriter::trouble()
{
    const std::lock_guard lock(m_mutex);
    return m_trouble.empty() ? m_untidy : m_trouble;
}

std::size_t CommitWriter::underWay()
{
    const std::lock_guard lock(m_mutex);
    return m_underWay;
}

/// Waits until the group should be tried again. False: it should not.
bool CommitWriter::holdBack(const Error &error, std::chrono::steady_clock::time_point since)
{
    const bool full = error.code == Error::Code::Full;
    if ((!full && error.code != Error::Code::Busy)
        || std::chrono::steady_clock::now() - since >= m_limits.holdBackMax)
        return false;
    const auto given = [&] { return m_closing || (m_limits.stop != nullptr && m_limits.stop->load()); };
    std::unique_lock lock(m_mutex);
    m_trouble = (full ? "there is no room to store events (" : "the ledger is held up (") + error.message
                + "); what was read waits, nothing is lost";
    m_retry.wait_for(lock, RetryEvery, given);
    return !given();
}

Status CommitWriter::commit(CommitGroup &group)
{
    const auto since = std::chrono::steady_clock::now();
    for (;;) {
        Status status = Ok{};
        {
            const std::lock_guard lock(m_sinkMutex);
            status = m_sink.commit(group);
        }
        if (status || !holdBack(status.error(), since))
            return status;
    }
}

/// True: there is more to do.
bool CommitWriter::maintain()
{
    Result<bool> more = false;
    {
        const std::lock_guard lock(m_mutex);
        if (m_error)
            return false;
    }
    {
        const std::lock_guard lock(m_sinkMutex);
        more = m_sink.maintain();
    }
    const bool passing = more || more.error().code == Error::Code::Full || more.error().code == Error::Code::Busy;
    const std::lock_guard lock(m_mutex);
    if (!passing)
        m_untidy = "what is old cannot be dropped (" + more.error().message + ")";
    else if (more)
        m_untidy.clear();
    return more && more.value();
}

void CommitWriter::work()
{
    for (;;) {
        // A bounded piece before each commit, and all that is due while there is nothing to commit.
        while (!m_queue.waitFor(maintain() ? std::chrono::milliseconds(0) : MaintainEvery)) {}
        auto job = m_queue.pop();
        if (!job)
            return;
        bool failed = false;
        {
            const std::lock_guard lock(m_mutex);
            failed = m_error.has_value();
        }
        const Status status = failed ? Status(Ok{}) : commit(job->group);
        if (!failed && status && job->committed)
            job->committed();
        for (auto &batch : job->group.batches)
            m_batches.give(std::move(batch));
        const std::lock_guard lock(m_mutex);
        if (!status)
            m_error = status.error();
        m_trouble.clear();
        m_keysUnderWay.pop_front();
        --m_underWay;
        m_idle.notify_all();
        if (m_underWay == 0)
            m_idleBell.ring();
    }
}

} // namespace eventops
