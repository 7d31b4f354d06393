// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/codec/avro_payload.h"
#include "core/codec/connect.h"
#include "core/codec/json_envelope.h"
#include "core/codec/json_reader.h"
#include "core/codec/kcat.h"
#include "core/pipeline/spec.h"
#include "pipelines/stages/normalize/change_event.h"
#include "pipelines/stages/normalize/mapping.h"

#include <algorithm>

namespace eventops::normalize {
namespace {

constexpr FieldSpec Fields[] = {
    {"preset", "enum:none|mongo_cdc", "none", "mongo_cdc reads MongoDB change events out of JSON documents."},
    {"files", "yaml_files", "[]", "Files with mappings, in Karma's form: {defaults, mappings}."},
    {"defaults", "map", "{}", "hash_pii: for the mappings written here."},
    {"mappings", "list", "[]", "Mappings written here. The first that matches an event is used, files first."},
};

constexpr LossReason Losses[] = {
    {"bad_mapped_time", LossSeverity::DataLoss,
     "The value that a mapping takes the time from is no time; correct the mapping's ts and redrive."},
    {"bad_mapped_value", LossSeverity::DataLoss,
     "The value that a mapping takes the measurement from is no finite number; correct the mapping and redrive."},
};

/// Fields that a codec fills from single members of the document, so that personal data can have got there.
constexpr Field CopiedFields[] = {Field::EventId, Field::SourceId, Field::EntityId, Field::Step, Field::CorrelationId,
                                  Field::CausationId, Field::TraceId, Field::SpanId, Field::IdempotencyKey,
                                  Field::SeverityText, Field::Message};

/// Shapes events by the first mapping that matches them. Without a mapping it costs nothing.
class Normalize final : public MapStage
{
public:
    Normalize(std::vector<DocumentMapping> mappings, bool changeEvents)
        : m_mappings(std::move(mappings)), m_changeEvents(changeEvents)
    {
    }

    void process(Batch &batch, MapContext &context) override
    {
        if (m_mappings.empty() && !m_changeEvents)
            return;
        for (std::uint32_t i = 0; i < batch.events.size(); ++i) {
            m_memory.clear();
            const bool applied = shape(batch, i, context);
            const std::uint32_t record = batch.events[i].record;
            const bool lastOfRecord = i + 1 == batch.events.size() || batch.events[i + 1].record != record;
            if (applied && m_mapping != nullptr)
                m_recordRedaction.add(m_mapping->redaction);
            if (lastOfRecord)
                redactRecord(batch, batch.records[record]);
        }
    }

private:
    const DocumentMapping *firstMatch(const Batch &batch, const Event &event, const Document &document)
    {
        const auto holds = [&](const MatchTerm &term) {
            std::optional<std::string_view> text;
            if (term.field) {
                if (event[*term.field] != NoStr)
                    text = batch.text(event, *term.field);
            } else if (const auto value = document.find(term.path)) {
                text = textOf(*value, m_scratch);
            }
            return text && std::find(term.texts.begin(), term.texts.end(), *text) != term.texts.end();
        };
        for (const DocumentMapping &mapping : m_mappings) {
            if (std::all_of(mapping.match.begin(), mapping.match.end(), holds))
                return &mapping;
        }
        return nullptr;
    }

    /// True when something applies to the event.
    bool shape(Batch &batch, std::uint32_t index, MapContext &context)
    {
        Event &event = batch.events[index];
        const bool hasAttrs = event[Field::Attrs] != NoStr;
        const std::string_view attrs = hasAttrs ? batch.text(event, Field::Attrs) : std::string_view("{}");
        const Document clear(attrs);
        m_mapping = firstMatch(batch, event, clear);
        const bool change = m_changeEvents && isChangeEvent(clear);
        if (m_mapping == nullptr && !change)
            return false;
        if (m_mapping != nullptr && !m_mapping->redaction.empty())
            redactEvent(batch, event);
        const Document shown(hasAttrs ? batch.text(event, Field::Attrs) : attrs);
        if (change)
            readChangeEvent(batch, event, clear, shown);
        if (m_mapping != nullptr) {
            setType(batch, event, clear, shown);
            setFields(batch, event, clear, shown);
            setTags(batch, event, clear, shown);
            if (setNumbers(batch, index, clear, shown, context) && m_mapping->replacesAttrs)
                setAttrs(batch, event, clear, shown);
        }
        return true;
    }

    void redactEvent(Batch &batch, Event &event)
    {
        constexpr std::pair<Field, std::string_view> Documents[] = {
            {Field::Attrs, "attrs"}, {Field::Tags, "tags"}, {Field::Headers, ""}};
        const std::size_t clearBefore = m_clear.size();
        for (const auto &[field, prefix] : Documents) {
            if (event[field] == NoStr)
                continue;
            m_text.clear();
            if (m_redactor.redact(batch.text(event, field), prefix, m_mapping->redaction, m_text, &m_clear))
                event[field] = batch.strings.append(m_text);
        }
        for (std::size_t i = clearBefore; i < m_clear.size(); ++i) {
            const auto &[text, hash] = m_clear[i];
            for (const Field field : CopiedFields) {
                if (text.empty() || event[field] == NoStr || batch.text(event, field) != text)
                    continue;
                if (!hash.empty())
                    event[field] = batch.strings.intern(hash);
                else if (field == Field::Message || field == Field::SeverityText)
                    event[field] = NoStr;
            }
        }
    }

    StrId eval(Batch &batch, const Expression &expression, const Document &clear, const Document &shown)
    {
        const auto value = expression.eval(clear, shown, m_memory);
        const auto text = value ? textOf(*value, m_scratch) : std::nullopt;
        return text ? batch.strings.intern(*text) : NoStr;
    }

    void setType(Batch &batch, Event &event, const Document &clear, const Document &shown)
    {
        if (!m_mapping->typeThen)
            return;
        const bool isTrue = !m_mapping->typeWhen || m_mapping->typeWhen->isTrue(clear, m_memory);
        const std::optional<Expression> &chosen = isTrue ? m_mapping->typeThen : m_mapping->typeElse;
        if (chosen)
            changeType(event, eval(batch, *chosen, clear, shown));
    }

    /// The step follows the type unless it has a meaning of its own.
    static void changeType(Event &event, StrId type)
    {
        if (type == NoStr)
            return;
        if (event[Field::Step] == NoStr || event[Field::Step] == event[Field::Type])
            event[Field::Step] = type;
        event[Field::Type] = type;
    }

    void setFields(Batch &batch, Event &event, const Document &clear, const Document &shown)
    {
        for (const FieldExpression &output : m_mapping->fields) {
            const StrId text = eval(batch, output.expression, clear, shown);
            if (output.field == Field::Type)
                changeType(event, text);
            else if (text != NoStr)
                event[output.field] = text;
        }
        if (event[Field::EntityId] == NoStr) // a type alone names nothing
            event[Field::EntityType] = NoStr;
    }

    void setTags(Batch &batch, Event &event, const Document &clear, const Document &shown)
    {
        if (m_mapping->tags.empty())
            return;
        m_members.clear();
        if (event[Field::Tags] != NoStr) {
            JsonItems items(batch.text(event, Field::Tags));
            for (std::string_view name, value; items.next(name, value);) {
                std::string nameJson = "\"" + std::string(name) + '"';
                m_members.emplace_back(std::move(nameJson), value);
            }
        }
        addOutputs(m_mapping->tags, clear, shown);
        event[Field::Tags] = batch.strings.intern(writeMembers());
    }

    void setAttrs(Batch &batch, Event &event, const Document &clear, const Document &shown)
    {
        m_members.clear();
        addOutputs(m_mapping->attrs, clear, shown);
        event[Field::Attrs] = batch.strings.append(writeMembers());
    }

    void addOutputs(const std::vector<NamedExpression> &outputs, const Document &clear, const Document &shown)
    {
        for (const NamedExpression &output : outputs) {
            const auto value = output.expression.eval(clear, shown, m_memory);
            if (!value)
                continue;
            const auto same = std::find_if(m_members.begin(), m_members.end(),
                                           [&](const auto &member) { return member.first == output.nameJson; });
            if (same != m_members.end())
                same->second = *value;
            else
                m_members.emplace_back(output.nameJson, *value);
        }
    }

    const std::string &writeMembers()
    {
        m_text = "{";
        for (const auto &[name, value] : m_members) {
            if (m_text.size() > 1)
                m_text += ',';
            m_text += name;
            m_text += ':';
            m_text += value;
        }
        return m_text += '}';
    }

    /// Time, severity and measurement. False: the record went to the dead letters.
    bool setNumbers(Batch &batch, std::uint32_t index, const Document &clear, const Document &shown,
                    MapContext &context)
    {
        Event &event = batch.events[index];
        const auto json = [&](const std::optional<Expression> &expression) -> std::optional<std::string_view> {
            auto value = expression ? expression->eval(clear, clear, m_memory) : std::nullopt;
            if (value)
                value = unwrapExtended(*value);
            return value && jsonKind(*value) != JsonKind::Null ? value : std::nullopt;
        };
        if (const auto ts = json(m_mapping->ts)) {
            std::string_view written;
            const auto time = jsonTime(*ts, m_scratch, written);
            if (!time)
                return refuse(context, index, Losses[0], "ts", *ts, "RFC 3339 or a Unix time");
            event.tsEvent = *time;
            event[Field::TsText] = batch.strings.append(written);
        }
        if (const auto value = json(m_mapping->value)) {
            event[Field::ValueText] = NoStr;
            if (!setValue(batch, event, *value, m_scratch))
                return refuse(context, index, Losses[1], "value", *value, "a number");
        }
        if (m_mapping->severity) {
            const auto shownValue = m_mapping->severity->eval(clear, shown, m_memory);
            if (shownValue && jsonKind(*shownValue) != JsonKind::Null) {
                event.severity = jsonSeverity(unwrapExtended(*shownValue), m_scratch);
                event[Field::SeverityText] = internScalar(batch, unwrapExtended(*shownValue), m_scratch);
            }
        }
        return true;
    }

    static bool refuse(MapContext &context, std::uint32_t index, const LossReason &reason, std::string_view field,
                       std::string_view value, std::string_view expected)
    {
        constexpr std::size_t ShownBytesMax = 80;
        std::string detail(field);
        detail += ": found ";
        detail += value.substr(0, ShownBytesMax);
        detail += ", expected ";
        detail += expected;
        context.deadLetter(index, reason, detail);
        return false;
    }

    /// The stored record is redacted by all mappings that its events used.
    void redactRecord(Batch &batch, RawRecord &record)
    {
        if (!m_recordRedaction.empty()) {
            const std::string_view bytes = record.redacted != NoStr ? batch.text(record.redacted) : batch.raw(record);
            m_text.clear();
            const bool isJson = !m_reader.read(bytes);
            if (isJson && looksLikeKcat(m_reader))
                redactMessage(batch, record);
            else if (isJson && redactDocument(m_reader, m_text))
                record.redacted = batch.strings.append(m_text);
            else if (!m_clear.empty()) // what was found in the event stands in the record in another form
                record.redacted = batch.strings.append(redactText(bytes, m_clear));
        }
        m_recordRedaction = {};
        m_clear.clear();
    }

    /// What stands in a wrapping of Kafka Connect is kept without it.
    bool redactDocument(const JsonReader &json, std::string &out)
    {
        const JsonReader *const document = m_connect.open(json);
        return document != nullptr && m_redactor.redact(document->document(), "", m_recordRedaction, out, nullptr);
    }

    /// A Kafka message: what is redacted is its payload, which stands in the record as a text, and its key.
    void redactMessage(Batch &batch, RawRecord &record)
    {
        if (m_message.read(m_reader) || !m_message.hasPayload)
            return; // no event came of it
        std::string payload, json;
        std::string_view document;
        const bool isRead = !m_message.document(m_avro, false, json, document); // Avro is redacted as JSON
        const bool isJson = isRead && !m_payload.read(document);
        if (!isJson || !redactDocument(m_payload, payload))
            payload = m_clear.empty() ? m_message.payload : redactText(m_message.payload, m_clear);
        std::optional<std::string> key;
        const JsonEntry *const given = m_reader.find("key");
        if (given != nullptr && jsonKind(given->value) == JsonKind::String)
            key = redactText(jsonText(given->value, m_scratch), m_clear);
        if (payload == m_message.payload && m_clear.empty())
            return;
        m_text.clear();
        appendKcatWith(m_text, m_reader, payload, key);
        record.redacted = batch.strings.append(m_text);
    }

    const std::vector<DocumentMapping> m_mappings;
    const bool m_changeEvents;
    const DocumentMapping *m_mapping = nullptr; ///< Of the event at hand.
    Redaction m_recordRedaction;        ///< Of the record at hand.
    std::vector<Redactor::Clear> m_clear;
    Redactor m_redactor;
    JsonReader m_reader, m_payload;
    ConnectDocument m_connect;
    KcatMessage m_message;
    AvroPayload m_avro;
    Expression::Memory m_memory;
    std::vector<std::pair<std::string, std::string_view>> m_members;
    std::string m_text, m_scratch;
};

Result<std::unique_ptr<MapStage>> make(const Value &settings)
{
    std::vector<DocumentMapping> mappings;
    for (const Value &file : settings.at("files").items())
        EVENTOPS_TRY(readMappingFile(file, mappings));
    EVENTOPS_TRY(readMappings(settings.at("defaults"), settings.at("mappings"), mappings));
    const std::string preset = EVENTOPS_TRY(settings.at("preset").text());
    return std::unique_ptr<MapStage>(std::make_unique<Normalize>(std::move(mappings), preset == "mongo_cdc"));
}

} // namespace

} // namespace eventops::normalize

namespace eventops {

extern const StageSpec NormalizeStage;
const StageSpec NormalizeStage{"normalize", "Shapes events by mappings: type, tags, attributes, personal data.",
                               normalize::Fields, normalize::Losses, normalize::make, nullptr, nullptr};

} // namespace eventops
