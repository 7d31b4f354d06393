// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/action.h"
#include "core/model/finding.h"
#include "core/model/sql_result.h"

#include <string>

namespace eventops::cli {

// Rows for people, safe on a terminal.

/// "2025-10-21T10:05:00Z  critical  rule     cpu_load=97.0 exceeds critical threshold"
std::string findingLine(const Finding &finding);
/// The terms of a surprise, one a line, each indented by @p indent.
std::string findingTerms(const Finding &finding, const std::string &indent);
/// "1f3c….1  proposed  restart_service on host:host-a  until 2025-10-21T10:15:00Z"
std::string actionLine(const Action &action);
/// All that a person decides on, over several lines.
std::string actionCard(const Action &action);

/// Prints the rows of an SQL answer, one JSON object a line.
class SqlRowPrinter
{
public:
    void begin(const std::vector<SqlColumn> &columns) { m_columns = columns; } ///< Of each statement.
    void print(const SqlRow &row);

private:
    std::vector<SqlColumn> m_columns;
    std::string m_line;
};

/// A name as a CSV cell, quoted where RFC 4180 asks for it; control characters as printable() writes them.
std::string csvCell(const std::string &name);

/// "14.2": bits with one decimal.
std::string bitsText(double bits);

} // namespace eventops::cli
