// SPDX-License-Identifier: MIT
#pragma once

#include "core/codec/json_reader.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventops {

/// Members of a JSON object by name; what is absent or of another kind is empty. The object must be validated.
/// Thread: any. O(length) each.
class ObjectFields
{
public:
    explicit ObjectFields(std::string_view object) : m_object(object) {}

    std::string_view raw(std::string_view name) const
    {
        return m_object.empty() ? std::string_view() : jsonMember(m_object, name).value_or("");
    }
    std::string text(std::string_view name) const
    {
        const std::string_view value = raw(name);
        std::string scratch;
        return value.empty() || jsonKind(value) != JsonKind::String ? std::string()
                                                                    : std::string(jsonText(value, scratch));
    }
    std::optional<double> number(std::string_view name) const
    {
        const std::string_view value = raw(name);
        return value.empty() || jsonKind(value) != JsonKind::Number ? std::nullopt : jsonDouble(value);
    }
    std::optional<std::int64_t> integer(std::string_view name) const
    {
        const std::string_view value = raw(name);
        std::int64_t out = 0;
        const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), out);
        return failed == std::errc() && end == value.data() + value.size() && !value.empty() ? std::optional(out)
                                                                                             : std::nullopt;
    }
    /// The member as it is written when it is of @p kind, else @p otherwise.
    std::string document(std::string_view name, JsonKind kind, std::string_view otherwise) const
    {
        const std::string_view value = raw(name);
        return std::string(!value.empty() && jsonKind(value) == kind ? value : otherwise);
    }
    bool isTrue(std::string_view name) const { return raw(name) == "true"; }

private:
    std::string_view m_object;
};

} // namespace eventops
