// SPDX-License-Identifier: MIT
#include "pipelines/sources/capture/framing.h"

#include "core/codec/csv.h"
#include "core/codec/json_reader.h"

#include <cstring>

#include <re2/re2.h>

namespace eventops {
namespace {

constexpr std::size_t TextLinesMin = 3;          ///< Fewer odd lines are damage, not a text capture.
constexpr std::size_t StartBytesMax = 64 * 1024; ///< Of a line, that are matched against the start pattern.

bool isBlank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

std::size_t skipBlank(std::string_view text, std::size_t at)
{
    while (at < text.size() && isBlank(text[at]))
        ++at;
    return at;
}

std::size_t findLineEnd(std::string_view buffer, std::size_t at)
{
    const void *hit = at < buffer.size() ? std::memchr(buffer.data() + at, '\n', buffer.size() - at) : nullptr;
    return hit == nullptr ? std::string_view::npos
                          : static_cast<std::size_t>(static_cast<const char *>(hit) - buffer.data());
}

/// A line as a record: without its line end; a blank one is none.
Framer::Found lineRecord(std::string_view buffer, std::size_t from, std::size_t end, std::size_t next)
{
    const std::size_t whole = end;
    if (end > from && buffer[end - 1] == '\r')
        --end;
    if (end > from && isBlank(buffer[from]) && skipBlank(buffer.substr(0, end), from) == end)
        end = from;
    return {from, end, next, whole};
}

class LineFramer final : public Framer
{
public:
    std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) override
    {
        const std::size_t end = findLineEnd(buffer, from + m_looked);
        if (end == std::string_view::npos && !(eof && from < buffer.size())) {
            m_looked = buffer.size() - from;
            return std::nullopt;
        }
        m_looked = 0;
        m_continued = false;
        return end == std::string_view::npos ? lineRecord(buffer, from, buffer.size(), buffer.size())
                                             : lineRecord(buffer, from, end, end + 1);
    }
};

/// Lines whose quoted parts may hold line ends.
class CsvFramer final : public Framer
{
public:
    std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) override
    {
        const auto end = m_lineEnd.find(buffer, from + m_looked);
        if (!end && !(eof && from < buffer.size())) {
            m_looked = buffer.size() - from;
            return std::nullopt;
        }
        m_looked = 0;
        m_continued = false;
        m_lineEnd.reset();
        return end ? lineRecord(buffer, from, *end, *end + 1) : lineRecord(buffer, from, buffer.size(), buffer.size());
    }

private:
    CsvLineEnd m_lineEnd;
};

class DocumentFramer final : public Framer
{
public:
    std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) override
    {
        m_looked = buffer.size() - from;
        if (!eof || m_looked == 0)
            return std::nullopt;
        m_looked = 0;
        return Found{from, buffer.size(), buffer.size(), buffer.size()};
    }
};

/// A record of several lines, without the blanks behind it.
Framer::Found trimmedRecord(std::string_view buffer, std::size_t from, std::size_t next)
{
    std::size_t end = next;
    while (end > from && isBlank(buffer[end - 1]))
        --end;
    return {from, end, next, next};
}

/// Counts brackets outside strings. What does not begin with a bracket, and a string that runs over a line end, is
/// damage: it ends with its line.
class ConcatenatedFramer final : public Framer
{
public:
    std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) override
    {
        if (!m_inside) {
            const std::size_t begin = skipBlank(buffer, from);
            if (begin > from)
                return Found{begin, begin, begin, begin};
            if (begin == buffer.size())
                return std::nullopt;
            m_inside = true;
            m_depth = 0;
            m_inString = m_escaped = false;
        }
        for (std::size_t at = from + m_looked; at < buffer.size(); ++at) {
            if (step(buffer[at]))
                return found(buffer, from, at + 1);
        }
        m_looked = buffer.size() - from;
        if (eof && m_looked > 0)
            return found(buffer, from, buffer.size());
        return std::nullopt;
    }

private:
    /// True: the record ends behind @p c.
    bool step(char c)
    {
        if (c == '\n' && (m_inString || m_depth == 0))
            return true;
        if (m_inString) {
            if (m_escaped)
                m_escaped = false;
            else if (c == '\\')
                m_escaped = true;
            else if (c == '"')
                m_inString = false;
            return false;
        }
        if (c == '"')
            m_inString = true;
        else if (c == '{' || c == '[')
            ++m_depth;
        else if ((c == '}' || c == ']') && m_depth > 0)
            return --m_depth == 0;
        return false;
    }

    std::optional<Found> found(std::string_view buffer, std::size_t from, std::size_t end)
    {
        m_looked = 0;
        m_inside = m_continued = false;
        return trimmedRecord(buffer, from, end);
    }

    bool m_inside = false;
    bool m_inString = false;
    bool m_escaped = false;
    std::size_t m_depth = 0;
};

class MultilineFramer final : public Framer
{
public:
    explicit MultilineFramer(std::unique_ptr<RE2> start) : m_start(std::move(start)) {}

    std::optional<Found> next(std::string_view buffer, std::size_t from, bool eof) override
    {
        // Behind m_looked a line begins, or goes on when it was too long to wait for its end.
        for (std::size_t line = from + m_looked;;) {
            const std::size_t lineEnd = findLineEnd(buffer, line);
            const bool ended = lineEnd != std::string_view::npos;
            const std::size_t end = ended ? lineEnd : buffer.size();
            if (!ended && !eof && end - line < StartBytesMax && !m_midLine)
                return wait(line - from);
            if ((line > from || m_continued) && !m_midLine && end > line
                && starts(buffer.substr(line, std::min(end - line, StartBytesMax))))
                return found(buffer, from, line);
            m_midLine = !ended;
            line = ended ? lineEnd + 1 : buffer.size();
            if (line == buffer.size())
                return eof && line > from ? found(buffer, from, line) : wait(line - from);
        }
    }

private:
    std::optional<Found> wait(std::size_t looked)
    {
        m_looked = looked;
        return std::nullopt;
    }

    bool starts(std::string_view line) const
    {
        return RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), *m_start);
    }

    std::optional<Found> found(std::string_view buffer, std::size_t from, std::size_t next)
    {
        m_looked = 0;
        m_midLine = m_continued = false;
        return trimmedRecord(buffer, from, next);
    }

    std::unique_ptr<RE2> m_start;
    bool m_midLine = false;
};

Sniffed sniffText(std::string_view head, bool whole)
{
    JsonReader reader;
    std::size_t lines = 0;
    for (std::size_t at = 0; at < head.size();) {
        std::size_t end = head.find('\n', at);
        if (end == std::string_view::npos && !whole)
            break; // cut off by the size of the head
        end = std::min(end, head.size());
        const std::string_view line = head.substr(at, end - at);
        at = end + 1;
        const std::size_t begin = skipBlank(line, 0);
        if (begin == line.size())
            continue;
        // Log lines often begin with a bracketed time, never with a brace.
        if (line[begin] == '{' || line.find('\0') != std::string_view::npos || !reader.read(line))
            return {};
        ++lines;
    }
    return {Framing::Lines, lines >= TextLinesMin};
}

/// True: a document over several lines, by its second one; a stream of documents has a bracket there.
bool isIndented(std::string_view text)
{
    const std::size_t lineEnd = text.find('\n');
    if (lineEnd == std::string_view::npos || lineEnd + 1 >= text.size())
        return false;
    const std::string_view first = text.substr(0, text.find_last_not_of("\r\n", lineEnd) + 1);
    const char second = text[lineEnd + 1];
    return (first.ends_with('{') || first.ends_with('[') || first.ends_with(',')) && (isBlank(second) || second == '"');
}

} // namespace

Framer::~Framer() = default;

Result<std::unique_ptr<Framer>> makeFramer(Framing framing, const std::string &startPattern)
{
    switch (framing) {
    case Framing::Lines: return std::unique_ptr<Framer>(std::make_unique<LineFramer>());
    case Framing::Document: return std::unique_ptr<Framer>(std::make_unique<DocumentFramer>());
    case Framing::Csv: return std::unique_ptr<Framer>(std::make_unique<CsvFramer>());
    case Framing::Concatenated: return std::unique_ptr<Framer>(std::make_unique<ConcatenatedFramer>());
    case Framing::Multiline: break;
    }
    RE2::Options options;
    options.set_log_errors(false);
    auto start = std::make_unique<RE2>(startPattern, options);
    if (!start->ok())
        return Error{Error::Code::InvalidConfig, "start: " + start->error(), {}, "write an RE2 expression"};
    return std::unique_ptr<Framer>(std::make_unique<MultilineFramer>(std::move(start)));
}

Sniffed sniffCapture(std::string_view head, bool whole)
{
    const std::string_view text = head.substr(skipBlank(head, 0));
    if (text.empty())
        return {};
    if (text.front() != '{' && text.front() != '[')
        return sniffText(text, whole);
    JsonReader reader;
    std::size_t end = 0;
    const JsonFailure failure = reader.readPrefix(text, end);
    if (failure && isIndented(text))
        return {whole ? Framing::Document : Framing::Concatenated, false, true}; // damage, and not a line of it each
    if (failure) {
        const bool severalLines = text.find('\n') < text.size() - 1;
        if (failure.what == JsonFailure::What::Truncated && severalLines)
            return {whole ? Framing::Document : Framing::Concatenated, false, true};
        return failure.what == JsonFailure::What::Truncated ? Sniffed{Framing::Lines, false, true}
                                                            : sniffText(text, whole);
    }
    const std::size_t lineEnd = text.find('\n');
    const std::size_t rest = skipBlank(text, end);
    const bool another = rest < text.size() && (text[rest] == '{' || text[rest] == '[');
    if (lineEnd >= end) // the document fits its line
        return {another && rest < lineEnd ? Framing::Concatenated : Framing::Lines, false, true};
    if (another || (rest == text.size() && !whole))
        return {Framing::Concatenated, false, true};
    return {Framing::Document, false, true};
}

} // namespace eventops
