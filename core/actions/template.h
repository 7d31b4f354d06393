// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/filter/filter.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

class Value;

/// A text with fields in braces: "restart {tags.service} on {entity.id}". "{{" and "}}" are braces.
///
/// Cut into pieces once, when it is read; what is put in for a field is never looked at again, so a value that holds
/// braces stays what it is. Thread: immutable, any.
class TextTemplate
{
public:
    /// @p hasField says which names there are. Errors: InvalidArgument naming the offending place.
    static Result<TextTemplate> parse(std::string_view text, const std::function<bool(std::string_view)> &hasField);

    /// Nothing when a field of the row is absent. O(size).
    std::optional<std::string> render(const FilterRow &row) const;
    /// The field's name when the template is that field and nothing else; else empty.
    std::string_view onlyField() const;

private:
    struct Piece {
        bool field = false;
        std::string text; ///< Literal, or the field's name.
    };
    std::vector<Piece> m_pieces;
};

/// A JSON document whose strings are templates, as written in YAML. A string that is one number field and nothing else,
/// "{value}", becomes the number.
class JsonTemplate
{
public:
    /// @p value: a map. Errors: InvalidConfig with the place.
    static Result<JsonTemplate> parse(const Value &value, const std::function<bool(std::string_view)> &hasField);

    /// The document. Nothing when a field is absent.
    std::optional<std::string> render(const FilterRow &row) const;

private:
    struct Piece {
        std::string json;                    ///< As it stands, when there is no template.
        std::optional<TextTemplate> text;
    };
    Status add(const Value &value, const std::function<bool(std::string_view)> &hasField, unsigned depth);
    void literal(std::string_view json);

    std::vector<Piece> m_pieces;
};

} // namespace eventops
