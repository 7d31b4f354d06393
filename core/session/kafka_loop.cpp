// SPDX-License-Identifier: MIT
#include "core/session/kafka_loop.h"

#include "core/codec/alert.h"
#include "core/kafka/topics.h"

#include <algorithm>
#include <set>

namespace eventops {
namespace {

/// The addresses of a list with commas between them.
std::set<std::string> addresses(const std::string &brokers)
{
    std::set<std::string> out;
    for (std::size_t at = 0; at <= brokers.size();) {
        const std::size_t end = std::min(brokers.find(',', at), brokers.size());
        out.insert(brokers.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

std::set<std::string> publishedTopics(const KafkaFeedSettings &feed)
{
    std::set<std::string> out;
    for (const std::string &name : feed.published()) {
        for (std::string &each : topicNames(name == DeviationsPublished ? NormalizedTopic : std::string_view(name)))
            out.insert(std::move(each));
    }
    if (feed.mirror())
        out.insert({std::string(AlertTopic), std::string(NormalizedTopic)});
    return out;
}

} // namespace

Status checkKafkaLoop(const PipelineSpec &spec, const KafkaFeedSettings &feed)
{
    const std::set<std::string> published = publishedTopics(feed);
    const auto connection = feed.connection();
    if (!connection)
        return Ok{}; // nothing is published, and why is told where it is tried
    const std::set<std::string> ours = addresses(connection.value().brokers);
    for (const Configured<SourceSpec> &source : spec.sources) {
        const Value *const topics = source.settings.find("topics");
        const Value *const skipped = source.settings.find("skip_writer");
        if (topics == nullptr || skipped == nullptr)
            continue; // another kind of source
        const std::set<std::string> theirs = addresses(EVENTOPS_TRY(readKafkaSettings(source.settings, false)).brokers);
        if (skipped->text().valueOr(std::string()) == feed.writer()
            || std::none_of(theirs.begin(), theirs.end(), [&](const auto &one) { return ours.contains(one); }))
            continue;
        for (const Value &item : topics->items()) {
            const std::string topic = item.text().valueOr(std::string());
            if (published.contains(topic))
                return item.error("topics: " + topic
                                      + " is also published to by this workspace, which would read its "
                                        "own messages and answer them for ever",
                                  "set skip_writer: " + feed.writer() + ", or publish less: eventops kafka init");
        }
    }
    return Ok{};
}

} // namespace eventops
