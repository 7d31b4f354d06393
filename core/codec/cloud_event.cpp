// SPDX-License-Identifier: MIT
#include "core/codec/cloud_event.h"

#include "core/base/base64.h"
#include "core/base/json.h"
#include "core/codec/ascii.h"
#include "core/codec/json_envelope.h"
#include "core/codec/percent.h"

namespace eventops {

std::optional<std::string> structuredCloudEvent(std::string_view headers, std::string_view prefix,
                                                std::string_view data)
{
    std::string out, scratch, contentType;
    JsonWriter json(out);
    json.beginObject();
    bool isEvent = false;
    JsonItems items(headers);
    std::string_view rawName, value;
    while (items.next(rawName, value)) {
        const auto text = scalarText(value, scratch);
        if (!text)
            continue;
        std::string nameScratch;
        const std::string name = lowered(jsonUnescape(rawName, nameScratch));
        if (name == "content-type" || name == "datacontenttype")
            contentType = *text;
        if (!name.starts_with(prefix) || name == std::string(prefix) + "data")
            continue;
        const std::string attribute = name.substr(prefix.size());
        isEvent = isEvent || attribute == "specversion";
        json.field(attribute, prefix == "ce-" ? percentDecoded(*text) : std::string(*text));
    }
    if (!isEvent)
        return std::nullopt;
    if (!contentType.empty())
        json.field("datacontenttype", contentType);
    JsonReader reader;
    const std::string_view kind = std::string_view(contentType).substr(0, contentType.find(';'));
    const bool saysJson = contentType.empty() || kind.ends_with("/json") || kind.ends_with("+json");
    if (!data.empty() && saysJson && !reader.read(data))
        json.key("data").raw(reader.document());
    else if (!data.empty() && isValidUtf8(data))
        json.field("data", data);
    else if (!data.empty())
        json.field("data_base64", base64(data));
    json.endObject();
    return out;
}

} // namespace eventops
