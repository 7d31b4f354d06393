// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// The types of Avro 1.11. Logical types are read as what carries them.
enum class AvroKind : std::uint8_t {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Record,
    Enum,
    Array,
    Map,
    Union,
    Fixed,
};

struct AvroType;

struct AvroField {
    std::string name;
    std::vector<std::string> aliases;
    const AvroType *type = nullptr;
    bool hasDefault = false;
    std::string defaultJson; ///< Valid for the type; of a union for its first branch.
};

/// One type of a schema. Types refer to each other, to themselves as well.
struct AvroType {
    AvroKind kind = AvroKind::Null;
    std::string name;                       ///< Full name of a record, enum or fixed: "monitoring.v1.Envelope".
    std::vector<std::string> aliases;       ///< Full names.
    std::vector<AvroField> fields;          ///< Of a record.
    std::vector<std::string> symbols;       ///< Of an enum.
    std::string enumDefault;                ///< Empty: none.
    const AvroType *items = nullptr;        ///< Of an array's elements, of a map's values.
    std::vector<const AvroType *> branches; ///< Of a union.
    std::uint64_t size = 0;                 ///< Of a fixed, in bytes.
    bool complete = false;                  ///< Of a record, enum or fixed: its definition has been read to its end.
};

/// The part of a full name behind its namespace.
std::string_view avroShortName(std::string_view fullName);
/// "record monitoring.v1.Envelope", "int", "array": for sentences.
std::string avroTypeText(const AvroType &type);

/// An Avro schema, read and checked whole: names, references, defaults. Thread: immutable, any.
class AvroSchema
{
public:
    static constexpr std::size_t TextBytesMax = 1u << 20;
    static constexpr std::size_t TypesMax = 10'000;
    static constexpr unsigned DepthMax = 100;

    /// InvalidConfig names the field at which it is wrong; @p file: for the error's place.
    static Result<std::shared_ptr<const AvroSchema>> parse(std::string_view json, const std::string &file = {});

    const AvroType &root() const { return *m_root; }
    /// The specification's parsing canonical form: all that a reader needs to know of how a record was written, and the
    /// same text however the schema was laid out.
    const std::string &canonical() const { return m_canonical; }

private:
    friend class AvroParser;
    AvroSchema() = default;
    std::deque<AvroType> m_types;
    const AvroType *m_root = nullptr;
    std::string m_canonical;
};

/// What is wrong with @p json, valid JSON, as a default of @p type; empty: nothing. O(length × fields).
std::string avroMisfit(const AvroType &type, std::string_view json);

} // namespace eventops
