// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/case_watch.h"

#include "core/base/hash.h"
#include "core/base/math.h"
#include "core/entropy/surprise.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t AlternativesShown = 3;
/// Where more cases than these end as none did before, there are no known ends to miss a step of.
constexpr double NewShareMax = 1.0 / 16;
constexpr std::size_t StaleRemindersMax = 4; ///< Times as many reminders as cases.

} // namespace

void CaseWatch::push(CaseState &state, WallNs at)
{
    state.remindAt = at;
    m_reminders.push_back({at, state.key});
    std::push_heap(m_reminders.begin(), m_reminders.end());
    if (m_reminders.size() <= StaleRemindersMax * std::max<std::size_t>(m_cases.size(), 64))
        return;
    std::erase_if(m_reminders, [this](const Reminder &reminder) {
        const CaseState *owner = m_cases.find(reminder.key);
        return owner == nullptr || owner->remindAt != reminder.at;
    });
    std::make_heap(m_reminders.begin(), m_reminders.end());
}

void CaseWatch::remind(CaseState &state, std::uint64_t scope)
{
    if (state.lastTs == NoTime)
        return;
    const auto patience = m_models.gaps.patience(gapContextsOf(scope, state), m_settings.bitsMin,
                                                 m_settings.stepSamplesMin);
    if (!patience)
        return;
    const WallNs due = raw(state.lastTs) > INT64_MAX - patience->ns ? WallNs{INT64_MAX} : state.lastTs + patience->ns;
    // An earlier reminder finds out by itself that it is too early.
    if (state.remindAt == NoTime || raw(due) < raw(state.remindAt))
        push(state, due);
}

TimingScore CaseWatch::timingOf(const GapContexts &contexts, std::int64_t gapNs)
{
    TimingScore score;
    m_models.gaps.forecast(contexts, m_forecast);
    score.samples = static_cast<std::uint64_t>(m_forecast.samples());
    if (gapNs < 0 || m_forecast.samples() < m_settings.stepSamplesMin)
        return score;
    score.learning = false;
    score.bits = std::max(-detLog2(m_forecast.tail(gapNs)), 0.0);
    score.p50Ns = m_forecast.quantileNs(0.5);
    score.p95Ns = m_forecast.quantileNs(0.95);
    return score;
}

void CaseWatch::judge(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise,
                      Emitter &emitter)
{
    const Event &event = batch.events[index];
    const std::uint64_t key = tableKey(event.entityKey);
    m_now.scope = hashCombine(batch.strings.hash(event[Field::Tenant]), batch.strings.hash(event[Field::EntityType]));
    m_now.symbol = symbolOf(batch.strings.hash(event[Field::Step]));
    const auto [identity, isNew] = m_identities.findOrInsert(key);
    identity.seen = age;
    if (isNew) {
        identity.scope = m_now.scope;
        identity.tenant = std::string(batch.text(event, Field::Tenant));
        identity.entityType = std::string(batch.text(event, Field::EntityType));
        identity.entityId = std::string(batch.text(event, Field::EntityId));
        identity.sourceId = std::string(batch.text(event, Field::SourceId));
    }
    CaseState &state = m_cases.findOrInsert(key).first;
    if ((state.flags & Over) != 0)
        beginOrGoOn(state);
    state.seen = age;
    const bool wasMissing = (state.flags & Missing) != 0;
    if (wasMissing)
        resolve(batch, index, state, emitter);

    m_now.contexts = stepContextsOf(m_now.scope, state);
    m_models.steps.predict(m_now.contexts, m_prediction);
    surprise.step = m_models.steps.judge(m_now.contexts, m_prediction, m_now.symbol, m_settings.stepSamplesMin);
    m_now.rarityBits = surprise.step.rarityBits;
    surprise.step.rarityBits = m_models.calibrated(m_now.scope, m_now.rarityBits, m_settings.bitsMin);
    surprise.firstStep = state.length == 0;
    surprise.previousStep = std::string(m_models.nameOf(state.last));
    judgeExtra(state, surprise);
    if (!surprise.extra.edits.empty())
        state.flags |= Extra;
    m_now.gapNs = surprise.gapNs = state.gapTo(event.tsEvent);
    if (m_now.gapNs < 0)
        return;
    m_now.gapContexts = gapContextsOf(m_now.scope, state);
    const auto patience = m_models.gaps.patience(m_now.gapContexts, m_settings.bitsMin, m_settings.stepSamplesMin);
    if (wasMissing || !patience || patience->samples <= 0.0 || m_now.gapNs <= patience->ns)
        return;
    surprise.timing = timingOf(m_now.gapContexts, m_now.gapNs);
    surprise.timing.late = !surprise.timing.learning;
}

/// A step after the end: of a new case, unless it fits the old one better, which then was not over.
void CaseWatch::beginOrGoOn(CaseState &state)
{
    CaseState fresh;
    fresh.key = state.key;
    const auto fits = [&](const CaseState &candidate) {
        m_models.steps.predict(stepContextsOf(m_now.scope, candidate), m_prediction);
        const StepPrediction::Alternative *known = m_prediction.find(m_now.symbol);
        return known != nullptr ? known->probability : 0.0;
    };
    if (fits(state) > fits(fresh))
        state.flags = 0;
    else
        state = fresh;
}

/// A case on a way that none went before: are its steps too many for every end that is known?
void CaseWatch::judgeExtra(const CaseState &state, EventSurprise &surprise) const
{
    if ((state.flags & Extra) != 0 || (state.length > 0 && state.shape == 0)
        || m_models.ends.wasPassed(shapeWith(m_now.scope, state.shape, m_now.symbol)))
        return;
    auto steps = m_models.ends.setOf(state);
    if (!steps && state.length > 0)
        return;
    if (!steps)
        steps.emplace();
    const auto it = std::lower_bound(steps->begin(), steps->end(), m_now.symbol,
                                     [](const StepCount &c, StepSymbol step) { return c.step < step; });
    if (it != steps->end() && it->step == m_now.symbol)
        ++it->count;
    else
        steps->insert(it, {m_now.symbol, 1});
    EndSurprise extra = m_models.ends.judgeSoFar(m_now.scope, *steps, m_settings.casesMin);
    if (extra.learning || extra.newShare > NewShareMax || extra.bits < extra.enough(m_settings.bitsMin))
        return;
    for (const StepEdit &edit : extra.edits)
        surprise.extraSteps.emplace_back(m_models.nameOf(edit.step));
    surprise.extra = std::move(extra);
}

void CaseWatch::explain(EventSurprise &surprise)
{
    surprise.stepCount = static_cast<std::uint64_t>(m_models.steps.count(m_now.contexts, m_now.symbol));
    std::vector<StepPrediction::Alternative> likely(m_prediction.all().begin(), m_prediction.all().end());
    std::sort(likely.begin(), likely.end(), [](const auto &a, const auto &b) {
        return a.probability != b.probability ? a.probability > b.probability : a.symbol < b.symbol;
    });
    for (const StepPrediction::Alternative &next : likely) {
        if (surprise.alternatives.size() == AlternativesShown)
            break;
        surprise.alternatives.push_back(
            {next.symbol == EndSymbol ? std::string("the end") : std::string(m_models.nameOf(next.symbol)),
             next.probability, static_cast<std::uint64_t>(m_models.steps.count(m_now.contexts, next.symbol))});
    }
    if (surprise.timing.learning && m_now.gapNs >= 0)
        surprise.timing = timingOf(m_now.gapContexts, m_now.gapNs);
}

void CaseWatch::learn(const Batch &batch, std::uint32_t index, std::uint32_t age)
{
    const Event &event = batch.events[index];
    CaseState &state = *m_cases.find(tableKey(event.entityKey)); // `judge` saw to it
    m_models.steps.learn(m_now.contexts, m_prediction, m_now.symbol, age);
    if (m_prediction.samples >= m_settings.stepSamplesMin)
        m_models.learnRarity(m_now.scope, m_now.rarityBits, age);
    m_models.nameStep(m_now.symbol, batch.text(event, Field::Step), age);
    if (m_now.gapNs >= 0) {
        m_models.gaps.learn(m_now.gapContexts, m_now.gapNs, age);
        m_models.gaps.learnTransition(transitionOf(m_now.scope, state.last, m_now.symbol), m_now.gapNs, age);
    }
    const std::uint64_t before = state.shape;
    state.take(m_now.scope, m_now.symbol, event.tsEvent);
    m_models.ends.grow(before, state, age);
    remind(state, m_now.scope);
}

void CaseWatch::pass(const TimeProgress &time, std::uint32_t end, Emitter &emitter)
{
    while (!m_reminders.empty()) {
        const Reminder next = m_reminders.front();
        if (time.firstAt(next.at) >= end)
            return;
        std::pop_heap(m_reminders.begin(), m_reminders.end());
        m_reminders.pop_back();
        CaseState *state = m_cases.find(next.key);
        const Identity *identity = m_identities.find(next.key);
        if (state == nullptr || identity == nullptr || state->remindAt != next.at)
            continue;
        state->remindAt = NoTime;
        const auto patience = m_models.gaps.patience(gapContextsOf(identity->scope, *state), m_settings.bitsMin,
                                                     m_settings.stepSamplesMin);
        if (!patience || raw(state->lastTs) > INT64_MAX - patience->ns)
            continue;
        const WallNs due = state->lastTs + patience->ns;
        if (const std::uint32_t event = time.firstAt(due); event < end)
            fallDue(*state, *identity, due, event, emitter);
        else
            push(*state, due);
    }
}

void CaseWatch::fallDue(CaseState &state, const Identity &identity, WallNs due, std::uint32_t event,
                        Emitter &emitter)
{
    SilentCase silent;
    silent.timing = timingOf(gapContextsOf(identity.scope, state), due - state.lastTs);
    if (const auto steps = m_models.ends.setOf(state)) {
        silent.end = m_models.ends.judge(identity.scope, state.shape, *steps, m_settings.casesMin);
        const bool usual = silent.end.learning || (state.flags & Extra) != 0 || silent.end.newShare > NewShareMax
            || silent.end.bits < silent.end.enough(m_settings.bitsMin);
        if (usual) {
            if ((state.flags & Extra) == 0) // what was told of is not learned as usual
                learnEnd(state, identity.scope, *steps);
            state.flags = Over;
            return;
        }
    } else if (silent.timing.learning) {
        return;
    }
    for (const StepEdit &edit : silent.end.edits)
        silent.editSteps.emplace_back(m_models.nameOf(edit.step));
    silent.tenant = identity.tenant;
    silent.entityType = identity.entityType;
    silent.entityId = identity.entityId;
    silent.sourceId = identity.sourceId;
    silent.lastStep = std::string(m_models.nameOf(state.last));
    silent.since = state.lastTs;
    silent.due = due;
    state.flags = Missing;
    emitter.emit(event, explainAbsence(silent, m_settings.bitsCritical));
}

void CaseWatch::learnEnd(const CaseState &state, std::uint64_t scope, const StepSet &steps)
{
    const StepContexts contexts = stepContextsOf(scope, state);
    m_models.steps.predict(contexts, m_prediction);
    m_models.steps.learn(contexts, m_prediction, EndSymbol, state.seen);
    m_models.ends.learn(scope, state.shape, steps, state.seen);
}

void CaseWatch::resolve(const Batch &batch, std::uint32_t index, CaseState &state, Emitter &emitter) const
{
    state.flags = 0;
    const Event &event = batch.events[index];
    Finding finding;
    finding.origin = FindingOrigin::Absence;
    finding.state = FindingState::Resolved;
    finding.severity = Severity::Info;
    finding.name = m_models.ends.setOf(state) ? "missing_step" : "silence";
    takeSubject(finding, batch, event);
    const std::int64_t gap = state.gapTo(event.tsEvent);
    finding.message = finding.entityId + " went on with " + finding.step
                    + (gap >= 0 ? " after " + describeDuration(gap) : std::string());
    emitter.emit(index, std::move(finding));
}

void CaseWatch::tellOwner(std::uint64_t key, CaseExpectation &out) const
{
    if (const Identity *identity = m_identities.find(key)) {
        out.tenant = identity->tenant;
        out.entityType = identity->entityType;
        out.entityId = identity->entityId;
    }
}

void CaseWatch::save(StateWriter &out) const
{
    const auto cases = m_cases.sorted();
    out.u64(cases.size());
    for (const CaseState *state : cases) {
        out.u64(state->key);
        for (const WallNs time : {state->lastTs, state->remindAt})
            out.i64(raw(time));
        out.u64(state->shape);
        for (const std::uint32_t number : {state->last, state->before, state->third, state->firstS, state->seen})
            out.u64(number);
        out.u64(state->length);
        out.u64(state->gapClass);
        out.u64(state->flags);
    }
    const auto identities = m_identities.sorted();
    out.u64(identities.size());
    for (const Identity *identity : identities) {
        out.u64(identity->key);
        out.u64(identity->scope);
        out.u64(identity->seen);
        for (const std::string *text : {&identity->tenant, &identity->entityType, &identity->entityId,
                                        &identity->sourceId})
            out.text(*text);
    }
    m_models.save(out);
}

Status CaseWatch::load(StateReader &in)
{
    const Error corrupt{Error::Code::Corrupt, "entropy state holds more cases than entities_max allows"};
    m_cases.clear();
    m_identities.clear();
    m_reminders.clear();
    const std::uint64_t cases = in.u64();
    if (cases > m_settings.casesMax)
        return corrupt;
    for (std::uint64_t i = 0; i < cases && !in.failed(); ++i) {
        CaseState &state = m_cases.findOrInsert(tableKey(in.u64())).first;
        for (WallNs *time : {&state.lastTs, &state.remindAt})
            *time = WallNs{in.i64()};
        state.shape = in.u64();
        for (std::uint32_t *number : {&state.last, &state.before, &state.third, &state.firstS, &state.seen})
            *number = static_cast<std::uint32_t>(in.u64());
        state.length = static_cast<std::uint16_t>(in.u64());
        state.gapClass = static_cast<std::uint8_t>(in.u64());
        state.flags = static_cast<std::uint8_t>(in.u64());
        if (state.remindAt != NoTime)
            m_reminders.push_back({state.remindAt, state.key});
    }
    std::make_heap(m_reminders.begin(), m_reminders.end());
    const std::uint64_t identities = in.u64();
    if (identities > m_settings.casesMax)
        return corrupt;
    for (std::uint64_t i = 0; i < identities && !in.failed(); ++i) {
        Identity &identity = m_identities.findOrInsert(tableKey(in.u64())).first;
        identity.scope = in.u64();
        identity.seen = static_cast<std::uint32_t>(in.u64());
        for (std::string *text : {&identity.tenant, &identity.entityType, &identity.entityId, &identity.sourceId})
            *text = std::string(in.text());
    }
    return m_models.load(in);
}

} // namespace eventops
