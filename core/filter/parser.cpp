// SPDX-License-Identifier: MIT
#include "core/filter/parser.h"

#include "core/base/time.h"

#include <re2/re2.h>

#include <charconv>
#include <cmath>

namespace eventops {
namespace {

using Node = Filter::Node;
using NodePtr = std::shared_ptr<const Node>;

constexpr std::int64_t PatternMemoryBytesMax = 1 << 20;

struct Token {
    enum class Kind : unsigned char { End, Word, Quoted, Open, Close, Comma, Operator };
    Kind kind = Kind::End;
    std::string_view text; ///< As written; of Quoted without its quotes.
    std::size_t at = 0;    ///< Byte offset.
};

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool isWordByte(char c)
{
    return !isSpace(c) && std::string_view("\"'()=!<>~,").find(c) == std::string_view::npos;
}

bool sameWord(std::string_view text, std::string_view lower)
{
    return text.size() == lower.size() && containsIgnoringCase(text, lower);
}

/// Undoes \\ and \" (or \' in single quotes); every other backslash stands for itself, as regular expressions need it.
std::string unquote(std::string_view text, char quote)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == '\\' || text[i + 1] == quote))
            ++i;
        out += text[i];
    }
    return out;
}

FilterField resolveField(std::string_view name)
{
    FilterField out;
    out.name = name;
    const auto is = [&](EventField kind) { out.kind = kind; };
    const auto text = [&](Field field) {
        out.kind = EventField::Text;
        out.field = field;
    };
    if (name == "ts_event" || name == "ts")
        is(EventField::TsEvent);
    else if (name == "ts_ingest")
        is(EventField::TsIngest);
    else if (isSeverityField(name))
        is(EventField::Severity);
    else if (name == "value")
        is(EventField::Value);
    else if (name == "raw.position")
        is(EventField::Position);
    else if (name == "id")
        text(Field::EventId);
    else if (name == "raw.codec")
        text(Field::Codec);
    else if (name == "raw.content_type")
        text(Field::ContentType);
    else if (const auto field = fieldByName(name))
        text(*field);
    if (out.kind != EventField::None)
        return out;
    const std::size_t dot = name.find('.');
    const auto base = dot == std::string_view::npos ? std::nullopt : fieldByName(name.substr(0, dot));
    if (base == Field::Tags || base == Field::Attrs || base == Field::Headers || base == Field::Entities
        || base == Field::Links) {
        text(*base);
        out.kind = EventField::Json;
        out.path = name.substr(dot + 1);
    }
    return out;
}

FilterLiteral readLiteral(std::string text, bool quoted)
{
    FilterLiteral out;
    out.quoted = quoted;
    double number = 0.0;
    const char *first = text.data() + (text.starts_with('+') ? 1 : 0);
    const auto [end, error] = std::from_chars(first, text.data() + text.size(), number);
    if (!text.empty() && error == std::errc() && end == text.data() + text.size() && std::isfinite(number))
        out.number = number;
    // A bare number is no date: parseTimestamp decides, it wants the full form.
    out.time = parseTimestamp(text);
    out.severity = severityFromText(text);
    out.text = std::move(text);
    return out;
}

class Parser
{
public:
    explicit Parser(std::string_view text) : m_text(text) {}

    Result<NodePtr> run()
    {
        if (m_text.size() > FilterBytesMax)
            return Error{Error::Code::InvalidArgument,
                         "the filter is " + std::to_string(m_text.size()) + " bytes long, more than "
                             + std::to_string(FilterBytesMax)};
        (void)EVENTOPS_TRY(advance());
        if (m_token.kind == Token::Kind::End)
            return NodePtr();
        NodePtr root = EVENTOPS_TRY(expression(0));
        if (m_token.kind != Token::Kind::End)
            return expected("\"and\", \"or\" or the end");
        return root;
    }

private:
    std::string column(std::size_t at) const
    {
        std::size_t characters = 1;
        for (std::size_t i = 0; i < at && i < m_text.size(); ++i)
            characters += (static_cast<unsigned char>(m_text[i]) & 0xC0u) != 0x80u ? 1 : 0;
        return std::to_string(characters);
    }

    Error fail(std::size_t at, std::string message, std::string remedy = {}) const
    {
        return Error{Error::Code::InvalidArgument, "filter, column " + column(at) + ": " + std::move(message), {},
                     std::move(remedy)};
    }

    Error expected(const std::string &what, std::string remedy = {}) const
    {
        constexpr std::size_t ShownBytesMax = 40;
        std::string found = "the end";
        if (m_token.kind != Token::Kind::End)
            found = '"' + std::string(m_token.text.substr(0, ShownBytesMax)) + '"';
        return fail(m_token.at, "expected " + what + ", found " + found, std::move(remedy));
    }

    /// Reads the next token into m_token.
    Status advance()
    {
        while (m_at < m_text.size() && isSpace(m_text[m_at]))
            ++m_at;
        m_token = Token{Token::Kind::End, {}, m_at};
        if (m_at == m_text.size())
            return Ok{};
        const char c = m_text[m_at];
        const auto take = [&](Token::Kind kind, std::size_t size) {
            m_token = Token{kind, m_text.substr(m_at, size), m_at};
            m_at += size;
            return Ok{};
        };
        switch (c) {
        case '(': return take(Token::Kind::Open, 1);
        case ')': return take(Token::Kind::Close, 1);
        case ',': return take(Token::Kind::Comma, 1);
        case '~': return take(Token::Kind::Operator, 1);
        case '"':
        case '\'': return quoted(c);
        default: break;
        }
        const char next = m_at + 1 < m_text.size() ? m_text[m_at + 1] : '\0';
        if (c == '=' || c == '<' || c == '>') // "==" is read as "=".
            return take(Token::Kind::Operator, next == '=' ? 2 : 1);
        if (c == '!') {
            if (next != '=' && next != '~')
                return fail(m_at, "expected \"!=\" or \"!~\"", "negation is written not");
            return take(Token::Kind::Operator, 2);
        }
        std::size_t end = m_at;
        while (end < m_text.size() && isWordByte(m_text[end]))
            ++end;
        return take(Token::Kind::Word, end - m_at);
    }

    Status quoted(char quote)
    {
        std::size_t end = m_at + 1;
        while (end < m_text.size() && m_text[end] != quote)
            end += m_text[end] == '\\' && end + 1 < m_text.size() ? 2 : 1;
        if (end >= m_text.size())
            return fail(m_at, std::string("this quote is never closed, expected another ") + quote);
        m_token = Token{Token::Kind::Quoted, m_text.substr(m_at + 1, end - m_at - 1), m_at};
        m_at = end + 1;
        return Ok{};
    }

    bool atWord(std::string_view lower) const
    {
        return m_token.kind == Token::Kind::Word && sameWord(m_token.text, lower);
    }

    Status countTerm(std::size_t at)
    {
        if (++m_terms > FilterTermsMax)
            return fail(at, "more than " + std::to_string(FilterTermsMax) + " terms");
        return Ok{};
    }

    Result<NodePtr> expression(std::size_t depth)
    {
        return chain(Node::Kind::Or, "or", depth);
    }

    /// Operands joined by @p word; a single operand stays as it is.
    Result<NodePtr> chain(Node::Kind kind, std::string_view word, std::size_t depth)
    {
        Node node;
        node.kind = kind;
        for (;;) {
            node.children.push_back(EVENTOPS_TRY(kind == Node::Kind::Or ? chain(Node::Kind::And, "and", depth)
                                                                        : unary(depth)));
            if (!atWord(word))
                break;
            (void)EVENTOPS_TRY(advance());
        }
        if (node.children.size() == 1)
            return node.children.front();
        return std::make_shared<const Node>(std::move(node));
    }

    Result<NodePtr> unary(std::size_t depth)
    {
        if (depth > FilterDepthMax)
            return fail(m_token.at, "nested deeper than " + std::to_string(FilterDepthMax));
        if (atWord("not")) {
            (void)EVENTOPS_TRY(advance());
            Node node;
            node.kind = Node::Kind::Not;
            node.children.push_back(EVENTOPS_TRY(unary(depth + 1)));
            return std::make_shared<const Node>(std::move(node));
        }
        if (m_token.kind == Token::Kind::Open) {
            (void)EVENTOPS_TRY(advance());
            NodePtr inner = EVENTOPS_TRY(expression(depth + 1));
            if (m_token.kind != Token::Kind::Close)
                return expected("\"and\", \"or\" or \")\"");
            (void)EVENTOPS_TRY(advance());
            return inner;
        }
        (void)EVENTOPS_TRY(countTerm(m_token.at));
        if (m_token.kind == Token::Kind::Quoted)
            return freeText();
        if (m_token.kind != Token::Kind::Word)
            return expected("a field name, \"not\", \"(\" or a text in quotes");
        return comparison();
    }

    Result<NodePtr> freeText()
    {
        Node node;
        node.kind = Node::Kind::FreeText;
        node.literals.push_back(EVENTOPS_TRY(literal()));
        if (m_token.kind == Token::Kind::Operator)
            return expected("\"and\", \"or\" or the end", "a field name stands without quotes");
        return std::make_shared<const Node>(std::move(node));
    }

    Result<NodePtr> comparison()
    {
        const std::string_view name = m_token.text;
        (void)EVENTOPS_TRY(advance());
        Node node;
        if (sameWord(name, "exists") && m_token.kind == Token::Kind::Open) {
            (void)EVENTOPS_TRY(advance());
            if (m_token.kind != Token::Kind::Word)
                return expected("a field name");
            node.kind = Node::Kind::Exists;
            node.field = resolveField(m_token.text);
            (void)EVENTOPS_TRY(advance());
            if (m_token.kind != Token::Kind::Close)
                return expected("\")\"");
            (void)EVENTOPS_TRY(advance());
            return std::make_shared<const Node>(std::move(node));
        }
        node.field = resolveField(name);
        bool negated = false;
        if (atWord("not")) {
            negated = true;
            (void)EVENTOPS_TRY(advance());
            if (!atWord("in"))
                return expected("\"in\"");
        }
        if (atWord("in"))
            return list(std::move(node), negated);
        if (atWord("contains")) {
            (void)EVENTOPS_TRY(advance());
            node.kind = Node::Kind::Contains;
            node.literals.push_back(EVENTOPS_TRY(literal()));
            return std::make_shared<const Node>(std::move(node));
        }
        if (m_token.kind != Token::Kind::Operator)
            return expected("one of = != < <= > >= ~ !~ in contains after \"" + std::string(name.substr(0, 40)) + '"',
                            "free text is put in quotes");
        return operation(std::move(node));
    }

    Result<NodePtr> operation(Node node)
    {
        const std::string_view op = m_token.text;
        (void)EVENTOPS_TRY(advance());
        const std::size_t at = m_token.at;
        node.literals.push_back(EVENTOPS_TRY(literal()));
        if (op == "~" || op == "!~") {
            node.kind = op == "~" ? Node::Kind::Match : Node::Kind::NotMatch;
            (void)EVENTOPS_TRY(compile(node, at));
            return std::make_shared<const Node>(std::move(node));
        }
        node.kind = Node::Kind::Compare;
        node.op = op == "=" || op == "==" ? FilterOp::Equal
                  : op == "!="            ? FilterOp::NotEqual
                  : op == "<"             ? FilterOp::Less
                  : op == "<="            ? FilterOp::LessEqual
                  : op == ">"             ? FilterOp::Greater
                                          : FilterOp::GreaterEqual;
        (void)EVENTOPS_TRY(checkLiteral(node.field, node.literals.back(), at));
        return std::make_shared<const Node>(std::move(node));
    }

    Result<NodePtr> list(Node node, bool negated)
    {
        node.kind = negated ? Node::Kind::NotIn : Node::Kind::In;
        (void)EVENTOPS_TRY(advance());
        if (m_token.kind != Token::Kind::Open)
            return expected("\"(\"");
        do {
            (void)EVENTOPS_TRY(advance());
            const std::size_t at = m_token.at;
            (void)EVENTOPS_TRY(countTerm(at));
            node.literals.push_back(EVENTOPS_TRY(literal()));
            (void)EVENTOPS_TRY(checkLiteral(node.field, node.literals.back(), at));
        } while (m_token.kind == Token::Kind::Comma);
        if (m_token.kind != Token::Kind::Close)
            return expected("\",\" or \")\"");
        (void)EVENTOPS_TRY(advance());
        return std::make_shared<const Node>(std::move(node));
    }

    Result<FilterLiteral> literal()
    {
        if (m_token.kind != Token::Kind::Word && m_token.kind != Token::Kind::Quoted)
            return expected("a value");
        const bool isQuoted = m_token.kind == Token::Kind::Quoted;
        std::string text = isQuoted ? unquote(m_token.text, m_text[m_token.at]) : std::string(m_token.text);
        FilterLiteral out = readLiteral(std::move(text), isQuoted);
        (void)EVENTOPS_TRY(advance());
        return out;
    }

    /// A literal that can never match its field is a mistake worth telling.
    Status checkLiteral(const FilterField &field, const FilterLiteral &literal, std::size_t at) const
    {
        if (field.kind == EventField::Severity && !literal.number && literal.severity == Severity::Unset)
            return fail(at, "expected a severity, found \"" + literal.text + '"',
                        "debug, info, notice, warning, error, critical or a number");
        if ((field.kind == EventField::TsEvent || field.kind == EventField::TsIngest) && !literal.time)
            return fail(at, "expected a time, found \"" + literal.text + '"', "RFC 3339: 2025-10-21T10:00:00Z");
        return Ok{};
    }

    Status compile(Node &node, std::size_t at)
    {
        const std::string &pattern = node.literals.back().text;
        if (pattern.size() > FilterPatternBytesMax)
            return fail(at, "the pattern is longer than " + std::to_string(FilterPatternBytesMax) + " bytes");
        if (++m_patterns > FilterPatternsMax)
            return fail(at, "more than " + std::to_string(FilterPatternsMax) + " patterns");
        re2::RE2::Options options;
        options.set_log_errors(false);
        options.set_max_mem(PatternMemoryBytesMax);
        auto compiled = std::make_shared<const re2::RE2>(pattern, options);
        if (!compiled->ok())
            return fail(at, "expected a regular expression: " + compiled->error());
        node.pattern = std::move(compiled);
        return Ok{};
    }

    std::string_view m_text;
    std::size_t m_at = 0;
    Token m_token;
    std::size_t m_terms = 0;
    std::size_t m_patterns = 0;
};

} // namespace

Result<std::shared_ptr<const Filter::Node>> parseFilter(std::string_view text)
{
    return Parser(text).run();
}

} // namespace eventops
