// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_path.h"
#include "core/codec/json_reader.h"
#include "core/codec/json_tree.h"
#include "core/codec/mapping.h"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// A kind of document that another system writes, as data: how it is known and what its fields mean. The shipped ones
/// are formats/*.yaml:
///
///     format: alertmanager
///     summary: Alertmanager's webhook; each alert of the group is an event.
///     when: {version: ['4'], alerts: array}     paths (json_path.h) and what stands there: any, text, number, object,
///                                               array, absent, a list of texts of which it is one, or {not: [texts]};
///                                               a list of such maps: one of them holds
///     map: …                                    see mapping.h
///
/// Other than JSON are a format that is known by the `pattern` of its map, lines of text that match it, and those with
///
///     read: syslog      lines of text, taken apart by core/codec/syslog.h
///     read: yaml        documents of YAML, each as the JSON that `when` and `map` speak of
///     start: '^\d{4}-'  of text: the first line of a record; what does not match goes on with the one before
///
/// Thread: immutable, any.
class DocumentFormat
{
public:
    enum class Reading : std::uint8_t { Json, Pattern, Syslog, Yaml };
    /// InvalidConfig with place, field and remedy.
    static Result<DocumentFormat> parse(const Value &value);

    const std::string &name() const { return m_name; }
    const std::string &summary() const { return m_summary; }
    const std::shared_ptr<const Mapping> &mapping() const { return m_mapping; }
    Reading reading() const { return m_reading; }
    bool isText() const { return m_reading == Reading::Pattern || m_reading == Reading::Syslog; }
    const std::string &start() const { return m_start; } ///< RE2; empty: a record is a line.
    /// Is @p json one of these? Never of text. Complexity: O(bytes of the members that are asked for).
    bool matches(const JsonReader &json) const;
    /// The documents that @p made becomes when it gets what `when` asks for and it has not, one for each alternative:
    /// empty texts, objects and arrays, or the first text of a list. For writers.
    std::vector<JsonTree> completed(const JsonTree &made) const;

private:
    enum class Kind : std::uint8_t { Any, Text, Number, Object, Array, Absent, OneOf, NoneOf };
    struct Condition {
        JsonPath path;
        std::string member; ///< The first one on the way.
        Kind kind = Kind::Any;
        std::vector<std::string> texts; ///< Of OneOf and NoneOf.
        bool holds(const JsonReader &json) const;
        void complete(JsonTree &made) const;
    };
    static Result<std::vector<Condition>> conditions(const Value &map);
    static Result<Condition> condition(const Value::Member &member);
    Status parseReading(const Value &value);

    std::string m_name, m_summary, m_start;
    Reading m_reading = Reading::Json;
    std::vector<std::vector<Condition>> m_when; ///< One of them holds.
    std::shared_ptr<const Mapping> m_mapping;
};

/// The shipped formats. No document is of two of them.
std::span<const DocumentFormat> documentFormats();

} // namespace eventops
