// SPDX-License-Identifier: MIT
#include "core/api/handed_in.h"

#include "core/api/problem.h"
#include "core/base/gzip.h"
#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <algorithm>

namespace eventops::api {
namespace {

constexpr std::string_view JsonSpace = " \t\r\n";

RawChunk::Record recordAt(std::size_t offset, std::size_t size)
{
    return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)};
}

} // namespace

std::optional<HttpResponse> readContent(const HttpRequest &request, std::string &content)
{
    const std::string *coding = request.header("content-encoding");
    if (coding == nullptr || coding->empty() || *coding == "identity") {
        content = request.body;
        return std::nullopt;
    }
    if (*coding != "gzip" || request.headerCount("content-encoding") > 1) {
        HttpResponse response = problem(415, "the body comes in a coding that is not known here",
                                        {.field = "Content-Encoding", .remedy = "send it by gzip, or as it is"});
        response.headers.push_back({"Accept-Encoding", "gzip"});
        return response;
    }
    auto unpacked = gunzip(request.body, UnpackedBytesMax);
    if (!unpacked)
        return unpacked.error().code == Error::Code::LimitExceeded
                   ? problem(unpacked.error(), "body")
                   : problem(400, unpacked.error().message, {.field = "body", .remedy = unpacked.error().remedy});
    content = std::move(unpacked).value();
    return std::nullopt;
}

IngestRequest oneRecord(std::string bytes)
{
    IngestRequest request;
    request.bytes = std::move(bytes);
    request.records.push_back(recordAt(0, request.bytes.size()));
    return request;
}

IngestRequest linesOf(std::string text)
{
    IngestRequest request;
    request.bytes = std::move(text);
    const std::string_view bytes = request.bytes;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', at), bytes.size());
        if (bytes.substr(at, end - at).find_first_not_of(JsonSpace) != std::string_view::npos)
            request.records.push_back(recordAt(at, end - at));
        at = end + 1;
    }
    return request;
}

IngestRequest documentsOf(std::string text)
{
    JsonReader reader;
    if (reader.read(text) || reader.kind() != JsonKind::Array)
        return oneRecord(std::move(text));
    IngestRequest request;
    JsonItems items(reader.document());
    std::string_view name, value;
    while (items.next(name, value))
        request.records.push_back(recordAt(static_cast<std::size_t>(value.data() - text.data()), value.size()));
    request.bytes = std::move(text);
    return request;
}

std::string outcomeJson(const IngestOutcome &outcome)
{
    std::string body;
    JsonWriter json(body);
    json.beginObject().key("stored").unsignedInteger(outcome.stored);
    json.key("duplicate").unsignedInteger(outcome.duplicate).key("skipped").unsignedInteger(outcome.skipped);
    json.key("dead_lettered").unsignedInteger(outcome.deadLettered).key("dead_letters").beginArray();
    for (const IngestOutcome::Refused &refused : outcome.refused)
        json.beginObject()
            .key("record")
            .unsignedInteger(refused.record)
            .field("reason", refused.reason)
            .field("detail", refused.detail)
            .endObject();
    json.endArray().endObject();
    return body + '\n';
}

bool isRefused(const IngestOutcome &outcome)
{
    return outcome.stored + outcome.duplicate + outcome.skipped == 0;
}

} // namespace eventops::api
