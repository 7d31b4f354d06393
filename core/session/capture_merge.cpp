// SPDX-License-Identifier: MIT
#include "core/session/capture_merge.h"

#include "core/model/batch.h"

#include <algorithm>

namespace eventops {
namespace {

/// A source on its way, with the chunk being taken apart.
struct MergeLane {
    std::unique_ptr<Source> source;
    std::unique_ptr<RecordDecoder> decoder;
    std::uint32_t index = 0; ///< In the capture written.
    Batch batch;
    std::size_t record = 0, event = 0;
    WallNs time = NoTime; ///< Of the record last taken.
    bool ended = false;
    std::vector<OversizePart> parts; ///< Of a record still being read.

    bool hasRecord() const { return record < batch.records.size(); }
    WallNs headTime() const
    {
        if (event < batch.events.size() && batch.events[event].record == record
            && batch.events[event].tsEvent != NoTime)
            return batch.events[event].tsEvent;
        return time;
    }

    Status refill(MergeProgress &progress);
};

/// The next chunk that holds a record, decoded; parts of long ones are collected.
Status MergeLane::refill(MergeProgress &progress)
{
    while (!ended && !hasRecord()) {
        const auto chunk = std::make_shared<RawChunk>();
        if (!EVENTOPS_TRY(source->read(*chunk, parts))) {
            ended = true;
            return source->complete();
        }
        progress.bytesRead += chunk->bytes.size();
        batch.clear();
        batch.chunks.push_back(chunk);
        record = event = 0;
        for (std::size_t i = 0; i < chunk->records.size(); ++i) {
            RawRecord &added = batch.records.emplace_back();
            added.offset = chunk->records[i].offset;
            added.size = chunk->records[i].size;
            added.position = chunk->origins.empty() ? chunk->position + added.offset : chunk->origins[i].position;
            added.hash = chunk->origins.empty() ? 0 : chunk->origins[i].hash;
        }
        decoder->decode(batch);
    }
    return Ok{};
}

/// Writes the lane's next record and moves past it.
Status writeHead(MergeLane &lane, Seq seq, CaptureFileWriter &writer)
{
    const RawRecord &record = lane.batch.records[lane.record];
    const RawChunk &chunk = *lane.batch.chunks.front();
    CaptureRecord out;
    out.source = lane.index;
    out.seq = seq;
    out.position = record.position;
    out.ts = lane.headTime();
    out.deadLetter = record.outcome == Outcome::DeadLettered;
    out.bytes = lane.batch.raw(record);
    const bool redacted = !chunk.origins.empty() && chunk.origins[lane.record].hash != 0;
    out.redacted = redacted;
    out.hash = redacted ? record.hash : 0;
    out.codec = chunk.codec;
    if (lane.event < lane.batch.events.size() && lane.batch.events[lane.event].record == lane.record) {
        const Event &event = lane.batch.events[lane.event];
        out.codec = lane.batch.text(event, Field::Codec);
        out.contentType = lane.batch.text(event, Field::ContentType);
        out.headers = lane.batch.text(event, Field::Headers);
    }
    lane.time = lane.headTime();
    if (chunk.oversizeBytes > 0) {
        out.totalBytes = chunk.oversizeBytes;
        for (const OversizePart &part : std::exchange(lane.parts, {})) {
            out.bytes = part.bytes;
            EVENTOPS_TRY(writer.add(out));
            out.pieceAt += part.bytes.size();
        }
    } else {
        EVENTOPS_TRY(writer.add(out));
    }
    while (lane.event < lane.batch.events.size() && lane.batch.events[lane.event].record == lane.record)
        ++lane.event;
    ++lane.record;
    return Ok{};
}

} // namespace

Result<MergeProgress> mergeCaptures(std::vector<std::unique_ptr<Source>> sources, ByteSink sink,
                                    const std::atomic<bool> &cancelled,
                                    const std::function<void(const MergeProgress &)> &progress)
{
    constexpr Seq ReportEvery = 8'192;
    if (sources.size() > MergeSourcesMax)
        return Error{Error::Code::LimitExceeded,
                     "more than " + std::to_string(MergeSourcesMax) + " sources",
                     {},
                     "merge them in groups"};
    const auto writer = EVENTOPS_TRY(CaptureFileWriter::make(std::move(sink)));
    std::vector<MergeLane> lanes(sources.size());
    MergeProgress done;
    for (std::size_t i = 0; i < lanes.size(); ++i) {
        lanes[i].source = std::move(sources[i]);
        lanes[i].index = EVENTOPS_TRY(writer->addSource({lanes[i].source->key(), lanes[i].source->title(), 0, 0}));
        lanes[i].decoder = lanes[i].source->makeDecoder();
        done.bytesTotal += lanes[i].source->sizeBytes();
        EVENTOPS_TRY(lanes[i].source->open(0));
    }
    for (Seq seq = 1;; ++seq) {
        MergeLane *first = nullptr;
        for (MergeLane &lane : lanes) {
            EVENTOPS_TRY(lane.refill(done));
            if (lane.hasRecord() && (first == nullptr || lane.headTime() < first->headTime()))
                first = &lane;
        }
        if (first == nullptr)
            break;
        EVENTOPS_TRY(writeHead(*first, seq, *writer));
        done.records = seq;
        if (seq % ReportEvery != 0)
            continue;
        if (cancelled.load())
            return Error{Error::Code::Cancelled, "the merge was cancelled"};
        if (progress)
            progress(done);
    }
    EVENTOPS_TRY(writer->finish());
    return done;
}

} // namespace eventops
