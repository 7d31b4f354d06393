// SPDX-License-Identifier: MIT
#include "core/codec/raw_event_message.h"

#include "core/base/json.h"
#include "core/codec/json_reader.h"

#include <charconv>

namespace eventops {

std::string encodeRawEventMessage(std::int64_t id)
{
    return "{\"rawEventID\": " + std::to_string(id) + '}';
}

Result<std::int64_t> decodeRawEventMessage(std::string_view message)
{
    const auto wrong = [](std::string what) {
        return Error{Error::Code::InvalidInput, "the message names no raw event: " + std::move(what)};
    };
    JsonReader json;
    if (const JsonFailure failure = json.read(message))
        return wrong(failure.text());
    const JsonEntry *const member = json.kind() == JsonKind::Object ? json.find("rawEventID") : nullptr;
    if (member == nullptr)
        return wrong("there is no rawEventID");
    std::int64_t id = 0;
    const char *const end = member->value.data() + member->value.size();
    const auto read = std::from_chars(member->value.data(), end, id);
    if (read.ec != std::errc() || read.ptr != end || id <= 0)
        return wrong("rawEventID is no number of an event");
    return id;
}

std::string encodeRawEventFailure(std::int64_t id, std::string_view why)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("data").beginObject().key("RawEventID").integer(id);
    json.field("Error", why).endObject().endObject();
    return out;
}

} // namespace eventops
