// SPDX-License-Identifier: MIT
#include "core/codec/text_kind.h"

#include "core/codec/envelopes.h"
#include "core/codec/text_format.h"
#include "core/codec/yaml_document.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <map>
#include <vector>

namespace eventops {
namespace {

constexpr std::size_t LinesMax = 200;        ///< Looked at; what a file is shows in its first lines.
constexpr std::size_t LineBytesMax = 16'384; ///< Of a line.

std::vector<std::string_view> firstLines(std::string_view head, bool whole)
{
    std::vector<std::string_view> out;
    for (std::size_t at = 0; at < head.size() && out.size() < LinesMax;) {
        std::size_t end = head.find('\n', at);
        if (end == std::string_view::npos && !whole)
            break;
        end = std::min(end, head.size());
        std::string_view line = head.substr(at, std::min(end - at, LineBytesMax));
        at = end + 1;
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        if (line.find_first_not_of(" \t") != std::string_view::npos)
            out.push_back(line);
    }
    return out;
}

/// Samples and comments alone, and a sample or a comment of the format's own among them.
bool isPrometheus(const std::vector<std::string_view> &lines)
{
    auto chunk = std::make_shared<RawChunk>();
    Batch batch;
    bool said = false;
    for (const std::string_view line : lines) {
        RawRecord &record = batch.records.emplace_back();
        record.offset = static_cast<std::uint32_t>(chunk->bytes.size());
        record.size = static_cast<std::uint32_t>(line.size());
        chunk->bytes += line;
        said = said || line.starts_with("# HELP ") || line.starts_with("# TYPE ") || line == "# EOF"
               || line.find("_total") != std::string_view::npos || line.find('{') != std::string_view::npos;
    }
    chunk->bytes.reserve(chunk->bytes.size() + RawPaddingBytes);
    batch.chunks.push_back(std::move(chunk));
    const auto decoder = prometheusCodec().makeDecoder();
    for (std::uint32_t i = 0; i < batch.records.size(); ++i) {
        if (decoder->decode(batch, i))
            return false;
    }
    return !batch.events.empty() && (said || lines.size() > 1 || batch.events.size() == lines.size());
}

/// The format whose documents of YAML these are; one document that is of it is enough.
const DocumentFormat *yamlFormat(std::string_view head)
{
    if (!looksLikeYaml(head))
        return nullptr;
    for (const DocumentFormat &format : documentFormats()) {
        if (format.reading() != DocumentFormat::Reading::Yaml)
            continue;
        for (const std::string_view document : yamlDocuments(head)) {
            const auto value = parseYaml(document, "document");
            std::string json;
            JsonReader reader;
            if (!value)
                continue;
            value.value().appendJson(json);
            if (!reader.read(json) && format.matches(reader))
                return &format;
        }
    }
    return nullptr;
}

} // namespace

std::optional<TextKind> textKind(std::string_view head, bool whole)
{
    const std::vector<std::string_view> lines = firstLines(head, whole);
    const auto isJson = [](std::string_view line) {
        return line.starts_with('{');
    };
    if (lines.empty() || std::any_of(lines.begin(), lines.end(), isJson))
        return std::nullopt; // a stream of JSON with text in it is told record by record
    if (const DocumentFormat *const yaml = yamlFormat(head))
        return TextKind{yaml->name(), {}, true};
    if (isPrometheus(lines))
        return TextKind{"prometheus", {}, false};
    KnownText known;
    std::map<const DocumentFormat *, std::size_t> counts;
    for (const std::string_view line : lines) {
        if (const DocumentFormat *const format = known.match(line))
            ++counts[format];
    }
    if (counts.empty())
        return std::nullopt;
    const auto most = std::max_element(counts.begin(), counts.end(),
                                       [](const auto &a, const auto &b) { return a.second < b.second; });
    return TextKind{"log", most->first->start(), false};
}

} // namespace eventops
