// SPDX-License-Identifier: MIT
#include "core/codec/document_format.h"

#include "core/codec/envelopes.h"
#include "core/codec/format_tables.h"
#include "core/codec/mapping_reader.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <cassert>

namespace eventops {
namespace {

constexpr std::size_t ConditionsMax = 32;

/// The name before the first dot or bracket; what a path begins with is looked for in the index of the reader first.
std::string firstMember(std::string_view path)
{
    return std::string(path.substr(0, path.find_first_of(".[")));
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

class FormatCodec final : public Codec
{
public:
    explicit FormatCodec(const DocumentFormat &format) : m_format(format) {}
    std::string_view name() const override { return m_format.name(); }
    std::string_view summary() const override { return m_format.summary(); }
    std::unique_ptr<CodecDecoder> makeDecoder() const override
    {
        return std::make_unique<JsonDecoder>(makeFormatEnvelope(m_format));
    }
    Result<std::string> encode(const Batch &, const Event &, LossReport &) const override
    {
        return Error{Error::Code::Unavailable,
                     "the format " + m_format.name() + " is only read",
                     {},
                     "write the event with another codec"};
    }

private:
    const DocumentFormat &m_format;
};

} // namespace

bool DocumentFormat::Condition::holds(const JsonReader &json) const
{
    if (!member.empty() && json.find(member) == nullptr)
        return false;
    const std::string_view document = json.document();
    const auto found = path.find(std::span(&document, 1));
    if (!found)
        return false;
    const JsonKind is = jsonKind(*found);
    switch (kind) {
    case Kind::Any: return true;
    case Kind::Text: return is == JsonKind::String;
    case Kind::Number: return is == JsonKind::Number;
    case Kind::Object: return is == JsonKind::Object;
    case Kind::Array: return is == JsonKind::Array;
    case Kind::OneOf: break;
    }
    std::string scratch;
    const auto text = scalarText(*found, scratch);
    return text && std::find(texts.begin(), texts.end(), *text) != texts.end();
}

Result<std::vector<DocumentFormat::Condition>> DocumentFormat::conditions(const Value &map)
{
    constexpr std::pair<std::string_view, Kind> Kinds[] = {{"any", Kind::Any},
                                                           {"text", Kind::Text},
                                                           {"number", Kind::Number},
                                                           {"object", Kind::Object},
                                                           {"array", Kind::Array}};
    if (!map.isMap() || map.members().empty() || map.members().size() > ConditionsMax)
        return map.error("when: expected 1 to 32 paths", "write when: {resourceLogs: array, version: ['4']}");
    std::vector<Condition> out;
    for (const Value::Member &member : map.members()) {
        std::string error;
        auto path = JsonPath::parse(member.first, error);
        if (!path)
            return member.second.error("when: " + error, "write a path, as in when: {alerts[0].labels: object}");
        Condition condition{std::move(*path), firstMember(member.first), Kind::OneOf, {}};
        const std::string word = member.second.isScalar() ? member.second.text().valueOr("") : std::string();
        const auto kind =
            std::find_if(std::begin(Kinds), std::end(Kinds), [&](const auto &known) { return known.first == word; });
        if (kind != std::end(Kinds)) {
            condition.kind = kind->second;
        } else if (member.second.isList() && !member.second.items().empty()) {
            for (const Value &item : member.second.items())
                condition.texts.push_back(EVENTOPS_TRY(item.text()));
        } else {
            return member.second.error("when." + member.first + ": expected a kind or a list of texts",
                                       "use any, text, number, object, array, or ['4', '5']");
        }
        out.push_back(std::move(condition));
    }
    return out;
}

Result<DocumentFormat> DocumentFormat::parse(const Value &value)
{
    DocumentFormat out;
    for (const char *const name : {"format", "summary", "when", "map"}) {
        if (!value.isMap() || value.find(name) == nullptr)
            return value.error(std::string("a format needs ") + name, "write format:, summary:, when: and map:");
    }
    for (const Value::Member &member : value.members()) {
        const bool known =
            member.first == "format" || member.first == "summary" || member.first == "when" || member.first == "map";
        if (!known)
            return member.second.error("a format has no \"" + member.first + '"', "use format, summary, when and map");
    }
    out.m_name = EVENTOPS_TRY(value.at("format").text());
    out.m_summary = EVENTOPS_TRY(value.at("summary").text());
    const Value &when = value.at("when");
    const std::vector<Value> single = {when};
    for (const Value &one : when.isList() ? when.items() : single)
        out.m_when.push_back(EVENTOPS_TRY(conditions(one)));
    out.m_mapping = std::make_shared<const Mapping>(EVENTOPS_TRY(Mapping::parse(value.at("map"))));
    return out;
}

bool DocumentFormat::matches(const JsonReader &json) const
{
    return std::any_of(m_when.begin(), m_when.end(), [&](const std::vector<Condition> &all) {
        return std::all_of(all.begin(), all.end(), [&](const Condition &one) { return one.holds(json); });
    });
}

std::span<const DocumentFormat> documentFormats()
{
    static const std::vector<DocumentFormat> formats = [] {
        std::vector<DocumentFormat> out;
        for (const auto &[file, text] : formatTables()) {
            const auto value = parseYaml(text, std::string(file));
            auto format = value ? DocumentFormat::parse(value.value()) : Result<DocumentFormat>(value.error());
            assert(format && "a shipped format is wrong; tst_codec names the place");
            if (format)
                out.push_back(std::move(format).value());
        }
        return out;
    }();
    return formats;
}

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

} // namespace eventops
