// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

// Which numbered contract is shown by which test of this very run. Pure functions over text.
namespace eventops::trace {

struct Row {
    std::string number;             ///< "K1", "C27".
    std::vector<std::string> tests; ///< "TestRules", "TestRules::values" or "TestRules::values(row)"; empty: planned.
    std::set<std::string> windowTests; ///< Those of them that only a build with the window has.
    std::set<std::string> duckDbTests; ///< Those that only run where DuckDB is.
    std::string what;
};

struct Table {
    std::vector<Row> rows;
    std::vector<std::string> errors; ///< Lines that are none.
};

/// K1-K22, K101-K131, E1-E34, L1-L24, C1-C27: 138 of them, in this order.
std::vector<std::string> allNumbers();

Table parseTable(const std::string &text);

/// What the classes of a run reported: "Class::function" with the worst outcome of its data rows, and each row by
/// itself as "Class::function(row)".
struct Results {
    enum class Outcome { Passed, Skipped, Failed };
    std::map<std::string, Outcome> functions;
    std::vector<std::string> errors;
};

/// Adds a JUnit document as Qt Test writes it.
void addResults(Results &results, const std::string &junitXml);

/// One sentence for each number that is missing, double or unknown, and each named test that did not pass.
/// @p withWindow, @p withDuckDb: the run has the tests of the window, and those of the lake.
std::vector<std::string> check(const Table &table, const Results &results, bool withWindow = true,
                               bool withDuckDb = true);

/// The README's table.
std::string markdown(const Table &table);

} // namespace eventops::trace
