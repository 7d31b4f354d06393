// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_path.h"
#include "core/codec/json_reader.h"
#include "core/codec/mapping.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// A kind of JSON document that another system writes, as data: how it is known and what its fields mean. The shipped
/// ones are formats/*.yaml:
///
///     format: alertmanager
///     summary: Alertmanager's webhook; each alert of the group is an event.
///     when: {version: ['4'], alerts: array}     paths (json_path.h) and what stands there: any, text, number, object,
///                                               array, or a list of texts of which it is one; a list of such maps:
///                                               one of them holds
///     map: …                                    see mapping.h
///
/// Thread: immutable, any.
class DocumentFormat
{
public:
    /// InvalidConfig with place, field and remedy.
    static Result<DocumentFormat> parse(const Value &value);

    const std::string &name() const { return m_name; }
    const std::string &summary() const { return m_summary; }
    const std::shared_ptr<const Mapping> &mapping() const { return m_mapping; }
    /// Is @p json one of these? Complexity: O(bytes of the members that are asked for).
    bool matches(const JsonReader &json) const;

private:
    enum class Kind : std::uint8_t { Any, Text, Number, Object, Array, OneOf };
    struct Condition {
        JsonPath path;
        std::string member; ///< The first one on the way.
        Kind kind = Kind::Any;
        std::vector<std::string> texts; ///< Of OneOf.
        bool holds(const JsonReader &json) const;
    };
    static Result<std::vector<Condition>> conditions(const Value &map);

    std::string m_name, m_summary;
    std::vector<std::vector<Condition>> m_when; ///< One of them holds.
    std::shared_ptr<const Mapping> m_mapping;
};

/// The shipped formats. No document is of two of them.
std::span<const DocumentFormat> documentFormats();

} // namespace eventops
