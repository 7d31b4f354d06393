// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace eventops::test {

/// True where an Apache Kafka can be started: java and installer/kafka's folder are there.
bool topicsCanBeHad();

/// Topics in which nothing is yet, of one Kafka for all windows of a run; "kafka://127.0.0.1:41234". What was published
/// before is gone with the topics it was in, so one window at a time.
std::string emptyTopics();

/// The same for an engine whose workspace is @p directory: its next run publishes to them what a console needs that
/// sees nothing else, and takes decisions of @p decider, whose token is in the file.
struct PublishedTopics {
    std::string address;
    std::string tokenFile;
};
PublishedTopics topicsFor(const std::string &directory, const std::string &decider);

} // namespace eventops::test
