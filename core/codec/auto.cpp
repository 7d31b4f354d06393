// SPDX-License-Identifier: MIT
#include "core/codec/agent.h"
#include "core/codec/alert.h"
#include "core/codec/avro_payload.h"
#include "core/codec/carried.h"
#include "core/codec/cloud_event.h"
#include "core/codec/envelopes.h"
#include "core/codec/kcat.h"
#include "core/codec/text_format.h"

#include <algorithm>

// auto: the envelope of each record by its keys, or the format of its text. What is neither JSON nor text of a known
// format is refused, not taken for any text: in a stream of JSON lines it is damage, and a person should see it.
namespace eventops {
namespace {

constexpr std::string_view Name = "auto";
constexpr std::string_view CarryingMembers[] = {"Records", "Messages", "records", "Message", "message", "awslogs"};

class Decoder final : public CodecDecoder
{
public:
    Decoder(AgentRules rules, std::shared_ptr<const SchemasById> schemas, SyslogSettings syslog)
        : m_syslog(syslog), m_agent(rules), m_avro(std::move(schemas))
    {
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        if (m_agent.decodeUsualShape(batch, record))
            return {};
        const std::string_view raw = batch.raw(batch.records[record]);
        if (const JsonFailure failure = m_reader.read(raw))
            return isKnownText(raw) ? m_text->decode(batch, record) : lose(failure);
        if (looksLikeKcat(m_reader))
            return decodeKcat(batch, record);
        return decodeDocument(batch, record, m_reader);
    }

private:
    bool isKnownText(std::string_view text)
    {
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos || text[first] == '{')
            return false;
        if (!m_text)
            m_text = std::make_unique<KnownText>(m_syslog);
        return m_text->match(text) != nullptr;
    }

    /// One in the binary mode: its attributes are headers of the message.
    DecodeFailure decodeCloudEvent(Batch &batch, std::uint32_t record, const std::string &document)
    {
        const std::size_t before = batch.events.size();
        if (const JsonFailure failure = m_payload.read(document))
            return lose(failure);
        if (!m_cloudEvent)
            m_cloudEvent = makeCloudEventEnvelope();
        if (DecodeFailure failure = m_cloudEvent->decode(batch, record, m_payload))
            return failure;
        m_message.apply(batch, before);
        return {};
    }

    JsonEnvelope &envelope(const JsonReader &json)
    {
        if (looksLikeKarma(json))
            return *m_karma;
        if (looksLikeMonitoring(json))
            return *m_monitoring;
        if (looksLikeAlert(json))
            return *m_alert;
        if (looksLikeAgent(json))
            return m_agent;
        if (looksLikeKarmaApi(json))
            return *m_karmaApi;
        if (looksLikeChronos(json))
            return *m_chronos;
        JsonEnvelope *const known = format(json);
        return known != nullptr ? *known : *m_generic;
    }

    /// The one of a shipped format; the last one that fitted is asked first, as a stream is mostly of one kind.
    JsonEnvelope *format(const JsonReader &json)
    {
        const auto formats = documentFormats();
        for (std::size_t i = 0; i < formats.size(); ++i) {
            const std::size_t at = (m_last + i) % formats.size();
            if (!formats[at].matches(json))
                continue;
            m_last = at;
            if (m_formats[at] == nullptr)
                m_formats[at] = makeFormatEnvelope(formats[at]);
            return m_formats[at].get();
        }
        return nullptr;
    }

    DecodeFailure decodeDocument(Batch &batch, std::uint32_t record, const JsonReader &json)
    {
        const JsonReader *const document = m_connect.open(json);
        if (document == nullptr)
            return {};
        const bool mayCarry = std::any_of(std::begin(CarryingMembers), std::end(CarryingMembers),
                                          [&](std::string_view name) { return document->find(name) != nullptr; });
        if (mayCarry) {
            const auto known = [&](const JsonReader &inside) {
                JsonEnvelope &found = envelope(inside);
                return &found != m_generic.get() ? &found : nullptr;
            };
            if (auto carried = m_carried.decode(*document, known, batch, record))
                return std::move(*carried);
        }
        return envelope(*document).decode(batch, record, *document);
    }

    /// The payload by its own envelope, or as text; what stands beside it joins its events.
    DecodeFailure decodeKcat(Batch &batch, std::uint32_t record)
    {
        if (const DecodeFailure failure = m_message.read(m_reader))
            return failure;
        const std::size_t before = batch.events.size();
        if (!m_message.hasPayload)
            return {}; // a tombstone carries no event
        std::string_view text;
        if (const DecodeFailure failure = m_message.document(m_avro, false, m_json, text))
            return failure;
        if (const auto event = m_message.beside.find("ce_specversion") != std::string::npos
                                   ? structuredCloudEvent(m_message.beside, "ce_", text)
                                   : std::nullopt)
            return decodeCloudEvent(batch, record, *event);
        const JsonFailure notJson = m_payload.read(text);
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        const bool meantAsJson = first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
        if (notJson && (meantAsJson || first == std::string_view::npos))
            return lose(notJson);
        if (notJson && isKnownText(text)) {
            if (const DecodeFailure failure = m_text->decode(batch, record))
                return failure;
        } else if (notJson)
            appendKcatText(batch, record, text);
        else if (const DecodeFailure failure = decodeDocument(batch, record, m_payload))
            return failure;
        m_message.apply(batch, before);
        return {};
    }

    const SyslogSettings m_syslog;
    JsonReader m_reader, m_payload;
    ConnectDocument m_connect;
    CarriedDocuments m_carried;
    std::unique_ptr<KnownText> m_text; ///< Made when something is no JSON.
    std::unique_ptr<JsonEnvelope> m_cloudEvent;
    KcatMessage m_message;
    AgentEnvelope m_agent;
    AvroPayload m_avro;
    std::string m_json;
    std::unique_ptr<JsonEnvelope> m_alert = makeAlertEnvelope();
    std::unique_ptr<JsonEnvelope> m_chronos = makeChronosEnvelope();
    std::unique_ptr<JsonEnvelope> m_karma = makeKarmaEnvelope();
    std::unique_ptr<JsonEnvelope> m_karmaApi = makeKarmaApiEnvelope();
    std::unique_ptr<JsonEnvelope> m_monitoring = makeMonitoringEnvelope();
    std::unique_ptr<JsonEnvelope> m_generic = makeGenericJsonEnvelope();
    std::vector<std::unique_ptr<JsonEnvelope>> m_formats{documentFormats().size()}; ///< Made when one is met.
    std::size_t m_last = 0;
};

class Auto final : public Codec
{
public:
    Auto(AgentRules rules, std::shared_ptr<const SchemasById> schemas, SyslogSettings syslog)
        : m_rules(rules), m_schemas(std::move(schemas)), m_syslog(syslog)
    {
    }
    std::string_view name() const override { return Name; }
    std::string_view summary() const override { return "JSON of any known envelope, told apart record by record."; }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<Decoder>(m_rules, m_schemas, m_syslog);
    }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        // The envelope that the event came in.
        const Codec *codec = codecByName(batch.text(event, Field::Codec));
        if (codec == nullptr || codec->name() == Name)
            codec = &genericJsonCodec();
        return codec->write(batch, event, loss);
    }

private:
    const AgentRules m_rules;
    const std::shared_ptr<const SchemasById> m_schemas;
    const SyslogSettings m_syslog;
};

} // namespace

const Codec &autoCodec()
{
    static const Auto codec{AgentRules{}, nullptr, SyslogSettings{}};
    return codec;
}

Result<std::shared_ptr<const Codec>> makeAutoCodec(const Value &settings)
{
    const AgentRules rules = EVENTOPS_TRY(agentRules(settings));
    const SyslogSettings syslog = EVENTOPS_TRY(SyslogSettings::parse(settings));
    return std::shared_ptr<const Codec>(std::make_shared<Auto>(rules, EVENTOPS_TRY(readSchemas(settings)), syslog));
}

} // namespace eventops
