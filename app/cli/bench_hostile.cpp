// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"

#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/pipeline/stage_engine.h"
#include "pipelines/components.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <malloc.h>
#include <string>
#include <unistd.h>

namespace eventops::cli {
namespace {

constexpr std::uint64_t EventsMax = 500'000;
constexpr std::uint64_t Entities = 1'000;
constexpr std::uint64_t StepKinds = 10;
constexpr std::int64_t LatenessNs = 5 * NsPerSecond;
constexpr std::int64_t FirstSecond = 1'700'000'000;

/// A stream that keeps no promise. As many entities or steps as events: each event has its own.
struct HostileStream {
    const char *name;
    std::uint64_t entities;
    std::uint64_t steps;
    std::int64_t secondsPerEvent;
};
constexpr HostileStream Streams[] = {
    {"a new step each event", Entities, EventsMax, 1},
    {"a new entity each event", EventsMax, StepKinds, 1},
    {"time going backwards", Entities, StepKinds, -1},
};

double cpuSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double residentMegabytes()
{
    unsigned long pages[2] = {};
    if (FILE *file = std::fopen("/proc/self/statm", "r")) {
        if (std::fscanf(file, "%lu %lu", &pages[0], &pages[1]) != 2)
            pages[1] = 0;
        std::fclose(file);
    }
    return static_cast<double>(pages[1]) * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024.0 * 1024.0);
}

void fill(Batch &batch, const HostileStream &stream, std::uint64_t first)
{
    for (std::uint64_t i = first; i < first + EpochRecords; ++i) {
        RawRecord record;
        record.seq = i + 1;
        record.outcome = Outcome::Stored;
        Event event;
        event.record = static_cast<std::uint32_t>(batch.records.size());
        batch.records.push_back(record);
        const std::string entity
            = "order-" + std::to_string(stream.entities == EventsMax ? i : hashCombine(i, 5) % stream.entities);
        const std::string step
            = "step-" + std::to_string(stream.steps == EventsMax ? i : hashCombine(i, 9) % stream.steps);
        event.tsEvent = WallNs{(FirstSecond + static_cast<std::int64_t>(i) * stream.secondsPerEvent) * NsPerSecond};
        event[Field::Tenant] = batch.strings.intern("acme");
        event[Field::EntityType] = batch.strings.intern("Order");
        event[Field::EntityId] = batch.strings.intern(entity);
        event[Field::Step] = batch.strings.intern(step);
        event[Field::Type] = event[Field::Step];
        event.entityKey = entityKey("acme", "Order", entity);
        batch.events.push_back(event);
    }
}

Status runStream(const HostileStream &stream, BenchRows &rows)
{
    const Registry registry{builtinStages(), {}};
    const StageSpec *spec = registry.stage("entropy");
    Configured<StageSpec> stage{spec, Value::map({})};
    for (const FieldSpec &field : spec->fields)
        stage.settings.set(std::string(field.name), field.defaultValue == "[]"
                               ? Value::list({}) : Value::scalar(std::string(field.defaultValue)));
    malloc_trim(0);
    const double before = residentMegabytes();
    const auto engine = EVENTOPS_TRY(StageEngine::make(std::span(&stage, 1), LatenessNs));
    const std::string sourceKeys[] = {"bench"};
    StageEngine::Output out;
    double seconds = 0.0;
    double resident = 0.0;
    std::uint64_t events = 0;
    for (; events < EventsMax; events += EpochRecords) {
        Batch batch;
        fill(batch, stream, events);
        const double begin = cpuSeconds();
        engine->process(batch, sourceKeys, nullptr, out);
        seconds += cpuSeconds() - begin;
        resident = std::max(resident, residentMegabytes() - before);
        out.clear();
    }
    rows.push_back({"hostile", std::string(stream.name) + ", millions a second",
                    static_cast<double>(events) / seconds * 1e-6, 3, false, 0.1, {}});
    rows.push_back({"hostile", std::string(stream.name) + ", MiB resident", resident, 1, true, 256.0, {}});
    return Ok{};
}

} // namespace

Status benchHostile(BenchRows &rows)
{
    for (const HostileStream &stream : Streams)
        EVENTOPS_TRY(runStream(stream, rows));
    return Ok{};
}

} // namespace eventops::cli
