// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"
#include "core/kafka/kafka_settings.h"
#include "core/model/finding.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace eventops {

/// What is written to topics: documents as they are, or, on topics that are set so, the same in Avro as
/// monitoring.v1.Envelope with the id of its schema (contracts X4, X25). Thread: one.
class KafkaPayloads
{
public:
    /// Asks the registry for the ids of @p avroTopics' schemas; without topics it is not asked. NotFound: the schema is
    /// not registered under one of them, or no registry is named; Unavailable, Refused.
    static Result<KafkaPayloads> open(const std::set<std::string> &avroTopics, const KafkaSettings &connection);

    /// The alert of @p finding, whose JSON is @p document.
    Result<std::string> alert(const Finding &finding, std::string document) const;
    /// A document in Karma's envelope.
    Result<std::string> event(std::string_view topic, std::string document) const;

    /// Topics that may be written in Avro; executors read actions.* as JSON.
    static constexpr std::string_view AvroTopics = "ops.alert.v1, events.normalized";
    static bool mayBeAvro(std::string_view topic);

private:
    const Codec *codecOf(std::string_view topic) const;
    std::map<std::string, std::shared_ptr<const Codec>, std::less<>> m_codecs; ///< Of topics in Avro.
};

} // namespace eventops
