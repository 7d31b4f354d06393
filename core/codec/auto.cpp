// SPDX-License-Identifier: MIT
#include "core/codec/agent.h"
#include "core/codec/envelopes.h"

// auto: the envelope of each record by its keys. What is no JSON is refused, not taken for text: in a stream of JSON lines
// it is damage, and a person should see it.
namespace eventops {
namespace {

constexpr std::string_view Name = "auto";

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(AgentRules rules) : m_agent(rules) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        if (m_agent.decodeUsualShape(batch, record))
            return {};
        if (const JsonFailure failure = m_reader.read(batch.raw(batch.records[record])))
            return lose(failure);
        return envelope().decode(batch, record, m_reader);
    }

private:
    JsonEnvelope &envelope()
    {
        if (looksLikeKarma(m_reader))
            return *m_karma;
        if (looksLikeMonitoring(m_reader))
            return *m_monitoring;
        if (looksLikeAgent(m_reader))
            return m_agent;
        if (looksLikeKarmaApi(m_reader))
            return *m_karmaApi;
        return *m_generic;
    }

    JsonReader m_reader;
    AgentEnvelope m_agent;
    std::unique_ptr<JsonEnvelope> m_karma = makeKarmaEnvelope();
    std::unique_ptr<JsonEnvelope> m_karmaApi = makeKarmaApiEnvelope();
    std::unique_ptr<JsonEnvelope> m_monitoring = makeMonitoringEnvelope();
    std::unique_ptr<JsonEnvelope> m_generic = makeGenericJsonEnvelope();
};

class Auto final : public Codec
{
public:
    explicit Auto(AgentRules rules) : m_rules(rules) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override { return "JSON of any known envelope, told apart record by record."; }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_rules); }
    Result<std::string> encode(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        // The envelope that the event came in.
        const Codec *codec = codecByName(batch.text(event, Field::Codec));
        return codec != nullptr && codec != this && codec->name() != Name ? codec->encode(batch, event, loss)
                                                                          : genericJsonCodec().encode(batch, event, loss);
    }

private:
    const AgentRules m_rules;
};

} // namespace

const Codec &autoCodec()
{
    static const Auto codec{AgentRules{}};
    return codec;
}

Result<std::shared_ptr<const Codec>> makeAutoCodec(const Value &settings)
{
    const AgentRules rules = EVENTOPS_TRY(agentRules(settings));
    return std::shared_ptr<const Codec>(std::make_shared<Auto>(rules));
}

} // namespace eventops
