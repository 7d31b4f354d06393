// SPDX-License-Identifier: MIT
//
// What the ledger costs: CPU seconds and stored bytes a million events, without and with raw records, against zstd
// level 1 over the same lines (the floor of keeping them) and hash64 over them (the floor of touching them).
//
//   bench_store [FILE|-] [LINES]           FILE: agent lines; -: made up in the same form; default 1,000,000
#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/store/ledger.h"

#include <sys/resource.h>
#include <unistd.h>
#include <zstd.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace eventops {
namespace {

constexpr std::size_t BatchRecords = 8'192;
constexpr std::size_t GroupBatches = 8;

/// Seconds of this thread in the kernel: files and page faults.
double systemSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_THREAD, &usage);
    return static_cast<double>(usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_stime.tv_usec) * 1e-6;
}

double cpuSeconds()
{
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::vector<std::string> makeLines(std::size_t count)
{
    constexpr const char *Tenants[] = {"globex", "acme", "initech", "umbrella"};
    constexpr const char *Metrics[][2] = {{"cpu_load", "percent"}, {"mem_used", "percent"},   {"disk_used", "percent"},
                                          {"load1", "count"},      {"net_rx", "bytes_per_s"}, {"net_tx", "bytes_per_s"},
                                          {"latency_ms", "ms"},    {"errors", "count"}};
    constexpr const char *Tags[] = {R"({"env":"prod"})", R"({"env":"prod","region":"us-west-2","role":"api"})"};
    std::vector<std::string> lines;
    std::uint64_t random = 42;
    for (std::size_t i = 0; i < count; ++i) {
        random = random * 6364136223846793005ULL + 1442695040888963407ULL;
        const std::size_t host = i / 20 % 1000;
        const auto &metric = Metrics[i % 8];
        const std::uint64_t value = random >> 40;
        char number[32];
        std::snprintf(number, sizeof number, i % 8 > 3 && i % 8 < 6 ? "%.0f" : "%.1f",
                      i % 8 > 3 && i % 8 < 6 ? static_cast<double>(value % 5'000'000)
                                             : static_cast<double>(value % 1000) / 10);
        const std::string time =
            formatTimestamp(WallNs{(1'760'605'200 + static_cast<std::int64_t>(i / 20'000) * 15) * NsPerSecond});
        lines.push_back(std::string("{\"tenant_id\":\"") + Tenants[host * 7 % 11 % 4] + "\",\"host\":\"api-prod-"
                        + std::to_string(host) + "\",\"metric\":\"" + metric[0] + "\",\"value\":" + number
                        + ",\"ts_event\":\"" + time + "\",\"unit\":\"" + metric[1] + "\",\"tags\":" + Tags[random >> 63]
                        + "}");
    }
    return lines;
}

std::string_view member(std::string_view line, std::string_view key)
{
    const std::string quoted = '"' + std::string(key) + "\":";
    const std::size_t at = line.find(quoted);
    if (at == std::string_view::npos)
        return {};
    const std::size_t from = at + quoted.size();
    if (line[from] == '"')
        return line.substr(from + 1, line.find('"', from + 1) - from - 1);
    const std::size_t to = line[from] == '{' ? line.find('}', from) + 1 : line.find_first_of(",}", from);
    return line.substr(from, to - from);
}

/// The lines as a runner would hand them over; how they are read is not measured here.
std::unique_ptr<Batch> makeBatch(const std::vector<std::string> &lines, std::size_t from, std::size_t to,
                                 std::uint64_t &position)
{
    auto batch = std::make_unique<Batch>();
    auto chunk = std::make_shared<RawChunk>();
    StringTable &strings = batch->strings;
    for (std::size_t i = from; i < to; ++i) {
        const std::string &line = lines[i];
        RawRecord record;
        record.seq = i + 1;
        record.position = position;
        record.hash = hash64(line);
        record.offset = static_cast<std::uint32_t>(chunk->bytes.size());
        record.size = static_cast<std::uint32_t>(line.size());
        position += line.size() + 1;
        chunk->bytes += line + '\n';
        const std::string_view value = member(line, "value");
        Event event;
        event.record = static_cast<std::uint32_t>(i - from);
        const auto time = parseTimestamp(member(line, "ts_event"));
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), event.value);
        if (!time || error != std::errc() || member(line, "tenant_id").empty() || member(line, "metric").empty()) {
            record.outcome = Outcome::DeadLettered;
            batch->records.push_back(record);
            batch->deadLetters.push_back({event.record, strings.intern("invalid_json"),
                                          strings.append("line " + std::to_string(i) + " is no agent record")});
            continue;
        }
        record.outcome = Outcome::Stored;
        batch->records.push_back(record);
        event.tsEvent = *time;
        event.hasValue = true;
        const auto set = [&](Field field, std::string_view text) {
            event[field] = strings.intern(text);
        };
        set(Field::Tenant, member(line, "tenant_id"));
        set(Field::SourceType, "host");
        set(Field::SourceId, member(line, "host"));
        set(Field::EntityType, "host");
        set(Field::EntityId, member(line, "host"));
        set(Field::SchemaName, "signals.metric");
        set(Field::SchemaVersion, "1");
        set(Field::Type, "signals.metric");
        set(Field::Metric, member(line, "metric"));
        set(Field::Unit, member(line, "unit"));
        set(Field::Tags, member(line, "tags"));
        set(Field::TsText, member(line, "ts_event"));
        set(Field::Codec, "agent");
        set(Field::ContentType, "application/json");
        batch->events.push_back(event);
    }
    batch->chunks.push_back(std::move(chunk));
    return batch;
}

void run(const std::vector<std::string> &lines, bool keepRaw)
{
    const std::filesystem::path directory =
        std::filesystem::temp_directory_path() / ("bench_store." + std::to_string(getpid()));
    std::filesystem::remove_all(directory);
    auto opened = Ledger::open(directory.string(), LedgerMode::Engine, {keepRaw, nullptr});
    if (!opened) {
        std::puts(opened.error().text().c_str());
        std::exit(1);
    }
    Ledger &ledger = *opened.value();
    double seconds = 0, system = 0;
    std::uint64_t position = 0, events = 0;
    const auto check = [](const auto &result) {
        if (!result) {
            std::puts(result.error().text().c_str());
            std::exit(1);
        }
    };
    for (std::size_t at = 0; at < lines.size();) {
        CommitGroup group;
        SourceProgress progress;
        progress.key = "bench";
        for (std::size_t b = 0; b < GroupBatches && at < lines.size(); ++b) {
            const std::size_t to = std::min(lines.size(), at + BatchRecords);
            group.batches.push_back(makeBatch(lines, at, to, position));
            progress.added.events += group.batches.back()->events.size();
            at = to;
        }
        events += progress.added.events;
        progress.cursor = position;
        group.sources.push_back(std::move(progress));
        group.lastSeq = at;
        const double before = cpuSeconds(), systemBefore = systemSeconds();
        check(ledger.commit(group));
        seconds += cpuSeconds() - before;
        system += systemSeconds() - systemBefore;
    }
    const double millions = static_cast<double>(events) / 1e6;
    double before = cpuSeconds();
    std::uint64_t replayed = 0;
    check(ledger.replay(0, [&](Batch &batch) -> Status {
        replayed += batch.events.size();
        return Ok{};
    }));
    const double replay = cpuSeconds() - before;
    before = cpuSeconds();
    const auto digest = ledger.digest();
    check(digest);
    const double digesting = cpuSeconds() - before;
    opened = Error{};
    std::uint64_t bytes = 0;
    for (const auto &file : std::filesystem::directory_iterator(directory))
        bytes += file.file_size();
    if (replayed != events)
        std::puts("replay does not give back every event");
    std::printf(
        "%-12s %8.3f CPU-s/M commit (%.3f system)  %6.1f bytes/event  %8.3f replay  %8.3f digest %s  %llu events\n",
        keepRaw ? "with raw" : "without raw", seconds / millions, system / millions,
        static_cast<double>(bytes) / static_cast<double>(events), replay / millions, digesting / millions,
        digest.value().substr(0, 8).c_str(), static_cast<unsigned long long>(events));
    std::filesystem::remove_all(directory);
}

void floors(const std::vector<std::string> &lines)
{
    std::string block, packed;
    double zstd = 0, hashing = 0;
    std::size_t out = 0;
    std::uint64_t sum = 0;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    for (std::size_t at = 0; at < lines.size();) {
        block.clear();
        for (std::size_t n = 0; n < 4'096 && at < lines.size(); ++n)
            block += lines[at++];
        packed.resize(ZSTD_compressBound(block.size()));
        double before = cpuSeconds();
        out += ZSTD_compressCCtx(context, packed.data(), packed.size(), block.data(), block.size(), 1);
        zstd += cpuSeconds() - before;
        before = cpuSeconds();
        sum += hash64(block);
        hashing += cpuSeconds() - before;
    }
    ZSTD_freeCCtx(context);
    const double count = static_cast<double>(lines.size());
    std::printf("%-12s %8.3f CPU-s/M         %6.1f bytes/line   hash64 %.3f CPU-s/M (%llx)\n", "zstd -1",
                zstd / count * 1e6, static_cast<double>(out) / count, hashing / count * 1e6,
                static_cast<unsigned long long>(sum & 0xff));
}

} // namespace
} // namespace eventops

int main(int argc, char **argv)
{
    const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1'000'000;
    std::vector<std::string> lines;
    if (argc > 1 && std::string_view(argv[1]) != "-") {
        std::ifstream file(argv[1]);
        for (std::string line; lines.size() < count && std::getline(file, line);)
            lines.push_back(line);
    } else {
        lines = eventops::makeLines(count);
    }
    eventops::floors(lines);
    for (int round = 0; round < 2; ++round) {
        eventops::run(lines, false);
        eventops::run(lines, true);
    }
    return 0;
}
