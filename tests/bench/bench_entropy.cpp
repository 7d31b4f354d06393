// SPDX-License-Identifier: MIT
//
// bench_entropy [ROUNDS]: CPU nanoseconds an event of the stages `entropy` and `entities` on a million metric events of
// 1,000 hosts with 20 metrics each, a host's metrics adjacent, in batches of 8,192 as the runner gives them. The time
// of grouping the events by partition is the runner's and not counted. Best round of each counts.
#include "core/base/hash.h"
#include "core/base/limits.h"
#include "core/model/batch.h"
#include "pipelines/components.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace eventops;

constexpr int Hosts = 1'000;
constexpr int Metrics = 20;
constexpr int Ticks = 50;
constexpr std::size_t BatchEvents = 8'192;

double cpuSeconds()
{
    timespec t{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// A fixed pseudo-random sequence in [0,1): a linear congruence (Knuth's MMIX).
struct Sequence {
    std::uint64_t state = 42;
    double next()
    {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<double>(state >> 11) / 9007199254740992.0;
    }
};

std::vector<std::unique_ptr<Batch>> workload()
{
    std::vector<std::unique_ptr<Batch>> batches;
    std::vector<std::string> hosts, metrics;
    for (int h = 0; h < Hosts; ++h)
        hosts.push_back("web-prod-" + std::to_string(h));
    for (int m = 0; m < Metrics; ++m)
        metrics.push_back("metric_" + std::to_string(m));
    std::vector<double> level(Hosts * Metrics, 50.0);
    Sequence random;
    Seq seq = 1;
    for (int tick = 0; tick < Ticks; ++tick) {
        for (int slot = 0; slot < Hosts; ++slot) {
            const int host = (slot * 7 + tick * 131) % Hosts; // 7 and 1,000 share no factor: each host once a tick
            for (int m = 0; m < Metrics; ++m) {
                if (batches.empty() || batches.back()->events.size() == BatchEvents)
                    batches.push_back(std::make_unique<Batch>());
                Batch &batch = *batches.back();
                RawRecord record;
                record.seq = seq++;
                Event event;
                event.record = static_cast<std::uint32_t>(batch.records.size());
                batch.records.push_back(record);
                double &value = level[static_cast<std::size_t>(host * Metrics + m)];
                value += (50.0 - value) * 0.08 + random.next() + random.next() + random.next() - 1.5;
                event.value = random.next() < 2e-5 ? value + 100.0 : value;
                event.hasValue = true;
                event.tsEvent = WallNs{(tick * 15'000LL + slot * 15LL) * NsPerMs};
                event[Field::Tenant] = batch.strings.intern("acme");
                event[Field::EntityType] = batch.strings.intern("Host");
                event[Field::EntityId] = batch.strings.intern(hosts[static_cast<std::size_t>(host)]);
                event[Field::Metric] = batch.strings.intern(metrics[static_cast<std::size_t>(m)]);
                event[Field::Tags] = batch.strings.intern(host % 3 == 0 ? R"({"env":"prod","region":"eu-west-1"})"
                                                                        : R"({"env":"prod"})");
                event.entityKey = entityKey("acme", "Host", hosts[static_cast<std::size_t>(host)]);
                batch.events.push_back(event);
            }
        }
    }
    return batches;
}

Value defaults(const StageSpec &spec)
{
    Value settings = Value::map({});
    for (const FieldSpec &field : spec.fields) {
        const bool isList = field.defaultValue == "[]";
        settings.set(std::string(field.name),
                     isList ? Value::list({}) : Value::scalar(std::string(field.defaultValue)));
    }
    return settings;
}

struct CountingEmitter final : Emitter {
    std::uint64_t findings = 0;
    void emit(std::uint32_t, Finding) override { ++findings; }
};

struct Measured {
    double nsPerEvent = 1e9;
    std::uint64_t results = 0;
};

Measured runEntropy(const StageSpec &spec, const std::vector<std::unique_ptr<Batch>> &batches)
{
    auto shared = std::move(spec.makeKeyed(defaults(spec))).value();
    std::vector<std::unique_ptr<KeyedStage>> partitions;
    for (unsigned p = 0; p < PartitionCount; ++p)
        partitions.push_back(shared->makePartition(p));
    CountingEmitter emitter;
    double seconds = 0.0;
    std::uint64_t events = 0;
    std::array<std::vector<std::uint32_t>, PartitionCount> byPartition;
    std::vector<WallNs> marks(EpochRecords);
    WallNs newest = NoTime;
    for (const auto &batch : batches) {
        for (auto &list : byPartition)
            list.clear();
        for (std::uint32_t i = 0; i < batch->events.size(); ++i)
            byPartition[batch->events[i].entityKey % PartitionCount].push_back(i);
        const double begin = cpuSeconds();
        for (std::size_t i = 0; i < batch->events.size(); ++i)
            marks[i] = newest = std::max(newest, batch->events[i].tsEvent);
        const TimeProgress time(0, std::span(marks).first(batch->events.size()));
        for (unsigned p = 0; p < PartitionCount; ++p)
            partitions[p]->process(*batch, byPartition[p], time, emitter);
        shared->mergeEpoch(partitions);
        seconds += cpuSeconds() - begin;
        events += batch->events.size();
    }
    return {seconds * 1e9 / static_cast<double>(events), emitter.findings};
}

Measured runEntities(const StageSpec &spec, const std::vector<std::unique_ptr<Batch>> &batches)
{
    const auto stage = std::move(spec.makeGlobal(defaults(spec))).value();
    double seconds = 0.0;
    std::uint64_t events = 0;
    std::uint64_t changes = 0;
    for (const auto &batch : batches) {
        GlobalOutput out;
        const double begin = cpuSeconds();
        stage->process(*batch, 0, batch->events.size(), {}, out);
        seconds += cpuSeconds() - begin;
        events += batch->events.size();
        changes += out.entities.size();
    }
    return {seconds * 1e9 / static_cast<double>(events), changes};
}

} // namespace

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? std::clamp(std::atoi(argv[1]), 1, 100) : 3;
    const Registry registry{builtinStages(), {}};
    const auto batches = workload();
    Measured entropy, entities;
    for (int round = 0; round < rounds; ++round) {
        const Measured a = runEntropy(*registry.stage("entropy"), batches);
        const Measured b = runEntities(*registry.stage("entities"), batches);
        entropy = {std::min(entropy.nsPerEvent, a.nsPerEvent), a.results};
        entities = {std::min(entities.nsPerEvent, b.nsPerEvent), b.results};
    }
    std::printf("entropy   %6.1f ns/event (budget 90), %llu findings\n", entropy.nsPerEvent,
                static_cast<unsigned long long>(entropy.results));
    std::printf("entities  %6.1f ns/event (budget 15), %llu entity changes\n", entities.nsPerEvent,
                static_cast<unsigned long long>(entities.results));
    return 0;
}
