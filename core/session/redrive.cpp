// SPDX-License-Identifier: MIT
#include "core/session/redrive.h"

#include "core/pipeline/decode_phase.h"

#include <fstream>

namespace eventops {

Status writeDeadLetter(Ledger &ledger, std::int64_t deadLetter, const std::string &path)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    EVENTOPS_TRY(ledger.deadLetterBytes(deadLetter, [&](std::string_view piece) {
        file.write(piece.data(), static_cast<std::streamsize>(piece.size()));
        return static_cast<bool>(file);
    }));
    file.close();
    if (!file)
        return Error{Error::Code::Io, "cannot write the record", {path, 0, 0}, "make room in the workspace"};
    return Ok{};
}

Status tryDecode(const PipelineSpec &spec, const std::string &path, const std::string &format)
{
    if (spec.sources.empty())
        return Error{Error::Code::InvalidConfig, "the workspace's pipeline has no source to read the record with"};
    const Configured<SourceSpec> &configured = spec.sources.front();
    const auto source = EVENTOPS_TRY(configured.spec->make(configured.settings, {path, format}));
    EVENTOPS_TRY(source->open(0));
    const auto decoder = source->makeDecoder();
    const auto phase = EVENTOPS_TRY(DecodePhase::make(spec.stages));
    std::size_t events = 0;
    for (;;) {
        const auto chunk = std::make_shared<RawChunk>();
        std::vector<OversizePart> oversize;
        if (!EVENTOPS_TRY(source->read(*chunk, oversize)))
            break;
        if (!oversize.empty() || chunk->oversizeBytes > 0)
            return Error{Error::Code::InvalidInput, "the record is still longer than the source's limit", {},
                         "raise record_bytes_max of the source"};
        Batch batch;
        batch.chunks.push_back(chunk);
        for (const RawChunk::Record &record : chunk->records) {
            RawRecord &added = batch.records.emplace_back();
            added.position = chunk->position + record.offset;
            added.offset = record.offset;
            added.size = record.size;
        }
        phase->run(*decoder, batch);
        if (!batch.deadLetters.empty()) {
            const DeadLetter &letter = batch.deadLetters.front();
            return Error{Error::Code::InvalidInput,
                         std::string(batch.text(letter.reason)) + ": " + std::string(batch.text(letter.detail)), {},
                         "fix the pipeline, or name another --format"};
        }
        events += batch.events.size();
    }
    if (events == 0)
        return Error{Error::Code::InvalidInput, "the record gives no event", {}, "name another --format"};
    return Ok{};
}

} // namespace eventops
