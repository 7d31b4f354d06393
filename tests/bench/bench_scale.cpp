// SPDX-License-Identifier: MIT
//
// How the durable pipeline scales, each in a process of its own, interleaved rounds, the best of each:
//   two cores against one (the same digest), with a program that only spins as control;
//   a million distinct tag values against ten (contract K113);
//   a large workspace opened anew, to its first answer.
//
//   bench_scale [LINES] [ROUNDS] [LARGE]    default 1,000,000 lines, 3 rounds, 10,000,000 events in the large one
//   bench_scale write FILE LINES            the workload, for other programs
//   bench_scale ingest FILE DIR raw|plain   one run of the durable pipeline, for `peers`
#include "core/config/pipeline_file.h"
#include "core/session/engine.h"
#include "pipelines/components.h"
#include "tests/bench/measure.h"
#include "tests/bench/workload.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace eventops {
namespace {

using namespace bench;

constexpr double TwoCoresMin = 1.5;
constexpr double ManyTagsMin = 0.90;
constexpr double ReopenMsMax = 150;
constexpr double ResidentMbMax = 48;

double seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// What a child process tells.
struct Told {
    double wall = 0, cpu = 0, residentMb = 0;
    std::uint64_t events = 0;
    char digest[65] = {};
};

void pinTo(unsigned cores)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    for (unsigned core = 0; core < cores; ++core)
        CPU_SET(core, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0)
        die("cannot pin to a core");
}

/// Runs @p work in a child pinned to so many cores.
template <typename Work>
Told inChild(unsigned cores, Work work)
{
    int pipe[2];
    if (::pipe(pipe) != 0)
        die("no pipe");
    const pid_t child = fork();
    if (child == 0) {
        pinTo(cores);
        Told told;
        const double begin = seconds();
        work(told);
        told.wall = seconds() - begin;
        rusage usage = {};
        getrusage(RUSAGE_SELF, &usage);
        const auto cpu = [](const timeval &t) {
            return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
        };
        told.cpu = cpu(usage.ru_utime) + cpu(usage.ru_stime);
        told.residentMb = static_cast<double>(usage.ru_maxrss) / 1024.0;
        const bool sent = ::write(pipe[1], &told, sizeof told) == sizeof told;
        std::_Exit(sent ? 0 : 1);
    }
    ::close(pipe[1]);
    Told told;
    const bool got = child > 0 && ::read(pipe[0], &told, sizeof told) == sizeof told;
    ::close(pipe[0]);
    int status = 1;
    if (!got || waitpid(child, &status, 0) < 0 || status != 0)
        die("a run failed");
    return told;
}

void ingest(const std::string &path, const std::string &directory, unsigned workers, bool keepRaw, bool digest,
            Told &told)
{
    const Registry registry{builtinStages(), builtinSources()};
    const std::string data = std::string(EVENTOPS_SOURCE_DIR) + "/pipelines";
    PipelineSpec spec = need(loadPipeline(data + "/definitions/default.yaml", registry, data));
    spec.keepRaw = keepRaw;
    Engine::Options options;
    options.workers = workers;
    const auto engine = need(Engine::start(Workspace{directory}, spec, std::move(options)));
    std::vector<std::unique_ptr<Source>> sources;
    sources.push_back(need(spec.sources.front().spec->make(spec.sources.front().settings, {path, {}})));
    need(engine->read(std::move(sources)));
    told.events = need(engine->ledger().counters()).events;
    if (digest)
        std::strncpy(told.digest, need(engine->ledger().digest()).c_str(), sizeof told.digest - 1);
}

/// A directory that is gone with the object.
struct Scratch {
    Scratch()
    {
        char name[] = "/tmp/eventops-bench-XXXXXX";
        if (mkdtemp(name) == nullptr)
            die("cannot make a scratch workspace");
        path = name;
    }
    ~Scratch()
    {
        std::error_code code;
        std::filesystem::remove_all(path, code);
    }
    std::string path;
};

Told run(const std::string &file, unsigned cores, unsigned workers)
{
    const Scratch scratch;
    std::filesystem::create_directory(scratch.path + "/w");
    return inChild(cores, [&](Told &told) { ingest(file, scratch.path + "/w", workers, true, false, told); });
}

/// The rounds' work for one core or for two, and nothing else.
double spin(unsigned cores)
{
    constexpr std::uint64_t Turns = 600'000'000;
    return inChild(cores, [&](Told &) {
        const auto turn = [](std::uint64_t turns) {
            volatile std::uint64_t x = 1;
            for (std::uint64_t i = 0; i < turns; ++i)
                x = x * 6364136223846793005ULL + 1;
        };
        std::thread other(turn, Turns / 2);
        turn(Turns / 2);
        other.join();
    }).wall;
}

bool compareCores(const std::string &file, int rounds)
{
    double one = 1e9, two = 1e9, spinOne = 1e9, spinTwo = 1e9, resident = 0;
    for (int round = 0; round < rounds; ++round) {
        const Told alone = run(file, 1, 1);
        const Told both = run(file, 2, 2);
        one = std::min(one, alone.wall);
        two = std::min(two, both.wall);
        spinOne = std::min(spinOne, spin(1));
        spinTwo = std::min(spinTwo, spin(2));
        resident = std::max(both.residentMb, resident);
    }
    std::string digests[2];
    for (const unsigned cores : {1U, 2U}) {
        const Scratch scratch;
        digests[cores - 1] =
            inChild(cores, [&](Told &told) { ingest(file, scratch.path, cores, true, true, told); }).digest;
    }
    if (digests[0].empty() || digests[0] != digests[1])
        die("one core and two do not give the same digest");
    std::printf("  one core %.2f s, two %.2f s; spinning %.2f s, %.2f s: %.2f times; one digest\n", one, two, spinOne,
                spinTwo, spinOne / spinTwo);
    const bool met = verdict("two cores to one, durable, raw kept", one / two, TwoCoresMin, true);
    return verdict("resident memory of a run, MB", resident, ResidentMbMax, false) && met;
}

/// Lines that differ in nothing but how many values their tag takes.
void writeTags(const std::string &path, std::uint64_t lines, std::uint64_t values)
{
    std::ofstream out(path, std::ios::binary);
    for (std::uint64_t i = 0; i < lines; ++i)
        out << "{\"tenant_id\":\"t\",\"host\":\"host-" << i % 1'000 << "\",\"metric\":\"m" << i % 20
            << "\",\"value\":" << i % 97 << ",\"ts_event\":" << 1'700'000'000 + i / 1'000
            << ",\"unit\":\"percent\",\"tags\":{\"pod\":\"pod-" << 10'000'000 + i % values << "\"}}\n";
}

bool compareTags(std::uint64_t lines, int rounds)
{
    const Scratch scratch;
    const std::string few = scratch.path + "/few.ndjson", many = scratch.path + "/many.ndjson";
    writeTags(few, lines, 10);
    writeTags(many, lines, lines);
    Told best[2];
    best[0].cpu = best[1].cpu = 1e9;
    for (int round = 0; round < rounds; ++round) {
        for (int i = 0; i < 2; ++i) {
            const Told told = run(i == 0 ? few : many, 2, 1);
            if (told.events != lines)
                die("tags are lost");
            if (told.cpu < best[i].cpu)
                best[i] = told;
        }
    }
    std::printf("  10 tag values %.2f CPU-s and %.0f MB, %llu values %.2f CPU-s and %.0f MB\n", best[0].cpu,
                best[0].residentMb, static_cast<unsigned long long>(lines), best[1].cpu, best[1].residentMb);
    return verdict("rate with a distinct tag value a line, to ten", best[0].cpu / best[1].cpu, ManyTagsMin, true);
}

bool reopen(std::uint64_t events)
{
    const Scratch scratch;
    const std::string file = scratch.path + "/large.ndjson", directory = scratch.path + "/w";
    std::filesystem::create_directory(directory);
    inChild(2, [&](Told &) { writeTags(file, events, 10); });
    const Told told = inChild(2, [&](Told &t) { ingest(file, directory, 1, false, false, t); });
    std::printf("  %llu events stored in %.1f s, %.0f MB resident\n", static_cast<unsigned long long>(told.events),
                told.wall, told.residentMb);
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        const double begin = seconds();
        const auto ledger = need(Ledger::open(directory, LedgerMode::Read, {}));
        const std::uint64_t count = need(ledger->eventCount());
        std::uint64_t rows = 0;
        need(ledger->eventsAt(count - 100, 100, AllFields,
                              [&](const Batch &, std::span<const std::uint32_t> page, std::uint64_t) {
                                  rows += page.size();
                                  return true;
                              }));
        if (count != events || rows != 100)
            die("the newest page is not there");
        best = std::min(best, (seconds() - begin) * 1e3);
    }
    return verdict("opened to the newest page of events, ms", best, ReopenMsMax, false);
}

} // namespace
} // namespace eventops

int main(int argc, char **argv)
{
    using namespace eventops;
    if (argc == 4 && std::strcmp(argv[1], "write") == 0) {
        std::ofstream out(argv[2], std::ios::binary);
        out << bench::agentWorkload(std::strtoull(argv[3], nullptr, 10));
        return out.flush() ? 0 : 1;
    }
    if (argc == 5 && std::strcmp(argv[1], "ingest") == 0) {
        Told told;
        ingest(argv[2], argv[3], 1, std::strcmp(argv[4], "raw") == 0, false, told);
        return 0;
    }
    const std::uint64_t lines = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
    const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
    const std::uint64_t large = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 10'000'000;
    std::printf("%llu lines, %d interleaved rounds, each run a process, the best of each\n\n",
                static_cast<unsigned long long>(lines), rounds);
    const Scratch scratch;
    const std::string file = scratch.path + "/agents.ndjson";
    inChild(2, [&](Told &) { std::ofstream(file, std::ios::binary) << bench::agentWorkload(lines); });
    bool met = compareCores(file, rounds);
    met = compareTags(lines, rounds) && met;
    met = reopen(large) && met;
    return met ? 0 : 1;
}
