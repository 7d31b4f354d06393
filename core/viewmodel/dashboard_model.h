// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/sql_chart.h"
#include "core/viewmodel/view_context.h"

#include <QElapsedTimer>
#include <QObject>
#include <QTimer>

#include <vector>

namespace eventops {

/// The dashboards that are saved, and the answers to the panels of the one chosen. Asks one panel after the other,
/// again when something changed, at most every RefreshMs and only while it is watched. Thread: UI.
class DashboardModel final : public QObject
{
    Q_OBJECT

public:
    explicit DashboardModel(ViewContext &context, QObject *parent = nullptr);
    ~DashboardModel() override;

    static constexpr int RefreshMs = 5'000;
    static constexpr quint64 PanelRowsMax = 20'000;

    struct Panel {
        std::vector<SqlColumn> columns;
        std::vector<SqlRow> rows;
        ChartData chart;
        QString error;         ///< Empty: it was answered, or not yet asked.
        bool answered = false;
    };

    void reload();             ///< Reads the files anew.
    const std::vector<Dashboard> &dashboards() const { return m_dashboards; }
    const QStringList &fileErrors() const { return m_errors; }
    int current() const { return m_current; } ///< −1: there is none.
    const std::vector<Panel> &panels() const { return m_panels; } ///< Of the current one.
    void choose(int index);
    void refresh();            ///< Asks all panels anew.
    void setWatched(bool watched);

Q_SIGNALS:
    void dashboardsChanged();
    void chosen();             ///< Another dashboard; its panels are not answered yet.
    void panelChanged(int index);

private:
    void askNext();
    void take(SqlPage page);
    void end(const Result<SqlOutcome> &outcome);
    void contextChanged();

    ViewContext &m_context;
    ReceiverGuard m_guard, m_askGuard;
    Ticket m_ticket;
    std::vector<Dashboard> m_dashboards;
    QStringList m_errors;
    int m_current = -1;
    std::vector<Panel> m_panels;
    std::size_t m_next = 0;    ///< Panel asked, or to be asked.
    bool m_asking = false, m_watched = false, m_stale = true;
    Panel m_open;
    QTimer m_timer;
    FileWorker m_worker;
};

} // namespace eventops
