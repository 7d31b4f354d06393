// SPDX-License-Identifier: MIT
#pragma once

#include "pipelines/sources/scenario/random.h"
#include "pipelines/sources/scenario/scenario.h"

#include <map>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::scenario {

/// What somebody did to the world.
struct Remedy {
    std::string command;
    std::string entityId;
};

/// Plays a scenario: a queue of things to come, in virtual time. The bytes are a function of scenario, seed and the
/// remedies with their instants. Thread: one. Memory: bounded by AliveMax and the records under way.
class World
{
public:
    static constexpr std::size_t AliveMax = 200'000;   ///< Things alive at once; beyond it none is born.
    static constexpr std::size_t BornAtOnceMax = 100'000; ///< Things born at one instant; beyond it none is.
    static constexpr std::size_t UnderWayMax = 1'000'000; ///< Records that are to arrive later; others are on time.

    explicit World(const Scenario &scenario); ///< @p scenario must outlive it.

    /// Does the next thing if it lies before or at @p untilNs (since the start) and before the end; appends the records
    /// that arrive to @p out, each with its line end. False: nothing more until then. O(log of what is to come).
    bool step(std::int64_t untilNs, std::string &out);
    bool ended() const { return m_tasks.empty(); }
    /// When the next thing happens; call only when not ended.
    std::int64_t nextNs() const { return m_tasks.top().atNs; }

    /// Ends what @p remedy ends of the faults that are there at @p atNs. All up to then must have been stepped.
    void apply(const Remedy &remedy, std::int64_t atNs);

private:
    enum class TaskKind : std::uint8_t { Tick, Birth, Born, Step, Deliver, Line, Happening };
    struct Task {
        std::int64_t atNs = 0;
        std::uint64_t order = 0;     ///< Of scheduling: breaks ties.
        TaskKind kind = TaskKind::Tick;
        std::uint64_t index = 0;     ///< Host, life, fault, thing, line or happening.
        std::uint32_t version = 0;   ///< Of the thing; an older one is void.
        std::string text;            ///< Deliver.
        bool operator<(const Task &other) const
        {
            return atNs != other.atNs ? atNs > other.atNs : order > other.order; // the queue's top is its largest
        }
    };
    struct Host {
        const Service *service = nullptr;
        std::string name;
        Random random;
        double phase = 0.0;          ///< Of its waves, 0 to 1.
    };
    /// Something alive.
    struct Thing {
        static constexpr std::size_t NoFault = SIZE_MAX;
        std::size_t life = 0;
        std::size_t next = 0;        ///< Step to come.
        std::size_t fault = NoFault;
        std::uint32_t version = 0;
        std::uint32_t failed = 0;    ///< Attempts at the step to come.
        std::string id;              ///< Without the type.
        std::string correlation;
        std::string cause;           ///< Key of the event that started it; said with the first step.
        std::string above;           ///< Members that name what it is part of, for attrs.
        Random random;
    };
    struct Start {
        std::size_t life = 0;
        std::string id, correlation, cause, above;
        std::size_t fault = Thing::NoFault;
    };

    void add(std::int64_t atNs, TaskKind kind, std::uint64_t index);
    void push(Task task);
    void run(const Task &task, std::string &out);
    void tick(std::uint64_t index, std::int64_t atNs, std::string &out);
    double measure(Host &host, const MetricModel &metric, std::int64_t atNs) const;
    bool faulted(const Host &host, const MetricModel &metric, std::int64_t atNs, double &level) const;
    void birth(std::size_t life, std::int64_t atNs);
    void start(Start start, std::int64_t atNs);
    void scheduleStep(std::uint64_t id, Thing &thing, std::int64_t atNs);
    void live(std::uint64_t id, std::int64_t atNs, std::string &out);
    bool attemptFails(Thing &thing, const LifeStep &step, std::int64_t atNs);
    std::string emitStep(const Thing &thing, const std::string &name, std::int64_t atNs, std::string &out);
    void startChildren(const Thing &thing, const LifeStep &step, const std::string &key, std::int64_t atNs);
    void happen(const Happening &happening, std::string &out);
    /// Lets a record arrive: now, late, or twice.
    void send(std::string record, std::string_view name, bool keyed, std::int64_t atNs, std::string &out);
    bool acts(const Fault &fault, std::int64_t atNs) const;
    std::string instant(std::int64_t atNs) const;

    const Scenario &m_scenario;
    std::vector<Host> m_hosts;
    std::vector<Random> m_births;        ///< By life.
    std::vector<std::uint64_t> m_counts; ///< By life: the next {n}.
    std::vector<std::int64_t> m_endNs;   ///< By fault: as scripted, or when it was remedied.
    std::map<std::uint64_t, Thing> m_things;
    std::uint64_t m_thingLast = 0;
    std::int64_t m_bornNs = -1;
    std::size_t m_bornNow = 0;           ///< At m_bornNs.
    std::size_t m_underWay = 0;
    std::uint64_t m_order = 0;
    std::priority_queue<Task> m_tasks;
};

} // namespace eventops::scenario
