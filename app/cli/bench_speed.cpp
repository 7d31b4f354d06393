// SPDX-License-Identifier: MIT
#include "app/cli/bench_table.h"

#include "core/base/hash.h"
#include "core/entropy/live_cases.h"
#include "core/entropy/next_step_model.h"
#include "core/entropy/value_model.h"

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace eventops::cli {
namespace {

constexpr std::uint64_t Scope = 1;
constexpr std::size_t CasesInFlight = 1'000'000;
constexpr std::size_t LearnedSteps = 200'000;
constexpr std::size_t RoundSteps = 100'000;
constexpr std::size_t StepRounds = 5;
constexpr std::size_t ScoredValues = 3'000'000;
constexpr std::size_t ValueSeries = 1'000;
constexpr std::uint64_t CaseSteps = 20; ///< A case's length.
constexpr std::uint64_t StepKinds = 29;
constexpr std::size_t ReminderBytes = 16; ///< The stage keeps one a case: a time and a key.
constexpr std::size_t StepsAhead = 8;  ///< As the stage reads cases ahead.
constexpr std::size_t ContextsMax = std::size_t{1} << 20U;
constexpr std::int64_t StepNs = 60 * NsPerSecond;

double cpuSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// Step @p place of case @p number: one way in four steps of five, another otherwise.
StepSymbol stepOf(std::uint64_t number, std::uint64_t place)
{
    static const std::uint64_t First = hash64("step");
    const std::uint64_t dice = hashCombine(number + 1, place + 1);
    return symbolOf(First + (place + (dice % 5 == 0 ? dice >> 32U : 0)) % StepKinds);
}

std::uint64_t keyOf(std::uint64_t number)
{
    return tableKey(hashCombine(7, number));
}

/// Cases in flight as a stage holds them, the model that scores their steps, and how they end.
class LiveSteps
{
public:
    LiveSteps() : m_cases(CasesInFlight), m_agreed(1), m_model(m_agreed, ContextsMax) {}

    void add(std::uint64_t number)
    {
        stateOf(number).take(Scope, stepOf(number, 0), timeOf(number, 0));
    }
    void prefetch(std::uint64_t far, std::uint64_t near) const
    {
        m_cases.prefetchIndex(keyOf(far));
        m_cases.prefetchCase(keyOf(near));
    }
    /// The bits of the case's next step, which it then takes. A case that is over begins again.
    double step(std::uint64_t number, bool learn)
    {
        CaseState &state = stateOf(number);
        const std::uint64_t place = state.length % CaseSteps;
        if (place == 0) {
            const std::uint64_t key = state.key;
            state = {};
            state.key = key;
        }
        const StepSymbol next = stepOf(number, place);
        const StepContexts contexts = stepContextsOf(Scope, state);
        m_model.expect(contexts, next, m_prediction);
        const double bits = m_model.judge(contexts, m_prediction, next, 0.0).bits;
        if (learn)
            m_model.learn(contexts, m_prediction, next, 0);
        state.take(Scope, next, timeOf(number, place));
        return bits;
    }
    std::size_t stateBytes() const { return m_cases.stateBytes(); }
    std::size_t bytes() const { return m_cases.bytes(); }

private:
    CaseState &stateOf(std::uint64_t number)
    {
        const std::uint64_t key = keyOf(number);
        if (CaseState *known = m_cases.find(key))
            return *known;
        char id[32];
        std::snprintf(id, sizeof id, "order-%010llu", static_cast<unsigned long long>(number));
        return m_cases.add(key, {Scope, "acme", "Order", "shop", id});
    }
    static WallNs timeOf(std::uint64_t number, std::uint64_t place)
    {
        return WallNs{1'700'000'000 * NsPerSecond + static_cast<std::int64_t>(number % 1'000 + place) * StepNs};
    }
    LiveCases m_cases;
    NextStepLearned m_agreed;
    NextStepModel m_model;
    StepPrediction m_prediction;
};

/// Steps a CPU second, over all live cases in no order; of the best round, as others may use the machine too.
double stepsPerSecond(LiveSteps &live, bool learn, double &bits)
{
    const auto numberAt = [](std::size_t i) { return hashCombine(i, 3) % CasesInFlight; };
    double best = 0.0;
    for (std::size_t round = 0; round < StepRounds; ++round) {
        const double begin = cpuSeconds();
        for (std::size_t i = round * RoundSteps; i < (round + 1) * RoundSteps; ++i) {
            live.prefetch(numberAt(i + StepsAhead), numberAt(i + StepsAhead / 2));
            bits += live.step(numberAt(i), learn);
        }
        best = std::max(best, static_cast<double>(RoundSteps) / (cpuSeconds() - begin));
    }
    return best;
}

double valuesPerSecond(double &bits)
{
    RobustValueModel model{RobustValueOptions{}};
    const double begin = cpuSeconds();
    for (std::size_t i = 0; i < ScoredValues; ++i) {
        const std::uint64_t series = i % ValueSeries;
        const auto noise = static_cast<double>(hashCombine(i, series) % 1'000);
        const auto at = WallNs{1'700'000'000 * NsPerSecond + static_cast<std::int64_t>(i / ValueSeries) * StepNs};
        bits += model.observe({hashCombine(11, series), noise, at, ageOf(i)}).bits;
    }
    return static_cast<double>(ScoredValues) / (cpuSeconds() - begin);
}

} // namespace

Status benchSpeed(BenchRows &rows)
{
    constexpr double Million = 1e6;
    LiveSteps live;
    double bits = 0.0;
    for (std::uint64_t i = 0; i < LearnedSteps; ++i)
        bits += live.step(i / CaseSteps, true);
    for (std::uint64_t i = 0; i < CasesInFlight; ++i)
        live.add(i);
    const double scored = stepsPerSecond(live, false, bits) / Million;
    const double learned = stepsPerSecond(live, true, bits) / Million;
    const double values = valuesPerSecond(bits) / Million;
    if (!(bits > 0.0))
        return Error{Error::Code::Unavailable, "steps and values that must surprise do not"};
    rows.push_back({"speed", "steps scored, millions a second", scored, 3, false, 1.0, 2.5});
    rows.push_back({"speed", "steps scored and learned, millions a second", learned, 3, false, 1.0, 2.5});
    rows.push_back({"speed", "values scored and learned, millions a second", values, 3, false, 1.0, 2.5});
    const auto megabytes = [](std::size_t bytes) { return static_cast<double>(bytes) / Million; };
    rows.push_back({"state", "MB for a million live cases", megabytes(live.stateBytes()), 1, true, 64.0, {}});
    rows.push_back({"state", "the same with their names and reminders",
                    megabytes(live.bytes() + CasesInFlight * ReminderBytes), 1, true, {}, {}});
    return Ok{};
}

} // namespace eventops::cli
