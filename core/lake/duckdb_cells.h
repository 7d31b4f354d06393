// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/duckdb_functions.h"
#include "core/model/sql_result.h"

#include <cstdint>
#include <string>

#if EVENTOPS_HAS_DUCKDB
namespace eventops::lake {

/// Values of DuckDB's vectors as text, without asking DuckDB to cast: its cast would change the statement, and its
/// deprecated text access gives nothing for nested types and times with a zone. Thread: its connection's.
class DuckCells
{
public:
    explicit DuckCells(const DuckDbFunctions &duck) : m_duck(duck) {}

    /// "DECIMAL(18,2)", "MAP(VARCHAR, VARCHAR)".
    std::string typeName(duckdb_logical_type type) const;
    /// The value of @p row. Numbers, booleans and NULL as JSON has them; lists, structs and maps as JSON; the rest as
    /// text: times as ISO 8601, bytes in hexadecimal.
    SqlCell cell(duckdb_vector vector, duckdb_logical_type type, std::uint64_t row) const;

private:
    void scalar(SqlCell &cell, duckdb_type id, const void *data, std::uint64_t row) const;
    void time(SqlCell &cell, duckdb_type id, const void *data, std::uint64_t row) const;
    void decimal(SqlCell &cell, duckdb_logical_type type, const void *data, std::uint64_t row) const;
    void member(SqlCell &cell, duckdb_logical_type type, const void *data, std::uint64_t row) const;
    void list(SqlCell &cell, duckdb_vector vector, std::uint64_t begin, std::uint64_t end, bool isArray) const;
    void structure(SqlCell &cell, duckdb_vector vector, duckdb_logical_type type, std::uint64_t row) const;
    void map(SqlCell &cell, duckdb_vector vector, std::uint64_t row) const;
    static void appendJson(std::string &out, const SqlCell &cell);

    const DuckDbFunctions &m_duck;
};

} // namespace eventops::lake
#endif
