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
constexpr double TellsShare = 0.5; ///< A step with so much of what a finding takes is what the finding is about.

/// A step after the last two.
FindingPattern stepPattern(std::uint64_t scope, const CaseState &state, StepSymbol symbol)
{
    const std::uint64_t before = hashCombine(state.before, state.last);
    return {FindingPattern::Kind::Step, hashCombine(scope, hashCombine(before, symbol))};
}

FindingPattern waitPattern(std::uint64_t scope, const CaseState &state, std::int64_t ns)
{
    return {FindingPattern::Kind::Wait, hashCombine(scope, state.last), static_cast<double>(ns)};
}

/// Of one case: others may be late for the same reason, which is news.
std::uint64_t lateKey(const CaseState &state)
{
    return hashCombine(state.key, state.last);
}

std::uint64_t repeatKey(const FindingPattern &pattern)
{
    return hashCombine(static_cast<std::uint64_t>(pattern.kind) + 1, pattern.key);
}

} // namespace

std::optional<GapModel::Patience> CaseWatch::patienceOf(std::uint64_t scope, const CaseState &state, double bits) const
{
    auto patience = m_models.gaps.patience(gapContextsOf(scope, state), bits, m_settings.stepSamplesMin);
    if (patience && !m_judgement.verdicts.empty())
        patience->ns = m_judgement.verdicts.wait(waitPattern(scope, state, 0).key, patience->ns);
    return patience;
}

/// How long until a silent case is over. An end that is unusual says more than the silence; without one it stands
/// alone.
std::optional<GapModel::Patience> CaseWatch::patienceToEnd(std::uint64_t scope, const CaseState &state) const
{
    return patienceOf(scope, state, state.shape != 0 ? m_settings.bitsMin : m_judgement.bits(JudgedKind::Wait));
}

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
    const auto patience = patienceToEnd(scope, state);
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

CaseState &CaseWatch::caseOf(const Batch &batch, const Event &event)
{
    const std::uint64_t key = tableKey(event.entityKey);
    CaseState *known = m_cases.find(key);
    if (known != nullptr)
        return *known;
    return m_cases.add(key, {m_now.scope, batch.text(event, Field::Tenant), batch.text(event, Field::EntityType),
                             batch.text(event, Field::SourceId), batch.text(event, Field::EntityId)});
}

void CaseWatch::judge(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise,
                      Emitter &emitter)
{
    const Event &event = batch.events[index];
    m_now.scope = hashCombine(batch.strings.hash(event[Field::Tenant]), batch.strings.hash(event[Field::EntityType]));
    m_now.ts = event.tsEvent;
    m_now.symbol = symbolOf(batch.strings.hash(event[Field::Step]));
    CaseState &state = caseOf(batch, event);
    if ((state.flags & Over) != 0)
        beginOrGoOn(state);
    state.seen = age;
    const bool wasMissing = (state.flags & Missing) != 0;
    if (wasMissing)
        resolve(batch, index, state, emitter);

    m_now.told = false;
    judgeStep(state, surprise);
    judgeExtra(state, surprise);
    judgeWait(state, wasMissing, surprise);
}

void CaseWatch::judgeStep(const CaseState &state, EventSurprise &surprise)
{
    m_now.contexts = stepContextsOf(m_now.scope, state);
    m_models.steps.expect(m_now.contexts, m_now.symbol, m_prediction);
    surprise.step = m_models.steps.judge(m_now.contexts, m_prediction, m_now.symbol, m_settings.stepSamplesMin);
    m_now.rarityBits = surprise.step.rarityBits;
    surprise.step.rarityBits = m_models.calibrated(m_now.scope, m_now.rarityBits, m_settings.bitsMin);
    surprise.firstStep = state.length == 0;
    surprise.previousStep = std::string(m_models.nameOf(state.last));
    if (surprise.step.learning)
        m_judged.learning(JudgedKind::Step);
    else
        m_judged.judged(JudgedKind::Step, surprise.step.rarityBits, m_settings.bitsMin);
    m_now.step = stepPattern(m_now.scope, state, m_now.symbol);
    const Verdicts::Verdict verdict = m_judgement.verdicts.of(m_now.step);
    if (verdict == Verdicts::Verdict::Normal)
        surprise.step.rarityBits = 0.0;
    else if (verdict == Verdicts::Verdict::Fault)
        surprise.confirmed = m_now.step.kind;
}

void CaseWatch::judgeWait(const CaseState &state, bool wasMissing, EventSurprise &surprise)
{
    m_now.gapNs = surprise.gapNs = state.gapTo(m_now.ts);
    if (m_now.gapNs < 0)
        return;
    m_now.gapContexts = gapContextsOf(m_now.scope, state);
    m_now.wait = waitPattern(m_now.scope, state, m_now.gapNs);
    const auto patience = patienceOf(m_now.scope, state, m_settings.bitsMin);
    if (!patience || patience->samples <= 0.0) {
        m_judged.learning(JudgedKind::Wait);
        return;
    }
    const bool late = !wasMissing && m_now.gapNs > patience->ns;
    if (late)
        surprise.timing = timingOf(m_now.gapContexts, m_now.gapNs);
    m_now.lateKey = lateKey(state);
    m_judged.judged(JudgedKind::Wait, late ? surprise.timing.bits : 0.0, m_settings.bitsMin);
    if (!late)
        return;
    // A pause that comes again is no news, unless it is more surprising: what is not told is learned.
    const double mark = m_repeats.mark(m_now.lateKey, m_now.ts);
    surprise.timing.late = !surprise.timing.learning && (mark <= 0.0 || surprise.timing.bits > mark + 1.0);
    if (m_judgement.verdicts.of(m_now.wait) == Verdicts::Verdict::Fault)
        surprise.confirmed = m_now.wait.kind;
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
void CaseWatch::judgeExtra(const CaseState &state, EventSurprise &surprise)
{
    if ((state.flags & Extra) != 0 || (state.length > 0 && state.shape == 0)
        || !m_models.ends.knows(m_now.scope, m_settings.casesMin))
        return;
    const std::uint64_t shape = shapeWith(m_now.scope, state.shape, m_now.symbol);
    m_now.extra = {FindingPattern::Kind::Extra, shape};
    const Verdicts::Verdict verdict = m_judgement.verdicts.of(m_now.extra);
    if (verdict == Verdicts::Verdict::Fault)
        surprise.confirmed = m_now.extra.kind;
    else if (verdict == Verdicts::Verdict::Normal || m_models.ends.wasPassed(shape))
        return m_judged.judged(JudgedKind::Extra, 0.0, m_settings.bitsMin);
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
    if (!extra.learning)
        m_judged.judged(JudgedKind::Extra, extra.rarity(), m_settings.bitsMin);
    const bool usual = extra.learning || extra.newShare > NewShareMax || extra.bits < extra.enough(m_settings.bitsMin);
    if (usual && verdict != Verdicts::Verdict::Fault)
        return;
    for (const StepEdit &edit : extra.edits)
        surprise.extraSteps.emplace_back(m_models.nameOf(edit.step));
    surprise.extra = std::move(extra);
}

/// Whether it is a finding: more bits than the budget asks for, and than the same thing has lately been told for.
bool CaseWatch::isTold(const Batch &batch, const Event &event, const EventSurprise &surprise)
{
    if (surprise.confirmed)
        return true;
    const WallNs ts = event.tsEvent;
    double repeats = 0.0;
    for (const FindingPattern &pattern : surprise.patterns) {
        if (pattern.kind != FindingPattern::Kind::Value)
            repeats = std::max(repeats, m_repeats.bits(repeatKey(pattern), ts));
    }
    const EndSurprise &extra = surprise.extra;
    // Parts of one event add up; then they take what the part takes that is judged most often.
    const std::array<std::pair<JudgedKind, double>, 4> parts = {
        {{JudgedKind::Value, surprise.alarmBitsOf(FindingPattern::Kind::Value)},
         {JudgedKind::Step, surprise.alarmBitsOf(FindingPattern::Kind::Step)},
         {JudgedKind::Wait, surprise.alarmBitsOf(FindingPattern::Kind::Wait)},
         {JudgedKind::Extra, extra.edits.empty() ? 0.0 : extra.rarity()}}};
    double sum = 0.0;
    double takes = 0.0;
    for (const auto &[kind, bits] : parts) {
        const double rarity = m_judgement.rarity(kind, bits);
        if (rarity >= m_judgement.bits(kind) + repeats)
            return true;
        sum += rarity;
        takes = rarity > 0.0 ? std::max(takes, m_judgement.bits(kind)) : takes;
    }
    if (takes > 0.0 && sum >= takes + repeats)
        return true;
    const JudgedKind kind = !extra.edits.empty()   ? JudgedKind::Extra
                            : surprise.value.alarm ? JudgedKind::Value
                            : surprise.timing.late ? JudgedKind::Wait
                                                   : JudgedKind::Step;
    holdBack(m_judged, kind, batch, event, sum, takes + repeats);
    return false;
}

bool CaseWatch::explain(const Batch &batch, std::uint32_t index, std::uint32_t age, EventSurprise &surprise)
{
    const Event &event = batch.events[index];
    const auto isConfirmed = [&](FindingPattern::Kind kind) { return surprise.confirmed == kind; };
    if (surprise.step.rarityBits >= TellsShare * m_settings.bitsMin || isConfirmed(FindingPattern::Kind::Step))
        surprise.patterns.push_back(m_now.step);
    if (!surprise.extra.edits.empty() || isConfirmed(FindingPattern::Kind::Extra))
        surprise.patterns.push_back(m_now.extra);
    if (surprise.timing.late)
        surprise.patterns.push_back(m_now.wait);
    if (!isTold(batch, event, surprise))
        return false;
    m_now.told = true;
    CaseState &state = *m_cases.find(tableKey(event.entityKey)); // `judge` saw to it
    state.flags = static_cast<std::uint8_t>(state.flags | Told | (surprise.extra.edits.empty() ? 0 : Extra));
    for (const FindingPattern &pattern : surprise.patterns)
        m_repeats.add(repeatKey(pattern), event.tsEvent, age);
    if (surprise.timing.late)
        m_repeats.add(m_now.lateKey, event.tsEvent, age, surprise.timing.bits);
    if (m_prediction.calm) { // something else is a finding, but the step is told of too
        m_models.steps.predict(m_now.contexts, m_prediction);
        const double rarityBits = surprise.step.rarityBits;
        surprise.step = m_models.steps.judge(m_now.contexts, m_prediction, m_now.symbol, m_settings.stepSamplesMin);
        surprise.step.rarityBits = rarityBits;
    }
    surprise.stepCount = static_cast<std::uint64_t>(m_models.steps.count(m_now.contexts, m_now.symbol));
    for (const StepPrediction::Alternative &next : m_prediction.likeliest()) {
        if (surprise.alternatives.size() == AlternativesShown)
            break;
        surprise.alternatives.push_back(
            {std::string(next.symbol == EndSymbol ? ExpectedNext::EndName : m_models.nameOf(next.symbol)),
             next.probability, static_cast<std::uint64_t>(m_models.steps.count(m_now.contexts, next.symbol))});
    }
    if (surprise.timing.learning && m_now.gapNs >= 0)
        surprise.timing = timingOf(m_now.gapContexts, m_now.gapNs);
    return true;
}

void CaseWatch::learn(const Batch &batch, std::uint32_t index, std::uint32_t age)
{
    const Event &event = batch.events[index];
    CaseState &state = *m_cases.find(tableKey(event.entityKey)); // `judge` saw to it
    // What was told of stays surprising; how rare such bits are is learned in any case.
    if (!m_now.told)
        m_models.steps.learn(m_now.contexts, m_prediction, m_now.symbol, age);
    if (m_prediction.samples >= m_settings.stepSamplesMin)
        m_models.learnRarity(m_now.scope, m_now.rarityBits, age);
    m_models.nameStep(m_now.symbol, batch.text(event, Field::Step), age);
    if (m_now.gapNs >= 0 && !m_now.told) {
        m_models.gaps.learn(m_now.gapContexts, m_now.gapNs, age);
        m_models.gaps.learnTransition(transitionOf(m_now.scope, state.last, m_now.symbol), m_now.gapNs, age);
    }
    const std::uint64_t before = state.shape;
    state.take(m_now.scope, m_now.symbol, event.tsEvent);
    m_models.ends.grow(before, state, age, (state.flags & ToldOf) != 0);
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
        if (state == nullptr || state->remindAt != next.at)
            continue;
        const CaseOwner owner = m_cases.ownerOf(*state);
        state->remindAt = NoTime;
        const auto patience = patienceToEnd(owner.scope, *state);
        if (!patience || raw(state->lastTs) > INT64_MAX - patience->ns)
            continue;
        const WallNs due = state->lastTs + patience->ns;
        if (const std::uint32_t event = time.firstAt(due); event < end)
            fallDue(*state, owner, due, event, emitter);
        else
            push(*state, due);
    }
}

void CaseWatch::fallDue(CaseState &state, const CaseOwner &owner, WallNs due, std::uint32_t event,
                        Emitter &emitter)
{
    SilentCase silent;
    silent.timing = timingOf(gapContextsOf(owner.scope, state), due - state.lastTs);
    if (!(m_models.ends.setOf(state) ? endIsTold(state, owner, due, silent)
                                     : silenceIsTold(state, owner, due, silent)))
        return;
    for (const FindingPattern &pattern : silent.patterns)
        m_repeats.add(repeatKey(pattern), due, state.seen);
    for (const StepEdit &edit : silent.end.edits)
        silent.editSteps.emplace_back(m_models.nameOf(edit.step));
    silent.tenant = std::string(owner.tenant);
    silent.entityType = std::string(owner.entityType);
    silent.entityId = std::string(owner.entityId);
    silent.sourceId = std::string(owner.sourceId);
    silent.lastStep = std::string(m_models.nameOf(state.last));
    silent.since = state.lastTs;
    silent.due = due;
    const bool isSilence = silent.end.edits.empty();
    state.flags = static_cast<std::uint8_t>(Missing | (isSilence ? Silent : 0) | (state.flags & ToldOf));
    emitter.emit(event, explainAbsence(silent, m_settings.bitsCritical));
}

/// Whether the end of a silent case is a finding; if not, the case is over and learned.
bool CaseWatch::endIsTold(CaseState &state, const CaseOwner &owner, WallNs due, SilentCase &silent)
{
    const std::uint64_t scope = owner.scope;
    const StepSet steps = *m_models.ends.setOf(state);
    silent.end = m_models.ends.judge(scope, state.shape, steps, m_settings.casesMin);
    const double rarity = silent.end.learning ? 0.0 : silent.end.rarity();
    if (silent.end.learning)
        m_judged.learning(JudgedKind::End);
    else
        m_judged.judged(JudgedKind::End, rarity, m_settings.bitsMin);
    const FindingPattern end{FindingPattern::Kind::End, state.shape};
    const FindingPattern wait = waitPattern(scope, state, due - state.lastTs);
    const Verdicts::Verdict verdict = m_judgement.verdicts.of(end);
    const bool waitIsFault = m_judgement.verdicts.of(wait) == Verdicts::Verdict::Fault;
    silent.confirmed = verdict == Verdicts::Verdict::Fault || waitIsFault;
    silent.patterns.push_back(waitIsFault ? wait : end);
    const double repeats = m_repeats.bits(repeatKey(end), due);
    const bool known = silent.end.learning || (state.flags & (Extra | Settled)) != 0
                    || silent.end.newShare > NewShareMax;
    const bool unusual = !known && verdict != Verdicts::Verdict::Normal
                      && silent.end.bits >= silent.end.enough(m_settings.bitsMin);
    const double takes = m_judgement.bits(JudgedKind::End) + repeats;
    const double bits = unusual ? m_judgement.rarity(JudgedKind::End, rarity) : 0.0;
    if (silent.confirmed || (unusual && bits >= takes))
        return true;
    if (unusual)
        holdBackAbsence(JudgedKind::End, state, owner, due, bits, takes);
    if ((state.flags & ToldOf) == 0) // what was told of is not learned as usual
        learnEnd(state, scope, steps);
    state.flags = Over;
    return false;
}

/// Whether a silence alone is a finding, of an entity whose life has no end.
bool CaseWatch::silenceIsTold(const CaseState &state, const CaseOwner &owner, WallNs due, SilentCase &silent)
{
    const FindingPattern wait = waitPattern(owner.scope, state, due - state.lastTs);
    silent.confirmed = m_judgement.verdicts.of(wait) == Verdicts::Verdict::Fault;
    silent.patterns.push_back(wait);
    if (silent.confirmed)
        return true;
    if (silent.timing.learning)
        return false;
    const double repeats = m_repeats.bits(repeatKey(wait), due);
    const double takes = m_judgement.bits(JudgedKind::Wait) + repeats;
    if (repeats <= 0.0 || silent.timing.bits >= takes)
        return true;
    holdBackAbsence(JudgedKind::Wait, state, owner, due, silent.timing.bits, takes);
    return false;
}

void CaseWatch::holdBackAbsence(JudgedKind kind, const CaseState &state, const CaseOwner &owner, WallNs due,
                                double bits, double takes)
{
    m_judged.counts.countHeldBack(kind);
    if (m_judged.heldBack.wants(bits))
        m_judged.heldBack.add({std::string(toString(kind)), due, std::string(owner.tenant),
                               std::string(owner.entityType), std::string(owner.entityId),
                               std::string(m_models.nameOf(state.last)), bits, takes});
}

void CaseWatch::forgive(std::uint64_t key, std::uint64_t scope, std::span<const FindingPattern> patterns,
                        std::uint32_t age)
{
    std::uint64_t learned = 0; ///< The end that is learned with its case.
    if (CaseState *state = m_cases.find(tableKey(key)); state != nullptr) {
        const bool isOver = (state->flags & (Missing | Over)) != 0;
        const auto steps = m_models.ends.setOf(*state);
        state->flags = steps && isOver ? Over : Settled;
        m_models.ends.settle(*state, age);
        if (steps && isOver) {
            learnEnd(*state, scope, *steps);
            learned = state->shape;
        }
    }
    for (const FindingPattern &pattern : patterns) {
        CaseState ended;
        ended.shape = pattern.key;
        if (pattern.kind != FindingPattern::Kind::End || pattern.key == learned)
            continue;
        if (const auto steps = m_models.ends.setOf(ended))
            m_models.ends.learn(scope, pattern.key, *steps, age);
    }
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
    const bool wasSilence = (state.flags & Silent) != 0;
    state.flags = static_cast<std::uint8_t>(state.flags & ToldOf);
    const Event &event = batch.events[index];
    Finding finding;
    finding.origin = FindingOrigin::Absence;
    finding.state = FindingState::Resolved;
    finding.severity = Severity::Info;
    finding.name = wasSilence ? "silence" : "missing_step"; // as the finding that it ends
    takeSubject(finding, batch, event);
    const std::int64_t gap = state.gapTo(event.tsEvent);
    finding.message = finding.entityId + " went on with " + finding.step
                    + (gap >= 0 ? " after " + describeDuration(gap) : std::string());
    emitter.emit(index, std::move(finding));
}

void CaseWatch::tellOwner(std::uint64_t key, CaseExpectation &out) const
{
    const CaseState *state = m_cases.find(key);
    if (state == nullptr)
        return;
    const CaseOwner owner = m_cases.ownerOf(*state);
    out.tenant = std::string(owner.tenant);
    out.entityType = std::string(owner.entityType);
    out.entityId = std::string(owner.entityId);
}

void CaseWatch::save(StateWriter &out) const
{
    m_cases.save(out);
    m_repeats.save(out);
    m_judged.save(out);
    m_models.save(out);
}

Status CaseWatch::load(StateReader &in)
{
    m_reminders.clear();
    EVENTOPS_TRY(m_cases.load(in));
    for (const CaseState *state : m_cases.sorted()) {
        if (state->remindAt != NoTime)
            m_reminders.push_back({state->remindAt, state->key});
    }
    std::make_heap(m_reminders.begin(), m_reminders.end());
    EVENTOPS_TRY(m_repeats.load(in));
    EVENTOPS_TRY(m_judged.load(in));
    return m_models.load(in);
}

} // namespace eventops
