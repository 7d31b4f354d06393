// SPDX-License-Identifier: MIT
#include "core/viewmodel/timeline_model.h"

#include "core/viewmodel/visible_text.h"

#include <QElapsedTimer>

#include <algorithm>

namespace eventops {
namespace {

constexpr std::size_t SliceEvents = 4'096; ///< Between two looks at the clock.
constexpr qsizetype LaneNameMax = 80;

QString exact(const std::string &text)
{
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

std::vector<TimelineModel::Marker> findingMarkers(const std::vector<Finding> &findings)
{
    std::vector<TimelineModel::Marker> out;
    out.reserve(findings.size());
    for (const Finding &finding : findings) {
        if (finding.ts == NoTime)
            continue;
        const std::string &title = finding.message.empty() ? finding.name : finding.message;
        out.push_back({TimelineModel::MarkerKind::Finding, raw(finding.ts), static_cast<int>(finding.severity),
                       finding.state != FindingState::Resolved, exact(finding.id), exact(finding.id),
                       visibleText(title)});
    }
    return out;
}

std::vector<TimelineModel::Marker> actionMarkers(const std::vector<Action> &actions)
{
    std::vector<TimelineModel::Marker> out;
    out.reserve(actions.size());
    for (const Action &action : actions) {
        const Suggestion &suggestion = action.suggestion;
        if (suggestion.proposedAt == NoTime)
            continue;
        out.push_back({TimelineModel::MarkerKind::Action, raw(suggestion.proposedAt), 0, !isFinal(action.state),
                       exact(suggestion.id), exact(suggestion.findingId),
                       visibleText(suggestion.command + " on " + suggestion.entityId + ": "
                                   + std::string(toString(action.state)))});
    }
    return out;
}

} // namespace

TimelineModel::TimelineModel(ViewContext &context, QObject *parent) : QObject(parent), m_context(context)
{
    m_slice.setSingleShot(true);
    m_markerPause.setSingleShot(true);
    connect(&m_slice, &QTimer::timeout, this, &TimelineModel::takeSlice);
    connect(&m_markerPause, &QTimer::timeout, this, &TimelineModel::askMarkers);
    connect(&context, &ViewContext::changed, this, &TimelineModel::takeChange);
    if (context.isInformed())
        takeChange(context.change());
}

TimelineModel::~TimelineModel()
{
    m_ticket.cancel();
}

void TimelineModel::takeChange(const Change &change)
{
    if (change.events < m_known)
        reload(); // another ledger
    const bool hasGrown = change.events != m_known;
    m_known = change.events;
    m_stalled = false;
    // Who sees some tenants only is not told how many findings there are.
    m_markersWanted = m_markersWanted || hasGrown || change.findings != m_findingsSeen
                      || change.suggestions != m_suggestionsSeen || !m_markers.empty();
    m_findingsSeen = change.findings;
    m_suggestionsSeen = change.suggestions;
    ask();
    if (m_markersWanted && !m_markerPause.isActive() && m_markerCalls == 0)
        askMarkers();
    updateState();
}

void TimelineModel::setLaneBy(Field field)
{
    if (m_laneBy == field)
        return;
    m_laneBy = field;
    reload();
}

void TimelineModel::reload()
{
    m_ticket.cancel();
    m_guard.reset();
    m_calling = m_stalled = false;
    m_received = m_taken = 0;
    m_pending.clear();
    m_pendingEvents = m_pendingFrom = 0;
    m_index.clear();
    m_laneNumbers.clear();
    m_laneNames.clear();
    m_lanes.clear();
    m_sortedAt = 0;
    ++m_revision;
    m_markersWanted = true;
    setState(m_known > 0 ? Loading : Empty);
    ask();
    Q_EMIT lanesChanged();
    Q_EMIT dataChanged();
}

void TimelineModel::ask()
{
    if (m_calling || m_stalled || m_received >= m_known || m_pendingEvents > PendingEventsMax / 2)
        return;
    m_calling = true;
    m_ticket = m_context.backend().eventColumns(
        m_context.caller(), {m_received, m_laneBy},
        m_context.bridge().to(m_guard, [this](EventColumns page) { takePage(std::move(page)); }),
        m_context.bridge().to(m_guard, [this](const Result<Ok> &result) { finishCall(result); }));
}

void TimelineModel::takePage(EventColumns page)
{
    const std::uint64_t end = page.first + page.ts.size();
    if (end <= m_received || page.severity.size() != page.ts.size() || page.lane.size() != page.ts.size())
        return;
    if (m_pending.empty())
        m_pendingFrom = page.first < m_received ? m_received - page.first : 0;
    m_pendingEvents += page.ts.size();
    m_received = end;
    m_known = std::max(m_known, end);
    m_pending.push_back(std::move(page));
    if (m_pendingEvents > PendingEventsMax) {
        // The rest is asked for again when there is room for it.
        m_ticket.cancel();
        m_guard.reset();
        m_calling = false;
    }
    if (!m_slice.isActive())
        m_slice.start(0);
}

void TimelineModel::finishCall(const Result<Ok> &result)
{
    m_calling = false;
    if (!result && result.error().code != Error::Code::Cancelled) {
        m_stalled = true;
        setState(Failed, &result.error());
        m_context.tell(m_problem, true);
        return;
    }
    m_stalled = m_received < m_known;
    ask();
    updateState();
}

std::uint16_t TimelineModel::laneNumber(const std::string &name)
{
    const QByteArray key = QByteArray::fromRawData(name.data(), static_cast<qsizetype>(name.size()));
    const auto known = m_laneNumbers.constFind(key);
    if (known != m_laneNumbers.constEnd())
        return *known;
    const auto number = static_cast<std::uint16_t>(std::min(m_laneNames.size(), LaneNamesMax - 1));
    if (number == m_laneNames.size()) {
        const bool isRest = number == LaneNamesMax - 1;
        m_laneNames.push_back(isRest         ? QStringLiteral("…")
                              : name.empty() ? QStringLiteral("(none)")
                                             : visibleText(name, LaneNameMax));
        m_laneNumbers.insert(QByteArray(name.data(), static_cast<qsizetype>(name.size())), number);
    }
    return number;
}

void TimelineModel::appendPart(const EventColumns &page, std::size_t from, std::size_t to)
{
    m_laneMap.clear(); // another call numbers lanes in another way, and looking them up is cheap beside the events
    for (const std::string &name : page.laneNames)
        m_laneMap.push_back(laneNumber(name));
    m_laneScratch.clear();
    for (std::size_t i = from; i < to; ++i)
        m_laneScratch.push_back(page.lane[i] < m_laneMap.size() ? m_laneMap[page.lane[i]] : laneNumber({}));
    m_index.append(std::span(page.ts).subspan(from, to - from), std::span(page.severity).subspan(from, to - from),
                   m_laneScratch);
    m_taken += to - from;
}

void TimelineModel::takeSlice()
{
    QElapsedTimer clock;
    clock.start();
    while (!m_pending.empty() && clock.elapsed() < SliceMs) {
        const EventColumns &page = m_pending.front();
        const std::size_t to = std::min(page.ts.size(), m_pendingFrom + SliceEvents);
        appendPart(page, m_pendingFrom, to);
        m_pendingFrom = to;
        if (to == page.ts.size()) {
            m_pendingEvents -= page.ts.size();
            m_pending.pop_front();
            m_pendingFrom = 0;
        }
    }
    ++m_revision;
    updateLanes();
    if (!m_pending.empty())
        m_slice.start(SlicePauseMs);
    ask();
    updateState();
    Q_EMIT dataChanged();
}

/// New lanes go to the end, so that what one looks at stays where it is; all are sorted when there is twice as much to
/// judge by as last time.
void TimelineModel::updateLanes()
{
    const std::size_t before = m_lanes.size();
    for (std::size_t i = before; i < m_laneNames.size(); ++i)
        m_lanes.push_back({m_laneNames[i], static_cast<std::uint16_t>(i), 0});
    const std::vector<std::uint64_t> &totals = m_index.laneTotals();
    for (Lane &lane : m_lanes)
        lane.events = lane.number < totals.size() ? totals[lane.number] : 0;
    const std::uint64_t events = m_index.size() + m_index.untimed();
    const bool sort = events >= 2 * m_sortedAt;
    if (sort) {
        std::stable_sort(m_lanes.begin(), m_lanes.end(), [](const Lane &a, const Lane &b) {
            return a.events != b.events ? a.events > b.events : a.name < b.name;
        });
        m_sortedAt = std::max<std::uint64_t>(1, events);
    }
    if (sort || before != m_lanes.size())
        Q_EMIT lanesChanged();
}

void TimelineModel::askMarkers()
{
    if (!m_markersWanted || m_markerCalls > 0)
        return;
    m_markersWanted = false;
    m_markerCalls = 2;
    m_nextMarkers.clear();
    m_markersCut = false;
    const Query query{.filter = {}, .rowsMax = MarkersMax, .oldestFirst = false};
    const auto done = [this](const Result<Ok> &) { // without marks the lanes are still worth seeing
        if (--m_markerCalls == 0)
            takeMarkers();
    };
    const auto add = [this](std::vector<Marker> more) {
        m_nextMarkers.insert(m_nextMarkers.end(), std::make_move_iterator(more.begin()),
                             std::make_move_iterator(more.end()));
    };
    UiBridge &bridge = m_context.bridge();
    m_context.backend().findings(
        m_context.caller(), query,
        bridge.to(m_markerGuard, [add](const std::vector<Finding> &page) { add(findingMarkers(page)); }),
        bridge.to(m_markerGuard, done));
    m_context.backend().actions(
        m_context.caller(), query,
        bridge.to(m_markerGuard, [add](const std::vector<Action> &page) { add(actionMarkers(page)); }),
        bridge.to(m_markerGuard, done));
}

void TimelineModel::takeMarkers()
{
    std::stable_sort(m_nextMarkers.begin(), m_nextMarkers.end(),
                     [](const Marker &a, const Marker &b) { return a.ns < b.ns; });
    m_markersCut = m_nextMarkers.size() > MarkersMax;
    if (m_markersCut)
        m_nextMarkers.erase(m_nextMarkers.begin(), m_nextMarkers.end() - static_cast<std::ptrdiff_t>(MarkersMax));
    m_markers.swap(m_nextMarkers);
    m_markerPause.start(MarkersPauseMs);
    Q_EMIT markersChanged();
}

void TimelineModel::updateState()
{
    if (m_index.size() + m_index.untimed() > 0)
        setState(Ready);
    else if (m_known == 0)
        setState(Empty);
    else if (m_state != Failed || m_calling)
        setState(m_stalled && !m_calling ? Empty : Loading);
}

void TimelineModel::setState(State state, const Error *error)
{
    const QString problem = error != nullptr ? visibleText(error->message) : QString();
    if (m_state == state && m_problem == problem)
        return;
    m_state = state;
    m_problem = problem;
    m_remedy = error != nullptr ? visibleText(error->remedy) : QString();
    Q_EMIT stateChanged();
}

} // namespace eventops
