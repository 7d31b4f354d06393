// SPDX-License-Identifier: MIT
#include "core/filter/filter.h"

#include "core/base/json.h"
#include "core/base/json_scan.h"
#include "core/base/time.h"
#include "core/filter/node.h"
#include "core/filter/parser.h"
#include "core/filter/values.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <set>

namespace eventops {
namespace {

using Node = Filter::Node;

/// An event as a filter sees it. The scratch text is touched only by escaped JSON strings.
class EventView
{
public:
    EventView(const Batch &batch, const Event &event) : m_batch(batch), m_event(event) {}

    FilterValue value(const FilterField &field)
    {
        switch (field.kind) {
        case EventField::None: break;
        case EventField::Text: return text(field.field);
        case EventField::Json: return jsonValue(m_batch.text(m_event, field.field), field.path, m_scratch);
        case EventField::TsEvent: return timeValue(m_event.tsEvent);
        case EventField::TsIngest: return timeValue(m_batch.tsIngest);
        case EventField::Severity:
            if (m_event.severity != Severity::Unset)
                return FilterValue::ofNumber(static_cast<double>(m_event.severity));
            break;
        case EventField::Value:
            if (m_event.hasValue) {
                FilterValue out = FilterValue::ofNumber(m_event.value);
                out.text = m_batch.text(m_event, Field::ValueText);
                return out;
            }
            break;
        case EventField::Position:
            if (m_event.record < m_batch.records.size())
                return FilterValue::ofNumber(static_cast<double>(m_batch.records[m_event.record].position));
        }
        return FilterValue::absent();
    }

    bool containsText(std::string_view needle) const
    {
        return std::any_of(m_event.text.begin(), m_event.text.end(), [&](StrId id) {
            return id != NoStr && containsIgnoringCase(m_batch.text(id), needle);
        });
    }

private:
    FilterValue text(Field field) const
    {
        const StrId id = m_event[field];
        return id == NoStr ? FilterValue::absent() : FilterValue::ofText(m_batch.text(id));
    }

    const Batch &m_batch;
    const Event &m_event;
    std::string m_scratch;
};

class RowView
{
public:
    explicit RowView(const FilterRow &row) : m_row(row) {}
    FilterValue value(const FilterField &field) const { return m_row.field(field.name); }
    bool containsText(std::string_view needle) const { return m_row.containsText(needle); }

private:
    const FilterRow &m_row;
};

/// The value as text for `contains` and patterns; @p scratch holds what is not written anywhere.
std::string_view asText(const FilterValue &value, std::string &scratch)
{
    if (value.kind == FilterValue::Kind::Text || !value.text.empty())
        return value.text;
    scratch.clear();
    if (value.kind == FilterValue::Kind::Time)
        appendTimestamp(scratch, value.time);
    else
        appendJsonNumber(scratch, value.number);
    return scratch;
}

template <typename View>
bool matchesLeaf(const Node &node, View &view)
{
    const FilterValue value = view.value(node.field);
    if (value.kind == FilterValue::Kind::Absent)
        return false;
    const auto equals = [&](const FilterLiteral &literal) {
        return filterCompare(value, FilterOp::Equal, literal, isSeverityField(node.field.name));
    };
    std::string scratch;
    switch (node.kind) {
    case Node::Kind::Compare:
        return filterCompare(value, node.op, node.literals.front(), isSeverityField(node.field.name));
    case Node::Kind::In:
        return std::any_of(node.literals.begin(), node.literals.end(), equals);
    case Node::Kind::NotIn:
        return std::none_of(node.literals.begin(), node.literals.end(), equals);
    case Node::Kind::Contains:
        return asText(value, scratch).find(node.literals.front().text) != std::string_view::npos;
    case Node::Kind::Match:
    case Node::Kind::NotMatch: {
        const std::string_view text = asText(value, scratch);
        const bool found = re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *node.pattern);
        return found == (node.kind == Node::Kind::Match);
    }
    default: // Exists
        return true;
    }
}

template <typename View>
bool evaluate(const Node &node, View &view)
{
    const auto child = [&](const auto &c) { return evaluate(*c, view); };
    switch (node.kind) {
    case Node::Kind::And: return std::all_of(node.children.begin(), node.children.end(), child);
    case Node::Kind::Or: return std::any_of(node.children.begin(), node.children.end(), child);
    case Node::Kind::Not: return !evaluate(*node.children.front(), view);
    case Node::Kind::FreeText: return view.containsText(node.literals.front().text);
    default: return matchesLeaf(node, view);
    }
}

/// The lowest (@p low) or highest event time that @p node admits; nothing: no bound follows from it.
std::optional<WallNs> timeBound(const Node &node, bool low)
{
    const auto tighter = [&](WallNs a, WallNs b) { return low == (a > b) ? a : b; };
    const auto looser = [&](WallNs a, WallNs b) { return low == (a < b) ? a : b; };
    std::optional<WallNs> bound;
    switch (node.kind) {
    case Node::Kind::And:
        for (const auto &child : node.children) {
            if (const auto b = timeBound(*child, low))
                bound = bound ? tighter(*bound, *b) : *b;
        }
        return bound;
    case Node::Kind::Or:
        for (const auto &child : node.children) {
            const auto b = timeBound(*child, low);
            if (!b)
                return std::nullopt;
            bound = bound ? looser(*bound, *b) : *b;
        }
        return bound;
    case Node::Kind::In:
        if (node.field.kind != EventField::TsEvent)
            return std::nullopt;
        for (const FilterLiteral &literal : node.literals)
            bound = bound ? looser(*bound, *literal.time) : *literal.time;
        return bound;
    case Node::Kind::Compare: {
        if (node.field.kind != EventField::TsEvent)
            return std::nullopt;
        // The strict operators keep their edge: a bound may be loose, never too tight.
        const bool below = node.op == FilterOp::Less || node.op == FilterOp::LessEqual;
        const bool above = node.op == FilterOp::Greater || node.op == FilterOp::GreaterEqual;
        if (node.op == FilterOp::Equal || (low ? above : below))
            return node.literals.front().time;
        return std::nullopt;
    }
    default:
        return std::nullopt;
    }
}

using Texts = std::set<std::string>;

/// The texts one of which @p field must have; nothing: no such bound.
std::optional<Texts> requiredOf(const Node &node, Field field)
{
    std::optional<Texts> out;
    switch (node.kind) {
    case Node::Kind::And:
        for (const auto &child : node.children) {
            auto texts = requiredOf(*child, field);
            if (texts && (!out || texts->size() < out->size()))
                out = std::move(texts);
        }
        return out;
    case Node::Kind::Or:
        out.emplace();
        for (const auto &child : node.children) {
            auto texts = requiredOf(*child, field);
            if (!texts)
                return std::nullopt;
            out->merge(*texts);
        }
        return out;
    case Node::Kind::Compare:
    case Node::Kind::In:
        if (node.field.kind != EventField::Text || node.field.field != field
            || (node.kind == Node::Kind::Compare && node.op != FilterOp::Equal))
            return std::nullopt;
        out.emplace();
        for (const FilterLiteral &literal : node.literals)
            out->insert(literal.text);
        return out;
    default:
        return std::nullopt;
    }
}

void collectNames(const Node &node, Texts &out)
{
    if (!node.field.name.empty())
        out.insert(node.field.name);
    for (const auto &child : node.children)
        collectNames(*child, out);
}

constexpr std::array<unsigned char, 256> LowerTable = [] {
    std::array<unsigned char, 256> table{};
    for (unsigned i = 0; i < 256; ++i)
        table[i] = static_cast<unsigned char>(i >= 'A' && i <= 'Z' ? i + 32 : i);
    return table;
}();

} // namespace

bool containsIgnoringCase(std::string_view text, std::string_view needle)
{
    const auto lower = [](char c) { return LowerTable[static_cast<unsigned char>(c)]; };
    if (needle.empty())
        return true;
    if (needle.size() > text.size())
        return false;
    const unsigned char first = lower(needle.front());
    const std::size_t last = text.size() - needle.size();
    for (std::size_t i = 0; i <= last; ++i) {
        if (lower(text[i]) != first)
            continue;
        std::size_t k = 1;
        while (k < needle.size() && lower(text[i + k]) == lower(needle[k]))
            ++k;
        if (k == needle.size())
            return true;
    }
    return false;
}

FilterRow::~FilterRow() = default;

bool FilterRow::containsText(std::string_view needle) const
{
    for (const std::string_view name : {std::string_view("message"), std::string_view("attrs")}) {
        const FilterValue value = field(name);
        if (value.kind == FilterValue::Kind::Text && containsIgnoringCase(value.text, needle))
            return true;
    }
    return false;
}

FilterValue jsonValue(std::string_view json, std::string_view path, std::string &scratch)
{
    const auto slice = jsonFind(json, path);
    if (!slice || slice->kind == JsonSlice::Kind::Null)
        return FilterValue::absent();
    if (slice->kind == JsonSlice::Kind::Number)
        return numberValue(slice->text);
    if (!slice->escaped)
        return FilterValue::ofText(slice->text);
    scratch.clear();
    appendJsonUnescaped(scratch, slice->text);
    return FilterValue::ofText(scratch);
}

Filter::Filter() = default;
Filter::~Filter() = default;
Filter::Filter(Filter &&) noexcept = default;
Filter &Filter::operator=(Filter &&) noexcept = default;

Result<Filter> Filter::parse(std::string_view text)
{
    Filter filter;
    filter.m_root = EVENTOPS_TRY(parseFilter(text));
    return filter;
}

bool Filter::matches(const FilterRow &row) const
{
    RowView view(row);
    return m_root == nullptr || evaluate(*m_root, view);
}

bool Filter::matches(const Batch &batch, const Event &event) const
{
    EventView view(batch, event);
    return m_root == nullptr || evaluate(*m_root, view);
}

std::optional<WallNs> Filter::tsEventMin() const
{
    return m_root == nullptr ? std::nullopt : timeBound(*m_root, true);
}

std::optional<WallNs> Filter::tsEventMax() const
{
    return m_root == nullptr ? std::nullopt : timeBound(*m_root, false);
}

std::vector<std::string> Filter::requiredTexts(Field field) const
{
    const auto texts = m_root == nullptr ? std::nullopt : requiredOf(*m_root, field);
    return texts ? std::vector<std::string>(texts->begin(), texts->end()) : std::vector<std::string>();
}

std::vector<std::string> Filter::fieldNames() const
{
    Texts names;
    if (m_root != nullptr)
        collectNames(*m_root, names);
    return {names.begin(), names.end()};
}

} // namespace eventops
