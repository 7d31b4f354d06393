// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/envelopes.h"
#include "core/codec/mapping.h"

#include <limits>

#include <re2/re2.h>

// mapped: JSON documents and text of any shape, by the settings of mapping.h.
namespace eventops {
namespace {

constexpr std::string_view Name = "mapped";
constexpr std::size_t ElementsMax = std::numeric_limits<std::uint16_t>::max(); ///< Event::emission counts them.

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(std::shared_ptr<const Mapping> mapping) : m_mapping(std::move(mapping))
    {
        for (const std::string &pattern : m_mapping->patterns) {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_dot_nl(true); // a record may have several lines
            Pattern &compiled = m_patterns.emplace_back();
            compiled.expression = std::make_unique<RE2>(pattern, options);
            for (const auto &[index, name] : compiled.expression->CapturingGroupNames())
                compiled.groups.emplace_back(index, name);
            compiled.matches.resize(static_cast<std::size_t>(compiled.expression->NumberOfCapturingGroups()) + 1);
        }
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        std::string_view document = batch.raw(batch.records[record]);
        if (!m_patterns.empty()) {
            if (DecodeFailure failure = readText(document))
                return failure;
            document = m_captures;
        } else {
            if (const JsonFailure failure = m_reader.read(document))
                return lose(failure);
            document = m_reader.document();
        }
        m_scopes.assign(1, document);
        const std::size_t before = batch.events.size();
        m_emission = 0;
        DecodeFailure failure = m_mapping->split ? splitLevel(batch, record, 0, "") : element(batch, record);
        if (failure)
            batch.events.resize(before); // all or none
        return failure;
    }

private:
    struct Pattern {
        std::unique_ptr<RE2> expression;
        std::vector<std::pair<int, std::string>> groups;
        std::vector<re2::StringPiece> matches;
    };

    /// The named captures of the first pattern that matches, as a JSON object in m_captures.
    DecodeFailure readText(std::string_view text)
    {
        if (!isValidUtf8(text))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(text)));
        for (Pattern &pattern : m_patterns) {
            const re2::StringPiece input(text.data(), text.size());
            if (!pattern.expression->Match(input, 0, text.size(), RE2::UNANCHORED, pattern.matches.data(),
                                           static_cast<int>(pattern.matches.size())))
                continue;
            m_captures.clear();
            JsonWriter json(m_captures);
            json.beginObject();
            for (const auto &[index, name] : pattern.groups) {
                const re2::StringPiece &match = pattern.matches[static_cast<std::size_t>(index)];
                if (match.data() != nullptr)
                    json.field(name, std::string_view(match.data(), match.size()));
            }
            json.endObject();
            return {};
        }
        DecodeFailure failure = loseField(loss::PatternMismatch, "the record", text, "a match of the pattern");
        return failure;
    }

    DecodeFailure splitLevel(Batch &batch, std::uint32_t record, std::size_t level, const std::string &place)
    {
        const JsonPath &path = m_mapping->split->levels[level];
        const std::string name = place + (path.text() == "." ? "" : (place.empty() ? "" : ".") + path.text());
        const auto array = path.find(std::span(&m_scopes.back(), 1));
        if (!array)
            return level == 0 ? loseMissing(name) : DecodeFailure{}; // an inner list may be left out
        if (jsonKind(*array) != JsonKind::Array)
            return loseField(loss::BadField, name, *array, "an array");
        JsonItems items(*array);
        std::string_view unnamed, value;
        for (std::size_t i = 0; items.next(unnamed, value); ++i) {
            const std::string here = name + '[' + std::to_string(i) + ']';
            if (jsonKind(value) != JsonKind::Object)
                return loseField(loss::BadElement, here, value, "an object");
            m_scopes.push_back(value);
            DecodeFailure failure;
            if (level + 1 < m_mapping->split->levels.size()) {
                failure = splitLevel(batch, record, level + 1, here);
            } else {
                failure = element(batch, record);
                if (failure)
                    failure = lose(loss::BadElement, here + ": " + failure.detail);
            }
            m_scopes.pop_back();
            if (failure)
                return failure;
        }
        return {};
    }

    /// One event from the current scopes.
    DecodeFailure element(Batch &batch, std::uint32_t record)
    {
        if (m_emission > ElementsMax)
            return lose(loss::TooManyElements, "more than " + std::to_string(ElementsMax) + " elements");
        Event &event = appendEvent(batch, record, Name);
        event.emission = static_cast<std::uint16_t>(m_emission++);
        if (DecodeFailure failure = time(batch, event))
            return failure;
        if (DecodeFailure failure = numbers(batch, event))
            return failure;
        for (const Mapping::Text &text : m_mapping->texts) {
            const auto value = text.selector.find(m_scopes, m_made);
            if (value)
                event[text.field] = internText(batch, *value, text.field);
            else if (text.required)
                return loseMissing(std::string(toString(text.field)) + " (" + text.selector.text() + ')');
        }
        if (event[Field::Tenant] == NoStr)
            event[Field::Tenant] = batch.strings.intern("default");
        if (DecodeFailure failure = objects(batch, event))
            return failure;
        relations(batch, event);
        return {};
    }

    DecodeFailure time(Batch &batch, Event &event)
    {
        if (!m_mapping->ts)
            return {};
        const auto value = m_mapping->ts->find(m_scopes, m_made);
        if (!value)
            return m_mapping->tsRequired ? loseMissing("ts (" + m_mapping->ts->text() + ')') : DecodeFailure{};
        std::string_view text;
        std::optional<WallNs> found;
        const auto &formats = m_mapping->ts->formats();
        if (formats.empty()) {
            found = jsonTime(*value, m_scratch, text);
        } else if (const auto scalar = scalarText(*value, m_scratch)) {
            text = *scalar;
            for (std::size_t i = 0; i < formats.size() && !found; ++i)
                found = formats[i].parse(text);
        }
        if (!found)
            return loseField(loss::BadTimestamp, "ts (" + m_mapping->ts->text() + ')', *value,
                             formats.empty() ? "RFC 3339 or a Unix time" : "format " + formats.front().format());
        event.tsEvent = *found;
        event[Field::TsText] = batch.strings.append(text);
        return {};
    }

    DecodeFailure numbers(Batch &batch, Event &event)
    {
        if (m_mapping->severity) {
            const auto value = m_mapping->severity->find(m_scopes, m_made);
            if (!value && m_mapping->severityRequired)
                return loseMissing("severity (" + m_mapping->severity->text() + ')');
            if (value) {
                event.severity = jsonSeverity(*value, m_scratch);
                event[Field::SeverityText] = internScalar(batch, *value, m_scratch);
            }
        }
        if (m_mapping->value) {
            const auto value = m_mapping->value->find(m_scopes, m_made);
            if (!value && m_mapping->valueRequired)
                return loseMissing("value (" + m_mapping->value->text() + ')');
            if (value && !setValue(batch, event, *value, m_scratch))
                return loseField(loss::BadValue, "value (" + m_mapping->value->text() + ')', *value, "a finite number");
        }
        return {};
    }

    /// Scalars as text, objects and arrays as JSON.
    StrId internText(Batch &batch, std::string_view value, Field field)
    {
        const auto scalar = scalarText(value, m_scratch);
        if (!scalar)
            return internRawJson(batch, value);
        return field == Field::Message ? batch.strings.append(*scalar) : batch.strings.intern(*scalar);
    }

    DecodeFailure objects(Batch &batch, Event &event)
    {
        if (m_mapping->tags) {
            if (DecodeFailure failure = object(*m_mapping->tags, "tags"))
                return failure;
            event[Field::Tags] = internRawJson(batch, m_object);
        }
        if (!m_mapping->attrs) {
            const std::string_view whole = m_scopes.back();
            event[Field::Attrs] = jsonKind(whole) == JsonKind::Object
                                ? appendRawJson(batch, whole)
                                : appendRawJson(batch, "{\"value\":" + std::string(whole) + '}');
            return {};
        }
        if (DecodeFailure failure = object(*m_mapping->attrs, "attrs"))
            return failure;
        event[Field::Attrs] = appendRawJson(batch, m_object);
        return {};
    }

    DecodeFailure object(const ObjectMapping &mapping, std::string_view name)
    {
        m_object = "{";
        const auto separate = [&] {
            if (m_object.size() > 1)
                m_object += ',';
        };
        for (const Selector &whole : mapping.whole) {
            const auto value = whole.find(m_scopes, m_made);
            if (!value)
                continue;
            if (jsonKind(*value) != JsonKind::Object)
                return loseField(loss::BadField, std::string(name) + " (" + whole.text() + ')', *value, "an object");
            JsonItems items(*value);
            std::string_view key, member;
            while (items.next(key, member)) {
                separate();
                m_object += '"';
                m_object += key;
                m_object += "\":";
                m_object += member;
            }
        }
        for (const auto &[key, selector] : mapping.members) {
            if (const auto value = selector.find(m_scopes, m_made)) {
                separate();
                appendJsonString(m_object, key);
                m_object += ':';
                m_object += *value;
            }
        }
        m_object += '}';
        return {};
    }

    /// {"type":…,"id":…}; false when one of them is absent.
    bool appendEntity(std::string &out, const EntityMapping &entity)
    {
        std::string type, id;
        if (const auto value = entity.type.find(m_scopes, m_made))
            type = scalarText(*value, m_scratch).value_or("");
        if (const auto value = entity.id.find(m_scopes, m_made))
            id = scalarText(*value, m_scratch).value_or("");
        if (type.empty() || id.empty())
            return false;
        JsonWriter(out).beginObject().field("type", type).field("id", id).endObject();
        return true;
    }

    void relations(Batch &batch, Event &event)
    {
        std::string list, source, target;
        for (const EntityMapping &entity : m_mapping->entities) {
            source.clear();
            if (appendEntity(source, entity))
                list += (list.empty() ? '[' : ',') + source;
        }
        if (!list.empty())
            event[Field::Entities] = batch.strings.intern(list += ']');
        list.clear();
        for (const LinkMapping &link : m_mapping->links) {
            source.clear();
            target.clear();
            if (!appendEntity(source, link.source) || !appendEntity(target, link.target))
                continue;
            const auto value = link.type.find(m_scopes, m_made);
            const std::string type(value ? scalarText(*value, m_scratch).value_or("") : "");
            list += list.empty() ? '[' : ',';
            JsonWriter json(list);
            json.beginObject().key("source").raw(source).key("target").raw(target).field("type", type).endObject();
        }
        if (!list.empty())
            event[Field::Links] = batch.strings.intern(list += ']');
    }

    const std::shared_ptr<const Mapping> m_mapping;
    std::vector<Pattern> m_patterns;
    JsonReader m_reader;
    std::vector<std::string_view> m_scopes; ///< The document, then the elements of each level of the split.
    std::size_t m_emission = 0;
    std::string m_captures, m_made, m_scratch, m_object;
};

class Mapped final : public Codec
{
public:
    explicit Mapped(Mapping mapping) : m_mapping(std::make_shared<const Mapping>(std::move(mapping))) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "JSON documents or text of any shape, by the map: setting; arrays can be split into events.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_mapping); }
    Result<std::string> encode(const Batch &, const Event &, LossReport &) const override
    {
        return Error{Error::Code::Unavailable, "a mapping only reads", {}, "write the event with another codec"};
    }

private:
    const std::shared_ptr<const Mapping> m_mapping;
};

} // namespace

Result<std::shared_ptr<const Codec>> makeMappedCodec(const Value &settings)
{
    const Value *map = settings.find("map");
    if (map == nullptr || map->isNull())
        return settings.error("format mapped needs a map", "add map: {ts: …, type: …}");
    auto mapping = Mapping::parse(*map);
    if (!mapping)
        return std::move(mapping).error();
    return std::shared_ptr<const Codec>(std::make_shared<Mapped>(std::move(mapping).value()));
}

} // namespace eventops
