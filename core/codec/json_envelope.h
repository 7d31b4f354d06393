// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/codec.h"
#include "core/codec/connect.h"
#include "core/codec/json_reader.h"
#include "core/codec/losses.h"

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace eventops {

/// Turns a JSON document that is already read into events: what the JSON codecs differ in. Thread: one.
class JsonEnvelope
{
public:
    virtual ~JsonEnvelope();
    /// As CodecDecoder::decode; @p json holds the record.
    virtual DecodeFailure decode(Batch &batch, std::uint32_t record, const JsonReader &json) = 0;
};

/// A decoder that reads the record as one JSON document, without what Kafka Connect put around it, and hands it to an
/// envelope.
class JsonDecoder final : public CodecDecoder
{
public:
    explicit JsonDecoder(std::unique_ptr<JsonEnvelope> envelope) : m_envelope(std::move(envelope)) {}
    DecodeFailure decode(Batch &batch, std::uint32_t record) override;

private:
    JsonReader m_reader;
    ConnectDocument m_connect;
    std::unique_ptr<JsonEnvelope> m_envelope;
};

DecodeFailure lose(const LossReason &reason, std::string detail);
DecodeFailure lose(const JsonFailure &failure);
/// "field: found <value>, expected <what>", the value cut to a readable length.
DecodeFailure loseField(const LossReason &reason, std::string_view field, std::string_view rawValue,
                        std::string_view expected);
DecodeFailure loseMissing(std::string_view field);

/// Appends an empty event of @p record. The reference lives until the next one is appended.
Event &appendEvent(Batch &batch, std::uint32_t record, std::string_view codec);

/// A scalar as text: strings unescaped, numbers and booleans as written; nothing for null, objects and arrays.
std::optional<std::string_view> scalarText(std::string_view raw, std::string &scratch);
/// The scalar interned; NoStr when it is none.
StrId internScalar(Batch &batch, std::string_view raw, std::string &scratch);

/// JSON as the source wrote it, for tags, attrs and the like. Line ends between its tokens are taken out, so that an
/// event is always one line; every token stays as written. The first form is for texts that hardly ever repeat.
StrId appendRawJson(Batch &batch, std::string_view raw);
StrId internRawJson(Batch &batch, std::string_view raw);

// What decoders of envelopes do with a member. All take null for absent; the failure names the member.

bool isAbsent(const JsonEntry *member);
using MemberField = std::pair<std::string_view, Field>;
/// Those scalars that are there, as texts. BadField: another kind of value.
DecodeFailure readTexts(Batch &batch, Event &event, const JsonReader &json, std::span<const MemberField> members,
                        std::string &scratch);
/// The object @p name, when it is there, by appendRawJson or internRawJson. BadField: another kind of value.
DecodeFailure readObject(Batch &batch, Event &event, const JsonReader &json, MemberField member,
                         StrId (*keep)(Batch &, std::string_view));
/// The event's time and its own writing. MissingField, BadTimestamp.
DecodeFailure readEventTime(Batch &batch, Event &event, const JsonReader &json, std::string_view name,
                            std::string &scratch);

/// Reports those of @p fields that the event has and an encoder has no place for.
void reportDropped(const Event &event, std::initializer_list<Field> fields, LossReport &loss);

/// Reads a time: RFC 3339 text, a Unix time as number or digits, {"$date": …} or {"$timestamp": {"t": …}} around one.
/// @p text becomes its own writing.
std::optional<WallNs> jsonTime(std::string_view raw, std::string &scratch, std::string_view &text);

/// Severity of a JSON value: a word, an OpenTelemetry number 1..24, or a bunyan/pino level 10, 20, …, 60.
Severity jsonSeverity(std::string_view raw, std::string &scratch);

/// Sets value and, when a double cannot hold the number, ValueText. False: not a finite number. Takes numbers and
/// numeric strings with blanks around them.
bool setValue(Batch &batch, Event &event, std::string_view raw, std::string &scratch);

/// The number of an event as JSON: exact.
void appendEventValue(std::string &out, const Batch &batch, const Event &event);

/// An event's time as the source wrote it if that is RFC 3339, else formatted; "" when there is none.
std::string eventTimeText(const Batch &batch, const Event &event);

} // namespace eventops
