// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/source.h"
#include "core/pipeline/stage_engine.h"
#include "core/store/ledger.h"

#include <memory>
#include <vector>

namespace eventops {

/// Whether the row is a document that goes through the pipeline: an action event, or what a person said of a finding.
bool isDocument(const InputRow &row);

/// Action requests, progress and results, and feedback, on their way back into the pipeline: each row of the input log
/// is one raw record, its number the position. So actions and observations share one infrastructure (K128), and a crash
/// between two rows takes none in twice.
class InputLogSource final : public Source
{
public:
    explicit InputLogSource(std::vector<InputRow> documents) : m_documents(std::move(documents)) {}
    /// Follows the log while other sources are read. @p log: a ledger of its own, open for reading.
    explicit InputLogSource(std::unique_ptr<Ledger> log) : m_log(std::move(log)) {}

    bool finite() const override { return m_log == nullptr; }
    bool companion() const override { return m_log != nullptr; }

    Retention retention() const override { return Retention::Input; }
    std::string key() const override { return std::string(InputLogKey); }
    std::string title() const override { return "actions"; }
    Result<bool> read(RawChunk &chunk, std::vector<OversizePart> &oversize) override;
    Status open(std::uint64_t cursor) override;
    Result<bool> hasPrefix(std::uint64_t, std::uint64_t) const override { return true; }
    std::unique_ptr<RecordDecoder> makeDecoder() const override;

private:
    Status poll();

    std::unique_ptr<Ledger> m_log;
    std::vector<InputRow> m_documents; ///< Action events, by number; of a followed log: those not yet given.
    std::size_t m_next = 0;
    std::uint64_t m_cursor = 0;        ///< Of a followed log: first number not looked at.
};

} // namespace eventops
