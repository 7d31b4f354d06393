// SPDX-License-Identifier: MIT
#include "core/kafka/kafka_line.h"

#include "core/codec/kcat.h"

#include <algorithm>

namespace eventops {

void appendKafkaLine(std::string &out, const std::string &cluster, const std::string &topic, std::uint32_t partition,
                     const KafkaMessage &message)
{
    std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
    headers.reserve(message.headers.size());
    for (const KafkaHeader &header : message.headers)
        headers.emplace_back(header.name, header.value);
    KcatLine line;
    line.cluster = cluster;
    line.topic = topic;
    line.partition = partition;
    line.offset = message.offset;
    line.ts = message.ts;
    line.key = message.key.value_or(std::string_view());
    line.emptyKey = message.key && message.key->empty();
    line.headers = headers;
    line.payload = message.payload.value_or(std::string_view());
    line.tombstone = !message.payload;
    appendKcat(out, line);
}

bool isWrittenBy(const KafkaMessage &message, const std::string &writer)
{
    return !writer.empty() && std::any_of(message.headers.begin(), message.headers.end(), [&](const KafkaHeader &h) {
        return h.name == KafkaWriterHeader && h.value == std::string_view(writer);
    });
}

} // namespace eventops
