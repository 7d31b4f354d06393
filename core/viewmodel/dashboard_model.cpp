// SPDX-License-Identifier: MIT
#include "core/viewmodel/dashboard_model.h"

#include "core/viewmodel/shown_text.h"

#include <algorithm>
#include <iterator>

namespace eventops {

DashboardModel::DashboardModel(ViewContext &context, QObject *parent) : QObject(parent), m_context(context)
{
    m_timer.setSingleShot(true);
    m_timer.setInterval(RefreshMs);
    connect(&m_timer, &QTimer::timeout, this, [this] {
        if (m_stale && m_watched)
            refresh();
    });
    connect(&context, &ViewContext::changed, this, &DashboardModel::contextChanged);
}

DashboardModel::~DashboardModel()
{
    m_ticket.cancel();
}

void DashboardModel::reload()
{
    using Read = std::pair<std::vector<Dashboard>, std::vector<Error>>;
    auto tell = m_context.bridge().to(m_guard, [this](Read read) {
        m_dashboards = std::move(read.first);
        m_errors.clear();
        for (const Error &error : read.second)
            m_errors << shownText(error.text());
        Q_EMIT dashboardsChanged();
        choose(m_dashboards.empty() ? -1 : std::clamp(m_current, 0, static_cast<int>(m_dashboards.size()) - 1));
    });
    m_worker.run([folders = m_context.queryFolders(), tell]() mutable {
        Read read;
        read.first = savedDashboards(folders, read.second);
        tell(std::move(read));
    });
}

void DashboardModel::choose(int index)
{
    m_ticket.cancel();
    m_askGuard.reset();
    m_asking = false;
    m_current = index;
    m_panels.clear();
    if (index >= 0)
        m_panels.resize(m_dashboards[static_cast<std::size_t>(index)].panels.size());
    m_stale = true;
    Q_EMIT chosen();
    if (m_watched)
        refresh();
}

void DashboardModel::setWatched(bool watched)
{
    m_watched = watched;
    if (watched && m_stale && !m_timer.isActive())
        refresh();
}

void DashboardModel::contextChanged()
{
    m_stale = true;
    if (m_watched && !m_asking && !m_timer.isActive())
        refresh();
}

void DashboardModel::refresh()
{
    if (m_asking || m_current < 0)
        return;
    m_stale = false;
    m_next = 0;
    m_timer.start();
    askNext();
}

void DashboardModel::askNext()
{
    if (m_next >= m_panels.size()) {
        m_asking = false;
        return;
    }
    m_asking = true;
    m_open = {};
    const SavedQuery &query = m_dashboards[static_cast<std::size_t>(m_current)].panels[m_next];
    SqlRequest request;
    request.text = query.text;
    request.place = query.place;
    request.rowsMax = PanelRowsMax;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().sql(m_context.caller(), request,
                                       bridge.to(m_askGuard, [this](SqlPage page) { take(std::move(page)); }),
                                       bridge.to(m_askGuard, [this](Result<SqlOutcome> outcome) { end(outcome); }));
}

void DashboardModel::take(SqlPage page)
{
    m_open.columns = std::move(page.columns);
    m_open.rows.insert(m_open.rows.end(), std::make_move_iterator(page.rows.begin()),
                       std::make_move_iterator(page.rows.end()));
}

void DashboardModel::end(const Result<SqlOutcome> &outcome)
{
    const SavedQuery &query = m_dashboards[static_cast<std::size_t>(m_current)].panels[m_next];
    m_open.answered = true;
    if (outcome)
        m_open.chart = chartData(query.chart, m_open.columns, m_open.rows);
    else
        m_open.error = outcome.error().code == Error::Code::NotFound ? tr("Nothing is stored yet.")
                                                                         : shownBlock(outcome.error().text());
    const auto index = static_cast<int>(m_next);
    m_panels[m_next] = std::move(m_open);
    Q_EMIT panelChanged(index);
    ++m_next;
    askNext();
}

} // namespace eventops
