// SPDX-License-Identifier: MIT
#pragma once

#include "core/entropy/case_learned.h"
#include "core/model/batch.h"
#include "core/pipeline/stage.h"
#include "pipelines/stages/entropy/explain.h"

#include <cstdint>
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
/// learned; if not, something is missing: an absence finding, which is resolved when the case goes on after all.
/// Thread: one. Complexity: O(contexts) a step, O(log cases) a reminder. Memory: bounded by casesMax and the limits.
class CaseWatch
{
public:
    CaseWatch(const CaseLearned &agreed, const CaseSettings &settings)
        : m_settings(settings), m_models(agreed, settings.limits), m_cases(settings.casesMax),
          m_identities(settings.casesMax)
    {
    }

    // One step: judge it, explain it if it is to be a finding, learn it; in this order.
    void judge(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise, Emitter &emitter);
    void explain(EventSurprise &surprise);
    void learn(const Batch &batch, std::uint32_t index, std::uint32_t age);

    /// Does what falls due before event @p end.
    void pass(const TimeProgress &time, std::uint32_t end, Emitter &emitter);
    WallNs nextDue() const { return m_reminders.empty() ? NoTime : m_reminders.front().at; }

    CaseModelSet &models() { return m_models; }

    // What stage_view.h looks at.
    const CaseModelSet &models() const { return m_models; }
    const CaseSettings &settings() const { return m_settings; }
    static bool isOver(const CaseState &state) { return (state.flags & Over) != 0; }
    static bool isMissing(const CaseState &state) { return (state.flags & Missing) != 0; }
    /// Calls @p each with the state and the scope of every case, in no order.
    template <typename Each>
    void eachCase(Each each) const
    {
        m_cases.each([&](const CaseState &state) {
            if (const Identity *identity = m_identities.find(state.key))
                each(state, identity->scope);
        });
    }
    /// Whose case it is; nothing when it is not there.
    void tellOwner(std::uint64_t key, CaseExpectation &out) const;
    void save(StateWriter &out) const;
    Status load(StateReader &in);

private:
    enum CaseFlag : std::uint8_t {
        Over = 1,    ///< It ended as others did: the next step begins another case.
        Missing = 2, ///< An absence finding fires.
        Extra = 4,   ///< A finding told of steps too many.
    };
    struct Reminder {
        WallNs at = NoTime;
        std::uint64_t key = 0;
        bool operator<(const Reminder &other) const ///< For a heap with the earliest in front.
        {
            return raw(at) != raw(other.at) ? raw(at) > raw(other.at) : key > other.key;
        }
    };
    /// Whose case it is, for findings that no event of its own sets off.
    struct Identity {
        std::uint64_t key = 0;
        std::uint64_t scope = 0;
        std::uint32_t seen = 0;
        std::string tenant, entityType, entityId, sourceId;
    };
    /// What `judge` leaves for `explain` and `learn`.
    struct Now {
        std::uint64_t scope = 0;
        StepSymbol symbol = NoStepSymbol;
        double rarityBits = 0.0; ///< As the model claims it.
        std::int64_t gapNs = -1;
        StepContexts contexts;
        GapContexts gapContexts;
    };

    void beginOrGoOn(CaseState &state);
    void judgeExtra(const CaseState &state, EventSurprise &surprise) const;
    void remind(CaseState &state, std::uint64_t scope);
    void push(CaseState &state, WallNs at);
    void fallDue(CaseState &state, const Identity &identity, WallNs due, std::uint32_t event, Emitter &emitter);
    void learnEnd(const CaseState &state, std::uint64_t scope, const StepSet &steps);
    void resolve(const Batch &batch, std::uint32_t index, CaseState &state, Emitter &emitter) const;
    TimingScore timingOf(const GapContexts &contexts, std::int64_t gapNs);

    const CaseSettings m_settings;
    CaseModelSet m_models;
    FlatTable<CaseState> m_cases;
    FlatTable<Identity> m_identities;
    std::vector<Reminder> m_reminders; ///< A heap; one that is not its case's remindAt is stale.
    StepPrediction m_prediction;
    GapForecast m_forecast;
    Now m_now;
};

} // namespace eventops
