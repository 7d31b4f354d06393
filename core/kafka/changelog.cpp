// SPDX-License-Identifier: MIT
#include "core/kafka/changelog.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/kafka/kafka_consumer.h"

#include <charconv>
#include <map>

namespace eventops {
namespace {

constexpr std::uint64_t ManifestVersion = 1;
constexpr std::size_t PartsMax = 4'096;
constexpr std::chrono::milliseconds AskWait{10'000};
constexpr std::chrono::milliseconds ReadWait{100};
constexpr std::chrono::seconds SilenceMax{60}; ///< A broker that gives nothing for so long, and not the end either.

std::string keyOf(std::uint32_t partition, const std::string &what)
{
    return std::to_string(partition) + '|' + what;
}

std::string partName(std::size_t part)
{
    return "part-" + std::to_string(part);
}

/// Nothing: it is not there, or no whole number.
template <typename Number>
std::optional<Number> numberOf(std::string_view json, std::string_view name)
{
    const auto found = jsonFind(json, name);
    if (!found || found->kind != JsonSlice::Kind::Number)
        return std::nullopt;
    Number number = 0;
    const auto [end, failed] = std::from_chars(found->text.data(), found->text.data() + found->text.size(), number);
    if (failed != std::errc() || end != found->text.data() + found->text.size())
        return std::nullopt;
    return number;
}

std::string textOf(std::string_view json, std::string_view name)
{
    const auto found = jsonFind(json, name);
    return found && found->kind == JsonSlice::Kind::String && !found->escaped ? std::string(found->text)
                                                                              : std::string();
}

std::optional<ChangelogCursor> cursorOf(std::string_view json)
{
    const auto seq = numberOf<std::uint64_t>(json, "seq");
    const auto offset = numberOf<std::uint64_t>(json, "offset");
    if (!seq || !offset)
        return std::nullopt;
    return ChangelogCursor{*seq, *offset};
}

using Newest = std::map<std::string, std::string, std::less<>>; ///< By key, without those that are taken away.

/// The state that the manifest describes; what is wrong with it goes to @p damage.
std::optional<ChangelogState> stateOf(const Newest &newest, std::uint32_t partition, std::string &damage)
{
    const auto manifest = newest.find(keyOf(partition, "manifest"));
    if (manifest == newest.end())
        return std::nullopt;
    const std::string &json = manifest->second;
    const auto at = cursorOf(json);
    const auto parts = numberOf<std::size_t>(json, "parts");
    if (numberOf<std::uint64_t>(json, "version") != ManifestVersion || !at || !parts || *parts > PartsMax) {
        damage = "its manifest is of another version, or damaged";
        return std::nullopt;
    }
    ChangelogState state;
    state.at = *at;
    state.config = textOf(json, "config");
    if (const auto watermark = numberOf<std::int64_t>(json, "watermark"))
        state.watermark = WallNs{*watermark};
    for (std::size_t part = 0; part < *parts; ++part) {
        const auto piece = newest.find(keyOf(partition, partName(part)));
        if (piece == newest.end()) {
            damage = "piece " + std::to_string(part) + " of " + std::to_string(*parts) + " is missing";
            return std::nullopt;
        }
        state.bytes += piece->second;
    }
    if (sha256Hex(state.bytes) != textOf(json, "sha256")) {
        damage = "its pieces do not belong together";
        return std::nullopt;
    }
    return state;
}

} // namespace

std::size_t changelogParts(const ChangelogState &state)
{
    return (state.bytes.size() + ChangelogPartBytesMax - 1) / ChangelogPartBytesMax;
}

ChangelogRecord cursorRecord(std::uint32_t partition, const ChangelogCursor &cursor)
{
    std::string json;
    JsonWriter(json)
        .beginObject()
        .key("seq")
        .unsignedInteger(cursor.seq)
        .key("offset")
        .unsignedInteger(cursor.offset)
        .endObject();
    return {keyOf(partition, "cursor"), std::move(json)};
}

std::vector<ChangelogRecord> stateRecords(std::uint32_t partition, const ChangelogState &state, std::size_t partsBefore)
{
    std::vector<ChangelogRecord> out;
    const std::size_t parts = changelogParts(state);
    for (std::size_t part = 0; part < parts; ++part)
        out.push_back({keyOf(partition, partName(part)),
                       state.bytes.substr(part * ChangelogPartBytesMax, ChangelogPartBytesMax)});
    for (std::size_t part = parts; part < partsBefore; ++part)
        out.push_back({keyOf(partition, partName(part)), std::nullopt});
    std::string text;
    JsonWriter json(text);
    json.beginObject().key("version").unsignedInteger(ManifestVersion).key("seq").unsignedInteger(state.at.seq);
    json.key("offset").unsignedInteger(state.at.offset).key("watermark");
    if (state.watermark == NoTime)
        json.null();
    else
        json.integer(raw(state.watermark));
    json.field("config", state.config).key("parts").unsignedInteger(parts);
    json.key("bytes").unsignedInteger(state.bytes.size()).field("sha256", sha256Hex(state.bytes)).endObject();
    out.push_back({keyOf(partition, "manifest"), std::move(text)});
    return out;
}

Result<ChangelogContent> readChangelog(std::shared_ptr<KafkaClient> client, const std::string &topic,
                                       std::uint32_t partition, const std::function<bool()> &mustStop)
{
    const KafkaOffsets ends = EVENTOPS_TRY(client->offsets(topic, partition, AskWait));
    const auto consumer = EVENTOPS_TRY(KafkaConsumer::open(client, topic, partition));
    EVENTOPS_TRY(consumer->start(ends.low));
    ChangelogContent content;
    Newest newest;
    KafkaMessage message;
    auto heardAt = std::chrono::steady_clock::now();
    for (auto met = KafkaConsumer::Met::Nothing; met != KafkaConsumer::Met::End;) {
        if (mustStop && mustStop())
            return Error{Error::Code::Cancelled, "stopped while the changelog was read"};
        met = EVENTOPS_TRY(consumer->next(message, ReadWait));
        const auto time = std::chrono::steady_clock::now();
        if (met == KafkaConsumer::Met::Message) {
            heardAt = time;
            ++content.records;
            if (message.key && message.payload)
                newest.insert_or_assign(std::string(*message.key), std::string(*message.payload));
            else if (message.key)
                newest.erase(std::string(*message.key));
        } else if (met == KafkaConsumer::Met::OutOfRange) { // cut meanwhile
            const KafkaOffsets now = EVENTOPS_TRY(client->offsets(topic, partition, AskWait));
            EVENTOPS_TRY(consumer->start(now.low));
        } else if (met != KafkaConsumer::Met::End && time - heardAt > SilenceMax) {
            return Error{Error::Code::Unavailable,
                         "the changelog " + topic + '/' + std::to_string(partition)
                             + " cannot be read: " + consumer->statistics().lastError,
                         {},
                         "start the broker, or check network and firewall"};
        }
    }
    if (const auto cursor = newest.find(keyOf(partition, "cursor")); cursor != newest.end())
        content.cursor = cursorOf(cursor->second);
    while (newest.contains(keyOf(partition, partName(content.parts))))
        ++content.parts;
    content.state = stateOf(newest, partition, content.damage);
    return content;
}

} // namespace eventops
