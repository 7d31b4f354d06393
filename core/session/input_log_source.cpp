// SPDX-License-Identifier: MIT
#include "core/session/input_log_source.h"

#include "core/codec/action_events.h"
#include "core/codec/batch_decoder.h"

#include <condition_variable>
#include <mutex>

namespace eventops {
namespace {

constexpr std::chrono::milliseconds PollTime{100}; ///< Between two looks at a log that is followed.

/// The codec's decoder, as the runner wants it.
class Decoder final : public RecordDecoder
{
public:
    void decode(Batch &batch) override { m_decoder.decode(batch); }

private:
    BatchDecoder m_decoder{actionEventCodec().makeDecoder()};
};

} // namespace

bool isDocument(const InputRow &row)
{
    return row.kind == "action_event" || row.kind == "feedback";
}

Status InputLogSource::open(std::uint64_t cursor)
{
    m_next = 0;
    m_cursor = cursor;
    while (m_next < m_documents.size() && m_documents[m_next].number < cursor)
        ++m_next;
    return Ok{};
}

Result<bool> InputLogSource::read(RawChunk &chunk, std::vector<OversizePart> &)
{
    if (m_log)
        EVENTOPS_TRY(poll());
    if (m_next == m_documents.size()) {
        chunk.position = chunk.positionEnd = m_cursor;
        return m_log != nullptr; // nothing yet
    }
    const InputRow &row = m_documents[m_next++];
    chunk.bytes.reserve(row.payload.size() + RawPaddingBytes);
    chunk.bytes = row.payload;
    chunk.position = row.number;
    chunk.positionEnd = row.number + 1;
    chunk.records.push_back({0, static_cast<std::uint32_t>(row.payload.size())});
    return true;
}

/// Looks for rows behind the last one given; waits a little when there are none.
Status InputLogSource::poll()
{
    if (m_next < m_documents.size())
        return Ok{};
    m_documents.clear();
    m_next = 0;
    for (InputRow &row : EVENTOPS_TRY(m_log->waitingInput(m_cursor))) {
        m_cursor = row.number + 1;
        if (isDocument(row))
            m_documents.push_back(std::move(row));
    }
    if (m_documents.empty()) {
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable().wait_for(lock, PollTime);
    }
    return Ok{};
}

std::unique_ptr<RecordDecoder> InputLogSource::makeDecoder() const
{
    return std::make_unique<Decoder>();
}

} // namespace eventops
