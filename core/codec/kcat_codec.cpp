// SPDX-License-Identifier: MIT
//
// Kafka messages, a line each, whose payloads are read by the codec of their topic.
#include "core/codec/avro_payload.h"
#include "core/codec/envelopes.h"
#include "core/codec/json_envelope.h"
#include "core/codec/kcat.h"

#include <map>

namespace eventops {
namespace {

constexpr std::string_view Name = "kcat";

struct Choice {
    std::map<std::string, std::shared_ptr<const Codec>, std::less<>> byTopic;
    std::shared_ptr<const Codec> otherwise;
    std::shared_ptr<const SchemasById> schemas;
    std::string skipWriter; ///< Empty: nobody's messages are left out.

    const Codec &of(std::string_view topic) const
    {
        const auto found = byTopic.find(topic);
        return found == byTopic.end() ? *otherwise : *found->second;
    }
};

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(std::shared_ptr<const Choice> choice) : m_choice(std::move(choice)), m_avro(m_choice->schemas) {}

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const JsonFailure notJson = m_reader.read(batch.raw(batch.records[record]));
        if (notJson || !looksLikeKcat(m_reader)) // a payload by itself, as a file of them holds it
            return innerOf({}).decode(batch, record);
        if (const DecodeFailure failure = m_message.read(m_reader))
            return failure;
        if (!m_message.hasPayload || isOwn())
            return {}; // a tombstone carries no event
        const std::size_t before = batch.events.size();
        if (const DecodeFailure failure = decodePayload(batch, record))
            return failure;
        m_message.apply(batch, before);
        return {};
    }

private:
    bool isOwn()
    {
        if (m_choice->skipWriter.empty())
            return false;
        const auto writer = jsonMember(m_message.beside, KafkaWriterHeader);
        return writer && jsonKind(*writer) == JsonKind::String && jsonText(*writer, m_scratch) == m_choice->skipWriter;
    }

    CodecDecoder &innerOf(const std::string &topic)
    {
        const auto known = m_inner.find(topic);
        if (known != m_inner.end())
            return *known->second;
        return *m_inner.emplace(topic, m_choice->of(topic).makeDecoder()).first->second;
    }

    /// The payload stands in for the record while its codec reads it.
    DecodeFailure decodePayload(Batch &batch, std::uint32_t record)
    {
        const std::size_t before = batch.events.size();
        const std::string_view codec = m_choice->of(m_message.topic).name();
        const bool any = codec == "auto";
        std::string_view text = m_message.payload;
        if (readsAvro(codec)) {
            if (DecodeFailure failure = m_message.document(m_avro, codec == "monitoring.envelope.v1", m_json, text))
                return failure;
        }
        const auto chunk = std::make_shared<RawChunk>();
        chunk->bytes.reserve(text.size() + RawPaddingBytes);
        chunk->bytes = text;
        const RawRecord line = batch.records[record];
        RawRecord &own = batch.records[record];
        own.chunk = static_cast<std::uint32_t>(batch.chunks.size());
        own.offset = 0;
        own.size = static_cast<std::uint32_t>(text.size());
        batch.chunks.push_back(chunk);
        const DecodeFailure failure = innerOf(m_message.topic).decode(batch, record);
        batch.chunks.pop_back();
        own.chunk = line.chunk;
        own.offset = line.offset;
        own.size = line.size;
        const std::size_t first = text.find_first_not_of(" \t\r\n");
        const bool isText = first != std::string_view::npos && text[first] != '{' && text[first] != '[';
        if (failure && !(any && isText))
            return failure;
        if (failure)
            appendKcatText(batch, record, text);
        if (!any) { // whoever reads the record again has to begin with the line
            for (std::size_t i = before; i < batch.events.size(); ++i)
                batch.events[i][Field::Codec] = batch.strings.intern(Name);
        }
        return {};
    }

    const std::shared_ptr<const Choice> m_choice;
    JsonReader m_reader;
    KcatMessage m_message;
    AvroPayload m_avro;
    std::string m_json;
    std::map<std::string, std::unique_ptr<CodecDecoder>> m_inner; ///< By topic.
    std::string m_scratch;
};

class Kcat final : public Codec
{
public:
    explicit Kcat(std::shared_ptr<const Choice> choice) : m_choice(std::move(choice)) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override { return "Kafka messages, the payload by the codec of its topic."; }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_choice); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &loss) const override
    {
        return m_choice->otherwise->write(batch, event, loss);
    }

private:
    const std::shared_ptr<const Choice> m_choice;
};

Result<std::shared_ptr<const Codec>> innerCodec(const Value &name, const Value &settings)
{
    const std::string text = EVENTOPS_TRY(name.text());
    if (text == Name)
        return name.error("the payload of a message is no message itself", "name another codec");
    auto codec = makeCodec(text, settings);
    if (!codec && codec.error().code == Error::Code::NotFound)
        return name.error(codec.error().message, codec.error().remedy);
    return codec;
}

} // namespace

Result<std::shared_ptr<const Codec>> makeKcatCodec(const Value &settings)
{
    auto choice = std::make_shared<Choice>();
    const Value *const name = settings.find("codec");
    choice->otherwise = EVENTOPS_TRY(innerCodec(name != nullptr ? *name : Value::scalar("auto"), settings));
    if (const Value *const byTopic = settings.find("codecs")) {
        for (const auto &[topic, codec] : byTopic->members())
            choice->byTopic.emplace(topic, EVENTOPS_TRY(innerCodec(codec, settings)));
    }
    choice->schemas = EVENTOPS_TRY(readSchemas(settings));
    if (const Value *const writer = settings.find("skip_writer"))
        choice->skipWriter = EVENTOPS_TRY(writer->text());
    return std::shared_ptr<const Codec>(std::make_shared<Kcat>(std::move(choice)));
}

} // namespace eventops
