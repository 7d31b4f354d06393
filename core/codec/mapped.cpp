// SPDX-License-Identifier: MIT
#include "core/base/json.h"
#include "core/codec/envelopes.h"
#include "core/codec/mapping_reader.h"

#include <re2/re2.h>

// mapped: JSON documents and text of any shape, by the settings of mapping.h.
namespace eventops {
namespace {

constexpr std::string_view Name = "mapped";

class Decoder final : public CodecDecoder
{
public:
    explicit Decoder(const std::shared_ptr<const Mapping> &mapping) : m_mapped(mapping, Name)
    {
        for (const std::string &pattern : mapping->patterns) {
            RE2::Options options;
            options.set_log_errors(false);
            options.set_dot_nl(true); // a record may have several lines
            Pattern &compiled = m_patterns.emplace_back();
            compiled.expression = std::make_unique<RE2>(pattern, options);
            for (const auto &[index, name] : compiled.expression->CapturingGroupNames())
                compiled.groups.emplace_back(index, name);
            compiled.matches.resize(static_cast<std::size_t>(compiled.expression->NumberOfCapturingGroups()) + 1);
        }
    }

    DecodeFailure decode(Batch &batch, std::uint32_t record) override
    {
        std::string_view document = batch.raw(batch.records[record]);
        if (!m_patterns.empty()) {
            if (DecodeFailure failure = readText(document))
                return failure;
            document = m_captures;
        } else {
            if (const JsonFailure failure = m_reader.read(document))
                return lose(failure);
            document = m_reader.document();
        }
        return m_mapped.read(batch, record, document);
    }

private:
    struct Pattern {
        std::unique_ptr<RE2> expression;
        std::vector<std::pair<int, std::string>> groups;
        std::vector<re2::StringPiece> matches;
    };

    /// The named captures of the first pattern that matches, as a JSON object in m_captures.
    DecodeFailure readText(std::string_view text)
    {
        if (!isValidUtf8(text))
            return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(text)));
        for (Pattern &pattern : m_patterns) {
            const re2::StringPiece input(text.data(), text.size());
            if (!pattern.expression->Match(input, 0, text.size(), RE2::UNANCHORED, pattern.matches.data(),
                                           static_cast<int>(pattern.matches.size())))
                continue;
            m_captures.clear();
            JsonWriter json(m_captures);
            json.beginObject();
            for (const auto &[index, name] : pattern.groups) {
                const re2::StringPiece &match = pattern.matches[static_cast<std::size_t>(index)];
                if (match.data() != nullptr)
                    json.field(name, std::string_view(match.data(), match.size()));
            }
            json.endObject();
            return {};
        }
        DecodeFailure failure = loseField(loss::PatternMismatch, "the record", text, "a match of the pattern");
        return failure;
    }

    MappingReader m_mapped;
    std::vector<Pattern> m_patterns;
    JsonReader m_reader;
    std::string m_captures;
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
    Result<std::string> encode(const Batch &, const Event &, LossReport &) const override
    {
        return Error{Error::Code::Unavailable, "a mapping only reads", {}, "write the event with another codec"};
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
