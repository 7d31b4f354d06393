// SPDX-License-Identifier: MIT
#include "core/codec/otlp_request.h"

#include "core/base/json.h"

namespace eventops {
namespace {

void appendText(JsonWriter &json, std::string_view name, std::string_view value)
{
    json.beginObject().field("key", name).key("value").beginObject().field("stringValue", value);
    json.endObject().endObject();
}

} // namespace

const char *otlpPath(OtlpSignal signal)
{
    return signal == OtlpSignal::Traces ? "/v1/traces" : "/v1/logs";
}

std::string otlpRequest(OtlpSignal signal, std::string_view serviceName, std::string_view serviceVersion,
                        std::string_view items)
{
    const bool traces = signal == OtlpSignal::Traces;
    std::string body;
    JsonWriter json(body);
    json.beginObject().key(traces ? "resourceSpans" : "resourceLogs").beginArray().beginObject();
    json.key("resource").beginObject().key("attributes").beginArray();
    appendText(json, "service.name", serviceName);
    appendText(json, "service.version", serviceVersion);
    json.endArray().endObject().key(traces ? "scopeSpans" : "scopeLogs").beginArray().beginObject();
    json.key("scope").beginObject().field("name", "eventops").endObject();
    json.key(traces ? "spans" : "logRecords").raw(std::string("[").append(items).append("]"));
    json.endObject().endArray().endObject().endArray().endObject();
    return body;
}

} // namespace eventops
