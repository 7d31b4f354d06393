// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"

#include "core/base/time.h"
#include "core/codec/header_block.h"

#include <algorithm>
#include <optional>

// chronos.raw (contracts C13, C14, X9): a body without an envelope; who sent it and what it is stands beside it, in the
// source's settings or in HTTP headers before the body. The bytes stay as they are; application/octet-stream is never
// looked at.
namespace eventops {
namespace {

constexpr std::string_view Name = "chronos.raw";
constexpr std::string_view ContentTypes[] = {"application/json", "text/plain", "application/octet-stream"};

struct Settings {
    std::string contentType = "application/octet-stream";
    std::string sourceName;
    std::string tenant = "default";
    bool headers = false; ///< A record is HTTP field lines, an empty line and the body.
};

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(Settings settings) : m_settings(std::move(settings)) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        std::string_view raw = batch.raw(batch.records[record]);
        std::optional<WallNs> time;
        if (m_settings.headers) {
            if (DecodeFailure failure = readHeaders(raw, time))
                return failure;
            raw = m_headers.body;
        }
        const std::string &contentType = m_settings.headers ? m_headers.contentType : m_settings.contentType;
        const std::string &sourceName = m_settings.headers ? m_headers.source : m_settings.sourceName;
        const bool isJson = contentType == "application/json";
        const bool isText = contentType == "text/plain";
        if (isJson) {
            if (const JsonFailure failure = m_reader.read(raw))
                return lose(failure);
        } else if (isText && !isValidUtf8(raw)) {
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(raw)));
        }
        Event &event = appendEvent(batch, record, Name);
        event[Field::ContentType] = batch.strings.intern(contentType);
        event[Field::Tenant] = batch.strings.intern(m_settings.tenant);
        event[Field::SourceType] = batch.strings.intern("chronos");
        if (!sourceName.empty())
            event[Field::SourceId] = batch.strings.intern(sourceName);
        if (m_settings.headers)
            event[Field::Headers] = batch.strings.append(m_headers.json);
        if (time) {
            event.tsEvent = *time;
            event[Field::TsText] = batch.strings.append(m_headers.timestamp);
        }
        if (isText)
            event[Field::Message] = batch.strings.append(raw);
        if (isJson && m_reader.kind() == JsonKind::Object)
            event[Field::Attrs] = appendRawJson(batch, m_reader.document());
        else if (isJson)
            event[Field::Attrs] = appendRawJson(batch, "{\"value\":" + std::string(m_reader.document()) + '}');
        return {};
    }

private:
    /// C14: the source is required, the content type one of Chronos', the time optional.
    DecodeFailure readHeaders(std::string_view raw, std::optional<WallNs> &time)
    {
        if (DecodeFailure failure = m_headers.read(raw))
            return failure;
        if (m_headers.source.empty())
            return loseMissing("x-event-source");
        if (std::find(std::begin(ContentTypes), std::end(ContentTypes), m_headers.contentType)
            == std::end(ContentTypes))
            return lose(loss::BadField, "content-type: found \"" + m_headers.contentType
                                            + "\", expected application/json, text/plain or "
                                              "application/octet-stream");
        if (m_headers.timestamp.empty())
            return {};
        time = parseTimestamp(m_headers.timestamp);
        if (!time)
            time = timestampFromEpochText(m_headers.timestamp);
        if (!time)
            return lose(loss::BadTimestamp, "x-event-timestamp: found \"" + m_headers.timestamp
                                                + "\", expected RFC 3339 or a Unix time");
        return {};
    }

    const Settings m_settings;
    JsonReader m_reader;
    HeaderBlock m_headers;
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
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
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
    if (const Value *headers = settings.find("headers"); headers != nullptr && !headers->isNull())
        out.headers = EVENTOPS_TRY(headers->boolean());
    if (std::find(std::begin(ContentTypes), std::end(ContentTypes), out.contentType) == std::end(ContentTypes))
        return settings.at("content_type").error("content_type: unknown type \"" + out.contentType + '"',
                                                 "use application/json, text/plain or application/octet-stream");
    return std::shared_ptr<const Codec>(std::make_shared<ChronosRaw>(std::move(out)));
}

} // namespace eventops
