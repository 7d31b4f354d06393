// SPDX-License-Identifier: MIT
#include "core/codec/detect.h"

#include "core/codec/ascii.h"
#include "core/codec/csv.h"
#include "core/codec/envelopes.h"
#include "core/codec/format_tables.h"
#include "core/codec/text_kind.h"

#include <algorithm>
#include <map>

namespace eventops {
namespace {

constexpr std::size_t HeadBytes = 256u << 10;
constexpr std::size_t RecordsMax = 50;
constexpr std::size_t TextBytesMin = 8;   ///< Fewer bytes say nothing.
constexpr double GenericConfidence = 0.5; ///< Of JSON or text that is of no known format.
constexpr std::string_view Unknown = "unknown";

using Headers = std::span<const std::pair<std::string, std::string>>;

std::string headerOf(Headers headers, std::string_view name)
{
    for (const auto &[known, value] : headers) {
        if (lowered(known) == name)
            return lowered(value);
    }
    return {};
}

/// What the headers alone say; empty: nothing.
std::string_view byHeaders(Headers headers)
{
    const std::string type = headerOf(headers, "content-type");
    if (!headerOf(headers, "ce-specversion").empty() || type.starts_with("application/cloudevents+json"))
        return "cloudevents";
    if (type.starts_with("application/cloudevents-batch+json"))
        return "cloudevents.batch";
    if (!headerOf(headers, "x-github-event").empty())
        return "github";
    if (!headerOf(headers, "x-amz-sns-message-type").empty())
        return "aws.sns.http";
    if (!headerOf(headers, "x-event-source").empty())
        return "chronos.raw";
    if (type.starts_with("application/x-protobuf") && headerOf(headers, "content-encoding") == "snappy")
        return "prometheus.remote";
    return type.starts_with("application/openmetrics-text") ? "prometheus" : std::string_view();
}

std::vector<std::string_view> documentsOf(std::string_view text)
{
    std::vector<std::string_view> out;
    JsonReader reader;
    while (out.size() < RecordsMax) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos)
            break;
        text.remove_prefix(begin);
        std::size_t end = 0;
        if (reader.readPrefix(text, end)) {
            const std::size_t lineEnd = text.find('\n');
            if (lineEnd == std::string_view::npos || out.empty())
                break;
            text.remove_prefix(lineEnd); // a damaged line among documents
            continue;
        }
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

/// Those of the head, or of all when the first one is longer than the head.
std::vector<std::string_view> firstDocuments(std::string_view bytes, std::string_view head)
{
    std::vector<std::string_view> out = documentsOf(head);
    return out.empty() && bytes.size() > HeadBytes ? documentsOf(bytes) : out;
}

std::vector<std::string_view> linesOf(std::string_view text)
{
    std::vector<std::string_view> out;
    while (!text.empty() && out.size() < RecordsMax) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(text.substr(0, end), "\r");
        if (line.find_first_not_of(" \t") != std::string_view::npos)
            out.push_back(line);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

/// Text a person could read: UTF-8 without control characters.
bool isReadable(std::string_view text)
{
    const auto isControl = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\x1b') || byte == 0x7f;
    };
    return text.size() >= TextBytesMin && isValidUtf8(text) && std::none_of(text.begin(), text.end(), isControl)
           && text.find(' ') != std::string_view::npos;
}

/// How many of @p records the events of @p codec say that they were read by, by codec. A record counts once.
std::map<std::string, std::size_t, std::less<>> tally(const Codec &codec, const std::vector<std::string_view> &records)
{
    Batch batch;
    auto chunk = std::make_shared<RawChunk>();
    for (const std::string_view text : records) {
        RawRecord &record = batch.records.emplace_back();
        record.offset = static_cast<std::uint32_t>(chunk->bytes.size());
        record.size = static_cast<std::uint32_t>(text.size());
        chunk->bytes += text;
    }
    chunk->bytes.reserve(chunk->bytes.size() + RawPaddingBytes);
    batch.chunks.push_back(std::move(chunk));
    std::map<std::string, std::size_t, std::less<>> out;
    const auto decoder = codec.makeDecoder();
    for (std::uint32_t i = 0; i < batch.records.size(); ++i) {
        const std::size_t before = batch.events.size();
        if (!decoder->decode(batch, i) && batch.events.size() > before)
            ++out[std::string(batch.text(batch.events[before], Field::Codec))];
    }
    return out;
}

void rank(const std::map<std::string, std::size_t, std::less<>> &counts, std::size_t records, Detection &out)
{
    for (const auto &[codec, count] : counts) {
        const bool generic = codec == "json" || codec == "text";
        const double share = static_cast<double>(count) / static_cast<double>(records);
        out.alternatives.push_back({codec, generic ? share * GenericConfidence : share});
    }
    std::stable_sort(out.alternatives.begin(), out.alternatives.end(),
                     [](const auto &a, const auto &b) { return a.confidence > b.confidence; });
    if (out.alternatives.empty())
        return;
    out.best = out.alternatives.front();
    out.alternatives.erase(out.alternatives.begin());
}

void addAlternative(Detection &out, std::string_view codec, double confidence)
{
    const auto isThis = [&](const DetectedCodec &known) {
        return known.codec == codec;
    };
    if (out.best.codec != codec && std::none_of(out.alternatives.begin(), out.alternatives.end(), isThis))
        out.alternatives.push_back({std::string(codec), confidence});
}

void detectText(std::string_view head, bool whole, Detection &out)
{
    const auto kind = textKind(head, whole);
    const std::string_view codec = kind ? std::string_view(kind->codec) : std::string_view();
    out.records = linesOf(head);
    if (kind && (kind->document || codec == "prometheus")) {
        if (kind->document)
            out.records.assign(1, head);
        out.best = {kind->codec, 1.0};
        addAlternative(out, "text", GenericConfidence / 2);
        return;
    }
    if (!isReadable(head))
        return;
    auto counts = tally(logCodec(), out.records);
    if (kind && !kind->start.empty()) {
        std::erase_if(counts, [](const auto &count) { return count.first == "text"; }); // what goes on below a line
        std::size_t known = 0;
        for (const auto &[name, count] : counts)
            known += count;
        rank(counts, std::max<std::size_t>(known, 1), out);
    } else {
        rank(counts, std::max<std::size_t>(out.records.size(), 1), out);
    }
    addAlternative(out, "text", GenericConfidence / 2);
}

} // namespace

Detection detect(std::string_view bytes, Headers headers)
{
    Detection out;
    out.best.codec = Unknown;
    const bool whole = bytes.size() <= HeadBytes;
    std::string_view head = bytes.substr(0, HeadBytes);
    if (head.starts_with("\xEF\xBB\xBF"))
        head.remove_prefix(3);
    const std::string_view text = head.substr(std::min(head.find_first_not_of(" \t\r\n"), head.size()));
    const bool isJson = text.starts_with('{') || text.starts_with('[') || text.starts_with('"');
    if (looksLikeCsv(head)) {
        out.best = {"csv", 1.0};
        out.records = linesOf(head);
    } else if (isJson && !(out.records = firstDocuments(bytes, text)).empty()) {
        rank(tally(autoCodec(), out.records), out.records.size(), out);
        addAlternative(out, "json", GenericConfidence / 2);
    } else if (!text.empty()) {
        detectText(head, whole, out);
    }
    const std::string_view said = byHeaders(headers);
    out.takesHeaders = said == "cloudevents" || said == "chronos.raw";
    if (!said.empty() && said != out.best.codec) {
        if (out.best.codec != Unknown)
            out.alternatives.insert(out.alternatives.begin(), out.best);
        out.best = {std::string(said), 1.0};
        std::erase_if(out.alternatives, [&](const DetectedCodec &one) { return one.codec == said; });
    }
    return out;
}

FormatLine formatLine(std::string_view format, std::string_view field)
{
    const std::string_view group = field.substr(0, field.find('.'));
    for (const auto &[file, text] : formatTables()) {
        if (text.find("format: " + std::string(format) + '\n') == std::string_view::npos)
            continue;
        std::size_t number = 1;
        for (std::size_t at = 0; at < text.size(); ++number) {
            const std::size_t end = std::min(text.find('\n', at), text.size());
            const std::string_view line = text.substr(at, end - at);
            if (line.starts_with("  " + std::string(group) + ':'))
                return {std::string(file), number, std::string(trimmed(line, " "))};
            at = end + 1;
        }
    }
    return {};
}

} // namespace eventops
