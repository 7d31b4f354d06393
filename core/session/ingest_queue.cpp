// SPDX-License-Identifier: MIT
#include "core/session/ingest_queue.h"

#include "core/base/limits.h"

#include <cassert>

namespace eventops {

IngestQueue::~IngestQueue()
{
    for (const Answer &answer : abandon())
        answer(
            Error{Error::Code::Unavailable, "the engine ended before the records were stored", {}, "send them again"});
}

bool IngestQueue::post(IngestRequest &request, Answer &answer)
{
    assert(!request.records.empty());
    const std::lock_guard lock(m_mutex);
    // One request always finds an empty queue open, however large it is.
    const bool room =
        m_posts.empty() || (m_bytes + request.bytes.size() <= WaitingBytesMax && m_posts.size() < WaitingRequestsMax);
    if (!room)
        return false;
    m_bytes += request.bytes.size();
    m_posts.push_back({std::move(request), std::move(answer), 0, 0, {}});
    m_filled.notify_one();
    return true;
}

std::vector<IngestQueue::Answer> IngestQueue::abandon()
{
    const std::lock_guard lock(m_mutex);
    std::vector<Answer> answers;
    for (Post &post : m_posts)
        answers.push_back(std::move(post.answer));
    m_posts.clear();
    m_reading = 0;
    m_bytes = 0;
    return answers;
}

bool IngestQueue::take(RawChunk &chunk, std::uint64_t position, std::chrono::milliseconds wait)
{
    std::unique_lock lock(m_mutex);
    chunk.position = chunk.positionEnd = position;
    if (!m_filled.wait_for(lock, wait, [&] { return m_reading < m_posts.size(); }))
        return false;
    chunk.bytes.reserve(ChunkBytesMax + RawPaddingBytes);
    while (m_reading < m_posts.size() && chunk.records.size() < ChunkRecordsMax) {
        Post &post = m_posts[m_reading];
        const RawChunk::Record &record = post.request.records[post.taken];
        if (!chunk.records.empty() && chunk.bytes.size() + record.size > ChunkBytesMax)
            break;
        chunk.records.push_back({static_cast<std::uint32_t>(chunk.bytes.size()), record.size});
        chunk.bytes.append(post.request.bytes, record.offset, record.size);
        chunk.bytes += '\n';
        if (++post.taken == post.request.records.size())
            ++m_reading;
    }
    chunk.bytes.reserve(chunk.bytes.size() + RawPaddingBytes);
    chunk.positionEnd = position + chunk.bytes.size();
    return true;
}

void IngestQueue::committed(std::span<const Receipt> receipts)
{
    std::vector<Post> done;
    {
        const std::lock_guard lock(m_mutex);
        for (const Receipt &receipt : receipts) {
            if (m_posts.empty()) // they were failed meanwhile
                break;
            Post &post = m_posts.front();
            assert(post.told < post.taken);
            IngestOutcome &outcome = post.outcome;
            switch (receipt.outcome) {
            case Outcome::Stored: ++outcome.stored; break;
            case Outcome::Skipped: ++outcome.skipped; break;
            case Outcome::Duplicate: ++outcome.duplicate; break;
            case Outcome::DeadLettered:
                ++outcome.deadLettered;
                if (outcome.refused.size() < IngestOutcome::RefusedMax)
                    outcome.refused.push_back({post.told, receipt.reason, receipt.detail});
                break;
            case Outcome::Pending: assert(false); break;
            }
            if (++post.told < post.request.records.size())
                continue;
            m_bytes -= post.request.bytes.size();
            --m_reading;
            done.push_back(std::move(post));
            m_posts.pop_front();
        }
    }
    for (Post &post : done)
        post.answer(std::move(post.outcome));
}

} // namespace eventops
