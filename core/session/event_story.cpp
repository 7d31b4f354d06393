// SPDX-License-Identifier: MIT
#include "core/session/event_story.h"

#include "core/base/time.h"
#include "core/pipeline/decode_phase.h"
#include "core/session/record_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace eventops {
namespace {

constexpr std::uint64_t StoryFindingsMax = 64;

using Fields = std::map<std::string, std::string>;

std::string numberText(double value)
{
    std::array<char, 32> digits{};
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
    return {digits.data(), end};
}

/// All that an event says, by the names that filters use. The id is left out: it may follow from the position.
Fields fieldsOf(const Batch &batch, const Event &event)
{
    Fields fields;
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const auto field = static_cast<Field>(f);
        if (field != Field::EventId && event[field] != NoStr)
            fields.emplace(toString(field), batch.text(event, field));
    }
    if (event.tsEvent != NoTime)
        fields.emplace("ts_event", formatTimestamp(event.tsEvent));
    if (event.hasValue)
        fields.emplace("value", numberText(event.value));
    if (event.severity != Severity::Unset)
        fields.emplace("severity", severityName(static_cast<std::uint8_t>(event.severity)));
    return fields;
}

std::vector<StoryStep::Change> changesBetween(const Fields &before, const Fields &after)
{
    std::vector<StoryStep::Change> changes;
    for (const auto &[name, text] : after) {
        const auto old = before.find(name);
        if (old == before.end())
            changes.push_back({name, {}, text});
        else if (old->second != text)
            changes.push_back({name, old->second, text});
    }
    for (const auto &[name, text] : before) {
        if (!after.contains(name))
            changes.push_back({name, text, {}});
    }
    return changes;
}

/// The record's events after decoding and the first @p stages map stages.
Result<std::unique_ptr<Batch>> runRecord(Source &source, std::span<const Configured<StageSpec>> stages)
{
    EVENTOPS_TRY(source.open(0));
    const auto decoder = source.makeDecoder();
    const auto phase = EVENTOPS_TRY(DecodePhase::make(stages));
    auto batch = std::make_unique<Batch>();
    const auto chunk = std::make_shared<RawChunk>();
    std::vector<OversizePart> oversize;
    if (!EVENTOPS_TRY(source.read(*chunk, oversize)) || chunk->records.empty())
        return Error{Error::Code::InvalidInput, "the kept record is empty"};
    batch->chunks.push_back(chunk);
    for (const RawChunk::Record &record : chunk->records) {
        RawRecord &added = batch->records.emplace_back();
        added.position = chunk->position + record.offset;
        added.offset = record.offset;
        added.size = record.size;
    }
    phase->run(*decoder, *batch);
    return batch;
}

const Event *eventOf(const Batch &batch, std::uint16_t emission)
{
    const auto found = std::find_if(batch.events.begin(), batch.events.end(),
                                    [&](const Event &event) { return event.emission == emission; });
    return found == batch.events.end() ? nullptr : &*found;
}

/// Decoding and the map stages, by doing them again.
Status mapSteps(EventStory &story, const Registry &registry, const PipelineSpec &spec, const std::string &bytes,
                const std::string &codec, std::uint16_t emission)
{
    const MemoryFile file(bytes);
    if (!file.valid())
        return Error{Error::Code::Io, "the record cannot be put before the stages"};
    std::size_t maps = 0;
    while (maps < spec.stages.size() && spec.stages[maps].spec->makeMap != nullptr)
        ++maps;
    Fields before;
    for (std::size_t stage = 0; stage <= maps; ++stage) {
        const auto source = EVENTOPS_TRY(recordReader(registry, spec, file.path(), codec));
        const auto batch = EVENTOPS_TRY(runRecord(*source, std::span(spec.stages).first(stage)));
        const Event *event = eventOf(*batch, emission);
        StoryStep step;
        step.stage = stage == 0 ? "decode" : std::string(spec.stages[stage - 1].spec->name);
        if (event == nullptr) {
            step.note = "The record gives no such event here: it was read by another pipeline.";
            story.steps.push_back(std::move(step));
            return Ok{};
        }
        const Fields after = fieldsOf(*batch, *event);
        step.changes = changesBetween(before, after);
        if (stage == 0)
            step.note = "Read by " + std::string(batch->text(*event, Field::Codec)) + ".";
        else
            step.note = step.changes.empty() ? "Left the event as it was."
                                             : "Changed " + std::to_string(step.changes.size())
                                                   + (step.changes.size() == 1 ? " field." : " fields.");
        before = after;
        story.steps.push_back(std::move(step));
    }
    return Ok{};
}

/// What the stateful stages made of the event: they are told by what they left in the ledger.
void laterSteps(EventStory &story, const PipelineSpec &spec)
{
    for (const Configured<StageSpec> &stage : spec.stages) {
        if (stage.spec->makeMap != nullptr)
            continue;
        StoryStep step;
        step.stage = std::string(stage.spec->name);
        for (const Finding &finding : story.findings) {
            const bool byRule = finding.origin == FindingOrigin::Rule;
            if ((step.stage == "rules") == byRule && stage.spec->makeKeyed != nullptr)
                step.note += (step.note.empty() ? "" : " ") + finding.message;
        }
        if (stage.spec->makeGlobal != nullptr && step.stage == "suggest") {
            for (const Action &action : story.actions)
                step.note += (step.note.empty() ? "Suggested " : ", ") + action.suggestion.command;
        }
        if (step.note.empty())
            step.note = stage.spec->makeKeyed != nullptr ? "Raised nothing." : "Took note of it.";
        story.steps.push_back(std::move(step));
    }
}

Status addConsequences(EventStory &story, Ledger &ledger, const std::string &eventId, Seq seq)
{
    const Batch &batch = story.event.batch;
    const Event &event = batch.events.front();
    const std::string entity(batch.text(event, Field::EntityId));
    Filter filter;
    if (!entity.empty() && entity.find_first_of("\"\\") == std::string::npos)
        filter = EVENTOPS_TRY(Filter::parse("entity.id = \"" + entity + "\""));
    EVENTOPS_TRY(ledger.findings(filter, {}, [&](const Finding &finding) {
        if (finding.seq == seq || finding.evidence.find(eventId) != std::string::npos)
            story.findings.push_back(finding);
        return story.findings.size() < StoryFindingsMax;
    }));
    if (story.findings.empty())
        return Ok{};
    EVENTOPS_TRY(ledger.actions({}, {}, [&](const Action &action) {
        const bool ours = std::any_of(story.findings.begin(), story.findings.end(), [&](const Finding &finding) {
            return finding.id == action.suggestion.findingId;
        });
        if (ours)
            story.actions.push_back(action);
        return story.actions.size() < StoryFindingsMax;
    }));
    if (story.actions.empty())
        return Ok{};
    return ledger.audit({}, [&](const AuditRow &row) {
        const bool ours = std::any_of(story.actions.begin(), story.actions.end(),
                                      [&](const Action &action) { return action.displayId() == row.subject; });
        if (ours)
            story.audit.push_back(row);
        return true;
    });
}

} // namespace

Result<EventStory> tellStory(Ledger &ledger, const Registry &registry, const PipelineSpec *spec,
                             const std::string &eventId, const std::atomic<bool> &cancelled)
{
    if (eventId.find_first_of("\"\\") != std::string::npos)
        return Error{Error::Code::NotFound, "there is no event " + eventId};
    const Filter filter = EVENTOPS_TRY(Filter::parse("id = \"" + eventId + "\""));
    EventStory story;
    std::string bytes;
    Seq seq = 0;
    std::int64_t sourceId = 0;
    bool found = false;
    bool rawDropped = false;
    EVENTOPS_TRY(ledger.events(filter, {.rowsMax = 1, .oldestFirst = false},
                               [&](const Batch &batch, std::span<const std::uint32_t> rows) {
                                   if (cancelled.load())
                                       return false;
                                   const Event &event = batch.events[rows.front()];
                                   const RawRecord &record = batch.records[event.record];
                                   seq = record.seq;
                                   sourceId = record.source;
                                   found = true;
                                   rawDropped = batch.rawDropped;
                                   story.redacted = record.redacted != NoStr;
                                   bytes = story.redacted ? batch.text(record.redacted) : batch.raw(record);
                                   appendEvent(story.event.batch, batch, event);
                                   return false;
                               }));
    if (cancelled.load())
        return Error{Error::Code::Cancelled, "the call was cancelled"};
    if (!found)
        return Error{Error::Code::NotFound, "there is no event " + eventId};
    const Batch &batch = story.event.batch;
    const Event &event = batch.events.front();
    story.place = EVENTOPS_TRY(ledger.placeOf(seq, event.emission));
    for (const SourceRow &source : EVENTOPS_TRY(ledger.sources())) {
        if (source.id == sourceId)
            story.sourceTitle = source.progress.title;
    }
    story.event.rows = {0};
    story.event.places = {story.place};
    story.rawSize = bytes.size();
    story.rawBytes = bytes.substr(0, StoryBytesMax);
    EVENTOPS_TRY(addConsequences(story, ledger, eventId, seq));
    if (spec == nullptr)
        return story;
    const std::string codec(batch.text(event, Field::Codec));
    if (bytes.empty()) {
        story.steps.push_back({"decode",
                               rawDropped ? "Retention dropped the raw record, so decoding cannot be shown."
                                          : "The workspace keeps no raw records, so decoding cannot be shown.",
                               {}});
    } else if (const Status done = mapSteps(story, registry, *spec, bytes, codec, event.emission); !done) {
        story.steps.push_back({"decode", "Cannot be shown: " + done.error().text() + ".", {}});
    }
    laterSteps(story, *spec);
    return story;
}

} // namespace eventops
