// SPDX-License-Identifier: MIT
#include "core/codec/carried.h"

#include "core/base/base64.h"
#include "core/base/gzip.h"

#include <limits>

namespace eventops {
namespace {

constexpr std::size_t UnpackedBytesMax = 64u << 20;

constexpr std::size_t DepthMax = 4;
constexpr std::size_t DocumentsMax = 10'000; ///< Of one record; SQS hands out 10, Kinesis 10,000.

enum class Coding { Plain, Base64, Gzip };

struct Text {
    std::string value;
    Coding coding;
};

std::optional<std::string_view> memberOf(std::string_view object, std::string_view name, JsonKind kind)
{
    const auto found = jsonMember(object, name);
    return found && jsonKind(*found) == kind ? found : std::nullopt;
}

/// The text that one element of Records, Messages or records holds.
std::optional<Text> textOfElement(std::string_view element)
{
    std::string scratch;
    const auto text = [&](std::string_view raw, Coding coding) {
        return Text{std::string(jsonText(raw, scratch)), coding};
    };
    if (const auto sns = memberOf(element, "Sns", JsonKind::Object)) {
        const auto message = memberOf(*sns, "Message", JsonKind::String);
        return message ? std::optional(text(*message, Coding::Plain)) : std::nullopt;
    }
    if (const auto kinesis = memberOf(element, "kinesis", JsonKind::Object)) {
        const auto data = memberOf(*kinesis, "data", JsonKind::String);
        return data ? std::optional(text(*data, Coding::Base64)) : std::nullopt;
    }
    constexpr std::pair<std::string_view, Coding> Names[] = {
        {"body", Coding::Plain}, {"Body", Coding::Plain}, {"data", Coding::Base64}, {"value", Coding::Base64}};
    for (const auto &[name, coding] : Names) {
        if (const auto found = memberOf(element, name, JsonKind::String))
            return text(*found, coding);
    }
    return std::nullopt;
}

/// False: an element holds none.
bool addElements(std::string_view array, std::vector<Text> &out)
{
    JsonItems items(array);
    std::string_view unnamed, element;
    while (items.next(unnamed, element)) {
        auto text = textOfElement(element);
        if (!text || out.size() == DocumentsMax)
            return false;
        out.push_back(std::move(*text));
    }
    return true;
}

/// The texts that a document carries; none when it is no such document.
std::vector<Text> textsIn(std::string_view document)
{
    std::vector<Text> out;
    std::string scratch;
    const auto one = [&](std::string_view holder, std::string_view name, Coding coding) {
        if (const auto found = memberOf(holder, name, JsonKind::String))
            out.push_back({std::string(jsonText(*found, scratch)), coding});
    };
    for (const char *const name : {"Records", "Messages", "records"}) {
        const auto array = memberOf(document, name, JsonKind::Array);
        if (array && !addElements(*array, out))
            return {};
    }
    if (const auto partitions = memberOf(document, "records", JsonKind::Object)) {
        JsonItems items(*partitions);
        std::string_view name, array;
        while (items.next(name, array)) {
            if (jsonKind(array) != JsonKind::Array || !addElements(array, out))
                return {};
        }
    }
    if (const auto type = memberOf(document, "Type", JsonKind::String); type && *type == "\"Notification\"")
        one(document, "Message", Coding::Plain);
    if (const auto message = memberOf(document, "message", JsonKind::Object);
        message && jsonMember(document, "subscription"))
        one(*message, "data", Coding::Base64);
    if (const auto logs = memberOf(document, "awslogs", JsonKind::Object))
        one(*logs, "data", Coding::Gzip);
    return out;
}

} // namespace

bool CarriedDocuments::collectText(std::string_view text, const EnvelopeOf &envelopeOf, std::size_t depth)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos || (text[first] != '{' && text[first] != '['))
        return false;
    JsonReader reader;
    if (reader.read(text))
        return false;
    const std::size_t before = m_found.size();
    if (depth < DepthMax && collect(reader.document(), envelopeOf, depth + 1))
        return true;
    m_found.resize(before);
    JsonEnvelope *const envelope = envelopeOf(reader);
    if (envelope != nullptr)
        m_found.push_back({reader.document(), envelope});
    return envelope != nullptr;
}

bool CarriedDocuments::collect(std::string_view document, const EnvelopeOf &envelopeOf, std::size_t depth)
{
    std::vector<Text> texts = textsIn(document);
    for (Text &text : texts) {
        std::string bytes;
        if (text.coding != Coding::Plain) {
            if (!readBase64(text.value, bytes))
                return false;
            text.value = std::move(bytes);
        }
        if (text.coding == Coding::Gzip) {
            auto unpacked = gunzip(text.value, UnpackedBytesMax);
            if (!unpacked)
                return false;
            text.value = std::move(unpacked).value();
        }
        m_texts.push_back(std::move(text.value));
        if (!collectText(m_texts.back(), envelopeOf, depth))
            return false;
    }
    return !texts.empty();
}

std::optional<DecodeFailure> CarriedDocuments::decode(const JsonReader &json, const EnvelopeOf &envelopeOf,
                                                      Batch &batch, std::uint32_t record)
{
    if (json.kind() != JsonKind::Object)
        return std::nullopt;
    m_texts.clear();
    m_found.clear();
    if (!collect(json.document(), envelopeOf, 1))
        return std::nullopt;
    const std::size_t before = batch.events.size();
    for (const Found &found : m_found) {
        DecodeFailure failure;
        if (m_reader.read(found.text))
            continue;
        failure = found.envelope->decode(batch, record, m_reader);
        if (!failure && batch.events.size() - before > std::numeric_limits<std::uint16_t>::max())
            failure = lose(loss::TooManyElements, "more than 65535 events in the documents that it carries");
        if (failure) {
            batch.events.resize(before);
            return failure;
        }
    }
    for (std::size_t i = before; i < batch.events.size(); ++i)
        batch.events[i].emission = static_cast<std::uint16_t>(i - before);
    return DecodeFailure{};
}

} // namespace eventops
