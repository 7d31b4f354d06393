// SPDX-License-Identifier: MIT
#include "core/codec/json_envelope.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <cmath>

namespace eventops {
namespace {

constexpr std::size_t QuotedBytesMax = 120; ///< Of an offending value in a sentence.

} // namespace

JsonEnvelope::~JsonEnvelope() = default;

DecodeFailure JsonDecoder::decode(Batch &batch, std::uint32_t record)
{
    const JsonFailure failure = m_reader.read(batch.raw(batch.records[record]));
    if (failure)
        return lose(failure);
    const JsonReader *const document = m_connect.open(m_reader);
    return document != nullptr ? m_envelope->decode(batch, record, *document) : DecodeFailure{};
}

DecodeFailure lose(const LossReason &reason, std::string detail)
{
    return {&reason, std::move(detail)};
}

DecodeFailure lose(const JsonFailure &failure)
{
    switch (failure.what) {
    case JsonFailure::What::None: return {};
    case JsonFailure::What::Empty: return lose(loss::EmptyRecord, failure.text());
    case JsonFailure::What::Truncated: return lose(loss::TruncatedJson, failure.text());
    case JsonFailure::What::Invalid: return lose(loss::InvalidJson, failure.text());
    case JsonFailure::What::TooDeep: return lose(loss::TooDeep, failure.text());
    case JsonFailure::What::InvalidUtf8: return lose(loss::InvalidUtf8, failure.text());
    }
    return {};
}

DecodeFailure loseField(const LossReason &reason, std::string_view field, std::string_view rawValue,
                        std::string_view expected)
{
    std::string detail(field);
    detail += ": found ";
    if (rawValue.size() > QuotedBytesMax) {
        detail += rawValue.substr(0, validUtf8Prefix(rawValue.substr(0, QuotedBytesMax)));
        detail += "…";
    } else {
        detail += rawValue;
    }
    detail += ", expected ";
    detail += expected;
    return lose(reason, std::move(detail));
}

DecodeFailure loseMissing(std::string_view field)
{
    return lose(loss::MissingField, std::string(field) + " is missing or null");
}

Event &appendEvent(Batch &batch, std::uint32_t record, std::string_view codec)
{
    Event &event = batch.events.emplace_back();
    event.record = record;
    event[Field::Codec] = batch.strings.intern(codec);
    return event;
}

std::optional<std::string_view> scalarText(std::string_view raw, std::string &scratch)
{
    switch (jsonKind(raw)) {
    case JsonKind::String: return jsonText(raw, scratch);
    case JsonKind::Number:
    case JsonKind::True:
    case JsonKind::False: return raw;
    default: return std::nullopt;
    }
}

StrId internScalar(Batch &batch, std::string_view raw, std::string &scratch)
{
    const auto text = scalarText(raw, scratch);
    return text ? batch.strings.intern(*text) : NoStr;
}

namespace {

bool isOneLine(std::string_view raw)
{
    // Not find_first_of, which looks each byte up by a call.
    return raw.find('\n') == std::string_view::npos && raw.find('\r') == std::string_view::npos;
}

} // namespace

StrId appendRawJson(Batch &batch, std::string_view raw)
{
    if (isOneLine(raw))
        return batch.strings.append(raw);
    std::string compact;
    appendJsonCompact(compact, raw);
    return batch.strings.append(compact);
}

StrId internRawJson(Batch &batch, std::string_view raw)
{
    if (isOneLine(raw))
        return batch.strings.intern(raw);
    std::string compact;
    appendJsonCompact(compact, raw);
    return batch.strings.intern(compact);
}

bool isAbsent(const JsonEntry *member)
{
    return member == nullptr || jsonKind(member->value) == JsonKind::Null;
}

DecodeFailure readTexts(Batch &batch, Event &event, const JsonReader &json, std::span<const MemberField> members,
                        std::string &scratch)
{
    for (const auto &[name, field] : members) {
        const JsonEntry *member = json.find(name);
        if (isAbsent(member))
            continue;
        event[field] = internScalar(batch, member->value, scratch);
        if (event[field] == NoStr)
            return loseField(loss::BadField, name, member->value, "a text");
    }
    return {};
}

DecodeFailure readObject(Batch &batch, Event &event, const JsonReader &json, MemberField member,
                         StrId (*keep)(Batch &, std::string_view))
{
    const JsonEntry *found = json.find(member.first);
    if (isAbsent(found))
        return {};
    if (jsonKind(found->value) != JsonKind::Object)
        return loseField(loss::BadField, member.first, found->value, "an object");
    event[member.second] = keep(batch, found->value);
    return {};
}

DecodeFailure readEventTime(Batch &batch, Event &event, const JsonReader &json, std::string_view name,
                            std::string &scratch)
{
    const JsonEntry *member = json.find(name);
    if (isAbsent(member))
        return loseMissing(name);
    std::string_view text;
    const auto time = jsonTime(member->value, scratch, text);
    if (!time)
        return loseField(loss::BadTimestamp, name, member->value, "RFC 3339 or a Unix time");
    event.tsEvent = *time;
    event[Field::TsText] = batch.strings.append(text);
    return {};
}

void reportDropped(const Event &event, std::initializer_list<Field> fields, LossReport &loss)
{
    for (const Field field : fields) {
        if (event[field] != NoStr)
            loss.items.push_back({std::string(toString(field)), "dropped"});
    }
}

std::optional<WallNs> jsonTime(std::string_view raw, std::string &scratch, std::string_view &text)
{
    if (raw.empty())
        return std::nullopt;
    if (raw.front() == '{') {
        // {"$date": {"$numberLong": "…"}} and {"$timestamp": {"t": …}}: each step is one level further in.
        for (const char *const name : {"$date", "$numberLong", "$timestamp", "t"}) {
            if (const auto inside = jsonMember(raw, name))
                return jsonTime(*inside, scratch, text);
        }
        return std::nullopt;
    }
    const JsonKind kind = jsonKind(raw);
    if (kind != JsonKind::String && kind != JsonKind::Number)
        return std::nullopt;
    text = kind == JsonKind::String ? jsonText(raw, scratch) : raw;
    if (kind == JsonKind::String) {
        const auto time = parseTimestamp(text);
        if (time)
            return time;
    }
    return timestampFromEpochText(text);
}

Severity jsonSeverity(std::string_view raw, std::string &scratch)
{
    const auto text = scalarText(raw, scratch);
    if (!text)
        return Severity::Unset;
    const Severity word = severityFromText(*text);
    if (word != Severity::Unset)
        return word;
    const double number = jsonDouble(*text).value_or(0.0);
    if (number >= 1 && number <= 24)
        return static_cast<Severity>(static_cast<int>(number));
    constexpr Severity Levels[] = {Severity::Debug, Severity::Debug, Severity::Info, Severity::Warning, Severity::Error,
                                   Severity::Critical};
    if (number >= 30 && number <= 60 && std::fmod(number, 10.0) == 0.0)
        return Levels[static_cast<int>(number) / 10 - 1];
    return Severity::Unset;
}

bool setValue(Batch &batch, Event &event, std::string_view raw, std::string &scratch)
{
    std::string_view number = raw;
    if (jsonKind(raw) == JsonKind::String) {
        number = jsonText(raw, scratch);
        while (!number.empty() && number.front() == ' ')
            number.remove_prefix(1);
        while (!number.empty() && number.back() == ' ')
            number.remove_suffix(1);
        if (!isJsonNumberText(number))
            return false;
    }
    const auto value = jsonKind(number) == JsonKind::Number ? jsonDouble(number) : std::nullopt;
    if (!value || !std::isfinite(*value))
        return false;
    event.value = *value;
    event.hasValue = true;
    if (!doubleIsExact(number, *value))
        event[Field::ValueText] = batch.strings.append(number);
    return true;
}

void appendEventValue(std::string &out, const Batch &batch, const Event &event)
{
    if (event[Field::ValueText] != NoStr)
        out += batch.text(event, Field::ValueText);
    else
        appendJsonNumber(out, event.value);
}

std::string eventTimeText(const Batch &batch, const Event &event)
{
    const std::string_view text = batch.text(event, Field::TsText);
    if (!text.empty() && text.size() >= 19 && parseTimestamp(text) == std::optional(event.tsEvent))
        return std::string(text);
    return event.tsEvent == NoTime ? std::string() : formatTimestamp(event.tsEvent);
}

} // namespace eventops
