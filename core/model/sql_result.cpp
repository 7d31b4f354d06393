// SPDX-License-Identifier: MIT
#include "core/model/sql_result.h"

#include "core/base/json.h"

namespace eventops {
namespace {

void appendCsvCell(std::string &out, std::string_view text, bool isText)
{
    constexpr std::string_view Formula = "=+-@\t\r";
    const bool neutralise = isText && !text.empty() && Formula.find(text.front()) != std::string_view::npos;
    const bool quote = neutralise || text.find_first_of("\",\r\n") != std::string_view::npos
                       || (isText && !text.empty() && (text.front() == ' ' || text.back() == ' '));
    if (!quote) {
        out += text;
        return;
    }
    out += '"';
    if (neutralise)
        out += '\'';
    for (const char c : text) {
        if (c == '"')
            out += '"';
        out += c;
    }
    out += '"';
}

} // namespace

void appendSqlRowJson(std::string &out, const std::vector<SqlColumn> &columns, const SqlRow &row)
{
    JsonWriter json(out);
    json.beginObject();
    for (std::size_t i = 0; i < row.size() && i < columns.size(); ++i) {
        json.key(columns[i].name);
        switch (row[i].kind) {
        case SqlCell::Kind::Null: json.null(); break;
        case SqlCell::Kind::Text: json.string(row[i].text); break;
        case SqlCell::Kind::Boolean:
        case SqlCell::Kind::Number:
        case SqlCell::Kind::Json: json.raw(row[i].text); break;
        }
    }
    json.endObject();
}

void appendSqlHeadCsv(std::string &out, const std::vector<SqlColumn> &columns)
{
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i > 0)
            out += ',';
        appendCsvCell(out, columns[i].name, true);
    }
    out += "\r\n";
}

void appendSqlRowCsv(std::string &out, const SqlRow &row)
{
    for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0)
            out += ',';
        const bool isText = row[i].kind == SqlCell::Kind::Text || row[i].kind == SqlCell::Kind::Json;
        appendCsvCell(out, row[i].text, isText);
    }
    out += "\r\n";
}

} // namespace eventops
