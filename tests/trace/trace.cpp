// SPDX-License-Identifier: MIT
#include "tests/trace/trace.h"

#include <QtCore/QString>
#include <QtCore/QXmlStreamReader>

#include <algorithm>
#include <sstream>

namespace eventops::trace {
namespace {

struct Seed {
    const char *letter;
    unsigned first;
    unsigned last;
    const char *title;
};

constexpr Seed Seeds[] = {
    {"K", 1, 22, "Karma"},         {"K", 101, 131, "Karma: current state and next steps"},
    {"E", 1, 34, "EventOps Flow"}, {"L", 1, 24, "EventOps Flow on a local store"},
    {"C", 1, 27, "Chronos"},
};

std::string attribute(const QXmlStreamReader &xml, const char *name)
{
    return xml.attributes().value(QLatin1String(name)).toString().toStdString();
}

bool passed(const Results &results, const std::string &test)
{
    if (test.find("::") != std::string::npos) {
        const auto found = results.functions.find(test);
        return found != results.functions.end() && found->second == Results::Outcome::Passed;
    }
    const std::string prefix = test + "::";
    bool any = false;
    for (auto it = results.functions.lower_bound(prefix); it != results.functions.end(); ++it) {
        if (it->first.compare(0, prefix.size(), prefix) != 0)
            break;
        if (it->second != Results::Outcome::Passed)
            return false;
        any = true;
    }
    return any;
}

} // namespace

std::vector<std::string> allNumbers()
{
    std::vector<std::string> numbers;
    for (const Seed &seed : Seeds) {
        for (unsigned n = seed.first; n <= seed.last; ++n)
            numbers.push_back(seed.letter + std::to_string(n));
    }
    return numbers;
}

Table parseTable(const std::string &text)
{
    Table table;
    std::istringstream in(text);
    std::size_t number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        if (line.empty() || line.front() == '#')
            continue;
        const std::size_t first = line.find('\t');
        const std::size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
        if (second == std::string::npos || line.find('\t', second + 1) != std::string::npos || second == first + 1) {
            table.errors.push_back("line " + std::to_string(number) + ": is not number, state, text between tabs");
            continue;
        }
        Row row{line.substr(0, first), {}, {}, {}, line.substr(second + 1)};
        const std::string state = line.substr(first + 1, second - first - 1);
        std::istringstream words(state);
        if (state != "planned") {
            constexpr std::string_view Window = "window:", DuckDb = "duckdb:";
            for (std::string word; words >> word;) {
                const bool isWindow = word.compare(0, Window.size(), Window) == 0;
                const bool isDuckDb = word.compare(0, DuckDb.size(), DuckDb) == 0;
                row.tests.push_back(word.substr(isWindow ? Window.size() : isDuckDb ? DuckDb.size() : 0));
                if (isWindow)
                    row.windowTests.insert(row.tests.back());
                if (isDuckDb)
                    row.duckDbTests.insert(row.tests.back());
            }
        }
        table.rows.push_back(std::move(row));
    }
    return table;
}

void addResults(Results &results, const std::string &junitXml)
{
    QXmlStreamReader xml(QString::fromStdString(junitXml));
    std::string suite;
    std::string function;
    std::string row;
    while (!xml.atEnd()) {
        if (xml.readNext() != QXmlStreamReader::StartElement)
            continue;
        if (xml.name() == QLatin1String("testsuite")) {
            suite = attribute(xml, "name");
        } else if (xml.name() == QLatin1String("testcase")) {
            // "function(data row)" counts for the function, and for itself.
            const std::string name = attribute(xml, "name");
            function = suite + "::" + name.substr(0, name.find('('));
            row = suite + "::" + name;
            results.functions.emplace(function, Results::Outcome::Passed);
            results.functions.emplace(row, Results::Outcome::Passed);
        } else if (!function.empty()) {
            for (const std::string &name : {function, row}) {
                Results::Outcome &outcome = results.functions[name];
                if (xml.name() == QLatin1String("failure") || xml.name() == QLatin1String("error"))
                    outcome = Results::Outcome::Failed;
                else if (xml.name() == QLatin1String("skipped"))
                    outcome = std::max(outcome, Results::Outcome::Skipped);
            }
        }
    }
    if (xml.hasError())
        results.errors.push_back("a result file of " + (suite.empty() ? "no test" : suite)
                                 + " is not XML: " + xml.errorString().toStdString());
}

std::vector<std::string> check(const Table &table, const Results &results, bool withWindow, bool withDuckDb)
{
    std::vector<std::string> breaches = table.errors;
    breaches.insert(breaches.end(), results.errors.begin(), results.errors.end());
    const std::vector<std::string> numbers = allNumbers();
    const std::set<std::string> known(numbers.begin(), numbers.end());
    std::set<std::string> seen;
    for (const Row &row : table.rows) {
        if (known.count(row.number) == 0)
            breaches.push_back(row.number + " is no number of the contracts");
        if (!seen.insert(row.number).second)
            breaches.push_back(row.number + " is there twice");
        if (row.what.empty())
            breaches.push_back(row.number + " does not say what it is");
        for (const std::string &test : row.tests) {
            const bool isExpected = (withWindow || row.windowTests.count(test) == 0)
                                    && (withDuckDb || row.duckDbTests.count(test) == 0);
            if (isExpected && !passed(results, test))
                breaches.push_back(row.number + " names " + test + ", which did not run and pass");
        }
    }
    for (const std::string &number : numbers) {
        if (seen.count(number) == 0)
            breaches.push_back(number + " is missing");
    }
    return breaches;
}

std::string markdown(const Table &table)
{
    const auto shown =
        std::count_if(table.rows.begin(), table.rows.end(), [](const Row &r) { return !r.tests.empty(); });
    std::string out = "Of " + std::to_string(table.rows.size()) + " numbered contracts " + std::to_string(shown)
                      + " are shown by a test; the rest is not yet.\n";
    for (const Seed &seed : Seeds) {
        std::string lines;
        std::size_t tested = 0;
        std::size_t all = 0;
        for (unsigned n = seed.first; n <= seed.last; ++n) {
            const std::string number = seed.letter + std::to_string(n);
            const auto row =
                std::find_if(table.rows.begin(), table.rows.end(), [&](const Row &r) { return r.number == number; });
            if (row == table.rows.end())
                continue;
            ++all;
            std::string state;
            for (const std::string &test : row->tests)
                state += (state.empty() ? "`" : ", `") + test + "`";
            tested += row->tests.empty() ? 0 : 1;
            lines += "| " + number + " | " + row->what + " | " + (state.empty() ? "not yet" : state) + " |\n";
        }
        out += "\n<details><summary>" + std::string(seed.title) + ": " + std::to_string(tested) + " of "
               + std::to_string(all) + "</summary>\n\n| number | what | shown by |\n|---|---|---|\n" + lines
               + "\n</details>\n";
    }
    return out;
}

} // namespace eventops::trace
