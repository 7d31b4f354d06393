// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"
#include "core/model/value.h"
#include "pipelines/stages/normalize/expression.h"
#include "pipelines/stages/normalize/redaction.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace eventops::normalize {

constexpr std::size_t MappingsMax = 10'000;

/// A condition of `match`: the value at a path, or of an event's field (`@codec`), is one of some texts.
struct MatchTerm {
    std::string path;
    std::optional<Field> field;
    std::vector<std::string> texts;
};

/// An output with a name: a tag or an attribute.
struct NamedExpression {
    std::string nameJson; ///< With quotes.
    Expression expression;
};

/// An output that is one field of the event.
struct FieldExpression {
    Field field;
    Expression expression;
};

/// One entry of `mappings`, compiled. Immutable.
struct DocumentMapping {
    std::vector<MatchTerm> match;          ///< All must hold.
    std::optional<Expression> typeWhen;    ///< event_type_override: type = typeWhen ? typeThen : typeElse.
    std::optional<Expression> typeThen, typeElse;
    std::vector<NamedExpression> tags;     ///< Added to the event's tags.
    bool replacesAttrs = false;
    std::vector<NamedExpression> attrs;    ///< What attrs become when `replacesAttrs`.
    std::vector<FieldExpression> fields;
    std::optional<Expression> ts, severity, value;
    Redaction redaction;
};

/// @p defaults, @p mappings: as in a mapping file of the stage. Appends to @p out. Errors: InvalidConfig with the
/// place.
Status readMappings(const Value &defaults, const Value &mappings, std::vector<DocumentMapping> &out);
/// @p file: `{defaults: {...}, mappings: [...]}`.
Status readMappingFile(const Value &file, std::vector<DocumentMapping> &out);

} // namespace eventops::normalize
