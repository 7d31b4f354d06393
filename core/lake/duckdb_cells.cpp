// SPDX-License-Identifier: MIT
#include "core/lake/duckdb_cells.h"

#if EVENTOPS_HAS_DUCKDB

#include "core/base/json.h"
#include "core/base/types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace eventops::lake {
namespace {

template <typename T>
T at(const void *data, std::uint64_t row)
{
    return static_cast<const T *>(data)[row];
}

template <typename T>
std::string digits(T value)
{
    std::array<char, 64> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value);
    return {text.data(), end.ptr};
}

__extension__ using Wide = unsigned __int128;

std::string wideDigits(Wide value)
{
    std::string text;
    do {
        text += static_cast<char>('0' + static_cast<int>(value % 10));
        value /= 10;
    } while (value != 0);
    std::reverse(text.begin(), text.end());
    return text;
}

Wide wideOf(std::uint64_t upper, std::uint64_t lower)
{
    return (static_cast<Wide>(upper) << 64) | lower;
}

std::string signedWide(const duckdb_hugeint &value)
{
    const Wide bits = wideOf(static_cast<std::uint64_t>(value.upper), value.lower);
    return value.upper < 0 ? '-' + wideDigits(~bits + 1) : wideDigits(bits);
}

/// A real number: JSON has no infinities, so those are texts.
void real(SqlCell &cell, double value, std::string text)
{
    cell.kind = std::isfinite(value) ? SqlCell::Kind::Number : SqlCell::Kind::Text;
    cell.text = std::move(text);
}

std::string_view textAt(const void *data, std::uint64_t row)
{
    const auto *strings = static_cast<const duckdb_string_t *>(data);
    const duckdb_string_t &string = strings[row];
    const std::uint32_t length = string.value.inlined.length;
    return {length <= 12 ? string.value.inlined.inlined : string.value.pointer.ptr, length};
}

std::string hex(std::string_view bytes)
{
    constexpr char Digits[] = "0123456789abcdef";
    std::string text;
    for (const char c : bytes) {
        text += Digits[static_cast<unsigned char>(c) >> 4];
        text += Digits[static_cast<unsigned char>(c) & 15];
    }
    return text;
}

/// Stored with its first bit turned, so that the numbers sort as the texts do.
std::string uuid(const duckdb_hugeint &value)
{
    const std::uint64_t upper = static_cast<std::uint64_t>(value.upper) ^ (std::uint64_t{1} << 63);
    std::string text;
    for (int i = 0; i < 32; ++i) {
        if (i == 8 || i == 12 || i == 16 || i == 20)
            text += '-';
        const std::uint64_t half = i < 16 ? upper : value.lower;
        text += "0123456789abcdef"[(half >> (60 - 4 * (i % 16))) & 15];
    }
    return text;
}

std::string clock(std::int64_t micros)
{
    std::array<char, 48> text;
    const std::int64_t seconds = micros / 1'000'000;
    int size = std::snprintf(text.data(), text.size(), "%02lld:%02d:%02d", static_cast<long long>(seconds / 3600),
                             static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
    if (micros % 1'000'000 != 0)
        size += std::snprintf(text.data() + size, text.size() - static_cast<std::size_t>(size), ".%06d",
                              static_cast<int>(micros % 1'000'000));
    return {text.data(), static_cast<std::size_t>(size)};
}

/// DuckDB's times reach further than nanoseconds in 64 bits do: years by hand. @p day: since 1970-01-01.
std::string date(std::int64_t day)
{
    // The inverse of daysFromCivil; see core/base/time.h for the source.
    const std::int64_t z = day + 719468;
    const std::int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    const std::int64_t doe = z - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const std::int64_t month = mp < 10 ? mp + 3 : mp - 9;
    std::array<char, 64> text;
    const int size = std::snprintf(text.data(), text.size(), "%04lld-%02d-%02d",
                                   static_cast<long long>(yoe + era * 400 + (month <= 2 ? 1 : 0)),
                                   static_cast<int>(month), static_cast<int>(doy - (153 * mp + 2) / 5 + 1));
    return {text.data(), static_cast<std::size_t>(size)};
}

/// A time of @p perSecond units.
std::string timestamp(std::int64_t value, std::int64_t perSecond)
{
    if (value == INT64_MAX)
        return "infinity";
    if (value == -INT64_MAX)
        return "-infinity";
    const std::int64_t unitsPerDay = 86'400 * perSecond;
    const std::int64_t day = value / unitsPerDay - (value % unitsPerDay < 0 ? 1 : 0);
    const std::int64_t rest = (value % unitsPerDay + unitsPerDay) % unitsPerDay;
    std::string text = date(day) + ' ' + clock(rest / perSecond * 1'000'000);
    if (rest % perSecond != 0) {
        const std::string fraction = std::to_string(perSecond + rest % perSecond); // 1 and the digits
        text += '.' + fraction.substr(1);
    }
    return text;
}

std::string interval(const duckdb_interval &value)
{
    std::string text;
    if (value.months != 0)
        text += digits(value.months) + " months ";
    if (value.days != 0)
        text += digits(value.days) + " days ";
    if (value.micros == INT64_MIN) // has no counterpart above 0
        text += digits(value.micros) + " microseconds";
    else if (value.micros != 0 || text.empty())
        text += (value.micros < 0 ? "-" : "") + clock(value.micros < 0 ? -value.micros : value.micros);
    while (text.back() == ' ')
        text.pop_back();
    return text;
}

const char *plainName(duckdb_type id)
{
    switch (id) {
    case DUCKDB_TYPE_BOOLEAN: return "BOOLEAN";
    case DUCKDB_TYPE_TINYINT: return "TINYINT";
    case DUCKDB_TYPE_SMALLINT: return "SMALLINT";
    case DUCKDB_TYPE_INTEGER: return "INTEGER";
    case DUCKDB_TYPE_BIGINT: return "BIGINT";
    case DUCKDB_TYPE_UTINYINT: return "UTINYINT";
    case DUCKDB_TYPE_USMALLINT: return "USMALLINT";
    case DUCKDB_TYPE_UINTEGER: return "UINTEGER";
    case DUCKDB_TYPE_UBIGINT: return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT: return "HUGEINT";
    case DUCKDB_TYPE_UHUGEINT: return "UHUGEINT";
    case DUCKDB_TYPE_FLOAT: return "FLOAT";
    case DUCKDB_TYPE_DOUBLE: return "DOUBLE";
    case DUCKDB_TYPE_DECIMAL: return "DECIMAL";
    case DUCKDB_TYPE_TIMESTAMP: return "TIMESTAMP";
    case DUCKDB_TYPE_TIMESTAMP_S: return "TIMESTAMP_S";
    case DUCKDB_TYPE_TIMESTAMP_MS: return "TIMESTAMP_MS";
    case DUCKDB_TYPE_TIMESTAMP_NS: return "TIMESTAMP_NS";
    case DUCKDB_TYPE_TIMESTAMP_TZ: return "TIMESTAMP WITH TIME ZONE";
    case DUCKDB_TYPE_DATE: return "DATE";
    case DUCKDB_TYPE_TIME: return "TIME";
    case DUCKDB_TYPE_INTERVAL: return "INTERVAL";
    case DUCKDB_TYPE_VARCHAR: return "VARCHAR";
    case DUCKDB_TYPE_BLOB: return "BLOB";
    case DUCKDB_TYPE_ENUM: return "ENUM";
    case DUCKDB_TYPE_UUID: return "UUID";
    case DUCKDB_TYPE_LIST: return "LIST";
    case DUCKDB_TYPE_ARRAY: return "ARRAY";
    case DUCKDB_TYPE_STRUCT: return "STRUCT";
    case DUCKDB_TYPE_MAP: return "MAP";
    case DUCKDB_TYPE_UNION: return "UNION";
    case DUCKDB_TYPE_BIT: return "BIT";
    default: return "OTHER";
    }
}

} // namespace

std::string DuckCells::typeName(duckdb_logical_type type) const
{
    return plainName(m_duck.duckdb_get_type_id(type));
}

SqlCell DuckCells::cell(duckdb_vector vector, duckdb_logical_type type, std::uint64_t row) const
{
    SqlCell cell;
    const std::uint64_t *validity = m_duck.duckdb_vector_get_validity(vector);
    if (validity != nullptr && ((validity[row / 64] >> (row % 64)) & 1) == 0)
        return cell;
    const void *data = m_duck.duckdb_vector_get_data(vector);
    const duckdb_type id = m_duck.duckdb_get_type_id(type);
    cell.kind = SqlCell::Kind::Number;
    switch (id) {
    case DUCKDB_TYPE_DECIMAL: decimal(cell, type, data, row); break;
    case DUCKDB_TYPE_ENUM: member(cell, type, data, row); break;
    case DUCKDB_TYPE_LIST: {
        const auto entry = at<duckdb_list_entry>(data, row);
        list(cell, vector, entry.offset, entry.offset + entry.length, false);
        break;
    }
    case DUCKDB_TYPE_ARRAY: {
        const std::uint64_t size = m_duck.duckdb_array_type_array_size(type);
        list(cell, vector, row * size, (row + 1) * size, true);
        break;
    }
    case DUCKDB_TYPE_STRUCT: structure(cell, vector, type, row); break;
    case DUCKDB_TYPE_MAP: map(cell, vector, row); break;
    default: scalar(cell, id, data, row);
    }
    return cell;
}

void DuckCells::scalar(SqlCell &cell, duckdb_type id, const void *data, std::uint64_t row) const
{
    switch (id) {
    case DUCKDB_TYPE_BOOLEAN:
        cell.kind = SqlCell::Kind::Boolean;
        cell.text = at<bool>(data, row) ? "true" : "false";
        break;
    case DUCKDB_TYPE_TINYINT: cell.text = digits(int{at<std::int8_t>(data, row)}); break;
    case DUCKDB_TYPE_SMALLINT: cell.text = digits(at<std::int16_t>(data, row)); break;
    case DUCKDB_TYPE_INTEGER: cell.text = digits(at<std::int32_t>(data, row)); break;
    case DUCKDB_TYPE_BIGINT: cell.text = digits(at<std::int64_t>(data, row)); break;
    case DUCKDB_TYPE_UTINYINT: cell.text = digits(unsigned{at<std::uint8_t>(data, row)}); break;
    case DUCKDB_TYPE_USMALLINT: cell.text = digits(at<std::uint16_t>(data, row)); break;
    case DUCKDB_TYPE_UINTEGER: cell.text = digits(at<std::uint32_t>(data, row)); break;
    case DUCKDB_TYPE_UBIGINT: cell.text = digits(at<std::uint64_t>(data, row)); break;
    case DUCKDB_TYPE_HUGEINT: cell.text = signedWide(at<duckdb_hugeint>(data, row)); break;
    case DUCKDB_TYPE_UHUGEINT: {
        const auto value = at<duckdb_uhugeint>(data, row);
        cell.text = wideDigits(wideOf(value.upper, value.lower));
        break;
    }
    case DUCKDB_TYPE_FLOAT: real(cell, double{at<float>(data, row)}, digits(at<float>(data, row))); break;
    case DUCKDB_TYPE_DOUBLE: real(cell, at<double>(data, row), digits(at<double>(data, row))); break;
    default: time(cell, id, data, row);
    }
}

void DuckCells::time(SqlCell &cell, duckdb_type id, const void *data, std::uint64_t row) const
{
    cell.kind = SqlCell::Kind::Text;
    switch (id) {
    case DUCKDB_TYPE_TIMESTAMP: cell.text = timestamp(at<std::int64_t>(data, row), 1'000'000); break;
    case DUCKDB_TYPE_TIMESTAMP_TZ: cell.text = timestamp(at<std::int64_t>(data, row), 1'000'000) + "+00"; break;
    case DUCKDB_TYPE_TIMESTAMP_S: cell.text = timestamp(at<std::int64_t>(data, row), 1); break;
    case DUCKDB_TYPE_TIMESTAMP_MS: cell.text = timestamp(at<std::int64_t>(data, row), 1'000); break;
    case DUCKDB_TYPE_TIMESTAMP_NS: cell.text = timestamp(at<std::int64_t>(data, row), NsPerSecond); break;
    case DUCKDB_TYPE_DATE: cell.text = date(at<std::int32_t>(data, row)); break;
    case DUCKDB_TYPE_TIME: cell.text = clock(at<std::int64_t>(data, row)); break;
    case DUCKDB_TYPE_INTERVAL: cell.text = interval(at<duckdb_interval>(data, row)); break;
    case DUCKDB_TYPE_UUID: cell.text = uuid(at<duckdb_hugeint>(data, row)); break;
    case DUCKDB_TYPE_VARCHAR: cell.text = textAt(data, row); break;
    case DUCKDB_TYPE_BLOB: cell.text = hex(textAt(data, row)); break;
    default: cell.text = "(of a type that is not shown: cast it to VARCHAR)";
    }
}

void DuckCells::decimal(SqlCell &cell, duckdb_logical_type type, const void *data, std::uint64_t row) const
{
    std::string text;
    switch (m_duck.duckdb_decimal_internal_type(type)) {
    case DUCKDB_TYPE_SMALLINT: text = digits(at<std::int16_t>(data, row)); break;
    case DUCKDB_TYPE_INTEGER: text = digits(at<std::int32_t>(data, row)); break;
    case DUCKDB_TYPE_BIGINT: text = digits(at<std::int64_t>(data, row)); break;
    default: text = signedWide(at<duckdb_hugeint>(data, row));
    }
    const std::size_t scale = m_duck.duckdb_decimal_scale(type);
    const std::size_t sign = text.front() == '-' ? 1 : 0;
    if (scale > 0) {
        if (text.size() - sign <= scale)
            text.insert(sign, scale + 1 - (text.size() - sign), '0');
        text.insert(text.size() - scale, 1, '.');
    }
    cell.text = std::move(text);
}

void DuckCells::member(SqlCell &cell, duckdb_logical_type type, const void *data, std::uint64_t row) const
{
    std::uint64_t index = 0;
    switch (m_duck.duckdb_enum_internal_type(type)) {
    case DUCKDB_TYPE_UTINYINT: index = at<std::uint8_t>(data, row); break;
    case DUCKDB_TYPE_USMALLINT: index = at<std::uint16_t>(data, row); break;
    default: index = at<std::uint32_t>(data, row);
    }
    char *name = m_duck.duckdb_enum_dictionary_value(type, index);
    cell.kind = SqlCell::Kind::Text;
    cell.text = name != nullptr ? name : "";
    m_duck.duckdb_free(name);
}

void DuckCells::appendJson(std::string &out, const SqlCell &cell)
{
    if (cell.kind == SqlCell::Kind::Null)
        out += "null";
    else if (cell.kind == SqlCell::Kind::Text)
        appendJsonString(out, cell.text);
    else
        out += cell.text;
}

void DuckCells::list(SqlCell &cell, duckdb_vector vector, std::uint64_t begin, std::uint64_t end, bool isArray) const
{
    duckdb_vector items =
        isArray ? m_duck.duckdb_array_vector_get_child(vector) : m_duck.duckdb_list_vector_get_child(vector);
    duckdb_logical_type type = m_duck.duckdb_vector_get_column_type(items);
    cell.kind = SqlCell::Kind::Json;
    cell.text = "[";
    for (std::uint64_t row = begin; row < end; ++row) {
        if (row > begin)
            cell.text += ',';
        appendJson(cell.text, this->cell(items, type, row));
    }
    cell.text += ']';
    m_duck.duckdb_destroy_logical_type(&type);
}

void DuckCells::structure(SqlCell &cell, duckdb_vector vector, duckdb_logical_type type, std::uint64_t row) const
{
    cell.kind = SqlCell::Kind::Json;
    cell.text = "{";
    for (std::uint64_t i = 0; i < m_duck.duckdb_struct_type_child_count(type); ++i) {
        char *name = m_duck.duckdb_struct_type_child_name(type, i);
        duckdb_vector child = m_duck.duckdb_struct_vector_get_child(vector, i);
        duckdb_logical_type childType = m_duck.duckdb_vector_get_column_type(child);
        if (i > 0)
            cell.text += ',';
        appendJsonString(cell.text, name != nullptr ? name : "");
        cell.text += ':';
        appendJson(cell.text, this->cell(child, childType, row));
        m_duck.duckdb_destroy_logical_type(&childType);
        m_duck.duckdb_free(name);
    }
    cell.text += '}';
}

/// A map is a list of {key, value}.
void DuckCells::map(SqlCell &cell, duckdb_vector vector, std::uint64_t row) const
{
    const auto entry = at<duckdb_list_entry>(m_duck.duckdb_vector_get_data(vector), row);
    duckdb_vector pairs = m_duck.duckdb_list_vector_get_child(vector);
    duckdb_vector keys = m_duck.duckdb_struct_vector_get_child(pairs, 0);
    duckdb_vector values = m_duck.duckdb_struct_vector_get_child(pairs, 1);
    duckdb_logical_type keyType = m_duck.duckdb_vector_get_column_type(keys);
    duckdb_logical_type valueType = m_duck.duckdb_vector_get_column_type(values);
    cell.kind = SqlCell::Kind::Json;
    cell.text = "{";
    for (std::uint64_t i = entry.offset; i < entry.offset + entry.length; ++i) {
        if (i > entry.offset)
            cell.text += ',';
        appendJsonString(cell.text, this->cell(keys, keyType, i).text);
        cell.text += ':';
        appendJson(cell.text, this->cell(values, valueType, i));
    }
    cell.text += '}';
    m_duck.duckdb_destroy_logical_type(&keyType);
    m_duck.duckdb_destroy_logical_type(&valueType);
}

} // namespace eventops::lake

#endif
