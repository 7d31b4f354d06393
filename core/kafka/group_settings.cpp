// SPDX-License-Identifier: MIT
#include "core/kafka/group_settings.h"

#include "core/base/types.h"
#include "core/kafka/topics.h"
#include "core/pipeline/settings.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr FieldSpec Fields[] = {
    {"application", "string", "required", "Name of the group; its topics and transactions begin with it."},
    {"repartition", "bool", "false",
     "true: the topics are not keyed by tenant and entity (or are several), so they are brought into that order "
     "first."},
    {"publish", "list", GroupPublishedDefault, PublishedHelp},
    {"writer", "string", WriterDefault, "Our name in the header eventops-writer of every message."},
    {"mirror", "bool", "false", "Alerts also as deviations, and deviations as alerts (X11)."},
    {"legacy_top_level", "bool", "false", "Deviations have their figures at top level as well (X12)."},
    {"legacy_key", "bool", "false", "The key of alerts and events is their tenant alone (X22)."},
    {"avro", "string", "\"\"", "Topics that are written in Avro, with commas between."},
    {"checkpoint_records", "int", "50000", "Records of a partition between two states in the changelog."},
    {"dedupe_records", "int", "65536", "A dedupe key is known for so many records of its partition."},
    {"commit_delay", "duration", "250ms", "A record waits no longer for its transaction."},
    {"session_timeout", "duration", "10s", "A member that is not heard of for so long is taken for dead."},
};

constexpr std::size_t NameBytesMax = 200; ///< A topic's name has at most 249, and ours are longer.

Result<std::uint64_t> positive(const Value &group, std::string_view name, std::int64_t max)
{
    const std::int64_t number = EVENTOPS_TRY(group.at(name).integer());
    if (number < 1 || number > max)
        return group.at(name).error(std::string(name) + " must be from 1 to " + std::to_string(max));
    return static_cast<std::uint64_t>(number);
}

Result<std::chrono::milliseconds> durationOf(const Value &group, std::string_view name, std::chrono::milliseconds min,
                                             std::chrono::milliseconds max)
{
    const std::chrono::milliseconds time(EVENTOPS_TRY(group.at(name).durationNs()) / NsPerMs);
    if (time < min || time > max)
        return group.at(name).error(std::string(name) + " must be from " + std::to_string(min.count()) + "ms to "
                                    + std::to_string(max.count()) + "ms");
    return time;
}

} // namespace

bool hasGroup(const Value &source)
{
    const Value *const group = source.find("group");
    return group != nullptr && !group->members().empty();
}

Result<KafkaGroupSettings> KafkaGroupSettings::read(const Value &given)
{
    const Value group = EVENTOPS_TRY(checkSettings(given, Fields, "\"group\""));
    KafkaGroupSettings out;
    out.application = EVENTOPS_TRY(group.at("application").text());
    const bool good = !out.application.empty() && out.application.size() <= NameBytesMax
                      && std::all_of(out.application.begin(), out.application.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
                                    || c == '.' || c == '_' || c == '-';
                         });
    if (!good)
        return group.at("application")
            .error("application: \"" + out.application + "\" cannot begin a topic's name",
                   "letters, digits, dots, dashes and underscores, at most " + std::to_string(NameBytesMax));
    for (const Value &item : group.at("publish").items())
        out.publish.push_back(EVENTOPS_TRY(item.text()));
    out.repartition = EVENTOPS_TRY(group.at("repartition").boolean());
    out.writer = EVENTOPS_TRY(group.at("writer").text());
    out.mirror = EVENTOPS_TRY(group.at("mirror").boolean());
    out.legacyTopLevel = EVENTOPS_TRY(group.at("legacy_top_level").boolean());
    out.legacyKey = EVENTOPS_TRY(group.at("legacy_key").boolean());
    out.avro = EVENTOPS_TRY(group.at("avro").text());
    out.checkpointRecords = EVENTOPS_TRY(positive(group, "checkpoint_records", 100'000'000));
    out.dedupeRecords = EVENTOPS_TRY(positive(group, "dedupe_records", 10'000'000));
    using std::chrono::milliseconds;
    out.commitDelay = EVENTOPS_TRY(durationOf(group, "commit_delay", milliseconds(1), milliseconds(30'000)));
    out.sessionTimeout = EVENTOPS_TRY(durationOf(group, "session_timeout", milliseconds(1'000), milliseconds(300'000)));
    return out;
}

} // namespace eventops
