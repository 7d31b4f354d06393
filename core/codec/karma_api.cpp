// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/json.h"

// karma.api.v1 (contract X10): {type, timestamp, metadata} as the HTTP API takes it. A full karma.v1 envelope on the
// same way in is accepted too (K20).
namespace eventops {
namespace {

constexpr std::string_view Name = "karma.api.v1";

class KarmaApiEnvelope final : public JsonEnvelope
{
public:
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        if (json.kind() != JsonKind::Object)
            return lose(loss::NotAnObject, "the envelope is a JSON object");
        if (looksLikeKarma(json))
            return m_full->decode(batch, record, json);
        const JsonEntry *type = json.find("type");
        if (isAbsent(type))
            return loseMissing("type");
        if (jsonKind(type->value) != JsonKind::String)
            return loseField(loss::BadField, "type", type->value, "a text");
        const JsonEntry *timestamp = json.find("timestamp");
        if (isAbsent(timestamp))
            return loseMissing("timestamp");
        const JsonEntry *metadata = json.find("metadata");
        const bool hasMetadata = !isAbsent(metadata);
        if (hasMetadata && jsonKind(metadata->value) != JsonKind::Object)
            return loseField(loss::BadField, "metadata", metadata->value, "an object");
        std::string_view text;
        const auto time = jsonTime(timestamp->value, m_scratch, text);
        if (!time)
            return loseField(loss::BadTimestamp, "timestamp", timestamp->value, "RFC 3339 or a Unix time");
        Event &event = appendEvent(batch, record, Name);
        event.tsEvent = *time;
        event[Field::TsText] = batch.strings.append(text);
        event[Field::Type] = event[Field::Step] = internScalar(batch, type->value, m_scratch);
        event[Field::Tenant] = batch.strings.intern("default");
        if (hasMetadata)
            event[Field::Attrs] = appendRawJson(batch, metadata->value);
        return {};
    }

private:
    std::unique_ptr<JsonEnvelope> m_full = makeKarmaEnvelope();
    std::string m_scratch;
};

class KarmaApi final : public Codec
{
public:
    std::string_view name() const override { return Name; }
    std::string_view summary() const override { return "Events of Karma's HTTP API: {type, timestamp, metadata}."; }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeKarmaApiEnvelope());
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        const std::string ts = eventTimeText(batch, event);
        if (ts.empty())
            return Error{Error::Code::InvalidInput, "the envelope requires a time and the event has none"};
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("type", batch.text(event, Field::Type)).field("timestamp", ts);
        if (event[Field::Attrs] != NoStr)
            json.key("metadata").raw(batch.text(event, Field::Attrs));
        json.endObject();
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const auto field = static_cast<Field>(i);
            const bool held = field == Field::Type || field == Field::Attrs || field == Field::TsText
                || field == Field::Codec
                           || (field == Field::Step && batch.text(event, field) == batch.text(event, Field::Type))
                           || (field == Field::Tenant && batch.text(event, field) == "default");
            if (event[field] != NoStr && !held)
                loss.items.push_back({std::string(toString(field)), "dropped"});
        }
        if (event.hasValue)
            loss.items.push_back({"value", "dropped"});
        return out;
    }
};

} // namespace

bool looksLikeKarmaApi(const JsonReader &json)
{
    if (json.find("type") == nullptr || json.find("timestamp") == nullptr)
        return false;
    for (const JsonEntry &member : json.members()) {
        if (member.name != "type" && member.name != "timestamp" && member.name != "metadata")
            return false;
    }
    return true;
}

std::unique_ptr<JsonEnvelope> makeKarmaApiEnvelope()
{
    return std::make_unique<KarmaApiEnvelope>();
}

const Codec &karmaApiCodec()
{
    static const KarmaApi codec;
    return codec;
}

} // namespace eventops
