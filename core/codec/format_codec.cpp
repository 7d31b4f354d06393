// SPDX-License-Identifier: MIT
#include "core/codec/carried.h"
#include "core/codec/cloud_event.h"
#include "core/codec/envelopes.h"
#include "core/codec/format_encoders.h"
#include "core/codec/header_block.h"
#include "core/codec/mapping_reader.h"
#include "core/codec/mapping_writer.h"
#include "core/codec/text_format.h"
#include "core/codec/yaml_document.h"

#include "core/base/json.h"

// A codec for each of documentFormats(), by its name.
namespace eventops {
namespace {

/// Null: there is none.
const DocumentFormat *formatNamed(std::string_view name)
{
    for (const DocumentFormat &format : documentFormats()) {
        if (format.name() == name)
            return &format;
    }
    return nullptr;
}

class FormatEnvelope final : public JsonEnvelope
{
public:
    explicit FormatEnvelope(const DocumentFormat &format) : m_reader(format.mapping(), format.name()) {}
    DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) override
    {
        return m_reader.read(batch, record, json.document());
    }

private:
    MappingReader m_reader;
};

/// JSON of one format, by itself or carried by a queue.
class DocumentDecoder final : public CodecDecoder
{
public:
    explicit DocumentDecoder(const DocumentFormat &format) : m_format(format), m_envelope(makeFormatEnvelope(format)) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        if (m_format.reading() == DocumentFormat::Reading::Yaml && looksLikeYaml(raw))
            return readYamlDocuments(raw, m_format, *m_envelope, batch, record);
        if (const JsonFailure failure = m_reader.read(raw))
            return lose(failure);
        const JsonReader *const document = m_connect.open(m_reader);
        if (document == nullptr)
            return {};
        if (m_format.matches(*document))
            return m_envelope->decode(batch, record, *document);
        const auto isOurs = [&](const JsonReader &json) {
            return m_format.matches(json) ? m_envelope.get() : nullptr;
        };
        if (const auto carried = m_carried.decode(*document, isOurs, batch, record))
            return *carried;
        return m_envelope->decode(batch, record, *document); // which says what is missing
    }

private:
    const DocumentFormat &m_format;
    const std::unique_ptr<JsonEnvelope> m_envelope;
    JsonReader m_reader;
    ConnectDocument m_connect;
    CarriedDocuments m_carried;
};

class TextDecoder final : public CodecDecoder
{
public:
    TextDecoder(const DocumentFormat &format, const SyslogSettings &settings) : m_reader(format, settings) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        if (!isValidUtf8(raw))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(raw)));
        if (m_reader.match(raw))
            return m_reader.decode(batch, record);
        std::string quoted;
        appendJsonString(quoted, raw);
        return loseField(loss::PatternMismatch, "the record", quoted, "a line of " + m_reader.format().name());
    }

private:
    TextFormatReader m_reader;
};

/// CloudEvents by HTTP: a block of headers, an empty line and the body, in any of the three modes.
class CloudEventDecoder final : public CodecDecoder
{
public:
    CloudEventDecoder(const DocumentFormat &format, const DocumentFormat *batches) : m_one(makeFormatEnvelope(format))
    {
        if (batches != nullptr)
            m_many = makeFormatEnvelope(*batches);
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        if (DecodeFailure failure = m_headers.read(batch.raw(batch.records[record])))
            return failure;
        const auto structured = structuredCloudEvent(m_headers.json, "ce-", m_headers.body);
        if (const JsonFailure failure = m_reader.read(structured ? std::string_view(*structured) : m_headers.body))
            return lose(failure);
        const std::size_t before = batch.events.size();
        const bool isBatch = m_many && m_reader.kind() == JsonKind::Array;
        if (DecodeFailure failure = (isBatch ? m_many : m_one)->decode(batch, record, m_reader))
            return failure;
        for (std::size_t i = before; i < batch.events.size(); ++i)
            batch.events[i][Field::Headers] = batch.strings.append(m_headers.json);
        return {};
    }

private:
    const std::unique_ptr<JsonEnvelope> m_one;
    std::unique_ptr<JsonEnvelope> m_many;
    HeaderBlock m_headers;
    JsonReader m_reader;
};

class FormatCodec final : public Codec
{
public:
    explicit FormatCodec(const DocumentFormat &format, SyslogSettings settings = {}, bool headers = false)
        : m_format(format), m_settings(settings), m_headers(headers)
    {
    }
    std::string_view name() const override { return m_format.name(); }
    std::string_view summary() const override { return m_format.summary(); }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        if (m_headers)
            return std::make_unique<CloudEventDecoder>(m_format, formatNamed(m_format.name() + ".batch"));
        if (m_format.isText())
            return std::make_unique<TextDecoder>(m_format, m_settings);
        return std::make_unique<DocumentDecoder>(m_format);
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &) const override
    {
        const bool own = batch.text(event, Field::Codec) == m_format.name();
        const FormatEncoder encoder = formatEncoder(m_format.name());
        if (m_headers) // the structured mode, said in a header
            return "content-type: application/cloudevents+json\n\n"
                   + (own ? std::string(batch.text(event, Field::Attrs)) : encoder(batch, event));
        if (!own && encoder != nullptr)
            return encoder(batch, event);
        if (own || !m_format.isText()) {
            MappingWriter writer(*m_format.mapping(), &m_format, *this);
            auto original = own ? writer.original(batch, event) : std::nullopt;
            if (original)
                return std::move(*original);
            if (!m_format.isText())
                return writer.made(batch, event);
        }
        return Error{Error::Code::Unavailable,
                     "lines of " + m_format.name()
                         + " are only read, and the one that the event came from is not at hand or says something else",
                     {},
                     "write the event with another codec"};
    }

private:
    const DocumentFormat &m_format;
    const SyslogSettings m_settings;
    const bool m_headers;
};

} // namespace

std::unique_ptr<JsonEnvelope> makeFormatEnvelope(const DocumentFormat &format)
{
    return std::make_unique<FormatEnvelope>(format);
}

std::span<const std::unique_ptr<const Codec>> formatCodecs()
{
    static const std::vector<std::unique_ptr<const Codec>> codecs = [] {
        std::vector<std::unique_ptr<const Codec>> out;
        for (const DocumentFormat &format : documentFormats())
            out.push_back(std::make_unique<const FormatCodec>(format));
        return out;
    }();
    return codecs;
}

Result<std::shared_ptr<const Codec>> makeSyslogCodec(const Value &settings)
{
    const SyslogSettings syslog = EVENTOPS_TRY(SyslogSettings::parse(settings));
    return std::shared_ptr<const Codec>(std::make_shared<FormatCodec>(*formatNamed("syslog"), syslog));
}

Result<std::shared_ptr<const Codec>> makeCloudEventsCodec(const Value &settings)
{
    bool headers = false;
    if (const Value *given = settings.find("headers"); given != nullptr && !given->isNull())
        headers = EVENTOPS_TRY(given->boolean());
    return std::shared_ptr<const Codec>(
        std::make_shared<FormatCodec>(*formatNamed("cloudevents"), SyslogSettings{}, headers));
}

std::unique_ptr<JsonEnvelope> makeCloudEventEnvelope()
{
    return makeFormatEnvelope(*formatNamed("cloudevents"));
}

} // namespace eventops
