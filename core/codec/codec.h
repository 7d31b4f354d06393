// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/model/batch.h"
#include "core/model/loss.h"
#include "core/model/value.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// Why a record could not be decoded. `reason` points at a constant of codecLosses().
struct DecodeFailure {
    const LossReason *reason = nullptr; ///< Null: decoded.
    std::string detail;                 ///< Names field, offending value and remedy.
    explicit operator bool() const { return reason != nullptr; }
};

/// Every reason for which any codec may refuse a record.
std::span<const LossReason> codecLosses();

/// What another envelope cannot hold, part by part of the event, sorted by name.
struct LossReport {
    struct Item {
        std::string field; ///< As in filters: "ts_event", "message"; members of tags and attrs each: "attrs.name".
        std::string what;  ///< "dropped", "changed", or in what way: "stringified", "cut to milliseconds".
    };
    std::vector<Item> items;
};

/// Reads records of one wire envelope. Keeps scratch memory and caches, so each thread has its own.
class CodecDecoder
{
public:
    virtual ~CodecDecoder();
    /// Appends the events of batch.records[record] to batch.events (record and emission set). On failure the batch's
    /// events are as before. Sets neither outcome nor dead letter: that is the caller's.
    /// Every byte of the record is validated before an event is appended.
    virtual DecodeFailure decode(Batch &batch, std::uint32_t record) = 0;
};

/// One wire envelope ⇄ Event. Lossless both ways for its own form: an event that it read and wrote, it reads as it was.
/// Thread: immutable, any.
class Codec
{
public:
    virtual ~Codec();
    virtual std::string_view name() const = 0;    ///< "karma.v1"
    virtual std::string_view summary() const = 0; ///< One sentence.
    virtual std::unique_ptr<CodecDecoder> makeDecoder() const = 0;
    /// The event in this envelope, one document without a line end (of an Avro codec: bytes). @p loss lists what does
    /// not come back of it when this codec reads what it wrote: that, and nothing else, as it is found by doing so.
    /// Unavailable when the codec only reads, Refused or InvalidInput when the envelope has no form for this event.
    Result<std::string> encode(const Batch &batch, const Event &event, LossReport &loss) const;
    /// The same without reading it back. @p notes say how that was written which has no place of its own; whether it
    /// is lost by that, encode() tells.
    virtual Result<std::string> write(const Batch &batch, const Event &event, LossReport &notes) const = 0;
};

/// All codecs that need no settings, sorted by name.
std::span<const Codec *const> builtinCodecs();
const Codec *codecByName(std::string_view name);
/// The envelope whose members are the columns of the analytical store's events_raw (contract K7).
const Codec &eventsRawCodec();

/// A codec with settings of its own, a map whose absent members keep their defaults:
///   require       eventops.agent, auto: the fields without which an agent's line is refused (all five by default)
///   content_type, source_name, tenant   chronos.raw: what its HTTP headers would have said
///   headers       chronos.raw, cloudevents: true: a record is a block of HTTP headers, an empty line and the body
///   legacy_top_level   karma.v1: true: an entropy.deviation is written with its figures at top level as well (X12)
///   attribute_types    monitoring.v1: true: attributes have a "<name>:type" beside them where they are no texts, so
///                 that they come back as they were (X6); for files that only we read
///   map           mapped: see mapping.h
///   since, zone   auto, log, syslog: from when a time without a year is at the earliest, and the offset of one without
///                 a zone; see SyslogSettings
///   codec, codecs kcat: name of the codec that reads the payloads (auto), and by topic where another one does; these
///                 settings are theirs as well
///   skip_writer   kcat: messages whose header eventops-writer says this are left out
///   schemas       auto, kcat, monitoring.envelope.v1: Avro schemas by id, for payloads without one beside them
///   schema_id     monitoring.envelope.v1: the id that is written before a payload; encoding needs it
/// Builtin codecs are found here as well. InvalidConfig with the place of what is wrong; NotFound for an unknown name.
Result<std::shared_ptr<const Codec>> makeCodec(std::string_view name, const Value &settings);

} // namespace eventops
