// SPDX-License-Identifier: MIT
//
// Our own aggregates over blocks against DuckDB over its own tables: the same million events, the same answers,
// interleaved rounds in one process, CPU time, the smallest of the rounds, one thread each.
//
//   bench_aggregate [LINES] [ROUNDS]        default 1,000,000 lines, 5 rounds; needs DuckDB (installer/duckdb)
#include "core/base/time.h"
#include "core/config/pipeline_file.h"
#include "core/lake/lake_query.h"
#include "core/session/engine.h"
#include "core/session/lake_feed.h"
#include "pipelines/components.h"
#include "tests/bench/measure.h"
#include "tests/bench/workload.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace eventops {
namespace {

using namespace bench;

constexpr double PartOfDuckDbMax = 0.5;

struct Question {
    const char *name;
    std::vector<const char *> measures;
    std::vector<Field> by;
    std::int64_t everyNs;
    const char *sql; ///< The group, then the measures.
    double ours = 1e9, theirs = 1e9;
};

/// Rows as numbers, in no particular order: what must be equal.
using Answer = std::vector<std::vector<double>>;

Answer askUs(Ledger &ledger, const Question &question)
{
    AggregateQuery query;
    query.by = question.by;
    query.everyNs = question.everyNs;
    for (const char *measure : question.measures)
        query.measures.push_back(need(parseMeasure(measure)));
    Answer answer;
    for (const AggregateRow &row : need(ledger.aggregate({}, query, {}))) {
        std::vector<double> &line = answer.emplace_back();
        for (const auto &value : row.values)
            line.push_back(value.value_or(NAN));
    }
    return answer;
}

Answer askDuckDb(lake::DuckDatabase &database, const Question &question)
{
    Answer answer;
    need(database.query(question.sql, {}, [](const std::vector<SqlColumn> &) {}, [&](SqlRow &row) {
        std::vector<double> &line = answer.emplace_back();
        for (std::size_t i = row.size() - question.measures.size(); i < row.size(); ++i)
            line.push_back(std::strtod(row[i].text.c_str(), nullptr));
        return true;
    }));
    return answer;
}

/// Sums of the columns: the rows come in different orders.
std::vector<double> fingerprint(const Answer &answer)
{
    std::vector<double> sums{static_cast<double>(answer.size())};
    for (const std::vector<double> &line : answer) {
        sums.resize(line.size() + 1);
        for (std::size_t i = 0; i < line.size(); ++i)
            sums[i + 1] += line[i];
    }
    return sums;
}

void compare(const Question &question, const Answer &ours, const Answer &theirs)
{
    const auto a = fingerprint(ours), b = fingerprint(theirs);
    bool same = a.size() == b.size();
    for (std::size_t i = 0; same && i < a.size(); ++i)
        same = std::abs(a[i] - b[i]) <= 1e-6 * std::max(1.0, std::abs(b[i]));
    if (!same)
        die(std::string(question.name) + ": the answers differ: " + std::to_string(a.front()) + " rows, "
            + std::to_string(b.front()));
}

void fill(const std::string &directory, std::uint64_t lines)
{
    const std::string path = directory + ".ndjson";
    std::ofstream(path, std::ios::binary) << bench::agentWorkload(lines);
    const Registry registry{builtinStages(), builtinSources()};
    const std::string data = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";
    const PipelineSpec spec = need(loadPipeline(data + "/definitions/default.yaml", registry, data));
    {
        const auto engine = need(Engine::start(Workspace{directory}, spec, {}));
        std::vector<std::unique_ptr<Source>> sources;
        sources.push_back(need(spec.sources.front().spec->make(spec.sources.front().settings, {path, {}})));
        need(engine->read(std::move(sources)));
    }
    std::filesystem::remove(path);
    std::string notice;
    need(buildLake(Workspace{directory}, true, nullptr, notice));
}

int runBench(std::uint64_t lines, int rounds)
{
    char directory[] = "/tmp/eventops-bench-XXXXXX";
    if (mkdtemp(directory) == nullptr)
        die("cannot make a scratch workspace");
    fill(directory, lines);
    constexpr std::int64_t Minute = 60 * NsPerSecond;
    Question questions[] = {
        {"count(distinct host)", {"distinct(source.id)"}, {}, 0, "SELECT count(DISTINCT source_id) FROM metrics"},
        {"p99 by metric", {"p99"}, {Field::Metric}, 0,
         "SELECT metric, quantile_cont(value, 0.99) FROM metrics GROUP BY metric"},
        {"count and mean by minute", {"count", "mean"}, {}, Minute,
         "SELECT date_trunc('minute', ts), count(*), avg(value) FROM metrics GROUP BY 1"},
        {"the same by metric, too", {"count", "mean"}, {Field::Metric}, Minute,
         "SELECT metric, date_trunc('minute', ts), count(*), avg(value) FROM metrics GROUP BY 1, 2"},
    };
    const auto ledger = need(Ledger::open(directory, LedgerMode::Read, {}));
    const auto database = need(lake::DuckDatabase::open(std::string(directory) + "/data/metrics.duckdb",
                                                     {lake::DuckDatabase::Access::Analyse, 1, 2ULL << 30}));
    for (int round = 0; round < rounds; ++round) {
        for (Question &question : questions) {
            const double begin = cpuSeconds();
            const Answer ours = askUs(*ledger, question);
            const double between = cpuSeconds();
            const Answer theirs = askDuckDb(*database, question);
            question.ours = std::min(question.ours, between - begin);
            question.theirs = std::min(question.theirs, cpuSeconds() - between);
            if (round == 0)
                compare(question, ours, theirs);
        }
    }
    std::printf("%llu agent lines, %d interleaved rounds, smallest CPU time of each, one thread, equal answers\n\n",
                static_cast<unsigned long long>(lines), rounds);
    bool met = true;
    for (const Question &question : questions) {
        const double part = question.ours / question.theirs;
        met = met && part <= PartOfDuckDbMax;
        std::printf("  %-28s ours %7.1f ms   DuckDB %7.1f ms   %5.2f of it  (at most %.2f)  %s\n", question.name,
                    question.ours * 1e3, question.theirs * 1e3, part, PartOfDuckDbMax,
                    part <= PartOfDuckDbMax ? "met" : "MISSED");
    }
    std::error_code code;
    std::filesystem::remove_all(directory, code);
    return met ? 0 : 1;
}

} // namespace
} // namespace eventops

int main(int argc, char **argv)
{
    const std::uint64_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
    return eventops::runBench(lines, rounds);
}
