// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/codec/json_path.h"
#include "core/codec/time_format.h"
#include "core/model/event.h"
#include "core/model/value.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eventops {

/// Where one value of an event comes from, as a pipeline file says it:
///
///     type: payload.status                      a path (json_path.h)
///     type: {path: op, values: {c: created, u: updated}, default: changed}
///     tenant: {const: acme}
///     message: {first: [msg, error.text]}       the first that is there; of paths and selectors, a template only when
///                                               nothing in it is missing
///     entity.id: {template: "{ns}:{event_id}"}  "" for what is missing; what is put in is never looked at again
///     ts: {path: time, format: ["%Y-%m-%d %H:%M:%S,%f", epoch], zone: "+02:00"}
///     tags: {pairs: ^^.resource.attributes}     [{key, value}, …] as an object
///
/// `if: path` takes the value only where that path leads to something; `lower: true` takes it in small letters;
/// `decode: url` takes %20 and + for what they stand for, `decode: base64` takes the text inside, none where it is no
/// text; `before: ':'` and `after: ':/'` take what stands before the first or behind the last of these characters,
/// before: none where there is none of them; `values` translates texts, others stay, or become what `others` says;
/// `default` when there is none. Thread: immutable, any.
class Selector
{
public:
    static Result<Selector> parse(const Value &value, std::string_view field);
    /// A JSON value; into @p scratch when it had to be made. Nothing: absent.
    std::optional<std::string_view> find(std::span<const std::string_view> scopes, std::string &scratch) const;
    /// What to put where so that this gives a value.
    using Way = std::vector<std::pair<const JsonPath *, std::string>>;
    /// Ways to a document from which this gives the JSON value @p raw, the likeliest first; none where that cannot be
    /// told from the value alone. What else stands in the document may be in the way: read back what came of it.
    std::vector<Way> ways(std::string_view raw) const;
    const std::vector<TimeFormat> &formats() const { return m_formats; }
    /// The path that gives an object as it is; null where it is made of something else.
    const JsonPath *objectPath() const;
    /// How it is written, for messages.
    const std::string &text() const { return m_text; }

private:
    enum class Kind : std::uint8_t { Path, Const, First, Template, Pairs };
    enum class Coding : std::uint8_t { Plain, Url, Base64 };
    struct Part {
        std::string literal;
        std::optional<JsonPath> path;
    };
    Status parseMap(const Value &value, std::string_view field);
    Status parseTemplate(const Value &value, std::string_view field);
    Status parseOption(const Value::Member &member, std::string_view field);
    Status parseFormats(const Value &map, std::string_view field);
    std::optional<std::string_view> pick(std::span<const std::string_view> scopes, std::string &scratch) const;
    std::optional<std::string> translated(std::string_view raw) const;
    bool isTranslated() const
    {
        return !m_values.empty() || m_lower || m_others || m_coding != Coding::Plain || !m_before.empty()
               || !m_after.empty();
    }
    static Selector ofPath(JsonPath path);
    std::vector<std::string> originals(std::string_view text) const;
    void waysOfTemplate(const std::string &text, std::vector<Way> &out) const;
    bool isWhole(std::span<const std::string_view> scopes) const; ///< Nothing of the template is missing.

    Kind m_kind = Kind::Const;
    std::string m_text;
    std::vector<JsonPath> m_paths;     ///< One, of Path and Pairs.
    std::vector<Selector> m_choices;   ///< Of First.
    std::string m_const;          ///< JSON.
    std::vector<Part> m_parts;
    std::vector<std::pair<std::string, std::string>> m_values;
    std::optional<std::string> m_others; ///< For texts that are not among m_values.
    std::optional<JsonPath> m_if;
    std::string m_default; ///< JSON; empty: none.
    bool m_lower = false;
    Coding m_coding = Coding::Plain;
    std::string m_before, m_after; ///< Separators; empty: the whole text.
    std::vector<TimeFormat> m_formats;
};

/// An object made of values: tags, attrs. Either one selector that gives an object, or members.
struct ObjectMapping {
    std::vector<Selector> whole;                           ///< Merged in order.
    std::vector<std::pair<std::string, Selector>> members;
    bool empty() const { return whole.empty() && members.empty(); }
};

struct EntityMapping {
    Selector type, id;
    std::optional<JsonPath> each; ///< One for each element of that array, which is "."; "^" is the event's.
};

struct LinkMapping {
    EntityMapping source, target;
    Selector type;
    std::optional<JsonPath> each;
};

/// The `map:` of a source or pipeline, checked.
///
///     map:
///       pattern: '^\[(?P<time>[^\]]+)\] (?P<level>\w+) (?P<text>.*)$'   text lines: named captures become the document
///       split: resourceLogs[].scopeLogs[].logRecords[]                  one event an element, all or none; a list of
///              such: the elements of all of them, of which one must be there
///       ts: …        severity: …     value: …      tags: …     attrs: …   entities: […]   links: […]
///       event_id, tenant, type, step, correlation_id, causation_id, trace_id, span_id, idempotency_key, message,
///       metric, unit, source: {type, id, namespace}, schema: {name, version}, entity: {type, id}
///       entities and links may say `each: spec.dependsOn`: one for each element of that array
///       require: [ts, entity.id]      absent ones refuse the record; without it: ts, if it is mapped
///
/// Not mapped: tenant is "default", attrs the whole element (or the captures).
struct Mapping {
    struct Text {
        Field field;
        Selector selector;
        bool required = false;
    };
    std::vector<std::string> patterns;      ///< RE2, valid; the first that matches reads the record.
    std::vector<JsonSplit> splits;          ///< The elements of each are events; empty: the document is one.
    std::vector<Text> texts;
    std::optional<Selector> ts, severity, value;
    bool tsRequired = false, severityRequired = false, valueRequired = false;
    std::optional<ObjectMapping> tags, attrs;
    std::vector<EntityMapping> entities;
    std::vector<LinkMapping> links;

    /// InvalidConfig with place, field and remedy.
    static Result<Mapping> parse(const Value &map);
};

} // namespace eventops
