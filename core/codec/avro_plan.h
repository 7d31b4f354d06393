// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/avro_schema.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// Why what was written by one schema cannot be read by another, or not always.
struct AvroProblem {
    std::string field; ///< Where in the reader's schema: "monitoring.v1.Envelope.source.type".
    std::string what;  ///< One sentence without a period.
    std::string remedy;
};

/// What to do with the next bytes. Steps refer to each other, to themselves as well.
struct AvroStep {
    enum class Kind : std::uint8_t { Plain, Enum, Array, Map, Record, Union, Unreadable };
    struct Member {
        std::string name; ///< The reader's.
        const AvroStep *step = nullptr;
        bool skipped = false; ///< The reader has no such field: its bytes are passed over.
    };
    Kind kind = Kind::Plain;
    AvroKind wire = AvroKind::Null;   ///< Plain: how it was written.
    AvroKind as = AvroKind::Null;     ///< Plain: what it is read as.
    std::uint64_t size = 0;           ///< Of a fixed.
    std::vector<std::string> symbols; ///< Enum: by the writer's number; empty: the reader has no such symbol.
    const AvroStep *items = nullptr;
    std::vector<Member> members; ///< Record: in the writer's order.
    std::string defaults;        ///< Record: what the writer lacks, as members of a JSON object with commas.
    std::vector<const AvroStep *> branches;
    AvroProblem problem; ///< Unreadable, and an Enum's missing symbol.
};

/// The specification's schema resolution (Avro 1.11, "Schema Resolution"): defaults, promotions, unions, aliases,
/// enums. Found once for a pair of schemas, then carried out for every record. Thread: immutable, any.
class AvroPlan
{
public:
    static std::shared_ptr<const AvroPlan> make(std::shared_ptr<const AvroSchema> writer,
                                                std::shared_ptr<const AvroSchema> reader);

    const AvroStep &root() const { return *m_root; }
    /// Everything for which a record may be refused; empty: all that the writer's schema allows can be read.
    const std::vector<AvroProblem> &problems() const { return m_problems; }

private:
    friend class AvroPlanner;
    AvroPlan() = default;
    std::shared_ptr<const AvroSchema> m_writer, m_reader;
    std::deque<AvroStep> m_steps;
    const AvroStep *m_root = nullptr;
    std::vector<AvroProblem> m_problems;
};

/// The problems of reading with @p reader what @p writer's schema describes.
std::vector<AvroProblem> avroProblems(const std::shared_ptr<const AvroSchema> &writer,
                                      const std::shared_ptr<const AvroSchema> &reader);

} // namespace eventops
