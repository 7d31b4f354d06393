// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"
#include "pipelines/sources/capture/capture.h"

namespace eventops {
namespace {

constexpr std::int64_t RecordBytesMaxLimit = std::int64_t{1} << 30;

constexpr FieldSpec Fields[] = {
    {"path", "string", "\"\"", "File to read, - for standard input; the command line's FILE goes before it."},
    {"format", "string", "auto",
     "Envelope: auto, ndjson, json (one document), text, mapped, eventops.agent, monitoring.v1, karma.v1, "
     "karma.api.v1, chronos.raw."},
    {"framing", "enum:auto|lines|document|concatenated|multiline", "auto", "How the bytes fall into records."},
    {"start", "string", "\"\"", "multiline: RE2 expression that the first line of a record matches."},
    {"record_bytes_max", "int", "8388608", "A longer record goes to the dead letters in parts."},
    {"map", "any", "{}", "mapped: where each field of an event comes from."},
    {"require", "any", "null",
     "Fields without which an agent's line is refused: tenant_id, host, metric, value and ts_event when left out; [] "
     "takes "
     "the upstream normaliser's defaults."},
    {"content_type", "string", "application/octet-stream", "chronos.raw: what the bytes are."},
    {"source_name", "string", "\"\"", "chronos.raw: name of the source."},
    {"tenant", "string", "default", "chronos.raw: tenant of the events."},
    {"headers", "bool", "false",
     "chronos.raw: HTTP headers and an empty line stand before the body: x-event-source, Content-Type and, if there is "
     "one, x-event-timestamp."},
    {"attribute_types", "bool", "false",
     "monitoring.v1: attributes that are no texts have a \"<name>:type\" beside them, from which they are restored."},
};

std::optional<Framing> framingByName(std::string_view name)
{
    if (name == "lines")
        return Framing::Lines;
    if (name == "document")
        return Framing::Document;
    if (name == "concatenated")
        return Framing::Concatenated;
    if (name == "multiline")
        return Framing::Multiline;
    return std::nullopt;
}

std::string textOr(const Value &settings, std::string_view name, std::string fallback)
{
    const Value *value = settings.find(name);
    const auto text = value != nullptr && value->isScalar() ? value->text() : Result<std::string>(fallback);
    return text ? text.value() : fallback;
}

/// Which codec and framing the format stands for.
void applyFormat(CaptureSettings &out, const std::string &format)
{
    out.format = format == "ndjson" ? "auto" : format;
    if (out.framing)
        return;
    if (format == "json" || format == "chronos.raw")
        out.framing = Framing::Document;
    else if (!out.startPattern.empty())
        out.framing = Framing::Multiline;
    else if (format == "ndjson" || format == "text")
        out.framing = Framing::Lines;
}

Result<std::unique_ptr<Source>> makeCapture(const Value &settings, const SourceArguments &arguments)
{
    CaptureSettings out;
    out.path = arguments.path.empty() ? textOr(settings, "path", "") : arguments.path;
    if (out.path.empty())
        return settings.error("the capture has no path", "set path, or name the file on the command line");
    out.startPattern = textOr(settings, "start", "");
    const std::string framing = textOr(settings, "framing", "auto");
    out.framing = framingByName(framing);
    if (!out.framing && framing != "auto")
        return settings.at("framing").error("framing: unknown framing \"" + framing + '"',
                                            "use auto, lines, document, concatenated or multiline");
    if (out.framing == Framing::Multiline && out.startPattern.empty())
        return settings.error("framing multiline needs start", "set start to a pattern of a record's first line");
    if (const Value *limit = settings.find("record_bytes_max")) {
        const std::int64_t bytes = EVENTOPS_TRY(limit->integer());
        if (bytes < 1 || bytes > RecordBytesMaxLimit)
            return limit->error("record_bytes_max: " + std::to_string(bytes) + " is out of range",
                                "use 1 to 1073741824");
        out.recordBytesMax = static_cast<std::size_t>(bytes);
    }
    // The command line's own default, auto, does not overrule what the pipeline says.
    std::string format = textOr(settings, "format", "auto");
    if (!arguments.format.empty() && arguments.format != "auto")
        format = arguments.format;
    const Value *map = settings.find("map");
    const bool hasMap = map != nullptr && map->isMap() && !map->members().empty();
    if (format == "auto" && hasMap)
        format = "mapped";
    if (format == "mapped" && hasMap && map->find("pattern") != nullptr && !out.framing && out.startPattern.empty())
        out.framing = Framing::Lines;
    applyFormat(out, format);
    out.codec = settings;
    auto capture = Capture::make(std::move(out));
    if (!capture)
        return std::move(capture).error();
    return std::unique_ptr<Source>(std::move(capture).value());
}

} // namespace

extern const SourceSpec CaptureSource;
const SourceSpec CaptureSource = {
    .name = "capture",
    .summary = "Reads raw records from a file or from standard input.",
    .fields = Fields,
    .losses = codecLosses(),
    .make = makeCapture,
};

} // namespace eventops
