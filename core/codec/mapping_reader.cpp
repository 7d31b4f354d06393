// SPDX-License-Identifier: MIT
#include "core/codec/mapping_reader.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

constexpr std::size_t ElementsMax = std::numeric_limits<std::uint16_t>::max(); ///< Event::emission counts them.
constexpr std::size_t RelationsMax = 1'000; ///< Of one array; an event that names more is a list, and no event.

} // namespace

MappingReader::MappingReader(std::shared_ptr<const Mapping> mapping, std::string_view codec)
    : m_mapping(std::move(mapping)), m_codec(codec)
{
}

DecodeFailure MappingReader::read(Batch &batch, std::uint32_t record, std::string_view document)
{
    m_scopes.assign(1, document);
    const std::size_t before = batch.events.size();
    m_emission = 0;
    DecodeFailure failure;
    if (m_mapping->splits.empty()) {
        failure = element(batch, record);
    } else {
        const auto isThere = [&](const JsonSplit &split) {
            return split.levels.front().find(m_scopes).has_value();
        };
        if (std::none_of(m_mapping->splits.begin(), m_mapping->splits.end(), isThere))
            failure = loseMissing(m_mapping->splits.front().levels.front().text());
        for (auto split = m_mapping->splits.begin(); split != m_mapping->splits.end() && !failure; ++split)
            failure = splitLevel(batch, record, *split, 0, "");
    }
    if (failure)
        batch.events.resize(before); // all or none
    return failure;
}

DecodeFailure MappingReader::splitLevel(Batch &batch, std::uint32_t record, const JsonSplit &split, std::size_t level,
                                        const std::string &place)
{
    const JsonPath &path = split.levels[level];
    const std::string name = place + (path.text() == "." ? "" : (place.empty() ? "" : ".") + path.text());
    const auto array = path.find(std::span(&m_scopes.back(), 1));
    if (!array)
        return {}; // an inner list may be left out
    if (jsonKind(*array) != JsonKind::Array)
        return loseField(loss::BadField, name, *array, "an array");
    JsonItems items(*array);
    std::string_view unnamed, value;
    for (std::size_t i = 0; items.next(unnamed, value); ++i) {
        const std::string here = name + '[' + std::to_string(i) + ']';
        if (jsonKind(value) != JsonKind::Object && jsonKind(value) != JsonKind::Array)
            return loseField(loss::BadElement, here, value, "an object");
        m_scopes.push_back(value);
        DecodeFailure failure;
        if (level + 1 < split.levels.size()) {
            failure = splitLevel(batch, record, split, level + 1, here);
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
DecodeFailure MappingReader::element(Batch &batch, std::uint32_t record)
{
    if (m_emission >= ElementsMax)
        return lose(loss::TooManyElements, "more than " + std::to_string(ElementsMax) + " elements");
    Event &event = appendEvent(batch, record, m_codec);
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

DecodeFailure MappingReader::time(Batch &batch, Event &event)
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

DecodeFailure MappingReader::numbers(Batch &batch, Event &event)
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
StrId MappingReader::internText(Batch &batch, std::string_view value, Field field)
{
    const auto scalar = scalarText(value, m_scratch);
    if (!scalar)
        return internRawJson(batch, value);
    return field == Field::Message ? batch.strings.append(*scalar) : batch.strings.intern(*scalar);
}

DecodeFailure MappingReader::objects(Batch &batch, Event &event)
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

DecodeFailure MappingReader::object(const ObjectMapping &mapping, std::string_view name)
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
bool MappingReader::appendEntity(std::string &out, const EntityMapping &entity)
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

void MappingReader::appendLink(std::string &list, const LinkMapping &link)
{
    std::string source, target;
    if (!appendEntity(source, link.source) || !appendEntity(target, link.target))
        return;
    const auto value = link.type.find(m_scopes, m_made);
    const std::string type(value ? scalarText(*value, m_scratch).value_or("") : "");
    list += list.empty() ? '[' : ',';
    JsonWriter json(list);
    json.beginObject().key("source").raw(source).key("target").raw(target).field("type", type).endObject();
}

/// Calls @p use once, or for each element of an array as the innermost scope.
template <typename Use>
void MappingReader::forEach(const std::optional<JsonPath> &each, const Use &use)
{
    if (!each) {
        use();
        return;
    }
    const auto array = each->find(m_scopes);
    if (!array || jsonKind(*array) != JsonKind::Array)
        return;
    JsonItems items(*array);
    std::string_view unnamed, value;
    for (std::size_t i = 0; i < RelationsMax && items.next(unnamed, value); ++i) {
        m_scopes.push_back(value);
        use();
        m_scopes.pop_back();
    }
}

void MappingReader::relations(Batch &batch, Event &event)
{
    std::string list, one;
    for (const EntityMapping &entity : m_mapping->entities) {
        forEach(entity.each, [&] {
            one.clear();
            if (appendEntity(one, entity))
                list += (list.empty() ? '[' : ',') + one;
        });
    }
    if (!list.empty())
        event[Field::Entities] = batch.strings.intern(list += ']');
    list.clear();
    for (const LinkMapping &link : m_mapping->links)
        forEach(link.each, [&] { appendLink(list, link); });
    if (!list.empty())
        event[Field::Links] = batch.strings.intern(list += ']');
}

} // namespace eventops
