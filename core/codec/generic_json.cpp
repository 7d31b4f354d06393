// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/event_difference.h"
#include "core/codec/json_tree.h"

namespace eventops {
namespace {

constexpr std::string_view Name = "json";

// The names under which logs carry what every event has; the first present one that can be read wins.
constexpr std::string_view TimeNames[] = {
    "ts", "timestamp", "@timestamp", "time", "ts_event", "eventTime", "event_time", "datetime", "timeUnixNano",
    "observedTimeUnixNano", "asctime", "date", "createdAt", "created_at", "_ts",
};
constexpr std::string_view SeverityNames[] = {"severity", "level", "severityText", "severity_text", "severityNumber",
                                              "severity_number", "log.level", "loglevel", "lvl"};
constexpr std::string_view MessageNames[] = {"message", "msg", "body", "text"};

class GenericJson final : public JsonEnvelope
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        Event &event = appendEvent(batch, record, Name);
        event[Field::Tenant] = batch.strings.intern("default");
        if (json.kind() != JsonKind::Object) {
            m_text = "{\"value\":";
            m_text += json.document();
            m_text += '}';
            event[Field::Attrs] = appendRawJson(batch, m_text);
            return {};
        }
        event[Field::Attrs] = appendRawJson(batch, json.document());
        for (const std::string_view name : TimeNames) {
            const JsonEntry *member = json.find(name);
            std::string_view text;
            const auto time = member != nullptr ? jsonTime(member->value, m_scratch, text) : std::nullopt;
            if (time) {
                event.tsEvent = *time;
                event[Field::TsText] = batch.strings.append(text);
                break;
            }
        }
        for (const std::string_view name : SeverityNames) {
            const JsonEntry *member = json.find(name);
            if (member == nullptr)
                continue;
            event.severity = jsonSeverity(member->value, m_scratch);
            if (event.severity != Severity::Unset) {
                event[Field::SeverityText] = internScalar(batch, member->value, m_scratch);
                break;
            }
        }
        for (const std::string_view name : MessageNames) {
            const JsonEntry *member = json.find(name);
            if (member != nullptr && jsonKind(member->value) == JsonKind::String) {
                event[Field::Message] = batch.strings.append(jsonText(member->value, m_scratch));
                break;
            }
        }
        return {};
    }

private:
    std::string m_scratch, m_text;
};

class GenericJsonCodec final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Any JSON document; time, severity and message are taken from their usual names.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeGenericJsonEnvelope());
    }
    /// One that came as such is its document, with what became of its time, severity and message; any other has every
    /// field under its own name (design section 4), attrs as an object.
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &) const override
    {
        if (batch.text(event, Field::Codec) == Name && event[Field::Attrs] != NoStr)
            return ownDocument(batch, event);
        std::string out;
        JsonWriter json(out);
        json.beginObject();
        if (event.tsEvent != NoTime)
            json.field("ts_event", formatTimestamp(event.tsEvent));
        if (event.severity != Severity::Unset)
            json.field("severity", severityName(static_cast<std::uint8_t>(event.severity)));
        if (event.hasValue) {
            std::string value;
            appendEventValue(value, batch, event);
            json.key("value").raw(value);
        }
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const auto field = static_cast<Field>(i);
            if (event[field] == NoStr)
                continue;
            const bool isJson = field == Field::Tags || field == Field::Attrs || field == Field::Entities
                             || field == Field::Links || field == Field::Headers;
            if (isJson)
                json.key(toString(field)).raw(batch.text(event, field));
            else
                json.field(toString(field), batch.text(event, field));
        }
        json.endObject();
        return out;
    }

private:
    std::string ownDocument(const Batch &batch, const Event &event) const
    {
        JsonTree tree{std::string(batch.text(event, Field::Attrs))};
        const auto decoder = makeDecoder();
        Batch back;
        LossReport lost;
        readBack(*decoder, tree.text(), back);
        reportDifference(batch, event, back, back.events.empty() ? Event{} : back.events.front(), lost);
        const auto put = [&](std::string_view name, std::string_view text) {
            std::string value;
            appendJsonString(value, text);
            const JsonPath::Step step{JsonPath::Kind::Member, std::string(name), {}, 0};
            tree.put(std::span(&step, 1), value);
        };
        for (const LossReport::Item &item : lost.items) {
            if (item.field == "ts_event")
                put(TimeNames[0], formatTimestamp(event.tsEvent));
            else if (item.field == "severity")
                put(SeverityNames[0], severityName(static_cast<std::uint8_t>(event.severity)));
            else if (item.field == "message")
                put(MessageNames[0], batch.text(event, Field::Message));
        }
        return tree.text();
    }
};

} // namespace

std::unique_ptr<JsonEnvelope> makeGenericJsonEnvelope()
{
    return std::make_unique<GenericJson>();
}

const Codec &genericJsonCodec()
{
    static const GenericJsonCodec codec;
    return codec;
}

} // namespace eventops
