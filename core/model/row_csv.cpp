// SPDX-License-Identifier: MIT
#include "core/model/row_csv.h"

#include "core/base/json.h"
#include "core/base/time.h"

namespace eventops {
namespace {

constexpr std::string_view FormulaStarts = "=+-@\t\r";

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// A number as people write it: sign, digits, fraction, exponent.
bool isNumber(std::string_view text)
{
    std::size_t at = !text.empty() && (text.front() == '-' || text.front() == '+') ? 1 : 0;
    const auto digits = [&] {
        const std::size_t begin = at;
        while (at < text.size() && isDigit(text[at]))
            ++at;
        return at > begin;
    };
    if (!digits())
        return false;
    if (at < text.size() && text[at] == '.' && (++at, !digits()))
        return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        at += at < text.size() && (text[at] == '-' || text[at] == '+') ? 1 : 0;
        if (!digits())
            return false;
    }
    return at == text.size();
}

/// Apostrophes, none or more, and then the beginning of a formula.
bool needsApostrophe(std::string_view text)
{
    const std::size_t first = text.find_first_not_of('\'');
    return first != std::string_view::npos && FormulaStarts.find(text[first]) != std::string_view::npos
        && !(first == 0 && isNumber(text));
}

} // namespace

void appendCsvText(std::string &out, std::string_view text)
{
    const bool neutral = needsApostrophe(text);
    const bool quoted = text.empty() || text.find_first_of(",\"\r\n") != std::string_view::npos;
    if (quoted)
        out += '"';
    if (neutral)
        out += '\'';
    for (const char c : text) {
        if (c == '"')
            out += '"';
        out += c;
    }
    if (quoted)
        out += '"';
}

std::string_view csvOriginal(std::string_view cell)
{
    return cell.starts_with('\'') && needsApostrophe(cell) ? cell.substr(1) : cell;
}

void appendCsvHeader(std::string &out)
{
    for (const std::string_view name : CsvFirstColumns)
        (out += name) += ',';
    for (std::size_t i = 0; i < FieldCount; ++i) {
        out += toString(static_cast<Field>(i));
        out += i + 1 < FieldCount ? ',' : '\n';
    }
}

void appendEventCsv(std::string &out, const Batch &batch, const Event &event)
{
    if (event.tsEvent != NoTime)
        appendTimestamp(out, event.tsEvent);
    out += ',';
    out += std::to_string(static_cast<unsigned>(event.severity));
    out += ',';
    if (event.hasValue && event[Field::ValueText] != NoStr)
        appendCsvText(out, batch.text(event, Field::ValueText));
    else if (event.hasValue)
        appendJsonNumber(out, event.value);
    for (std::size_t i = 0; i < FieldCount; ++i) {
        out += ',';
        if (event.text[i] != NoStr)
            appendCsvText(out, batch.text(event.text[i]));
    }
    out += '\n';
}

} // namespace eventops
