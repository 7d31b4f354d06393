// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/codec/codec.h"
#include "core/model/batch.h"
#include "core/pipeline/spec.h"
#include "pipelines/components.h"

#include <QtTest/QtTest>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::test {

/// @p relative below the folder that the environment's @p variable names: captures that may not be shipped, and
/// JSONTestSuite. Without it a path that does not exist, so the test is skipped.
inline std::string outsidePath(const char *variable, const std::string &relative = {})
{
    return qEnvironmentVariable(variable, QStringLiteral("/nonexistent")).toStdString() + '/' + relative;
}

/// One batch holding @p records, one record each.
inline Batch batchOf(const std::vector<std::string> &records)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    for (const std::string &record : records) {
        RawRecord raw;
        raw.offset = static_cast<std::uint32_t>(chunk->bytes.size());
        raw.size = static_cast<std::uint32_t>(record.size());
        raw.position = raw.offset;
        batch.records.push_back(raw);
        chunk->bytes += record + '\n';
    }
    chunk->bytes.append(RawPaddingBytes, '\0');
    chunk->bytes.resize(chunk->bytes.size() - RawPaddingBytes);
    batch.chunks.push_back(std::move(chunk));
    return batch;
}

/// What a codec makes of records: the batch, and a failure a record.
struct Decoded {
    Batch batch;
    std::vector<std::string> reasons; ///< "" for a record that was decoded.
    std::vector<std::string> details;
    const Event &event(std::size_t i = 0) const { return batch.events.at(i); }
    std::string text(Field field, std::size_t i = 0) const
    {
        const StrId id = batch.events.at(i)[field];
        return id == NoStr ? "<absent>" : std::string(batch.text(id));
    }
};

inline Decoded decodeAll(const Codec &codec, const std::vector<std::string> &records)
{
    Decoded out{batchOf(records), {}, {}};
    const auto decoder = codec.makeDecoder();
    for (std::uint32_t i = 0; i < out.batch.records.size(); ++i) {
        const std::size_t before = out.batch.events.size();
        const DecodeFailure failure = decoder->decode(out.batch, i);
        out.reasons.emplace_back(failure ? std::string(failure.reason->name) : std::string());
        out.details.push_back(failure.detail);
        if (failure && out.batch.events.size() != before)
            out.reasons.back() = "a refused record left events behind";
    }
    return out;
}

inline Decoded decodeOne(std::string_view codec, const std::string &record)
{
    return decodeAll(*codecByName(codec), {record});
}

/// Reads a file whole; empty when it is not there.
inline std::string readFile(const std::string &path)
{
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// A source read to its end and decoded, one batch a chunk.
struct Ingested {
    std::vector<Batch> batches;
    std::uint64_t records = 0, stored = 0, skipped = 0, deadLettered = 0, events = 0, oversizeBytes = 0;
    std::vector<std::string> reasons;
    std::vector<std::uint64_t> cursors;
};

inline Ingested ingest(Source &source, std::uint64_t cursor = 0)
{
    Ingested out;
    const Status opened = source.open(cursor);
    if (!opened)
        qFatal("%s", opened.error().text().c_str());
    const auto decoder = source.makeDecoder();
    for (;;) {
        auto chunk = std::make_shared<RawChunk>();
        std::vector<OversizePart> parts;
        const Result<bool> more = source.read(*chunk, parts);
        if (!more)
            qFatal("%s", more.error().text().c_str());
        if (!more.value())
            return out;
        Batch &batch = out.batches.emplace_back();
        for (const OversizePart &part : parts)
            out.oversizeBytes += part.bytes.size();
        batch.oversize = std::move(parts);
        for (const RawChunk::Record &record : chunk->records) {
            RawRecord raw;
            raw.position = chunk->position + record.offset;
            raw.offset = record.offset;
            raw.size = record.size;
            batch.records.push_back(raw);
        }
        out.cursors.push_back(chunk->positionEnd);
        batch.chunks.push_back(std::move(chunk));
        decoder->decode(batch);
        out.records += batch.records.size();
        out.events += batch.events.size();
        for (const RawRecord &record : batch.records) {
            out.stored += record.outcome == Outcome::Stored;
            out.skipped += record.outcome == Outcome::Skipped;
            out.deadLettered += record.outcome == Outcome::DeadLettered;
        }
        for (const DeadLetter &letter : batch.deadLetters)
            out.reasons.emplace_back(batch.text(letter.reason));
    }
}

inline Result<std::unique_ptr<Source>> makeSource(const std::string &path, const std::string &format = {},
                                                  const Value &settings = Value::map({}))
{
    for (const SourceSpec *spec : builtinSources()) {
        if (spec->name == "capture")
            return spec->make(settings, SourceArguments{path, format});
    }
    return Error{Error::Code::NotFound, "no capture source"};
}

inline Ingested ingestFile(const std::string &path, const std::string &format = {},
                           const Value &settings = Value::map({}))
{
    auto source = makeSource(path, format, settings);
    if (!source)
        qFatal("%s", source.error().text().c_str());
    return ingest(*source.value());
}

inline Value scalar(const std::string &text, std::uint32_t line = 0, std::uint32_t column = 0)
{
    return Value::scalar(text, Location{"pipeline.yaml", line, column});
}

} // namespace eventops::test
