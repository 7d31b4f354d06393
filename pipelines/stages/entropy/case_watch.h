// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_learned.h"
#include "core/entropy/live_cases.h"
#include "core/entropy/repeats.h"
#include "core/model/batch.h"
#include "core/pipeline/stage.h"
#include "pipelines/stages/entropy/explain.h"
#include "pipelines/stages/entropy/judgement.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace eventops {

struct CaseSettings {
    double bitsMin = 0.0;
    double bitsCritical = 0.0;
    double stepSamplesMin = 0.0; ///< Of a context, before steps and times are judged.
    std::uint64_t casesMin = 0;  ///< Of an entity type, before ends are judged.
    std::size_t casesMax = 0;    ///< Of one partition.
    CaseLimits limits;
};

/// The cases of one partition in flight: judges each step and its time as it comes, and what does not come when event
/// time has passed it by.
///
/// A case that is silent for longer than any was after its last step is over. If it ended as others did, that is
/// learned; if not, something is missing: an absence finding, which is resolved when the case goes on after all. What a
/// finding told of is not learned as normal, until a person dismisses it; what a person confirmed is a finding always.
/// Thread: one. Complexity: O(contexts) a step, O(log cases) a reminder. Memory: bounded by casesMax and the limits.
class CaseWatch
{
public:
    CaseWatch(const CaseLearned &agreed, const Judgement &judgement, const CaseSettings &settings)
        : m_settings(settings), m_judgement(judgement), m_models(agreed, settings.limits), m_cases(settings.casesMax),
          m_repeats(std::min(settings.casesMax, RepeatsMax)), m_judged(settings.bitsMin)
    {
    }

    // One step: judge it; whether that is a finding, which is explained then; learn it. In this order.
    void judge(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise, Emitter &emitter);
    bool explain(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise);
    void learn(const Batch &batch, std::uint32_t index, std::uint32_t age);

    /// A finding of the case was dismissed: it may be learned, and so may its end.
    void forgive(std::uint64_t key, std::uint64_t scope, std::span<const FindingPattern> patterns, std::uint32_t age);
    /// Has memory read for steps that come soon: @p far first, then @p near.
    void prefetch(std::uint64_t far, std::uint64_t near) const
    {
        m_cases.prefetchIndex(tableKey(far));
        m_cases.prefetchCase(tableKey(near));
    }

    /// Does what falls due before event @p end.
    void pass(const TimeProgress &time, std::uint32_t end, Emitter &emitter);
    WallNs nextDue() const { return m_reminders.empty() ? NoTime : m_reminders.front().at; }

    CaseModelSet &models() { return m_models; }
    Judged &judged() { return m_judged; } ///< The owner takes it out.
    const Judged &judged() const { return m_judged; }
    std::size_t bytes() const
    {
        return m_cases.bytes() + m_reminders.capacity() * sizeof(Reminder) + m_models.bytes();
    }

    // What stage_view.h looks at.
    const CaseModelSet &models() const { return m_models; }
    const CaseSettings &settings() const { return m_settings; }
    static bool isOver(const CaseState &state) { return (state.flags & Over) != 0; }
    static bool isMissing(const CaseState &state) { return (state.flags & Missing) != 0; }
    /// Calls @p each with the state and the scope of every case, in no order.
    template <typename Each>
    void eachCase(Each each) const
    {
        m_cases.each([&](const CaseState &state) { each(state, m_cases.ownerOf(state).scope); });
    }
    /// How long a silence lasts before the case is taken for over, or missing something: by the budget and by what
    /// people said. Nothing: too little is known.
    std::optional<GapModel::Patience> patienceToEnd(std::uint64_t scope, const CaseState &state) const;
    /// Whose case it is; nothing when it is not there.
    void tellOwner(std::uint64_t key, CaseExpectation &out) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    enum CaseFlag : std::uint8_t {
        Over = 1,     ///< It ended as others did: the next step begins another case.
        Missing = 2,  ///< An absence finding fires.
        Extra = 4,    ///< A finding told of steps too many.
        Told = 8,     ///< A finding told of some step: nothing is learned of the case.
        Settled = 16, ///< A finding of it was dismissed: however it ends is normal.
        Silent = 32,  ///< The absence finding tells of no step, only of the silence.
    };
    struct Reminder {
        WallNs at = NoTime;
        std::uint64_t key = 0;
        bool operator<(const Reminder &other) const ///< For a heap with the earliest in front.
        {
            return raw(at) != raw(other.at) ? raw(at) > raw(other.at) : key > other.key;
        }
    };
    /// What `judge` leaves for `explain` and `learn`.
    struct Now {
        std::uint64_t scope = 0;
        WallNs ts = NoTime;
        StepSymbol symbol = NoStepSymbol;
        double rarityBits = 0.0; ///< As the model claims it.
        std::int64_t gapNs = -1;
        StepContexts contexts;
        GapContexts gapContexts;
        FindingPattern step, wait, extra; ///< What would be told of.
        std::uint64_t lateKey = 0;        ///< Of the repeats of its lateness.
        bool told = false;                ///< It is a finding.
    };
    static constexpr std::size_t RepeatsMax = 1'024; ///< Of one partition.
    static constexpr std::uint8_t ToldOf = Extra | Told;

    CaseState &caseOf(const Batch &batch, const Event &event);
    void beginOrGoOn(CaseState &state);
    void judgeStep(const CaseState &state, EventSurprise &surprise);
    void judgeExtra(const CaseState &state, EventSurprise &surprise);
    void judgeWait(const CaseState &state, bool wasMissing, EventSurprise &surprise);
    bool isTold(const Batch &batch, const Event &event, const EventSurprise &surprise);
    std::optional<GapModel::Patience> patienceOf(std::uint64_t scope, const CaseState &state, double bits) const;
    void remind(CaseState &state, std::uint64_t scope);
    void push(CaseState &state, WallNs at);
    void fallDue(CaseState &state, const CaseOwner &owner, WallNs due, std::uint32_t event, Emitter &emitter);
    bool endIsTold(CaseState &state, const CaseOwner &owner, WallNs due, SilentCase &silent);
    bool silenceIsTold(const CaseState &state, const CaseOwner &owner, WallNs due, SilentCase &silent);
    void holdBackAbsence(JudgedKind kind, const CaseState &state, const CaseOwner &owner, WallNs due, double bits,
                         double takes);
    void learnEnd(const CaseState &state, std::uint64_t scope, const StepSet &steps);
    void resolve(const Batch &batch, std::uint32_t index, CaseState &state, Emitter &emitter) const;
    TimingScore timingOf(const GapContexts &contexts, std::int64_t gapNs);

    const CaseSettings m_settings;
    const Judgement &m_judgement; ///< The operator's; changes only between calls.
    CaseModelSet m_models;
    LiveCases m_cases;
    std::vector<Reminder> m_reminders; ///< A heap; one that is not its case's remindAt is stale.
    StepPrediction m_prediction;
    GapForecast m_forecast;
    Repeats m_repeats;
    Judged m_judged;
    Now m_now;
};

} // namespace eventops
