// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_reader.h"

#include <string>

namespace eventops {

/// What Kafka Connect's converters make of a document, taken off again:
///
///     {"schema":{"type":"string"},"payload":"{\"a\":1}"}    JsonConverter with schemas, over a text that is JSON
///     {"schema":{"type":"struct",…},"payload":{"a":1}}      … and over a record
///     "{\"a\":1}"                                           JsonConverter without schemas, over such a text
///
/// and in a change event of MongoDB with a schema of its own the members that hold documents as texts (documentKey,
/// fullDocument, clusterTime, …), likewise before and after in one of Debezium. Thread: one.
class ConnectDocument
{
public:
    /// The document inside of @p json; @p json itself when nothing is wrapped around it. Null: what is wrapped is null,
    /// as a tombstone is. Valid until the next call, and as long as @p json is. O(length) where something is taken off.
    const JsonReader *open(const JsonReader &json);

private:
    const JsonReader *openPayload(const JsonReader &json);
    const JsonReader *openText(const JsonReader &json, std::string_view quoted);
    const JsonReader *openMembers(const JsonReader &json);

    JsonReader m_payload, m_member, m_whole;
    std::string m_text, m_opened;
};

} // namespace eventops
