// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"
#include "core/codec/codec.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eventops {

class AvroPayload;
class JsonReader;

// A Kafka message as `kcat -C -J` prints it, one JSON object a line:
//   {"topic":"t","partition":0,"offset":7,"tstype":"create","ts":1700000000000,"broker":1,"headers":["k","v"],
//    "key":"k","payload":"…"}
// key and payload are texts or null; with -s avro also other JSON. Bytes that are not UTF-8, which kcat cannot print,
// are written here as "payload_base64" in place of "payload", and likewise "key_base64"; a header's are
// {"base64":"…"}. Messages that we took from a broker also name its "cluster", and beside a payload in Avro stands the
// schema it was written with, "payload_schema" (see avro_payload.h; null: nobody knew it). `auto` reads them: the
// payload by its own envelope.

/// The header that names who wrote a message, so that nobody reads what he wrote himself (X20).
inline constexpr std::string_view KafkaWriterHeader = "eventops-writer";
/// The header with the id under which the writer's ledger knows what it sent. What is sent twice has it twice.
/// That of an event is told with IdOfEvent before it: whoever reads it has the event under the writer's id.
inline constexpr std::string_view IdHeader = "eventops-id";
inline constexpr std::string_view IdOfEvent = "event:";

/// True: an object with topic, partition, offset and a payload.
bool looksLikeKcat(const JsonReader &json);

/// One message, read. Thread: one.
struct KcatMessage {
    std::string cluster;           ///< Id of the broker's cluster; empty: not said.
    std::string topic;
    std::string partition, offset; ///< As written.
    std::string payload;
    bool hasPayload = false;       ///< False: null.
    std::string schema;            ///< "payload_schema" as written; empty: not said.
    WallNs ts = NoTime;
    std::string tsText;
    std::string beside;            ///< JSON object: kafka.topic, .partition, .offset, .key and the headers.

    /// BadField.
    DecodeFailure read(const JsonReader &json);
    /// The payload's text: what is framed as Avro as JSON, in @p json; all else as it is. Errors: AvroPayload::read.
    DecodeFailure document(AvroPayload &avro, bool envelopeOnly, std::string &json, std::string_view &text) const;
    /// Gives the events from @p first on what they lack: time, headers, and an id from cluster, topic, partition and
    /// offset, the same whichever file the message came in; from its header IdHeader where our kind wrote it. Where the
    /// cluster is known the message's time counts as well: a topic that was made anew has other messages at the same
    /// offsets.
    void apply(Batch &batch, std::size_t first) const;

private:
    std::string m_scratch;
};

/// Puts the schema beside the payload of the line at the end of @p line. @p schema: JSON, "null" for none.
void addPayloadSchema(std::string &line, std::string_view schema);

/// A payload that is no JSON, nor begins like it, as one event with that text.
void appendKcatText(Batch &batch, std::uint32_t record, std::string_view text);

/// What appendKcat writes.
struct KcatLine {
    std::string_view topic;
    std::uint32_t partition = 0;
    std::uint64_t offset = 0;
    WallNs ts = NoTime;
    std::string_view key; ///< Empty: null.
    std::string_view payload;
    std::string_view cluster = {}; ///< Empty: not written.
    std::span<const std::pair<std::string_view, std::optional<std::string_view>>> headers = {};
    bool tombstone = false;        ///< No payload: null.
    bool emptyKey = false;         ///< `key` is empty and not null.
};
/// One line without its end; valid JSON whatever the texts hold.
void appendKcat(std::string &out, const KcatLine &line);

/// The line that @p json has read with other texts in it, for records of which parts must not be kept: @p payload
/// stands for what was in payload or payload_base64; a @p key of null is left out.
void appendKcatWith(std::string &out, const JsonReader &json, std::string_view payload,
                    const std::optional<std::string> &key);

/// The codec "kcat" of makeCodec: such lines whose payloads are read by another codec, chosen by topic; see codec.h.
Result<std::shared_ptr<const Codec>> makeKcatCodec(const Value &settings);

} // namespace eventops
