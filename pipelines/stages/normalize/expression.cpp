// SPDX-License-Identifier: MIT
#include "pipelines/stages/normalize/expression.h"

#include "core/base/json.h"
#include "core/codec/json_envelope.h"
#include "core/codec/json_reader.h"
#include "core/pipeline/settings.h"

#include <algorithm>
#include <charconv>

namespace eventops::normalize {
namespace {

std::optional<std::string_view> element(std::string_view array, std::string_view place)
{
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), index);
    if (error != std::errc() || end != place.data() + place.size())
        return std::nullopt;
    JsonItems items(array);
    for (std::string_view name, value; items.next(name, value);) {
        if (index-- == 0)
            return value;
    }
    return std::nullopt;
}

std::optional<std::string_view> findIn(std::string_view json, std::string_view path)
{
    const JsonKind kind = jsonKind(json);
    if (kind != JsonKind::Object && kind != JsonKind::Array)
        return std::nullopt;
    // A dot may be part of a name: try each split, the shortest name first.
    for (std::size_t dot = path.find('.');; dot = path.find('.', dot + 1)) {
        const std::string_view name = path.substr(0, dot);
        const auto value = kind == JsonKind::Object ? jsonMember(json, name) : element(json, name);
        if (dot == std::string_view::npos)
            return value;
        if (value) {
            if (const auto inside = findIn(*value, path.substr(dot + 1)))
                return inside;
        }
    }
}

bool isInteger(std::string_view number)
{
    return number.find_first_of(".eE") == std::string_view::npos && number != "-0";
}

/// −1, 0 or 1; whole numbers of any length exactly.
int compareNumbers(std::string_view a, std::string_view b)
{
    if (isInteger(a) && isInteger(b)) {
        const bool negativeA = a.front() == '-', negativeB = b.front() == '-';
        if (negativeA != negativeB)
            return negativeA ? -1 : 1;
        const int sign = negativeA ? -1 : 1;
        if (a.size() != b.size())
            return a.size() < b.size() ? -sign : sign;
        const int order = a.compare(b);
        return order == 0 ? 0 : order < 0 ? -sign : sign;
    }
    const double x = jsonDouble(a).value_or(0.0), y = jsonDouble(b).value_or(0.0);
    return x < y ? -1 : x > y ? 1 : 0;
}

bool isNumber(std::string_view json)
{
    return jsonKind(json) == JsonKind::Number;
}

std::optional<WallNs> timeOf(std::string_view json)
{
    std::string scratch;
    std::string_view text;
    return jsonTime(unwrapExtended(json), scratch, text);
}

bool equal(std::string_view a, std::string_view b)
{
    a = unwrapExtended(a);
    b = unwrapExtended(b);
    if (isNumber(a) && isNumber(b))
        return compareNumbers(a, b) == 0;
    if (jsonKind(a) != jsonKind(b))
        return false;
    if (jsonKind(a) != JsonKind::String)
        return a == b;
    std::string scratchA, scratchB;
    return jsonText(a, scratchA) == jsonText(b, scratchB);
}

bool greater(std::string_view a, std::string_view b)
{
    const auto number = [](std::string_view json, std::string &scratch) -> std::string_view {
        json = unwrapExtended(json);
        if (jsonKind(json) == JsonKind::String)
            json = jsonText(json, scratch);
        return isJsonNumberText(json) ? json : std::string_view();
    };
    std::string scratchA, scratchB;
    const std::string_view x = number(a, scratchA), y = number(b, scratchB);
    if (!x.empty() && !y.empty())
        return compareNumbers(x, y) > 0;
    const auto timeA = timeOf(a), timeB = timeOf(b);
    return timeA && timeB && *timeA > *timeB;
}

/// Nanoseconds as a decimal number of seconds, exactly.
std::string secondsText(std::int64_t ns)
{
    const bool negative = ns < 0;
    const std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
    std::string out = (negative ? "-" : "") + std::to_string(magnitude / NsPerSecond);
    if (const std::uint64_t fraction = magnitude % NsPerSecond; fraction > 0) {
        std::string digits = std::to_string(fraction);
        digits.insert(0, 9 - digits.size(), '0');
        digits.erase(digits.find_last_not_of('0') + 1);
        out += '.' + digits;
    }
    return out;
}

} // namespace

Document::Document(std::string_view json) : m_json(json)
{
    const auto inner = jsonMember(json, "fullDocument");
    if (inner && jsonKind(*inner) == JsonKind::Object)
        m_fullDocument = inner;
}

std::optional<std::string_view> Document::find(std::string_view path) const
{
    if (const auto value = findIn(m_json, path))
        return value;
    return m_fullDocument ? findIn(*m_fullDocument, path) : std::nullopt;
}

std::string_view unwrapExtended(std::string_view json)
{
    // {"$name": value} and nothing else; depth is bounded by the document's own.
    while (jsonKind(json) == JsonKind::Object) {
        JsonItems items(json);
        std::string_view name, value, another, ignored;
        if (!items.next(name, value) || !name.starts_with('$') || items.next(another, ignored))
            break;
        json = value;
    }
    return json;
}

std::optional<std::string_view> textOf(std::string_view json, std::string &scratch)
{
    json = unwrapExtended(json);
    if (jsonKind(json) == JsonKind::Null)
        return std::nullopt;
    if (const auto text = scalarText(json, scratch))
        return text;
    scratch.clear();
    appendJsonCompact(scratch, json);
    return scratch;
}

/// Recursive descent over one expression.
class Expression::Parser
{
public:
    Parser(const Value &where, std::string_view text) : m_where(where), m_text(text) {}

    Result<Expression> whole()
    {
        Expression out = EVENTOPS_TRY(argument(0));
        skipBlanks();
        if (m_at < m_text.size())
            return fail("expected the end");
        return out;
    }

    Error fail(const std::string &message, std::string remedy = {}) const
    {
        return m_where.error("expression \"" + std::string(m_text) + "\": " + message + " at character " +
                                 std::to_string(m_at + 1),
                             std::move(remedy));
    }

private:
    void skipBlanks()
    {
        while (m_at < m_text.size() && m_text[m_at] == ' ')
            ++m_at;
    }

    Result<Expression> argument(unsigned depth)
    {
        if (depth > ExpressionDepthMax)
            return fail("nested deeper than " + std::to_string(ExpressionDepthMax) + " levels");
        skipBlanks();
        if (m_at >= m_text.size())
            return fail("expected a path, a literal or a function");
        if (m_text[m_at] == '\'' || m_text[m_at] == '"')
            return quoted(m_text[m_at]);
        const std::size_t end = std::min(m_text.find_first_of(",()", m_at), m_text.size());
        const bool call = m_text[m_at] == '$' && end < m_text.size() && m_text[end] == '(';
        if (call)
            return function(end, depth);
        std::string_view word = m_text.substr(m_at, end - m_at);
        word = word.substr(0, word.find_last_not_of(' ') + 1);
        if (word.starts_with('$'))
            word.remove_prefix(1);
        if (word.empty())
            return fail("expected a path, a literal or a function");
        m_at = end;
        Expression out;
        const bool literal = word == "true" || word == "false" || word == "null" || isJsonNumberText(word);
        out.m_kind = literal ? Kind::Literal : Kind::Path;
        out.m_text = word;
        return out;
    }

    Result<Expression> quoted(char quote)
    {
        const std::size_t close = m_text.find(quote, m_at + 1);
        if (close == std::string_view::npos)
            return fail("a quote is not closed");
        Expression out;
        appendJsonString(out.m_text, m_text.substr(m_at + 1, close - m_at - 1));
        m_at = close + 1;
        return out;
    }

    Result<Expression> function(std::size_t open, unsigned depth)
    {
        constexpr struct {
            std::string_view name;
            Kind kind;
            std::size_t arguments;
        } Functions[] = {{"eq", Kind::Eq, 2}, {"exists", Kind::Exists, 1}, {"gt", Kind::Gt, 2},
                         {"secondsDiff", Kind::SecondsDiff, 2}};
        const std::string_view name = m_text.substr(m_at + 1, open - m_at - 1);
        const auto *found = std::find_if(std::begin(Functions), std::end(Functions),
                                         [&](const auto &f) { return f.name == name; });
        if (found == std::end(Functions)) {
            constexpr std::string_view Names[] = {"eq", "exists", "gt", "secondsDiff"};
            return fail("there is no function $" + std::string(name), unknownNameRemedy(name, Names, "functions"));
        }
        Expression out;
        out.m_kind = found->kind;
        m_at = open;
        for (std::size_t i = 0; i < found->arguments; ++i) {
            ++m_at; // the parenthesis or comma before it
            out.m_arguments.push_back(EVENTOPS_TRY(argument(depth + 1)));
            skipBlanks();
            const char wanted = i + 1 < found->arguments ? ',' : ')';
            if (m_at >= m_text.size() || m_text[m_at] != wanted)
                return fail(std::string("expected \"") + wanted + '"');
        }
        ++m_at;
        return out;
    }

    const Value &m_where;
    const std::string_view m_text;
    std::size_t m_at = 0;
};

Result<Expression> Expression::parse(const Value &value, BareWord bare)
{
    const std::string text = EVENTOPS_TRY(value.text());
    if (text.size() > ExpressionBytesMax)
        return value.error("an expression is longer than " + std::to_string(ExpressionBytesMax) + " bytes");
    Parser parser(value, text);
    const bool quoted = text.size() >= 2 && (text.front() == '\'' || text.front() == '"');
    if (text.starts_with('$') || quoted)
        return parser.whole();
    Expression out;
    if (text.find('{') == std::string::npos) {
        if (bare == BareWord::Path)
            return parser.whole();
        appendJsonString(out.m_text, text);
        return out;
    }
    out.m_kind = Kind::Template;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t open = std::min(text.find('{', at), text.size());
        if (open > at)
            out.m_arguments.emplace_back().m_text = text.substr(at, open - at);
        if (open == text.size())
            break;
        const std::size_t close = text.find('}', open);
        if (close == std::string::npos || close == open + 1)
            return value.error("text \"" + text + "\": expected a path between { and }");
        Expression &path = out.m_arguments.emplace_back();
        path.m_kind = Kind::Path;
        path.m_text = text.substr(open + 1, close - open - 1);
        at = close + 1;
    }
    return out;
}

std::optional<std::string_view> Expression::evalTemplate(const Document &shown, Memory &memory) const
{
    std::string text, scratch;
    for (const Expression &part : m_arguments) {
        if (part.m_kind == Kind::Literal) {
            text += part.m_text;
            continue;
        }
        const auto value = shown.find(part.m_text);
        const auto inside = value ? textOf(*value, scratch) : std::nullopt;
        if (!inside)
            return std::nullopt;
        text += *inside;
    }
    appendJsonString(memory.emplace_back(), text);
    return memory.back();
}

std::optional<std::string_view> Expression::eval(const Document &clear, const Document &shown, Memory &memory) const
{
    switch (m_kind) {
    case Kind::Path: return shown.find(m_text);
    case Kind::Literal: return m_text;
    case Kind::Template: return evalTemplate(shown, memory);
    default: break;
    }
    const auto a = m_arguments[0].eval(clear, clear, memory);
    if (m_kind == Kind::Exists)
        return a && jsonKind(*a) != JsonKind::Null ? "true" : "false";
    const auto b = m_arguments[1].eval(clear, clear, memory);
    if (m_kind == Kind::Eq)
        return a && b && equal(*a, *b) ? "true" : "false";
    if (m_kind == Kind::Gt)
        return a && b && greater(*a, *b) ? "true" : "false";
    const auto timeA = a ? timeOf(*a) : std::nullopt, timeB = b ? timeOf(*b) : std::nullopt;
    std::int64_t ns = 0;
    if (!timeA || !timeB || __builtin_sub_overflow(raw(*timeA), raw(*timeB), &ns))
        return std::nullopt;
    return memory.emplace_back(secondsText(ns));
}

bool Expression::isTrue(const Document &clear, Memory &memory) const
{
    return eval(clear, clear, memory) == std::string_view("true");
}

std::string Expression::leafName() const
{
    return m_kind == Kind::Path ? m_text.substr(m_text.rfind('.') + 1) : std::string();
}

} // namespace eventops::normalize
