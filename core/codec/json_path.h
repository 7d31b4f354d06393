// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// A place in a JSON document, as mappings name it.
///
///     payload.status        member of a member
///     labels["k8s.pod"]     a name with dots or brackets in it
///     hops[0]               element by number, from 0
///     owners[type=team].id  the first element whose member `type` is the text or number `team`
///     attributes[service.name]  of [{key, value}, …] the value of that key; {stringValue: …} is unwrapped
///     ^.scope.name          from the element that holds the array that was split; ^^ one further out
///     $.account             from the whole document
///     .                     the element itself
///
/// No wildcards, no expressions: a path gives one value or none. Thread: immutable, any. Complexity: O(bytes passed
/// over).
class JsonPath
{
public:
    /// Nothing: @p error says what is wrong.
    static std::optional<JsonPath> parse(std::string_view text, std::string &error);
    /// @p scopes: validated values, the document first, the current element last. Nothing: no such place, or null.
    std::optional<std::string_view> find(std::span<const std::string_view> scopes) const;
    const std::string &text() const { return m_text; }

    enum class Kind : std::uint8_t { Member, Index, Where, Pair };
    struct Step {
        Kind kind = Kind::Member;
        std::string name;
        std::string value;      ///< Of Where.
        std::size_t index = 0;
    };
    /// How it is walked: from the document (fromRoot()), or from the element up() levels out, by each of the steps.
    std::span<const Step> steps() const { return m_steps; }
    std::size_t up() const { return m_up; }
    bool fromRoot() const { return m_root; }

private:
    bool parseBracket(std::string_view inside, std::string &error);
    static std::optional<std::string_view> apply(const Step &step, std::string_view value);

    std::string m_text;
    std::vector<Step> m_steps;
    std::size_t m_up = 0;
    bool m_root = false;
};

/// `resourceLogs[].scopeLogs[].logRecords[]`: the arrays to split a document by, from the outside in.
struct JsonSplit {
    std::vector<JsonPath> levels;
    std::string text;
    static std::optional<JsonSplit> parse(std::string_view text, std::string &error);
};

} // namespace eventops
