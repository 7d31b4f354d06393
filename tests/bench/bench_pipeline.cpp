// SPDX-License-Identifier: MIT
//
// What the pipeline costs against its limit: simdjson extracting the same seven fields and doing nothing with them.
// Interleaved rounds in one process, CPU time, the smallest of the rounds; counts are compared before a time counts.
//
//   bench_pipeline [LINES] [ROUNDS] [SHAPE]   default 1,000,000 lines, 3 rounds, agents; the other shapes are shuffled
//                                             (agents, members in any order) and changes (of a document database)
#include "core/config/pipeline_file.h"
#include "core/session/engine.h"
#include "pipelines/components.h"
#include "tests/bench/measure.h"
#include "tests/bench/workload.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace eventops {
namespace {

using namespace bench;

constexpr double FloorStages = 0.40;      // of simdjson's rate
constexpr double FloorDurable = 0.50;
constexpr double FloorDurableRaw = 0.33;
constexpr double FloorDurableShapes = 0.45; // of lines that are not as agents usually write them
constexpr double ResidentMbMax = 48;
constexpr double BytesPerEventMax = 16;
constexpr double BytesPerEventRawMax = 28;

/// The fields of a line, for the limit; false: one is missing.
using Extract = bool (*)(simdjson::ondemand::document &document, std::uint64_t &sum);

bool agentFields(simdjson::ondemand::document &document, std::uint64_t &sum)
{
    std::string_view tenant, host, metric, time, unit, tagsText;
    double value = 0;
    simdjson::ondemand::object tags;
    if (document["tenant_id"].get(tenant) || document["host"].get(host) || document["metric"].get(metric)
        || document["value"].get(value) || document["ts_event"].get(time) || document["unit"].get(unit)
        || document["tags"].get(tags) || tags.raw_json().get(tagsText))
        return false;
    sum += tenant.size() + host.size() + metric.size() + time.size() + unit.size() + tagsText.size()
         + static_cast<std::uint64_t>(value);
    return true;
}

bool changeFields(simdjson::ondemand::document &document, std::uint64_t &sum)
{
    std::string_view operation, database, collection, key, status, consumer, file;
    std::uint64_t time = 0;
    if (document["operationType"].get(operation) || document["clusterTime"]["$timestamp"]["t"].get(time)
        || document["ns"]["db"].get(database) || document["ns"]["coll"].get(collection)
        || document["documentKey"]["_id"].get(key) || document["fullDocument"]["status"].get(status)
        || document["fullDocument"]["consumer_id"].get(consumer) || document["fullDocument"]["file_type"].get(file))
        return false;
    sum += operation.size() + database.size() + collection.size() + key.size() + status.size() + consumer.size()
         + file.size() + time;
    return true;
}

/// A kind of line, and who reads it.
struct Shape {
    const char *name;
    std::string (*lines)(std::uint64_t);
    const char *pipeline;
    Extract extract;
};
constexpr Shape Shapes[] = {
    {"agents", [](std::uint64_t lines) { return agentWorkload(lines); }, "default.yaml", agentFields},
    {"shuffled", shuffledWorkload, "default.yaml", agentFields},
    {"changes", changeWorkload, "mongo_cdc.yaml", changeFields},
};

/// The limit: the fields of each line, read and summed up, nothing else. Returns lines with all of them.
std::uint64_t extractOnly(const std::string &path, Extract extract)
{
    std::ifstream file(path, std::ios::binary);
    constexpr std::size_t Chunk = 1 << 20;
    std::string buffer(2 * Chunk + simdjson::SIMDJSON_PADDING, '\0');
    simdjson::ondemand::parser parser;
    std::size_t have = 0;
    std::uint64_t good = 0, sum = 0;
    const auto line = [&](std::size_t from, std::size_t size) {
        simdjson::ondemand::document document;
        if (parser.iterate(buffer.data() + from, size, buffer.size() - from).get(document))
            return;
        good += extract(document, sum) ? 1 : 0;
    };
    for (;;) {
        file.read(buffer.data() + have, Chunk);
        const auto got = static_cast<std::size_t>(file.gcount());
        if (got == 0)
            break;
        const std::size_t size = have + got;
        std::size_t at = 0;
        for (;;) {
            const void *end = memchr(buffer.data() + at, '\n', size - at);
            if (end == nullptr)
                break;
            const auto stop = static_cast<std::size_t>(static_cast<const char *>(end) - buffer.data());
            line(at, stop - at);
            at = stop + 1;
        }
        have = size - at;
        memmove(buffer.data(), buffer.data() + at, have);
    }
    volatile std::uint64_t keep = sum;
    (void)keep;
    return good;
}

class NullSink final : public CommitSink
{
public:
    Status commit(CommitGroup &) override { return Ok{}; }
    std::vector<bool> seen(std::span<const std::uint64_t> keys) override { return std::vector<bool>(keys.size()); }
};

std::vector<std::unique_ptr<Source>> openSource(const PipelineSpec &spec, const std::string &path)
{
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(need(spec.sources.front().spec->make(spec.sources.front().settings, {path, {}})));
    return sources;
}

Counters runStages(const PipelineSpec &spec, const std::string &path)
{
    NullSink sink;
    const auto runner = need(PipelineRunner::make(spec, sink, {}));
    std::vector<RunnerSource> sources(1);
    sources.front().source = std::move(openSource(spec, path).front());
    need(runner->run(std::move(sources)));
    return runner->progress().counters;
}

Counters runDurable(PipelineSpec spec, const std::string &path, bool keepRaw, double &bytesPerEvent)
{
    char directory[] = "/tmp/eventops-bench-XXXXXX";
    if (mkdtemp(directory) == nullptr)
        die("cannot make a scratch workspace");
    spec.keepRaw = keepRaw;
    Counters counters;
    {
        const auto engine = need(Engine::start(Workspace{directory}, spec, {}));
        need(engine->read(openSource(spec, path)));
        counters = need(engine->ledger().counters());
    }
    std::error_code code;
    std::uintmax_t bytes = 0;
    for (const auto &entry : std::filesystem::directory_iterator(directory, code))
        bytes += entry.file_size(code);
    bytesPerEvent = static_cast<double>(bytes) / static_cast<double>(std::max<std::uint64_t>(counters.events, 1));
    std::filesystem::remove_all(directory, code);
    return counters;
}

struct Contestant {
    std::string name;
    std::function<Counters()> run;
    double best = 1e9;
    Counters counters = {};
};

double residentMb()
{
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024.0;
}

/// In a process of its own: the text must not count as ours when memory is measured.
void writeWorkload(const std::string &path, const Shape &shape, std::uint64_t lines)
{
    const pid_t child = fork();
    if (child == 0) {
        std::ofstream file(path, std::ios::binary);
        file << shape.lines(lines);
        file.close();
        _exit(file ? 0 : 1);
    }
    int status = 1;
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        die("cannot write " + path);
}

void printHead(const Shape &shape, std::uint64_t lines, int rounds)
{
    std::printf("%llu lines, %s, %d interleaved rounds, smallest CPU time of each\n\n",
                static_cast<unsigned long long>(lines), shape.name, rounds);
    std::printf("  %-40s %10s %10s %10s\n", "", "CPU-s/M", "step", "of limit");
}

/// What the agents' lines must give, in either order of their members.
void checkCounts(const Shape &shape, std::uint64_t lines, const std::vector<Contestant> &all)
{
    for (std::size_t i = 1; i < all.size(); ++i) {
        const Counters &c = all[i].counters;
        if (!c.conserved() || c.received != all[1].counters.received || c.events != all[1].counters.events)
            die(all[i].name + " does not count as the others do");
    }
    if (lines == 1'000'000 && shape.extract == agentFields
        && (all[1].counters.events != 985'062 || all[1].counters.deadLettered != 12'826))
        die("expected 985,062 events and 12,826 dead letters; its 2,112 blank lines are no records");
    if (shape.extract == changeFields && all[1].counters.events != lines)
        die("not every change gave an event");
}

int runBench(const Shape &shape, std::uint64_t lines, int rounds)
{
    const std::string path = "/tmp/eventops-bench-" + std::to_string(getpid()) + ".ndjson";
    writeWorkload(path, shape, lines);
    const Registry registry{builtinStages(), builtinSources()};
    const std::string data = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";
    const PipelineSpec whole = need(loadPipeline(data + "/definitions/" + shape.pipeline, registry, data));

    double bytesPlain = 0, bytesRaw = 0;
    std::vector<Contestant> all;
    std::uint64_t extracted = 0;
    all.push_back({"simdjson extraction alone (the limit)", [&] {
        extracted = extractOnly(path, shape.extract);
        return Counters{};
    }});
    // Each run adds one stage to the one before: the differences say where the time goes.
    PipelineSpec part = whole;
    part.stages.clear();
    std::vector<PipelineSpec> parts;
    parts.reserve(whole.stages.size() + 1);
    parts.push_back(part);
    for (const Configured<StageSpec> &stage : whole.stages) {
        part.stages.push_back(stage);
        parts.push_back(part);
    }
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const std::string name = i == 0 ? "read and decode" : "… + " + std::string(whole.stages[i - 1].spec->name);
        all.push_back({name, [&, i] { return runStages(parts[i], path); }});
    }
    const std::size_t stages = all.size() - 1;
    all.push_back({"durable, without raw records", [&] { return runDurable(whole, path, false, bytesPlain); }});
    all.push_back({"durable, raw records kept", [&] { return runDurable(whole, path, true, bytesRaw); }});

    for (int round = 0; round < rounds; ++round) {
        for (Contestant &contestant : all) {
            const double begin = cpuSeconds();
            contestant.counters = contestant.run();
            contestant.best = std::min(contestant.best, cpuSeconds() - begin);
        }
    }
    const double perMillion = 1e6 / static_cast<double>(lines);
    const double limit = all.front().best;
    printHead(shape, lines, rounds);
    double before = 0;
    for (const Contestant &c : all) {
        std::printf("  %-40s %10.3f %+10.3f %9.1f%%   %llu events, %llu dead letters\n", c.name.c_str(),
                    c.best * perMillion, (c.best - before) * perMillion, 100 * limit / c.best,
                    static_cast<unsigned long long>(c.counters.events),
                    static_cast<unsigned long long>(c.counters.deadLettered));
        before = c.best;
    }
    std::filesystem::remove(path);
    checkCounts(shape, lines, all);
    std::printf("\n  simdjson found all fields in %llu lines\n\n", static_cast<unsigned long long>(extracted));
    if (&shape != &Shapes[0])
        return verdict("whole durable pipeline, without raw records", limit / all[stages + 1].best, FloorDurableShapes,
                       true) ? 0 : 1;
    bool met = verdict("stages without storing, rate to simdjson's", limit / all[stages].best, FloorStages, true);
    met =
        verdict("whole durable pipeline, without raw records", limit / all[stages + 1].best, FloorDurable, true) && met;
    met =
        verdict("whole durable pipeline, raw records kept", limit / all[stages + 2].best, FloorDurableRaw, true) && met;
    met = verdict("stored bytes an event, without raw records", bytesPlain, BytesPerEventMax, false) && met;
    met = verdict("stored bytes an event, raw records kept", bytesRaw, BytesPerEventRawMax, false) && met;
    met = verdict("resident memory, MB (all of the above in one)", residentMb(), ResidentMbMax, false) && met;
    return met ? 0 : 1;
}

} // namespace
} // namespace eventops

int main(int argc, char **argv)
{
    const std::uint64_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
    const std::string_view name = argc > 3 ? argv[3] : "agents";
    for (const eventops::Shape &shape : eventops::Shapes) {
        if (shape.name == name)
            return eventops::runBench(shape, lines, rounds);
    }
    eventops::bench::die("no such shape; use agents, shuffled or changes");
}
