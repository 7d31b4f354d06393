// SPDX-License-Identifier: MIT
#include "core/lake/clickhouse_query.h"

#include "core/base/types.h"
#include "core/lake/clickhouse_schema.h"

#include <algorithm>
#include <array>

namespace eventops::lake {
namespace {

constexpr std::size_t TablesMax = 10'000;

/// "Nullable(X)" and "LowCardinality(X)" are X.
std::string_view bareType(std::string_view type)
{
    for (const std::string_view wrapper : {"LowCardinality(", "Nullable("}) {
        if (type.substr(0, wrapper.size()) == wrapper && type.back() == ')')
            type = type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
    }
    return type;
}

bool begins(std::string_view text, std::string_view with)
{
    return text.substr(0, with.size()) == with;
}

SqlCell::Kind kindOf(std::string_view type, const std::string &text)
{
    constexpr std::array<std::string_view, 4> Numbers{"Int", "UInt", "Float", "Decimal"};
    type = bareType(type);
    if (type == "Bool")
        return SqlCell::Kind::Boolean;
    if (begins(type, "JSON") || begins(type, "Object("))
        return SqlCell::Kind::Json;
    const bool isNumber =
        std::any_of(Numbers.begin(), Numbers.end(), [&](std::string_view number) { return begins(type, number); })
        && !begins(type, "Interval");
    // "nan", "inf" are none of JSON's.
    return isNumber && text.find_first_not_of("0123456789+-.eE") == std::string::npos ? SqlCell::Kind::Number
                                                                                      : SqlCell::Kind::Text;
}

/// Reads TabSeparatedWithNamesAndTypes.
class RowReader
{
public:
    RowReader(const SqlLimits &limits, const std::function<void(const std::vector<SqlColumn> &)> &columns,
              const std::function<bool(SqlRow &)> &row)
        : m_limits(limits), m_columns(columns), m_row(row)
    {
    }

    bool take(std::string_view line)
    {
        splitTabSeparated(line, m_fields);
        if (m_line < 2) {
            m_shape.resize(m_line == 0 ? m_fields.size() : m_shape.size());
            m_isStrange = m_shape.size() != m_fields.size();
            for (std::size_t i = 0; i < m_shape.size() && !m_isStrange; ++i)
                (m_line == 0 ? m_shape[i].name : m_shape[i].type) = m_fields[i].text;
            if (++m_line == 2 && !m_isStrange)
                m_columns(m_shape);
            return !m_isStrange;
        }
        m_isStrange = m_fields.size() != m_shape.size();
        if (m_isStrange || m_rows == m_limits.rowsMax)
            return false;
        ++m_rows;
        SqlRow row(m_fields.size());
        for (std::size_t i = 0; i < row.size(); ++i) {
            row[i].kind = m_fields[i].null ? SqlCell::Kind::Null : kindOf(m_shape[i].type, m_fields[i].text);
            row[i].text = m_fields[i].null ? std::string() : std::move(m_fields[i].text);
        }
        return m_row(row);
    }
    /// Not rows of that format, but some other.
    bool isStrange() const { return m_isStrange || m_line == 1; }

private:
    const SqlLimits &m_limits;
    const std::function<void(const std::vector<SqlColumn> &)> &m_columns;
    const std::function<bool(SqlRow &)> &m_row;
    std::vector<SqlColumn> m_shape;
    std::vector<ClickHouseField> m_fields;
    int m_line = 0;
    bool m_isStrange = false;
    std::uint64_t m_rows = 0;
};

std::string databaseOf(const ClickHouseClient &client)
{
    const std::string &named = client.address().database;
    return named.empty() ? std::string(ClickHouseDatabase) : named;
}

/// As whom we ask.
struct Footing {
    bool hasDatabase = false;
    std::string readOnly; ///< "0": may write; "1": may read, and change no setting; "2": may read.
};

Result<Footing> footingOf(ClickHouseClient &client)
{
    const std::string answer = EVENTOPS_TRY(client.ask(
        "SELECT value, (SELECT count() FROM system.databases WHERE name = " + clickHouseLiteral(databaseOf(client))
        + ") FROM system.settings WHERE name = 'readonly' FORMAT TabSeparated"));
    if (answer.size() != 4 || answer[0] < '0' || answer[0] > '2')
        return Error{Error::Code::Refused, "ClickHouse does not tell whether we may write", {},
                     "ask as a user who may read system.settings"};
    return Footing{answer[2] == '1', answer.substr(0, 1)};
}

} // namespace

Status queryClickHouse(ClickHouseClient &client, std::string_view sql, const SqlLimits &limits,
                       const std::function<void(const std::vector<SqlColumn> &)> &columns,
                       const std::function<bool(SqlRow &)> &row)
{
    while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' || sql.back() == '\n'))
        sql.remove_suffix(1);
    ClickHouseParameters parameters{{"default_format", "TabSeparatedWithNamesAndTypes"}, {"wait_end_of_query", "1"}};
    const Footing footing = EVENTOPS_TRY(footingOf(client));
    if (footing.hasDatabase) // unqualified names are the contract's
        parameters.emplace_back("database", databaseOf(client));
    if (footing.readOnly == "0")
        parameters.emplace_back("readonly", "2");
    if (footing.readOnly != "1" && limits.timeNsMax > 0)
        parameters.emplace_back("max_execution_time",
                                std::to_string(std::max<std::int64_t>(1, limits.timeNsMax / NsPerSecond)));
    if (footing.readOnly != "1" && limits.rowsMax < UINT64_MAX / 2) {
        parameters.emplace_back("max_result_rows", std::to_string(limits.rowsMax + 1));
        parameters.emplace_back("result_overflow_mode", "break");
    }
    RowReader reader(limits, columns, row);
    const ClickHouseAnswer answer =
        client.lines(sql, parameters, [&](std::string_view line) { return reader.take(line); });
    if (reader.isStrange())
        return Error{Error::Code::InvalidArgument, "the answer has another format", {}, "leave the FORMAT out"};
    if (answer.kind == ClickHouseAnswer::Kind::Done)
        return Ok{};
    if (answer.kind == ClickHouseAnswer::Kind::Stopped && !client.stopped())
        return Ok{}; // enough rows
    constexpr int TimeoutExceeded = 159, ReadOnly = 164;
    if (answer.exception == TimeoutExceeded)
        return Error{Error::Code::LimitExceeded, "the query took longer than it may: " + answer.text};
    if (answer.exception == ReadOnly)
        return Error{Error::Code::Refused, "only reading is allowed here: " + answer.text};
    return answer.error();
}

Result<std::vector<SqlTable>> clickHouseTables(ClickHouseClient &client)
{
    const std::string database = databaseOf(client);
    const std::string answer = EVENTOPS_TRY(client.ask(
        "SELECT table, name, type, engine FROM (SELECT table, name, type FROM system.columns WHERE database = "
        + clickHouseLiteral(database) + ") ANY LEFT JOIN (SELECT name AS table, engine FROM system.tables WHERE "
        + "database = " + clickHouseLiteral(database) + ") USING table FORMAT TabSeparated"));
    std::vector<SqlTable> tables;
    std::vector<ClickHouseField> fields;
    for (std::string_view rest = answer; !rest.empty();) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        splitTabSeparated(rest.substr(0, end), fields);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (fields.size() != 4 || fields[0].text.empty() || fields[0].text.front() == '.')
            continue; // what a materialized view keeps
        auto table = std::find_if(tables.begin(), tables.end(),
                                  [&](const SqlTable &known) { return known.name == fields[0].text; });
        if (table == tables.end() && tables.size() == TablesMax)
            break;
        if (table == tables.end()) {
            const bool isView = fields[3].text.find("View") != std::string::npos;
            table = tables.insert(tables.end(), {database, fields[0].text, isView ? "view" : "table", {}});
        }
        table->columns.push_back({fields[1].text, fields[2].text});
    }
    std::sort(tables.begin(), tables.end(), [](const SqlTable &a, const SqlTable &b) { return a.name < b.name; });
    return tables;
}

} // namespace eventops::lake
