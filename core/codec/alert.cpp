// SPDX-License-Identifier: MIT
#include "core/codec/alert.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/codec/json_reader.h"
#include "core/codec/python_json.h"

namespace eventops {

std::string encodeAlert(const Finding &finding)
{
    std::string out = "{\"ts\": ";
    const bool timeKnown = !finding.tsText.empty() || finding.ts != NoTime;
    if (timeKnown)
        appendPythonString(out, finding.tsText.empty() ? formatTimestamp(finding.ts) : finding.tsText);
    else
        out += "null";
    const auto field = [&](std::string_view name, std::string_view text) {
        out += ", \"";
        out += name;
        out += "\": ";
        appendPythonString(out, text);
    };
    field("tenant", finding.tenant);
    field("source_id", finding.sourceId);
    field("metric", finding.metric);
    field("severity", severityName(static_cast<std::uint8_t>(finding.severity)));
    field("rule", finding.name);
    out += ", \"value\": ";
    if (finding.hasValue)
        appendPythonFloat(out, finding.value);
    else
        out += "null";
    field("message", finding.message);
    out += ", \"tags\": ";
    JsonReader reader;
    if (!reader.read(finding.tags) && reader.kind() == JsonKind::Object)
        appendPythonJson(out, reader.document());
    else
        out += "{}";
    out += '}';
    return out;
}

} // namespace eventops
