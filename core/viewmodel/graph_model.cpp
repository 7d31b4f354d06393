// SPDX-License-Identifier: MIT
#include "core/viewmodel/graph_model.h"

#include "core/viewmodel/shown_text.h"

#include <QStringList>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <utility>

namespace eventops {
namespace {

constexpr int LoadShare = 5; ///< Loading takes at most this part of the time.

/// Places of @p old for the nodes of @p graph that are in both.
LayoutRequest layoutOf(const GraphSnapshot &graph, const GraphSnapshot &old, const std::vector<LayoutPoint> &places)
{
    LayoutRequest request;
    request.nodes = graph.nodes.size();
    request.edges.reserve(graph.links.size());
    for (const GraphLink &link : graph.links)
        request.edges.push_back({link.source, link.target});
    if (old.nodes.empty())
        return request;
    request.start.resize(graph.nodes.size());
    for (const auto &[key, index] : graph.indexOfKey) {
        const auto found = old.indexOfKey.find(key);
        if (found != old.indexOfKey.end())
            request.start[index] = {places[found->second], true};
    }
    return request;
}

std::string lowered(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

/// How well a node fits a search: 0 best, -1 not at all.
int rankOf(const GraphNode &node, const std::string &needle)
{
    const std::string id = lowered(node.id);
    if (id == needle)
        return 0;
    if (id.starts_with(needle))
        return 1;
    if (id.find(needle) != std::string::npos)
        return 2;
    return lowered(node.type).find(needle) != std::string::npos ? 3 : -1;
}

} // namespace

GraphModel::GraphModel(ViewContext &context, QObject *parent)
    : QObject(parent), m_context(context), m_graph(std::make_shared<const GraphSnapshot>()),
      m_positions(std::make_shared<const std::vector<LayoutPoint>>())
{
    m_pause.setSingleShot(true);
    connect(&m_pause, &QTimer::timeout, this, &GraphModel::reload);
    connect(&context, &ViewContext::changed, this, [this](const Change &change) {
        if (std::exchange(m_revision, change.revision) != change.revision)
            request();
    });
    connect(&context, &ViewContext::entitySelected, this, &GraphModel::followSelection);
    reload();
}

GraphModel::~GraphModel()
{
    m_ticket.cancel();
}

/// A change: loads now, or when it may again.
void GraphModel::request()
{
    if (m_loading || m_placing)
        m_again = true;
    else if (!m_pause.isActive())
        m_pause.start(m_sinceLoad.isValid() ? std::max<int>(0, LoadPauseMs - static_cast<int>(m_sinceLoad.elapsed()))
                                            : 0);
}

void GraphModel::reload()
{
    if (m_loading) {
        m_again = true;
        return;
    }
    m_loading = true;
    m_again = false;
    m_pause.stop();
    m_sinceLoad.start();
    if (m_state == State::Failed)
        setState(m_graph->nodes.empty() ? State::Loading : State::Ready);
    auto builder = std::make_shared<GraphBuilder>();
    m_ticket = m_context.backend().entities(
        m_context.caller(), {.filter = {}, .rowsMax = GraphEntitiesReadMax, .oldestFirst = true},
        [builder](std::vector<Entity> rows) { builder->addEntities(std::move(rows)); },
        m_context.bridge().to(m_guard, [this, builder](const Result<Ok> &result) {
            if (result)
                loadLinks(builder);
            else
                failed(result.error());
        }));
}

void GraphModel::loadLinks(std::shared_ptr<GraphBuilder> builder)
{
    m_ticket = m_context.backend().links(
        m_context.caller(), {.filter = {}, .rowsMax = GraphLinksReadMax, .oldestFirst = true},
        [builder](std::vector<Link> rows) { builder->addLinks(std::move(rows)); },
        m_context.bridge().to(m_guard, [this, builder](const Result<Ok> &result) {
            if (result)
                loadFindings(builder);
            else
                failed(result.error());
        }));
}

void GraphModel::loadFindings(std::shared_ptr<GraphBuilder> builder)
{
    // Built on the back end's thread: sorting and hashing 20,000 entities is no work for the window's.
    auto ended = m_context.bridge().to(
        m_guard, [this](const Result<Ok> &result, const std::shared_ptr<const GraphSnapshot> &graph) {
            loadEnded();
            if (result)
                take(graph);
            else
                failed(result.error());
        });
    m_ticket = m_context.backend().findings(
        m_context.caller(), {.filter = {}, .rowsMax = GraphFindingsReadMax, .oldestFirst = true},
        [builder](std::vector<Finding> rows) { builder->addFindings(rows); },
        [builder, ended](const Result<Ok> &result) { ended(result, result ? builder->build() : nullptr); });
}

/// The longer a load takes, the longer the pause to the next one.
void GraphModel::loadEnded()
{
    m_loading = false;
    const auto took = static_cast<int>(m_sinceLoad.elapsed());
    const bool again = std::exchange(m_again, false);
    if (again)
        m_pause.start(std::max(LoadPauseMs, took * LoadShare));
}

void GraphModel::failed(const Error &error)
{
    m_loading = false;
    if (error.code == Error::Code::NotFound) { // no workspace yet: nothing is wrong
        if (m_graph->nodes.empty())
            setState(State::Empty);
        return;
    }
    m_error = shownText(error.text());
    setState(State::Failed);
}

void GraphModel::take(std::shared_ptr<const GraphSnapshot> graph)
{
    if (graph->nodes.empty()) {
        placed(graph, std::make_shared<const std::vector<LayoutPoint>>());
        return;
    }
    if (graph->structure == m_graph->structure && graph->nodes.size() == m_graph->nodes.size()) {
        m_graph = std::move(graph);
        setState(State::Ready);
        Q_EMIT findingsChanged();
        return;
    }
    if (m_graph->nodes.empty())
        setState(State::Placing);
    m_placing = true;
    m_worker.post([graph, old = m_graph, places = m_positions] { return layoutOf(*graph, *old, *places); },
                  m_context.bridge().to(m_guard, [this, graph](const LayoutPlaces &places) {
                      m_placing = false;
                      placed(graph, places);
                      if (std::exchange(m_again, false))
                          request();
                  }));
}

void GraphModel::placed(const std::shared_ptr<const GraphSnapshot> &graph, const LayoutPlaces &places)
{
    m_graph = graph;
    m_positions = places;
    setState(graph->nodes.empty() ? State::Empty : State::Ready);
    const int before = m_selected;
    const EntityRef &entity = m_context.entity();
    m_selected = m_graph->find(entity.tenant.toStdString(), entity.type.toStdString(), entity.id.toStdString());
    Q_EMIT graphChanged();
    if (m_selected != before)
        Q_EMIT selectedChanged(m_selected);
}

void GraphModel::setState(State state)
{
    if (m_state == state && state != State::Failed)
        return;
    m_state = state;
    Q_EMIT stateChanged();
}

void GraphModel::followSelection()
{
    const EntityRef &entity = m_context.entity();
    m_selected = m_graph->find(entity.tenant.toStdString(), entity.type.toStdString(), entity.id.toStdString());
    Q_EMIT selectedChanged(m_selected);
}

void GraphModel::select(int node)
{
    if (node < 0 || static_cast<std::size_t>(node) >= m_graph->nodes.size()) {
        m_context.selectEntity({});
        return;
    }
    const GraphNode &n = m_graph->nodes[static_cast<std::size_t>(node)];
    m_context.selectEntity({exactText(n.tenant), exactText(n.type), exactText(n.id)});
}

QString GraphModel::titleOf(int node) const
{
    const GraphNode &n = m_graph->nodes[static_cast<std::size_t>(node)];
    return shownText(n.id.empty() ? std::string_view(n.type) : std::string_view(n.id), ShownNameMax);
}

QString GraphModel::descriptionOf(int node) const
{
    const GraphNode &n = m_graph->nodes[static_cast<std::size_t>(node)];
    QStringList lines{shownText(n.type, ShownNameMax) + QLatin1Char(' ') + shownText(n.id, ShownNameMax)};
    if (!n.tenant.empty())
        lines << tr("Tenant: %1").arg(shownText(n.tenant, ShownNameMax));
    if (!n.lastStep.empty())
        lines << tr("Last step: %1").arg(shownText(n.lastStep, ShownNameMax));
    lines << tr("Events: %1   Links: %2").arg(shownCount(n.events), shownCount(n.degree));
    if (n.lastSeen != NoTime)
        lines << tr("Last seen: %1 UTC").arg(shownTime(n.lastSeen));
    if (n.openFindings > 0) {
        const std::string_view worst = severityName(static_cast<std::uint8_t>(n.severity));
        lines << tr("Open findings: %1, worst: %2").arg(shownCount(n.openFindings), shownText(worst));
    }
    return lines.join(QLatin1Char('\n'));
}

std::vector<int> GraphModel::find(const QString &text, std::size_t nodesMax) const
{
    const std::string needle = lowered(text.trimmed().toStdString());
    if (needle.empty())
        return {};
    std::vector<std::pair<int, int>> ranked;
    for (std::size_t i = 0; i < m_graph->nodes.size(); ++i) {
        if (const int rank = rankOf(m_graph->nodes[i], needle); rank >= 0)
            ranked.emplace_back(rank, static_cast<int>(i));
    }
    std::sort(ranked.begin(), ranked.end());
    std::vector<int> found;
    for (std::size_t i = 0; i < std::min(nodesMax, ranked.size()); ++i)
        found.push_back(ranked[i].second);
    return found;
}

} // namespace eventops
