// SPDX-License-Identifier: MIT
#include "pipelines/stages/entropy/stage_view.h"

#include "core/base/hash.h"
#include "pipelines/stages/entropy/case_watch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>

namespace eventops {
namespace {

constexpr std::size_t AskedMax = 4 * StageView::ExpectationsMax; ///< Cases that are asked exactly.
constexpr std::size_t TypicalMax = 1'024; ///< Last steps of a partition whose usual time is looked up.
constexpr double ProbabilityShown = 0.01; ///< Of the second and third step that may come next.

/// A case in flight and about when it should go on.
struct OpenCase {
    const CaseWatch *watch = nullptr;
    const CaseState *state = nullptr;
    std::uint64_t scope = 0;
    bool mayBeOver = false; ///< After its last step the end is what usually comes.
    std::int64_t aboutNs = 0;

    auto order() const { return std::tuple(mayBeOver, aboutNs, state->key); }
};

/// A number of cases of one entity type, of which one tells the names.
struct ScopeCases {
    const CaseWatch *watch = nullptr;
    std::uint64_t key = 0;
    std::uint64_t cases = 0;
};

std::int64_t plus(WallNs time, std::int64_t ns)
{
    return raw(time) > INT64_MAX - ns ? INT64_MAX : raw(time) + ns;
}

/// Finds the cases to show, each asked at most once.
class CaseViewer
{
public:
    explicit CaseViewer(std::span<const CaseWatch *const> partitions)
    {
        for (const CaseWatch *watch : partitions)
            look(*watch);
    }

    void addExpectations(StageView &out)
    {
        std::vector<CaseExpectation> shown;
        keepFirst(m_absent, StageView::AbsentMax, [](const OpenCase &a, const OpenCase &b) {
            return std::tuple(raw(b.state->lastTs), b.state->key) < std::tuple(raw(a.state->lastTs), a.state->key);
        });
        keepFirst(m_open, AskedMax, [](const OpenCase &a, const OpenCase &b) { return a.order() < b.order(); });
        for (const std::vector<OpenCase> *cases : {&m_absent, &m_open}) {
            for (const OpenCase &open : *cases) {
                if (auto expectation = ask(open))
                    shown.push_back(std::move(*expectation));
            }
        }
        const auto dueFirst = [](const CaseExpectation &e) {
            return std::tuple(!e.isAbsent, raw(e.eta == NoTime ? e.since : e.eta), std::tie(e.tenant, e.entityType,
                                                                                           e.entityId));
        };
        std::sort(shown.begin(), shown.end(), [&](const auto &a, const auto &b) { return dueFirst(a) < dueFirst(b); });
        if (shown.size() > StageView::ExpectationsMax)
            shown.resize(StageView::ExpectationsMax);
        std::move(shown.begin(), shown.end(), std::back_inserter(out.expectations));
    }

    const std::map<std::uint64_t, ScopeCases> &scopes() const { return m_scopes; }

private:
    struct Typical {
        std::int64_t medianNs = -1; ///< −1: too little is known.
        bool mayBeOver = false;
    };

    void look(const CaseWatch &watch)
    {
        m_typical.clear();
        watch.eachCase([&](const CaseState &state, std::uint64_t scope) {
            ScopeCases &owner = m_scopes[scope];
            if (owner.cases++ == 0 || state.key < owner.key) {
                owner.watch = &watch;
                owner.key = state.key;
            }
            if (CaseWatch::isOver(state) || state.lastTs == NoTime)
                return;
            OpenCase open{&watch, &state, scope, false, raw(state.lastTs)};
            if (CaseWatch::isMissing(state)) {
                m_absent.push_back(open);
                return;
            }
            const Typical *typical = typicalOf(watch, scope, state.last);
            if (typical == nullptr || typical->medianNs < 0)
                return;
            open.aboutNs = plus(state.lastTs, typical->medianNs);
            open.mayBeOver = typical->mayBeOver;
            m_open.push_back(open);
        });
    }

    /// After this step, whatever else is known of a case. Null: there are too many to look at each.
    const Typical *typicalOf(const CaseWatch &watch, std::uint64_t scope, StepSymbol last)
    {
        const std::uint64_t key = hashCombine(scope, last);
        if (const auto known = m_typical.find(key); known != m_typical.end())
            return &known->second;
        if (m_typical.size() >= TypicalMax)
            return nullptr;
        CaseState any;
        any.last = last;
        Typical typical;
        watch.models().gaps.forecast(gapContextsOf(scope, any), m_forecast);
        if (m_forecast.samples() >= watch.settings().stepSamplesMin) {
            typical.medianNs = m_forecast.quantileNs(0.5);
            watch.models().steps.predict(stepContextsOf(scope, any), m_prediction);
            const auto next = m_prediction.likeliest();
            typical.mayBeOver = !next.empty() && next.front().symbol == EndSymbol;
        }
        return &m_typical.emplace(key, typical).first->second;
    }

    template <typename Before>
    static void keepFirst(std::vector<OpenCase> &cases, std::size_t casesMax, Before before)
    {
        const std::size_t kept = std::min(casesMax, cases.size());
        std::partial_sort(cases.begin(), cases.begin() + static_cast<std::ptrdiff_t>(kept), cases.end(), before);
        cases.resize(kept);
    }

    /// Nothing: too little is known, or the case is most probably over.
    std::optional<CaseExpectation> ask(const OpenCase &open)
    {
        const CaseWatch &watch = *open.watch;
        const CaseState &state = *open.state;
        CaseExpectation out;
        out.isAbsent = CaseWatch::isMissing(state);
        out.since = state.lastTs;
        watch.models().gaps.forecast(gapContextsOf(open.scope, state), m_forecast);
        out.samples = static_cast<std::uint64_t>(m_forecast.samples());
        const bool isKnown = m_forecast.samples() >= watch.settings().stepSamplesMin;
        if (!isKnown && !out.isAbsent)
            return std::nullopt;
        watch.models().steps.predict(stepContextsOf(open.scope, state), m_prediction);
        for (const StepPrediction::Alternative &next : m_prediction.likeliest()) {
            const bool isEnd = next.symbol == EndSymbol;
            if (isEnd && out.next.empty() && !out.isAbsent)
                return std::nullopt;
            if ((isEnd && out.isAbsent) || (!out.next.empty() && next.probability < ProbabilityShown))
                continue;
            out.next.push_back({std::string(isEnd ? ExpectedNext::EndName : watch.models().nameOf(next.symbol)),
                                next.probability, isEnd});
            if (out.next.size() == CaseExpectation::NextMax)
                break;
        }
        if (isKnown) {
            out.eta = WallNs{plus(state.lastTs, m_forecast.quantileNs(0.5))};
            out.late = WallNs{std::max(raw(out.eta), plus(state.lastTs, m_forecast.quantileNs(0.9)))};
            out.overdue = WallNs{std::max(raw(out.late), plus(state.lastTs, m_forecast.quantileNs(0.99)))};
        }
        if (const auto patience = watch.patienceToEnd(open.scope, state))
            out.missing = WallNs{std::max(isKnown ? raw(out.overdue) : raw(state.lastTs),
                                          plus(state.lastTs, patience->ns))};
        out.lastStep = std::string(watch.models().nameOf(state.last));
        watch.tellOwner(state.key, out);
        return out;
    }

    std::map<std::uint64_t, ScopeCases> m_scopes;
    std::vector<OpenCase> m_open, m_absent;
    std::unordered_map<std::uint64_t, Typical> m_typical; ///< Of one partition, by scope and last step.
    StepPrediction m_prediction;
    GapForecast m_forecast;
};

/// Draws one machine, from the start along the usual ways.
class MachineMaker
{
public:
    MachineMaker(std::span<const CaseWatch *const> partitions, std::uint64_t scope) : m_scope(scope)
    {
        m_steps.push_back(&partitions.front()->models().agreed().steps);
        m_gaps.push_back(&partitions.front()->models().agreed().gaps);
        for (const CaseWatch *watch : partitions) {
            m_names.push_back(&watch->models());
            if (watch->models().learnedNothing())
                continue;
            m_steps.push_back(&watch->models().steps.delta());
            m_gaps.push_back(&watch->models().gaps.delta());
        }
    }

    void make(StepMachine &out)
    {
        std::map<StepSymbol, double> waiting{{NoStepSymbol, 0.0}}; // reached but not looked at yet
        while (!waiting.empty() && m_places.size() < StepMachine::StepsMax) {
            const auto next = std::max_element(waiting.begin(), waiting.end(), [](const auto &a, const auto &b) {
                return a.second < b.second; // ties: the first by symbol
            });
            const StepSymbol symbol = next->first;
            waiting.erase(next);
            m_places.emplace(symbol, static_cast<std::uint32_t>(out.steps.size()));
            out.steps.push_back(stepOf(symbol));
            for (const auto &[to, count] : follow(symbol)) {
                if (!m_places.contains(to))
                    waiting[to] += count;
            }
        }
        out.isCut = !waiting.empty();
        addEdges(out);
    }

private:
    using Followers = std::map<StepSymbol, double>;

    MachineStep stepOf(StepSymbol symbol) const
    {
        if (symbol == NoStepSymbol)
            return {{}, MachineStep::Kind::Start, 0};
        if (symbol == EndSymbol)
            return {std::string(ExpectedNext::EndName), MachineStep::Kind::End, 0};
        MachineStep step;
        for (const NextStepLearned *part : m_steps)
            step.count += part->count(m_scope, symbol);
        for (const CaseModelSet *models : m_names) {
            if (step.name.empty())
                step.name = std::string(models->nameOf(symbol));
        }
        return step;
    }

    /// What came after @p symbol, in cases; remembered with the sum.
    const Followers &follow(StepSymbol symbol)
    {
        Followers &followers = m_followers[symbol];
        if (symbol == EndSymbol)
            return followers;
        CaseState after;
        after.last = symbol;
        const std::uint64_t context = stepContextsOf(m_scope, after).chains[0][0];
        double &total = m_totals[symbol];
        for (const NextStepLearned *part : m_steps) {
            const ContextPage *page = part->contexts.page(context);
            if (page == nullptr)
                continue;
            total += static_cast<double>(page->total) / ContextPage::Unit;
            for (std::size_t i = 0; i < ContextPage::SlotsMax; ++i) {
                if (page->symbols[i] != NoStepSymbol)
                    followers[page->symbols[i]] += static_cast<double>(page->counts[i]) / ContextPage::Unit;
            }
        }
        return followers;
    }

    void addEdges(StepMachine &out) const
    {
        for (const auto &[from, followers] : m_followers) {
            for (const auto &[to, count] : followers) {
                const auto place = m_places.find(to);
                if (place == m_places.end() || count < 0.5)
                    continue;
                MachineEdge edge{m_places.at(from), place->second, static_cast<std::uint64_t>(count + 0.5),
                                 std::min(count / m_totals.at(from), 1.0), -1, -1};
                tellTimes(transitionOf(m_scope, from, to), edge);
                out.edges.push_back(edge);
            }
        }
        std::sort(out.edges.begin(), out.edges.end(), [](const MachineEdge &a, const MachineEdge &b) {
            return std::tuple(b.count, a.from, a.to) < std::tuple(a.count, b.from, b.to);
        });
        if (out.edges.size() > StepMachine::EdgesMax) {
            out.edges.resize(StepMachine::EdgesMax);
            out.isCut = true;
        }
    }

    void tellTimes(std::uint64_t transition, MachineEdge &edge) const
    {
        GapSketch times;
        for (const GapLearned *part : m_gaps) {
            if (const GapSketch *sketch = part->transitions.sketch(transition))
                times.merge(*sketch);
        }
        if (times.total() == 0)
            return;
        edge.medianNs = times.quantileNs(0.5);
        edge.q90Ns = times.quantileNs(0.9);
    }

    const std::uint64_t m_scope;
    std::vector<const NextStepLearned *> m_steps;
    std::vector<const GapLearned *> m_gaps;
    std::vector<const CaseModelSet *> m_names;
    std::map<StepSymbol, std::uint32_t> m_places;
    std::map<StepSymbol, Followers> m_followers;
    std::map<StepSymbol, double> m_totals;
};

void addMachines(std::span<const CaseWatch *const> partitions, const std::map<std::uint64_t, ScopeCases> &scopes,
                 StageView &out)
{
    std::vector<std::pair<std::uint64_t, const ScopeCases *>> largest;
    for (const auto &[scope, cases] : scopes)
        largest.emplace_back(scope, &cases);
    std::stable_sort(largest.begin(), largest.end(),
                     [](const auto &a, const auto &b) { return a.second->cases > b.second->cases; });
    if (largest.size() > StageView::MachinesMax)
        largest.resize(StageView::MachinesMax);
    std::vector<StepMachine> machines;
    for (const auto &[scope, cases] : largest) {
        CaseExpectation owner;
        cases->watch->tellOwner(cases->key, owner);
        StepMachine &machine = machines.emplace_back();
        machine.tenant = std::move(owner.tenant);
        machine.entityType = std::move(owner.entityType);
        MachineMaker(partitions, scope).make(machine);
    }
    std::sort(machines.begin(), machines.end(), [](const StepMachine &a, const StepMachine &b) {
        return std::tie(a.tenant, a.entityType) < std::tie(b.tenant, b.entityType);
    });
    std::move(machines.begin(), machines.end(), std::back_inserter(out.machines));
}

} // namespace

void viewCases(std::span<const CaseWatch *const> partitions, StageView &out)
{
    if (partitions.empty())
        return;
    CaseViewer viewer(partitions);
    viewer.addExpectations(out);
    addMachines(partitions, viewer.scopes(), out);
}

} // namespace eventops
