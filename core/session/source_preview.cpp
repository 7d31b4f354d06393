// SPDX-License-Identifier: MIT
#include "core/session/source_preview.h"

#include "core/codec/codec.h"
#include "core/codec/detect.h"
#include "core/codec/envelope_losses.h"
#include "core/codec/event_fields.h"
#include "core/codec/json_reader.h"
#include "core/codec/mapping_draft.h"
#include "core/config/pipeline_file.h"
#include "core/pipeline/decode_phase.h"
#include "core/session/record_reader.h"
#include "core/session/unused_paths.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace eventops {
namespace {

constexpr std::size_t LineCharsMax = 240;
constexpr std::size_t LossesMax = 40;

std::string lineOf(std::string_view text, std::size_t line)
{
    for (; line > 1 && !text.empty(); --line)
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
    text = text.substr(0, text.find('\n'));
    const std::size_t begin = std::min(text.find_first_not_of(" \t"), text.size());
    return std::string(text.substr(begin, LineCharsMax));
}

/// The `map:` of the first source of a pipeline; null: it has none.
const Value *mapOf(const Value &pipeline)
{
    const Value *sources = pipeline.find("sources");
    if (sources == nullptr || !sources->isList() || sources->items().empty() || !sources->items()[0].isMap())
        return nullptr;
    for (const auto &[kind, settings] : sources->items()[0].members())
        return settings.isMap() ? settings.find("map") : nullptr;
    return nullptr;
}

/// Tells where fields come from: the mapping in the pipeline, or the table of the format.
class Origins
{
public:
    Origins(const std::string &text, const std::string &name, const Value *map) : m_text(text), m_name(name), m_map(map)
    {
    }
    FieldOrigin of(std::string_view codec, std::string_view field) const
    {
        const std::string_view wanted = mappingName(field);
        if (codec != "mapped" || m_map == nullptr) {
            const FormatLine line = formatLine(codec, wanted);
            return {line.file, line.line, line.text.substr(0, LineCharsMax)};
        }
        const std::size_t dot = wanted.find('.');
        const Value *found = m_map->find(wanted);
        if (found == nullptr && dot != std::string_view::npos) {
            const Value *group = m_map->find(wanted.substr(0, dot));
            found = group != nullptr && group->isMap() ? group->find(wanted.substr(dot + 1)) : nullptr;
        }
        if (found == nullptr || found->keyWhere().line == 0)
            return {};
        const std::size_t line = found->keyWhere().line;
        return {m_name, line, lineOf(m_text, line)};
    }

private:
    const std::string &m_text, &m_name;
    const Value *m_map;
};

PreviewEvent shown(const Batch &batch, const Event &event, std::size_t record, const Origins &origins)
{
    PreviewEvent out;
    out.record = record;
    out.codec = batch.text(event, Field::Codec);
    out.time = event.tsEvent;
    out.type = batch.text(event, Field::Type);
    const std::string entityType(batch.text(event, Field::EntityType)), entityId(batch.text(event, Field::EntityId));
    out.entity = entityType.empty() ? entityId : entityType + ' ' + entityId;
    out.message = batch.text(event, Field::Message);
    out.severity = severityName(static_cast<std::uint8_t>(event.severity));
    for (EventField &field : eventFields(batch, event)) {
        FieldOrigin origin = origins.of(out.codec, field.name);
        out.fields.push_back({std::move(field.name), std::move(field.value), std::move(origin)});
    }
    return out;
}

void addLosses(std::set<std::string> &out, const Batch &batch, const Event &event)
{
    for (std::string &loss : envelopeLosses(batch, event)) {
        if (out.size() < LossesMax)
            out.insert(std::move(loss));
    }
}

PreviewFailure failureOf(const Batch &batch, const DeadLetter &letter, std::size_t before)
{
    PreviewFailure out;
    out.record = before + letter.record;
    out.reason = batch.text(letter.reason);
    out.detail = batch.text(letter.detail);
    for (const LossReason &reason : codecLosses()) {
        if (reason.name == out.reason)
            out.help = reason.help;
    }
    return out;
}

class Reading
{
public:
    Reading(Source &source, DecodePhase &phase, const Origins &origins, MappedPaths mapped)
        : m_source(source), m_phase(phase), m_origins(origins), m_paths(std::move(mapped))
    {
    }
    Result<SourcePreview> run(const std::atomic<bool> &cancelled)
    {
        EVENTOPS_TRY(m_source.open(0));
        const auto decoder = m_source.makeDecoder();
        std::vector<OversizePart> oversize;
        for (;;) {
            if (cancelled.load())
                return Error{Error::Code::Cancelled, "another preview was asked for"};
            const auto chunk = std::make_shared<RawChunk>();
            if (!EVENTOPS_TRY(m_source.read(*chunk, oversize)))
                break;
            oversize.clear();
            if (chunk->oversizeBytes != 0)
                tooLong(*chunk);
            else
                take(chunk, *decoder);
        }
        EVENTOPS_TRY(m_source.complete());
        m_out.unused = m_paths.unused();
        m_out.unusedIsWhole = m_lookedAtAll && m_out.records > 0;
        m_out.losses.assign(m_losses.begin(), m_losses.end());
        return std::move(m_out);
    }

private:
    void tooLong(const RawChunk &chunk)
    {
        m_out.failures.push_back({m_out.records, "record_too_long", std::to_string(chunk.oversizeBytes) + " bytes",
                                  "Raise record_bytes_max of the source."});
        m_lookedAtAll = false;
        ++m_out.records;
        ++m_out.deadLetters;
    }
    void take(const std::shared_ptr<RawChunk> &chunk, RecordDecoder &decoder)
    {
        Batch batch;
        batch.chunks.push_back(chunk);
        for (const RawChunk::Record &record : chunk->records) {
            RawRecord &added = batch.records.emplace_back();
            added.position = chunk->position + record.offset;
            added.offset = record.offset;
            added.size = record.size;
        }
        m_phase.run(decoder, batch);
        for (const DeadLetter &letter : batch.deadLetters) {
            if (m_out.failures.size() < PreviewFailuresMax)
                m_out.failures.push_back(failureOf(batch, letter, m_out.records));
        }
        for (const Event &event : batch.events) {
            if (m_out.shown.size() >= PreviewEventsMax)
                break;
            m_out.shown.push_back(shown(batch, event, m_out.records + event.record, m_origins));
            addLosses(m_losses, batch, event);
        }
        const bool looks = m_out.records < PreviewEventsMax;
        if (looks)
            m_paths.look(batch);
        m_lookedAtAll = m_lookedAtAll && looks && isAllJson(batch);
        m_out.records += batch.records.size();
        m_out.events += batch.events.size();
        m_out.deadLetters += batch.deadLetters.size();
    }

    /// Of each record, values were looked for in its events.
    static bool isAllJson(const Batch &batch)
    {
        std::vector<bool> gave(batch.records.size());
        for (const Event &event : batch.events)
            gave[event.record] = true;
        for (std::size_t i = 0; i < batch.records.size(); ++i) {
            JsonReader reader;
            if (!gave[i] || reader.read(batch.raw(batch.records[i])))
                return false;
        }
        return true;
    }

    Source &m_source;
    DecodePhase &m_phase;
    const Origins &m_origins;
    UnusedPaths m_paths;
    std::set<std::string> m_losses;
    bool m_lookedAtAll = true;
    SourcePreview m_out;
};

} // namespace

std::vector<DocumentFormatGuess> recognise(std::string_view bytes)
{
    const Detection found = detect(bytes);
    const auto guess = [](const DetectedCodec &one) {
        const bool isGeneric = one.codec == "json" || one.codec == "text" || one.codec == "unknown";
        return DocumentFormatGuess{one.codec, one.confidence, isGeneric || formatMapping(one.codec).has_value()};
    };
    std::vector<DocumentFormatGuess> out = {guess(found.best)};
    for (const DetectedCodec &one : found.alternatives)
        out.push_back(guess(one));
    return out;
}

std::string plainName(std::string_view title)
{
    const std::size_t slash = title.rfind('/');
    title.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
    title = title.substr(0, title.find('.', 1));
    std::string out;
    for (const char c : title) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0)
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        else if (!out.empty() && out.back() != '-')
            out += '-';
    }
    while (out.ends_with('-'))
        out.pop_back();
    constexpr std::size_t NameCharsMax = 64;
    out.resize(std::min(out.size(), NameCharsMax));
    return out.empty() ? "source" : out;
}

std::string draftFor(std::string_view bytes, const std::string &title, const std::string &codec, bool written)
{
    return draftPipeline(bytes, detect(bytes), {plainName(title), codec, written});
}

Result<SourcePreview> previewSource(std::string_view bytes, const std::string &pipeline, const std::string &name,
                                    const Registry &registry, const std::string &dataDirectory,
                                    const std::atomic<bool> &cancelled)
{
    const PipelineSpec spec = EVENTOPS_TRY(parsePipeline(pipeline, name, registry, dataDirectory));
    const Value settings = EVENTOPS_TRY(parseYaml(pipeline, name));
    const Value *map = mapOf(settings);
    const MemoryFile file(bytes.substr(0, DocumentBytesMax));
    if (!file.valid())
        return Error{Error::Code::Io, "the document cannot be put before the pipeline"};
    const auto source = EVENTOPS_TRY(recordReader(registry, spec, file.path(), {}));
    const auto phase = EVENTOPS_TRY(DecodePhase::make(spec.stages));
    const Origins origins(pipeline, name, map);
    auto out = EVENTOPS_TRY(Reading(*source, *phase, origins, mappedPaths(map)).run(cancelled));
    out.isPart = bytes.size() > DocumentBytesMax;
    out.unusedIsWhole = out.unusedIsWhole && !out.isPart;
    return out;
}

} // namespace eventops
