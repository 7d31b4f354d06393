// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/source.h"
#include "core/session/ingest_queue.h"

#include <string>
#include <string_view>
#include <vector>

namespace eventops {

constexpr std::string_view IngestKey = "ingest"; ///< Source::key() of records that were handed in.

/// What is handed in, as a source without an end. A record's position counts the bytes handed in before it since the
/// workspace exists; the ledger keeps the count. Envelopes are told apart record by record.
class IngestSource final : public Source
{
public:
    /// @p queue: must outlive it; null: only for its decoder, `read` is not called.
    explicit IngestSource(IngestQueue *queue) : m_queue(queue) {}

    std::string key() const override { return std::string(IngestKey); }
    std::string title() const override { return "posted events"; }
    bool finite() const override { return false; }
    bool wantsReceipts() const override { return true; }
    Retention retention() const override { return Retention::Signals; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t, std::uint64_t) const override { return true; }
    std::unique_ptr<RecordDecoder> makeDecoder() const override;
    void committed(std::span<const Receipt> receipts) override { m_queue->committed(receipts); }

private:
    IngestQueue *const m_queue;
    std::uint64_t m_position = 0;
};

/// The tenants that the records would be stored for, as their envelopes say; a record that cannot be read has none.
std::vector<std::string> tenantsOf(const IngestRequest &request);

} // namespace eventops
