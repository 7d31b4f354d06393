// SPDX-License-Identifier: MIT
#include "core/codec/mapping_draft.h"

#include "core/codec/document_format.h"
#include "core/codec/field_guess.h"
#include "core/codec/format_tables.h"
#include "core/codec/text_kind.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::string_view Stages = "stages:\n"
                                    "  - entropy: {}\n"
                                    "  - entities: {}\n"
                                    "executors:\n"
                                    "  demo: {}\n";
constexpr std::size_t SettingIndent = 6; ///< Of what a source is set to.
constexpr std::size_t MapIndent = 8;

void appendIndented(std::string &out, std::string_view lines, std::size_t indent)
{
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        if (end > 0)
            out.append(indent, ' ').append(lines.substr(0, end));
        out += '\n';
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
}

const DocumentFormat *formatNamed(std::string_view codec)
{
    for (const DocumentFormat &format : documentFormats()) {
        if (format.name() == codec)
            return &format;
    }
    return nullptr;
}

std::string_view tableOf(std::string_view codec)
{
    for (const auto &[file, text] : formatTables()) {
        if (text.find("format: " + std::string(codec) + '\n') != std::string_view::npos)
            return text;
    }
    return {};
}

} // namespace

std::optional<std::string> formatMapping(std::string_view codec)
{
    const DocumentFormat *format = formatNamed(codec);
    if (format == nullptr
        || (format->reading() != DocumentFormat::Reading::Json
            && format->reading() != DocumentFormat::Reading::Pattern))
        return std::nullopt;
    std::string_view table = tableOf(codec);
    constexpr std::string_view Begin = "\nmap:\n";
    const std::size_t at = table.find(Begin);
    if (at == std::string_view::npos)
        return std::nullopt;
    table.remove_prefix(at + Begin.size());
    constexpr std::size_t TableIndent = 2;
    std::string out;
    while (!table.empty() && (table.front() == ' ' || table.front() == '\n')) {
        const std::size_t end = std::min(table.find('\n'), table.size());
        const std::string_view line = table.substr(0, end);
        out.append(line.substr(std::min(TableIndent, line.size()))).append("\n");
        table.remove_prefix(std::min(end + 1, table.size()));
    }
    return out;
}

std::string draftPipeline(std::string_view bytes, const Detection &found, const PipelineDraft &draft)
{
    const bool isJson = draft.codec == "json";
    const bool isText = draft.codec == "text" || draft.codec == "unknown";
    std::optional<std::string> map;
    if (draft.written)
        map = isJson || isText ? std::optional(guessMapping(found)) : formatMapping(draft.codec);
    const DocumentFormat *format = formatNamed(draft.codec);
    std::string start = format != nullptr ? format->start() : std::string();
    constexpr std::size_t HeadBytes = 256u << 10;
    const auto kind = isJson ? std::nullopt : textKind(bytes.substr(0, HeadBytes), bytes.size() <= HeadBytes);
    const bool isDocument = kind && kind->document && kind->codec == draft.codec;
    if (kind && !isText && start.empty() && !isDocument)
        start = kind->start;
    std::string out = "pipeline: " + yamlScalar(draft.name) + "\nsources:\n  - capture:\n";
    const auto set = [&](std::string_view name, std::string_view value) {
        out.append(SettingIndent, ' ').append(name).append(": ").append(value).append("\n");
    };
    set("format", map ? "mapped" : draft.codec == "unknown" ? "text" : draft.codec);
    if (isDocument) {
        set("framing", "document");
    } else if (!start.empty()) {
        set("framing", "multiline");
        set("start", yamlScalar(start));
    } else if (isText || (format != nullptr && format->isText())) {
        set("framing", "lines");
    }
    if (map) {
        out.append(SettingIndent, ' ').append("map:\n");
        appendIndented(out, *map, MapIndent);
    }
    return out.append(Stages);
}

} // namespace eventops
