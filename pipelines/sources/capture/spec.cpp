// SPDX-License-Identifier: MIT
#include "core/pipeline/spec.h"
#include "pipelines/sources/capture/capture.h"
#include "pipelines/sources/capture/capture_lane.h"

#include <algorithm>
#include <fstream>

namespace eventops {
namespace {

constexpr std::int64_t RecordBytesMaxLimit = std::int64_t{1} << 30;
constexpr std::int64_t UnpackRatioMaxLimit = 1'000'000;

constexpr FieldSpec Fields[] = {
    {"path", "string", "\"\"", "File to read, - for standard input; the command line's FILE goes before it."},
    {"format", "string", "auto",
     "Envelope: auto, ndjson, json (one document), text, csv (of an export), mapped, eventops.agent, monitoring.v1, "
     "karma.v1, karma.api.v1, chronos.raw. Captures (.evcap) and zstd are told by their first bytes."},
    {"framing", "enum:auto|lines|document|concatenated|multiline", "auto", "How the bytes fall into records."},
    {"start", "string", "\"\"", "multiline: RE2 expression that the first line of a record matches."},
    {"record_bytes_max", "int", "8388608", "A longer record goes to the dead letters in parts."},
    {"unpack_ratio_max", "int", "300",
     "A file packed with zstd that unpacks to more than so many times its size, beyond 64 MiB, is refused as a bomb."},
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
    {"since", "string", "\"\"",
     "syslog: from when the records are at the earliest, as 2025-11-03; a time without a year is the first such one."},
    {"zone", "string", "\"\"", "syslog: offset of times without a zone, as +02:00; default: UTC."},
    {"schemas", "map", "{}", "Messages of a Kafka: Avro schemas by id, where none stands beside a payload."},
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
    if (format == "json" || format == "chronos.raw" || format == "prometheus.remote")
        out.framing = Framing::Document;
    else if (!out.startPattern.empty())
        out.framing = Framing::Multiline;
    else if (format == "csv")
        out.framing = Framing::Csv;
    else if (format == "ndjson" || format == "text")
        out.framing = Framing::Lines;
}

/// A number of the settings between 1 and @p max.
Status readLimit(const Value &settings, std::string_view name, std::int64_t max, std::int64_t &out)
{
    const Value *limit = settings.find(name);
    if (limit == nullptr)
        return Ok{};
    out = EVENTOPS_TRY(limit->integer());
    if (out < 1 || out > max)
        return limit->error(std::string(name) + ": " + std::to_string(out) + " is out of range",
                            "use 1 to " + std::to_string(max));
    return Ok{};
}

} // namespace

std::span<const FieldSpec> captureReadingFields()
{
    return std::span(Fields).subspan(1); // all but the path
}

Result<CaptureSettings> readCaptureSettings(const Value &settings, const std::string &wantedFormat)
{
    CaptureSettings out;
    out.startPattern = textOr(settings, "start", "");
    const std::string framing = textOr(settings, "framing", "auto");
    out.framing = framingByName(framing);
    if (!out.framing && framing != "auto")
        return settings.at("framing").error("framing: unknown framing \"" + framing + '"',
                                            "use auto, lines, document, concatenated or multiline");
    if (out.framing == Framing::Multiline && out.startPattern.empty())
        return settings.error("framing multiline needs start", "set start to a pattern of a record's first line");
    auto recordBytesMax = static_cast<std::int64_t>(out.recordBytesMax);
    EVENTOPS_TRY(readLimit(settings, "record_bytes_max", RecordBytesMaxLimit, recordBytesMax));
    EVENTOPS_TRY(readLimit(settings, "unpack_ratio_max", UnpackRatioMaxLimit, out.unpackRatioMax));
    out.recordBytesMax = static_cast<std::size_t>(recordBytesMax);
    // The command line's own default, auto, does not overrule what the pipeline says.
    std::string format = textOr(settings, "format", "auto");
    if (!wantedFormat.empty() && wantedFormat != "auto")
        format = wantedFormat;
    const Value *map = settings.find("map");
    const bool hasMap = map != nullptr && map->isMap() && !map->members().empty();
    if (format == "auto" && hasMap)
        format = "mapped";
    if (format == "mapped" && hasMap && map->find("pattern") != nullptr && !out.framing && out.startPattern.empty())
        out.framing = Framing::Lines;
    applyFormat(out, format);
    out.codec = settings;
    return out;
}

namespace {

/// True when the file at @p path is one of our own captures; false as well when it cannot be read, which is then said
/// by whoever reads it.
bool isCaptureFile(const std::string &path)
{
    std::string head(CaptureFileReader::LooksBytes, '\0');
    std::ifstream file(path, std::ios::binary);
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<std::size_t>(std::max<std::streamsize>(file.gcount(), 0)));
    return CaptureFileReader::looksLike(head);
}

Result<std::unique_ptr<Source>> makeCapture(const Value &settings, const SourceArguments &arguments)
{
    CaptureSettings out = EVENTOPS_TRY(readCaptureSettings(settings, arguments.format));
    out.path = arguments.path.empty() ? textOr(settings, "path", "") : arguments.path;
    if (out.path.empty())
        return settings.error("the capture has no path", "set path, or name the file on the command line");
    if (out.path != "-" && isCaptureFile(out.path)) {
        const bool plain = out.format == "auto" || out.format == "text" || out.format == "csv";
        return CaptureLane::make(out.path, {plain ? "auto" : out.format, out.recordBytesMax, settings});
    }
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
