// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/filter.h"

#include <cstdint>
#include <memory>

namespace re2 {
class RE2;
}

namespace eventops {

/// What a field name means on an event, found out once at parsing.
enum class EventField : std::uint8_t { None, Text, Json, TsEvent, TsIngest, Severity, Value, Position };

struct FilterField {
    std::string name;                   ///< As written.
    EventField kind = EventField::None; ///< None: no event has it.
    Field field = Field::Type;          ///< Text and Json.
    std::string path;                   ///< Json: below the field.
};

/// The right side of a comparison, read in every way it can be read.
struct FilterLiteral {
    std::string text;
    bool quoted = false;                   ///< A text even if it looks like a number.
    std::optional<double> number;
    std::optional<WallNs> time;
    Severity severity = Severity::Unset;   ///< When it names one.
};

enum class FilterOp : std::uint8_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

/// A node of a parsed filter; immutable. And and Or hold any number of children, so a long chain is not a deep one.
struct Filter::Node {
    enum class Kind : std::uint8_t { And, Or, Not, Compare, In, NotIn, Contains, Match, NotMatch, Exists, FreeText };
    Kind kind = Kind::And;
    FilterOp op = FilterOp::Equal;
    FilterField field;
    std::vector<FilterLiteral> literals;
    std::shared_ptr<const re2::RE2> pattern;
    std::vector<std::shared_ptr<const Node>> children;
};

/// Compares a present value with a literal; an operator the two have no common ground for gives false.
bool filterCompare(const FilterValue &value, FilterOp op, const FilterLiteral &literal, bool isSeverity);

/// Fields whose numbers may be written as severity names.
bool isSeverityField(std::string_view name);

} // namespace eventops
