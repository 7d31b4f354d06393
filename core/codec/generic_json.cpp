// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/json.h"
#include "core/base/time.h"

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
    /// The event with every field under its own name (design section 4), attrs as an object.
    Result<std::string> encode(const Batch &batch, const Event &event, LossReport &) const override
    {
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
