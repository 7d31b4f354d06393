// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_envelope.h"

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Documents that a queue carries as text in documents of its own, at most four deep:
///
///     {"Records":[{"body":"{…}"}]}                SQS, as a Lambda function gets it; {"Messages":[{"Body":…}]} by its
///     API
///     {"Records":[{"Sns":{"Message":"{…}"}}]}     SNS; {"Type":"Notification","Message":"{…}"} by HTTP
///     {"Records":[{"kinesis":{"data":"base64"}}]} Kinesis
///     {"records":[{"data":"base64"}]}             Firehose
///     {"records":{"topic-0":[{"value":"base64"}]}}  a Kafka that calls a Lambda function
///     {"message":{"data":"base64"}}               Pub/Sub
///     {"awslogs":{"data":"base64 of gzip"}}       a subscription of CloudWatch Logs
///
/// Thread: one.
class CarriedDocuments
{
public:
    using EnvelopeOf = std::function<JsonEnvelope *(const JsonReader &)>;
    /// Decodes all that @p json carries, in order, as events of one record: all or none. Nothing: it carries none, or
    /// one of which @p envelopeOf knows no envelope; then the document speaks for itself.
    std::optional<DecodeFailure> decode(const JsonReader &json, const EnvelopeOf &envelopeOf, Batch &batch,
                                        std::uint32_t record);

private:
    bool collect(std::string_view document, const EnvelopeOf &envelopeOf, std::size_t depth);
    bool collectText(std::string_view text, const EnvelopeOf &envelopeOf, std::size_t depth);

    struct Found {
        std::string_view text;
        JsonEnvelope *envelope;
    };
    JsonReader m_reader;
    std::deque<std::string> m_texts; ///< Decoded; views into them stay.
    std::vector<Found> m_found;
};

} // namespace eventops
