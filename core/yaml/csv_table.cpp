// SPDX-License-Identifier: MIT
#include "core/base/read_file.h"
#include "core/yaml/yaml.h"

#include <algorithm>
#include <unordered_set>
#include <vector>

namespace eventops {
namespace {

/// One pass over RFC 4180 text.
class CsvReader
{
public:
    CsvReader(std::string_view text, const std::string &name) : m_text(text), m_name(name) {}

    bool atEnd() const { return m_at >= m_text.size(); }
    Location where() const { return {m_name, m_line, static_cast<std::uint32_t>(m_at - m_lineStart) + 1}; }

    struct Cell {
        std::string text;
        Location where;
    };

    /// The cells of the next line; none for a blank one.
    Result<std::vector<Cell>> line()
    {
        std::vector<Cell> cells;
        if (skipLineEnd())
            return cells;
        for (;;) {
            Cell cell{{}, where()};
            if (!atEnd() && m_text[m_at] == '"')
                cell.text = EVENTOPS_TRY(quoted());
            else
                cell.text = plain();
            cells.push_back(std::move(cell));
            if (!atEnd() && m_text[m_at] == ',') {
                ++m_at;
                continue;
            }
            if (!atEnd() && !skipLineEnd())
                return error(where(), "text after a quoted cell", "separate cells with commas");
            return cells;
        }
    }

    static Error error(Location where, std::string message, std::string remedy,
                       Error::Code code = Error::Code::InvalidConfig)
    {
        return Error{code, std::move(message), std::move(where), std::move(remedy)};
    }

private:
    bool skipLineEnd()
    {
        const std::size_t from = m_at;
        if (m_text.substr(m_at).starts_with("\r\n"))
            m_at += 2;
        else if (!atEnd() && m_text[m_at] == '\n')
            m_at += 1;
        if (m_at == from)
            return false;
        ++m_line;
        m_lineStart = m_at;
        return true;
    }

    std::string plain()
    {
        std::size_t end = std::min(m_text.find_first_of(",\n", m_at), m_text.size());
        const std::size_t from = m_at;
        if (end > from && end < m_text.size() && m_text[end] == '\n' && m_text[end - 1] == '\r')
            --end;
        m_at = end;
        return std::string(m_text.substr(from, end - from));
    }

    Result<std::string> quoted()
    {
        const Location start = where();
        std::string out;
        for (++m_at; !atEnd(); ++m_at) {
            const char c = m_text[m_at];
            if (c == '\n') {
                ++m_line;
                m_lineStart = m_at + 1;
            }
            if (c != '"') {
                out += c;
            } else if (m_at + 1 < m_text.size() && m_text[m_at + 1] == '"') {
                out += c;
                ++m_at;
            } else {
                ++m_at;
                return out;
            }
        }
        return error(start, "a quote is not closed", "close it, or double a quote inside a cell");
    }

    std::string_view m_text;
    const std::string &m_name;
    std::size_t m_at = 0;
    std::size_t m_lineStart = 0;
    std::uint32_t m_line = 1;
};

} // namespace

Result<Value> parseCsvTable(std::string_view text, const std::string &name, const YamlLimits &limits)
{
    if (text.size() > limits.bytesMax)
        return CsvReader::error({name, 0, 0}, "larger than " + std::to_string(limits.bytesMax) + " bytes",
                                "split the file", Error::Code::LimitExceeded);
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    if (const std::size_t bad = invalidUtf8At(text); bad != std::string_view::npos)
        return CsvReader::error({name, 0, 0}, "not valid UTF-8 at byte " + std::to_string(bad),
                                "save the file as UTF-8");
    CsvReader reader(text, name);
    const std::vector<CsvReader::Cell> columns = EVENTOPS_TRY(reader.line());
    if (columns.size() < 2)
        return CsvReader::error({name, 1, 1}, "the first line must name at least two columns",
                                "begin with `id,env,team`");
    std::unordered_set<std::string> keys;
    for (const CsvReader::Cell &column : columns) {
        if (!keys.insert(column.text).second)
            return CsvReader::error(column.where, "the column \"" + column.text + "\" stands twice",
                                    "rename one of them");
    }
    keys.clear();
    std::vector<Value::Member> rows;
    std::size_t nodes = 0;
    while (!reader.atEnd()) {
        std::vector<CsvReader::Cell> cells = EVENTOPS_TRY(reader.line());
        if (cells.empty())
            continue;
        if (cells.size() != columns.size())
            return CsvReader::error(cells.front().where,
                                    "a line of " + std::to_string(cells.size()) + " cells under " +
                                        std::to_string(columns.size()) + " columns",
                                    "give each line as many cells as the first");
        if (!keys.insert(cells.front().text).second)
            return CsvReader::error(cells.front().where, "\"" + cells.front().text + "\" stands twice in the table",
                                    "keep one of them");
        if ((nodes += cells.size()) > limits.nodesMax)
            return CsvReader::error(cells.front().where, "more than " + std::to_string(limits.nodesMax) + " cells",
                                    "split the file", Error::Code::LimitExceeded);
        std::vector<Value::Member> row;
        for (std::size_t i = 1; i < cells.size(); ++i) {
            if (!cells[i].text.empty())
                row.emplace_back(columns[i].text, Value::scalar(std::move(cells[i].text), cells[i].where, true));
        }
        rows.emplace_back(cells.front().text, Value::map(std::move(row), cells.front().where));
    }
    return Value::map(std::move(rows), {name, 1, 1});
}

} // namespace eventops
