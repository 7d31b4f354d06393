// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/read_file.h"
#include "core/codec/codec.h"
#include "core/codec/detect.h"
#include "core/codec/event_fields.h"

#include <cstdio>
#include <iostream>
#include <iterator>

namespace eventops::cli {
namespace {

constexpr std::size_t EventsMax = 3; ///< Shown of a file.
constexpr std::size_t ValueChars = 160;
constexpr std::size_t FileBytesMax = 64u << 20;

struct DetectOptions {
    std::string file;
    std::vector<std::string> headers;
};

/// A field of an event as a person sees it, with the row of the format's table that it comes from.
struct ShownField {
    EventField field;
    FormatLine line;
};

Result<std::string> bytesOf(const std::string &file)
{
    if (file == "-")
        return std::string(std::istreambuf_iterator<char>(std::cin), {});
    return readTextFile(file, FileBytesMax);
}

using Headers = std::vector<std::pair<std::string, std::string>>;

/// What becomes of the first records, or of the body that came with @p headers.
Batch decoded(const Detection &found, const Headers &headers, const std::string &body)
{
    Batch batch;
    std::string block;
    for (const auto &[name, value] : headers)
        block += name + ": " + value + "\n";
    block += '\n' + body;
    const bool byHeaders = found.takesHeaders;
    auto codec =
        makeCodec(found.best.codec, byHeaders ? Value::map({{"headers", Value::scalar("true")}}) : Value::map({}));
    if (!codec)
        return batch;
    const std::vector<std::string_view> records = byHeaders ? std::vector<std::string_view>{block} : found.records;
    auto chunk = std::make_shared<RawChunk>();
    for (std::size_t i = 0; i < std::min(records.size(), EventsMax); ++i) {
        RawRecord &record = batch.records.emplace_back();
        record.offset = static_cast<std::uint32_t>(chunk->bytes.size());
        record.size = static_cast<std::uint32_t>(records[i].size());
        chunk->bytes += records[i];
    }
    chunk->bytes.reserve(chunk->bytes.size() + RawPaddingBytes);
    batch.chunks.push_back(std::move(chunk));
    const auto decoder = codec.value()->makeDecoder();
    for (std::uint32_t i = 0; i < batch.records.size() && batch.events.size() < EventsMax; ++i)
        decoder->decode(batch, i);
    return batch;
}

std::vector<ShownField> fieldsOf(const Batch &batch, const Event &event)
{
    const std::string codec(batch.text(event, Field::Codec));
    std::vector<ShownField> out;
    for (EventField &field : eventFields(batch, event)) {
        FormatLine line = formatLine(codec, mappingName(field.name));
        out.push_back({std::move(field), std::move(line)});
    }
    return out;
}

void printJson(const Detection &found, const Batch &batch)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().field("codec", found.best.codec).key("confidence").number(found.best.confidence);
    json.key("alternatives").beginArray();
    for (const DetectedCodec &one : found.alternatives)
        json.beginObject().field("codec", one.codec).key("confidence").number(one.confidence).endObject();
    json.endArray().key("events").beginArray();
    for (std::size_t i = 0; i < std::min(batch.events.size(), EventsMax); ++i) {
        json.beginArray();
        for (const auto &[field, line] : fieldsOf(batch, batch.events[i])) {
            json.beginObject().field("field", field.name).field("value", field.value);
            if (!line.file.empty())
                json.field("from", line.file + ':' + std::to_string(line.line)).field("mapping", line.text);
            json.endObject();
        }
        json.endArray();
    }
    json.endArray().endObject();
    std::printf("%s\n", out.c_str());
}

void printText(const Detection &found, const Batch &batch)
{
    std::printf("%s  %.0f %%\n", found.best.codec.c_str(), found.best.confidence * 100);
    for (const DetectedCodec &one : found.alternatives)
        std::printf("or %s  %.0f %%\n", one.codec.c_str(), one.confidence * 100);
    for (std::size_t i = 0; i < std::min(batch.events.size(), EventsMax); ++i) {
        std::printf("\nevent %zu\n", i + 1);
        for (const auto &[field, line] : fieldsOf(batch, batch.events[i])) {
            const std::string value = printable(std::string_view(field.value).substr(0, ValueChars));
            std::printf("  %-16s %s\n", field.name.c_str(), value.c_str());
            if (!line.file.empty())
                std::printf("  %-16s   %s:%zu  %s\n", "", line.file.c_str(), line.line,
                            printable(std::string_view(line.text).substr(0, ValueChars)).c_str());
        }
    }
}

void detectFile(Context &context, const DetectOptions &options)
{
    const auto bytes = bytesOf(options.file);
    if (!bytes)
        return context.fail(bytes.error());
    Headers headers;
    for (const std::string &header : options.headers) {
        const std::size_t colon = header.find(':');
        if (colon == 0 || colon == std::string::npos)
            return context.fail(Error{Error::Code::InvalidArgument,
                                      "\"" + printable(header) + "\" is no header",
                                      {},
                                      "write --header 'Content-Type: application/json'"});
        const std::size_t value = header.find_first_not_of(' ', colon + 1);
        headers.emplace_back(header.substr(0, colon), value == std::string::npos ? "" : header.substr(value));
    }
    const Detection found = detect(bytes.value(), headers);
    const Batch batch = decoded(found, headers, bytes.value());
    context.json ? printJson(found, batch) : printText(found, batch);
}

} // namespace

void addDetect(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<DetectOptions>();
    CLI::App *command = app.add_subcommand(
        "detect", "Tell the format of a file, and what its first events are, field by field; nothing is stored");
    command->add_option("FILE", options->file, "File of any form; - is standard input")->required();
    command->add_option("--header", options->headers, "HTTP header that came with it, 'Name: value'; any number");
    addJson(*command, context);
    command->callback([&context, options] { detectFile(context, *options); });
}

} // namespace eventops::cli
