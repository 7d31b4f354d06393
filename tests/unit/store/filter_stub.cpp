// SPDX-License-Identifier: MIT
//
// Stands in for the filter language while this tree has none: a filter is "field = text" over events, or nothing.
#if !__has_include("core/filter/filter.cpp")
#include "core/filter/filter.h"

namespace eventops {

struct Filter::Node {
    std::string name, text;
};

FilterRow::~FilterRow() = default;
Filter::Filter() = default;
Filter::~Filter() = default;
Filter::Filter(Filter &&) noexcept = default;
Filter &Filter::operator=(Filter &&) noexcept = default;

Result<Filter> Filter::parse(std::string_view text)
{
    const std::size_t at = text.find(" = ");
    Filter filter;
    filter.m_root = std::make_shared<Node>(Node{std::string(text.substr(0, at)), std::string(text.substr(at + 3))});
    return filter;
}

bool Filter::matches(const FilterRow &row) const
{
    return m_root == nullptr || row.field(m_root->name).text == m_root->text;
}

bool Filter::matches(const Batch &batch, const Event &event) const
{
    return m_root == nullptr || batch.text(event, *fieldByName(m_root->name)) == m_root->text;
}

std::optional<WallNs> Filter::tsEventMin() const { return std::nullopt; }
std::optional<WallNs> Filter::tsEventMax() const { return std::nullopt; }

std::vector<std::string> Filter::requiredTexts(Field field) const
{
    if (m_root != nullptr && m_root->name == toString(field))
        return {m_root->text};
    return {};
}

} // namespace eventops
#endif
