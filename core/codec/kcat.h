// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/codec/codec.h"

#include <string>
#include <string_view>

namespace eventops {

class JsonReader;

// A Kafka message as `kcat -C -J` prints it, one JSON object a line:
//   {"topic":"t","partition":0,"offset":7,"tstype":"create","ts":1700000000000,"broker":1,"headers":["k","v"],
//    "key":"k","payload":"…"}
// key and payload are texts or null; with -s avro also other JSON. Bytes that are not UTF-8, which kcat cannot print,
// are written here as "payload_base64" in place of "payload". `auto` reads them: the payload by its own envelope.

/// True: an object with topic, partition, offset and a payload.
bool looksLikeKcat(const JsonReader &json);

/// One message, read. Thread: one.
struct KcatMessage {
    std::string topic;
    std::string partition, offset; ///< As written.
    std::string payload;
    bool hasPayload = false;       ///< False: null.
    WallNs ts = NoTime;
    std::string tsText;
    std::string beside;            ///< JSON object: kafka.topic, .partition, .offset, .key and the headers.

    /// BadField.
    DecodeFailure read(const JsonReader &json);
    /// Gives the events from @p first on what they lack: time, headers, and an id from topic, partition and offset, the
    /// same whichever file the message came in.
    void apply(Batch &batch, std::size_t first) const;

private:
    std::string m_scratch;
};

/// A payload that is no JSON, nor begins like it, as one event with that text.
void appendKcatText(Batch &batch, std::uint32_t record, const KcatMessage &message);

/// What appendKcat writes.
struct KcatLine {
    std::string_view topic;
    std::uint32_t partition = 0;
    std::uint64_t offset = 0;
    WallNs ts = NoTime;
    std::string_view key; ///< Empty: null.
    std::string_view payload;
};
/// One line without its end; valid JSON whatever the texts hold.
void appendKcat(std::string &out, const KcatLine &line);

} // namespace eventops
