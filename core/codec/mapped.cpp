// SPDX-License-Identifier: MIT
#include "core/codec/envelopes.h"
#include "core/codec/mapping_reader.h"
#include "core/codec/mapping_writer.h"
#include "core/codec/text_fields.h"

// mapped: JSON documents and text of any shape, by the settings of mapping.h.
namespace eventops {
namespace {

constexpr std::string_view Name = "mapped";

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(const std::shared_ptr<const Mapping> &mapping)
        : m_isText(!mapping->patterns.empty()), m_mapped(mapping, Name), m_text(mapping->patterns)
    {
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        const std::string_view raw = batch.raw(batch.records[record]);
        if (m_isText) {
            if (DecodeFailure failure = m_text.read(raw))
                return failure;
            return m_mapped.read(batch, record, m_text.fields());
        }
        if (const JsonFailure failure = m_reader.read(raw))
            return lose(failure);
        return m_mapped.read(batch, record, m_reader.document());
    }

private:
    const bool m_isText;
    MappingReader m_mapped;
    TextFields m_text;
    JsonReader m_reader;
};

class Mapped final : public Codec
{
public:
    explicit Mapped(Mapping mapping) : m_mapping(std::make_shared<const Mapping>(std::move(mapping))) {}
    std::string_view name() const override { return Name; }
    std::string_view summary() const override
    {
        return "JSON documents or text of any shape, by the map: setting; arrays can be split into events.";
    }
    std::unique_ptr<CodecDecoder> makeDecoder() const override { return std::make_unique<Decoder>(m_mapping); }
    Result<std::string> write(const Batch &batch, const Event &event, LossReport &) const override
    {
        MappingWriter writer(*m_mapping, nullptr, *this);
        if (auto original = writer.original(batch, event))
            return std::move(*original);
        if (m_mapping->patterns.empty())
            return writer.made(batch, event);
        return Error{Error::Code::Unavailable,
                     "text is only read by a mapping, and the one that the event came from is not at hand or says "
                     "something else",
                     {},
                     "write the event with another codec"};
    }

private:
    const std::shared_ptr<const Mapping> m_mapping;
};

} // namespace

Result<std::shared_ptr<const Codec>> makeMappedCodec(const Value &settings)
{
    const Value *map = settings.find("map");
    if (map == nullptr || map->isNull())
        return settings.error("format mapped needs a map", "add map: {ts: …, type: …}");
    auto mapping = Mapping::parse(*map);
    if (!mapping)
        return std::move(mapping).error();
    return std::shared_ptr<const Codec>(std::make_shared<Mapped>(std::move(mapping).value()));
}

} // namespace eventops
