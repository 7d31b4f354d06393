// SPDX-License-Identifier: MIT
#include "core/codec/mapping_writer.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/event_difference.h"
#include "core/codec/json_envelope.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t TriesMax = 400;              ///< Readings of one document.
constexpr std::size_t LossCost = 16;               ///< Of one part; even, as an odd cost is one that is not known.
constexpr std::size_t UnreadableCost = 10'000'000; ///< More than all parts of an event.

std::string quoted(std::string_view text)
{
    std::string out;
    appendJsonString(out, text);
    return out;
}

bool isJson(std::string_view text)
{
    JsonReader reader;
    return !reader.read(text);
}

/// The event's time in the forms that systems write, its own first.
std::vector<std::string> timeTexts(const Batch &batch, const Event &event)
{
    std::vector<std::string> out;
    if (event.tsEvent == NoTime)
        return out;
    if (event[Field::TsText] != NoStr)
        out.push_back(quoted(batch.text(event, Field::TsText)));
    out.push_back(quoted(formatTimestamp(event.tsEvent)));
    out.push_back(quoted(std::to_string(raw(event.tsEvent))));
    return out;
}

std::vector<std::string> severityTexts(const Batch &batch, const Event &event)
{
    std::vector<std::string> out;
    if (event[Field::SeverityText] != NoStr)
        out.push_back(quoted(batch.text(event, Field::SeverityText)));
    if (event.severity != Severity::Unset) {
        out.push_back(quoted(severityName(static_cast<std::uint8_t>(event.severity))));
        out.push_back(quoted(std::to_string(static_cast<int>(event.severity))));
    }
    return out;
}

bool haveNothingLost(const Batch &a, const Event &one, const Batch &b, const Event &other)
{
    LossReport loss;
    reportDifference(a, one, b, other, loss);
    reportDifference(b, other, a, one, loss);
    return loss.items.empty() && a.text(one, Field::TsText) == b.text(other, Field::TsText);
}

} // namespace

MappingWriter::MappingWriter(const Mapping &mapping, const DocumentFormat *format, const Codec &codec)
    : m_mapping(mapping), m_format(format), m_codec(codec.name()), m_decoder(codec.makeDecoder()), m_scopes(1)
{
}

void MappingWriter::chooseSplit(const JsonSplit *split)
{
    m_scopes.assign(1, {});
    if (split == nullptr)
        return;
    for (const JsonPath &level : split->levels) {
        JsonTree::Steps steps = m_scopes.back();
        steps.insert(steps.end(), level.steps().begin(), level.steps().end());
        steps.push_back({JsonPath::Kind::Index, {}, {}, 0});
        m_scopes.push_back(std::move(steps));
    }
}

/// From the document. Nothing: no such element.
std::optional<JsonTree::Steps> MappingWriter::placeOf(const JsonPath &path) const
{
    if (!path.fromRoot() && path.up() >= m_scopes.size())
        return std::nullopt;
    JsonTree::Steps out = path.fromRoot() ? JsonTree::Steps() : m_scopes[m_scopes.size() - 1 - path.up()];
    out.insert(out.end(), path.steps().begin(), path.steps().end());
    return out;
}

MappingWriter::Attempt MappingWriter::attempt(JsonTree tree, const Batch &batch, const Event &event)
{
    Attempt out;
    out.text = tree.text();
    out.tree = std::move(tree);
    const bool read = readBack(*m_decoder, out.text, m_back);
    const Event again = read ? m_back.events.front() : Event{};
    LossReport loss, more;
    reportDifference(batch, event, m_back, again, loss);
    reportDifference(m_back, again, batch, event, more);
    for (LossReport::Item &item : loss.items)
        out.lost.push_back(std::move(item.field));
    JsonReader json;
    const bool known = m_format == nullptr || (!json.read(out.text) && m_format->matches(json));
    // What is lost counts, then what the event never said.
    out.cost = LossCost * out.lost.size() + std::min(2 * more.items.size(), LossCost - 2) + (known ? 0 : 1)
               + (read ? 0 : UnreadableCost);
    return out;
}

/// Where attributes are the element itself, they are what it begins with.
JsonTree MappingWriter::beginning(const Batch &batch, const Event &event) const
{
    JsonTree tree("null");
    std::string element(event[Field::Attrs] == NoStr ? std::string_view("{}") : batch.text(event, Field::Attrs));
    if (!m_mapping.attrs && batch.text(event, Field::Codec) == m_codec) {
        JsonItems items(element);
        std::string_view name, value, other;
        // An element that is a list stands in its attributes as their only member.
        if (items.next(name, value) && name == "value" && jsonKind(value) == JsonKind::Array
            && !items.next(name, other))
            element = std::string(value);
    }
    if (m_mapping.attrs)
        element = "{}";
    if (m_scopes.size() == 1)
        tree = JsonTree(element);
    else
        tree.put(m_scopes.back(), element);
    if (m_mapping.attrs) {
        const std::string_view attrs = batch.text(event, Field::Attrs);
        putObject(tree, *m_mapping.attrs, attrs);
        // Its members are large parts of the document; what else there is to say mostly stands in them already.
        for (const auto &[member, selector] : m_mapping.attrs->members) {
            std::vector<Change> changes;
            if (const auto value = attrs.empty() ? std::nullopt : jsonMember(attrs, member))
                addWays(selector, *value, changes);
            for (const auto &[steps, text] : changes.empty() ? Change() : changes.front())
                tree.put(steps, text);
        }
    }
    if (m_mapping.tags)
        putObject(tree, *m_mapping.tags, batch.text(event, Field::Tags));
    return tree;
}

void MappingWriter::putObject(JsonTree &tree, const ObjectMapping &mapping, std::string_view object) const
{
    if (object.empty())
        return;
    const auto isNamed = [&](std::string_view name) {
        return std::any_of(mapping.members.begin(), mapping.members.end(),
                           [&](const auto &member) { return member.first == name; });
    };
    std::string rest;
    JsonWriter json(rest);
    json.beginObject();
    JsonItems items(object);
    std::string_view rawName, value;
    std::string name;
    while (items.next(rawName, value)) {
        const std::string_view key = jsonUnescape(rawName, name);
        if (!isNamed(key))
            json.key(key).raw(value);
    }
    json.endObject();
    if (mapping.whole.empty() || rest == "{}")
        return;
    const Selector &first = mapping.whole.front();
    std::vector<Change> changes;
    if (const JsonPath *path = first.objectPath()) {
        JsonItems members(rest);
        Change change;
        while (members.next(rawName, value)) {
            JsonTree::Steps steps = placeOf(*path).value_or(JsonTree::Steps());
            steps.push_back({JsonPath::Kind::Member, std::string(jsonUnescape(rawName, name)), {}, 0});
            change.emplace_back(std::move(steps), value);
        }
        changes.push_back(std::move(change));
    } else {
        addWays(first, rest, changes);
    }
    if (changes.empty())
        return;
    for (const auto &[steps, text] : changes.front())
        tree.put(steps, text);
}

/// Without these nothing can be read, so nothing can be compared.
void MappingWriter::putRequired(JsonTree &tree, const Batch &batch, const Event &event) const
{
    const auto put = [&](std::string_view lost) {
        const auto changes = changesFor(lost, batch, event);
        if (changes.empty())
            return;
        for (const auto &[steps, text] : changes.front())
            tree.put(steps, text);
    };
    for (const Mapping::Text &one : m_mapping.texts) {
        if (one.required && event[one.field] != NoStr)
            put(toString(one.field));
    }
    if (m_mapping.tsRequired)
        put("ts_event");
    if (m_mapping.severityRequired)
        put("severity");
    if (m_mapping.valueRequired)
        put("value");
}

void MappingWriter::addWays(const Selector &selector, std::string_view raw, std::vector<Change> &out) const
{
    for (const Selector::Way &way : selector.ways(raw)) {
        Change change;
        for (const auto &[path, text] : way) {
            if (auto steps = placeOf(*path))
                change.emplace_back(std::move(*steps), text);
        }
        if (change.size() == way.size())
            out.push_back(std::move(change));
    }
}

void MappingWriter::addEntities(std::string_view wanted, std::vector<Change> &out) const
{
    JsonItems items(wanted);
    std::string_view unnamed, entity;
    while (items.next(unnamed, entity)) {
        for (const EntityMapping &mapping : m_mapping.entities) {
            const auto id = jsonMember(entity, "id");
            if (id && !mapping.each)
                addWays(mapping.id, *id, out);
        }
    }
}

/// What may bring the part of the event back that is called @p lost.
std::vector<MappingWriter::Change> MappingWriter::changesFor(std::string_view lost, const Batch &batch,
                                                             const Event &event) const
{
    std::vector<Change> out;
    const auto addAll = [&](const std::optional<Selector> &selector, const std::vector<std::string> &texts) {
        for (const std::string &text : selector ? texts : std::vector<std::string>())
            addWays(*selector, text, out);
    };
    if (lost == "ts_event")
        addAll(m_mapping.ts, timeTexts(batch, event));
    else if (lost == "severity" || lost == toString(Field::SeverityText))
        addAll(m_mapping.severity, severityTexts(batch, event));
    else if (lost == "entities")
        addEntities(batch.text(event, Field::Entities), out);
    if (lost == "value" || lost == toString(Field::ValueText)) {
        std::string value;
        appendEventValue(value, batch, event);
        addAll(m_mapping.value, {isJsonNumberText(value) ? value : quoted(value)});
    }
    for (const Mapping::Text &text : m_mapping.texts) {
        if (lost != toString(text.field))
            continue;
        const std::string_view wanted = batch.text(event, text.field);
        addWays(text.selector, quoted(wanted), out);
        if (!wanted.empty() && (wanted[0] == '{' || wanted[0] == '[') && isJson(wanted))
            addWays(text.selector, wanted, out);
    }
    for (const Field field : {Field::Tags, Field::Attrs}) {
        const auto &mapping = field == Field::Tags ? m_mapping.tags : m_mapping.attrs;
        const std::string prefix = std::string(toString(field)) + '.';
        for (const auto &[name, selector] : mapping ? mapping->members : decltype(mapping->members){}) {
            const auto value = lost == prefix + name ? jsonMember(batch.text(event, field), name) : std::nullopt;
            if (value)
                addWays(selector, *value, out);
        }
    }
    return out;
}

/// Tries, part by part, what may bring it back, and keeps what does without harm to others.
MappingWriter::Attempt MappingWriter::improved(Attempt best, const Batch &batch, const Event &event)
{
    std::size_t tries = 0;
    for (bool better = true; better && best.cost > 0;) {
        better = false;
        const std::vector<std::string> lost = best.lost;
        for (const std::string &name : lost) {
            if (std::find(best.lost.begin(), best.lost.end(), name) == best.lost.end())
                continue; // came back with another
            std::optional<Attempt> chosen;
            for (const Change &change : changesFor(name, batch, event)) {
                if (++tries > TriesMax)
                    return best;
                JsonTree tree = best.tree;
                if (!std::all_of(change.begin(), change.end(),
                                 [&](const auto &put) { return tree.put(put.first, put.second); }))
                    continue;
                Attempt next = attempt(std::move(tree), batch, event);
                if (next.cost < (chosen ? chosen->cost : best.cost))
                    chosen = std::move(next);
            }
            better = better || chosen;
            if (chosen)
                best = std::move(*chosen);
        }
    }
    return best;
}

MappingWriter::Attempt MappingWriter::written(const Batch &batch, const Event &event)
{
    JsonTree tree = beginning(batch, event);
    Attempt plain = attempt(tree, batch, event);
    if (plain.cost == 0)
        return plain;
    if (plain.cost >= UnreadableCost) {
        putRequired(tree, batch, event);
        plain = attempt(std::move(tree), batch, event);
    }
    plain = improved(std::move(plain), batch, event);
    if (m_format == nullptr || plain.cost % 2 == 0)
        return plain;
    Attempt best = plain;
    for (JsonTree &completed : m_format->completed(plain.tree)) {
        Attempt next = attempt(std::move(completed), batch, event);
        if (next.cost % 2 != 0 || next.cost >= UnreadableCost)
            next = improved(std::move(next), batch, event);
        // That it is known as what it is counts for more than any part.
        if (next.cost < UnreadableCost && next.cost % 2 == 0 && (best.cost % 2 != 0 || next.cost < best.cost))
            best = std::move(next);
    }
    return best.cost % 2 == 0 ? improved(std::move(best), batch, event) : best;
}

Result<std::string> MappingWriter::made(const Batch &batch, const Event &event)
{
    std::optional<Attempt> best;
    const std::size_t splits = std::max<std::size_t>(m_mapping.splits.size(), 1);
    for (std::size_t i = 0; i < splits && (!best || best->cost > 0); ++i) {
        chooseSplit(m_mapping.splits.empty() ? nullptr : &m_mapping.splits[i]);
        Attempt next = written(batch, event);
        const auto rank = [](const Attempt &one) {
            return std::pair(one.cost >= UnreadableCost || one.cost % 2 != 0, one.cost);
        };
        if (!best || rank(next) < rank(*best))
            best = std::move(next);
    }
    if (best->cost < UnreadableCost && best->cost % 2 == 0)
        return std::move(best->text);
    readBack(*m_decoder, best->text, m_back);
    m_back.events.clear();
    const DecodeFailure failure = m_back.records.empty() ? DecodeFailure{} : m_decoder->decode(m_back, 0);
    return Error{Error::Code::Refused,
                 "the event cannot be written as " + std::string(m_codec) + ": "
                     + (failure ? failure.detail : std::string("it has not what makes a document of that format")),
                 {},
                 "write it as karma.v1 or json, which hold any event"};
}

/// The element that gave the event number @p left, by its place in each array.
bool MappingWriter::findElement(const JsonSplit &split, std::string_view value, std::size_t level, std::size_t &left,
                                std::vector<std::size_t> &places) const
{
    const auto array = split.levels[level].find(std::span(&value, 1));
    if (!array || jsonKind(*array) != JsonKind::Array)
        return false;
    JsonItems items(*array);
    std::string_view unnamed, element;
    for (std::size_t i = 0; items.next(unnamed, element); ++i) {
        places.push_back(i);
        const bool isLast = level + 1 == split.levels.size();
        if (isLast ? left-- == 0 : findElement(split, element, level + 1, left, places))
            return true;
        places.pop_back();
    }
    return false;
}

std::optional<JsonTree> MappingWriter::ownPart(const JsonReader &json, std::size_t emission)
{
    JsonTree tree{std::string(json.document())};
    if (m_mapping.splits.empty())
        return emission == 0 ? std::optional(std::move(tree)) : std::nullopt;
    std::vector<std::size_t> places;
    std::size_t left = emission;
    for (const JsonSplit &split : m_mapping.splits) {
        if (!findElement(split, json.document(), 0, left, places))
            continue;
        chooseSplit(&split);
        for (std::size_t i = 0; i < places.size(); ++i) {
            JsonTree::Steps array = m_scopes[i + 1];
            array.pop_back();
            if (!tree.keepOnly(array, places[i]))
                return std::nullopt;
        }
        for (const JsonSplit &other : m_mapping.splits) {
            std::size_t level = 0;
            while (level + 1 < other.levels.size() && level < split.levels.size()
                   && other.levels[level].text() == split.levels[level].text())
                ++level;
            if (&other == &split || level >= split.levels.size())
                continue;
            JsonTree::Steps array = m_scopes[level];
            array.insert(array.end(), other.levels[level].steps().begin(), other.levels[level].steps().end());
            tree.remove(array);
        }
        return tree;
    }
    return std::nullopt;
}

std::optional<std::string> MappingWriter::original(const Batch &batch, const Event &event)
{
    if (batch.text(event, Field::Codec) != m_codec || batch.rawDropped || event.record >= batch.records.size())
        return std::nullopt;
    const RawRecord &record = batch.records[event.record];
    if (record.chunk >= batch.chunks.size() || record.redacted != NoStr)
        return std::nullopt;
    std::string text(batch.raw(record));
    while (text.ends_with('\n') || text.ends_with('\r'))
        text.pop_back();
    const bool isText = m_format != nullptr ? m_format->isText() : !m_mapping.patterns.empty();
    if (!isText) {
        JsonReader json;
        if (json.read(text) || (m_format != nullptr && !m_format->matches(json)))
            return std::nullopt;
        const auto part = ownPart(json, event.emission);
        if (!part)
            return std::nullopt;
        text = part->text();
    }
    if (!readBack(*m_decoder, text, m_back) || !haveNothingLost(batch, event, m_back, m_back.events.front()))
        return std::nullopt;
    return text;
}

} // namespace eventops
