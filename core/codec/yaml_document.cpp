// SPDX-License-Identifier: MIT
#include "core/codec/yaml_document.h"

#include "core/yaml/yaml.h"

#include <algorithm>
#include <limits>

namespace eventops {
namespace {

constexpr std::string_view Separator = "---";
constexpr YamlLimits Limits{8u << 20, 64, 400'000, 100'000};

struct Part {
    std::string_view text;
    std::size_t line; ///< On which it begins, from 1.
};

/// The documents of the text: what stands between lines that begin with "---".
std::vector<Part> documentsOf(std::string_view text)
{
    std::vector<Part> out;
    std::size_t begin = 0, line = 1, beginLine = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view here = text.substr(at, end - at);
        const bool separates = here.starts_with(Separator) && (here.size() == 3 || here[3] == ' ' || here[3] == '\r');
        if (separates) {
            out.push_back({text.substr(begin, at - begin), beginLine});
            begin = std::min(end + 1, text.size());
            beginLine = line + 1;
        }
        at = end + 1;
    }
    out.push_back({text.substr(begin), beginLine});
    return out;
}

/// Nothing but comments and blanks.
bool isEmpty(std::string_view text)
{
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::size_t first = text.find_first_not_of(" \t\r", at);
        if (first < end && text[first] != '#')
            return false;
        at = end + 1;
    }
    return true;
}

} // namespace

std::vector<std::string_view> yamlDocuments(std::string_view text)
{
    std::vector<std::string_view> out;
    for (const Part &part : documentsOf(text))
        out.push_back(part.text);
    return out;
}

bool looksLikeYaml(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || text[first] == '{' || text[first] == '[' || text[first] == '"')
        return false;
    return text.find(": ") != std::string_view::npos || text.find(":\n") != std::string_view::npos;
}

DecodeFailure readYamlDocuments(std::string_view text, const DocumentFormat &format, JsonEnvelope &envelope,
                                Batch &batch, std::uint32_t record)
{
    if (!isValidUtf8(text))
        return lose(loss::InvalidUtf8, "not UTF-8 at byte " + std::to_string(validUtf8Prefix(text)));
    const std::size_t before = batch.events.size();
    JsonReader reader;
    std::string json;
    std::size_t known = 0;
    for (const Part &part : documentsOf(text)) {
        if (isEmpty(part.text))
            continue;
        const auto value = parseYaml(part.text, "document", Limits);
        DecodeFailure failure;
        if (!value) {
            failure = lose(loss::BadElement,
                           "the document from line " + std::to_string(part.line) + " on: " + value.error().text());
        } else {
            json.clear();
            value.value().appendJson(json);
            if (reader.read(json) || !format.matches(reader))
                continue;
            ++known;
            failure = envelope.decode(batch, record, reader);
        }
        if (!failure && batch.events.size() - before > std::numeric_limits<std::uint16_t>::max())
            failure = lose(loss::TooManyElements, "more than 65535 documents");
        if (failure) {
            batch.events.resize(before);
            return failure;
        }
    }
    for (std::size_t i = before; i < batch.events.size(); ++i)
        batch.events[i].emission = static_cast<std::uint16_t>(i - before);
    return known > 0 ? DecodeFailure{}
                     : lose(loss::MissingField, "none of the YAML documents is of the format " + format.name());
}

} // namespace eventops
