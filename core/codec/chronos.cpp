// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/json.h"

#include <algorithm>

// chronos.raw (contracts C13, C14, X9): a body without an envelope; who sent it and what it is stands beside it. The bytes
// stay as they are; application/octet-stream is never looked at.
namespace eventops {
namespace {

constexpr std::string_view Name = "chronos.raw";
constexpr std::string_view ContentTypes[] = {"application/json", "text/plain", "application/octet-stream"};

struct Settings {
    std::string contentType = "application/octet-stream";
    std::string sourceName;
    std::string tenant = "default";
};

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(Settings settings) : m_settings(std::move(settings)) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        const bool isJson = m_settings.contentType == "application/json";
        const bool isText = m_settings.contentType == "text/plain";
        if (isJson) {
            if (const JsonFailure failure = m_reader.read(raw))
                return lose(failure);
        } else if (isText && !isValidUtf8(raw)) {
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(raw)));
        }
        Event &event = appendEvent(batch, record, Name);
        event[Field::ContentType] = batch.strings.intern(m_settings.contentType);
        event[Field::Tenant] = batch.strings.intern(m_settings.tenant);
        event[Field::SourceType] = batch.strings.intern("chronos");
        if (!m_settings.sourceName.empty())
            event[Field::SourceId] = batch.strings.intern(m_settings.sourceName);
        if (isText)
            event[Field::Message] = batch.strings.append(raw);
        if (isJson && m_reader.kind() == JsonKind::Object)
            event[Field::Attrs] = appendRawJson(batch, m_reader.document());
        else if (isJson)
            event[Field::Attrs] = appendRawJson(batch, "{\"value\":" + std::string(m_reader.document()) + '}');
        return {};
    }

private:
    const Settings m_settings;
    JsonReader m_reader;
};

class ChronosRaw final : public Codec
{
public:
    explicit ChronosRaw(Settings settings) : m_settings(std::move(settings)) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "Chronos' raw event: any body of type application/json, text/plain or application/octet-stream.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_settings); }
    /// The body: of an event read by this codec its own bytes, of any other its attrs or its message.
    Result<std::string> encode(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        if (batch.text(event, Field::Codec) == Name && event.record < batch.records.size() && !batch.chunks.empty())
            return std::string(batch.raw(batch.records[event.record]));
        const Field body = event[Field::Attrs] != NoStr ? Field::Attrs : Field::Message;
        for (std::size_t i = 0; i < FieldCount; ++i) {
            const auto field = static_cast<Field>(i);
            if (event[field] != NoStr && field != body && field != Field::Codec)
                loss.items.push_back({std::string(toString(field)), "dropped"});
        }
        return std::string(batch.text(event, body));
    }

private:
    const Settings m_settings;
};

} // namespace

const Codec &chronosRawCodec()
{
    static const ChronosRaw codec{Settings{}};
    return codec;
}

Result<std::shared_ptr<const Codec>> makeChronosRawCodec(const Value &settings)
{
    Settings out;
    const auto text = [&](std::string_view name, std::string &to) -> Status {
        const Value *value = settings.find(name);
        if (value == nullptr || value->isNull())
            return Ok{};
        const std::string given = EVENTOPS_TRY(value->text());
        if (!given.empty())
            to = given;
        return Ok{};
    };
    EVENTOPS_TRY(text("content_type", out.contentType));
    EVENTOPS_TRY(text("source_name", out.sourceName));
    EVENTOPS_TRY(text("tenant", out.tenant));
    if (std::find(std::begin(ContentTypes), std::end(ContentTypes), out.contentType) == std::end(ContentTypes))
        return settings.at("content_type").error("content_type: unknown type \"" + out.contentType + '"',
                                                 "use application/json, text/plain or application/octet-stream");
    return std::shared_ptr<const Codec>(std::make_shared<ChronosRaw>(std::move(out)));
}

} // namespace eventops
