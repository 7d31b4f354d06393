// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/dashboard_model.h"

#include <QFrame>

class QChartView;
class QLabel;
class QStackedLayout;
class QTableWidget;

namespace eventops {

/// One panel of a dashboard: a title and a number, a chart or a small table. Thread: UI.
class PanelCard final : public QFrame
{
    Q_OBJECT

public:
    PanelCard(const SavedQuery &query, QWidget *parent);

    void draw(const DashboardModel::Panel &panel);

    static constexpr int TableRowsMax = 12; ///< A panel is to be read at a glance; the SQL view has the rest.

private:
    void say(const QString &text);
    void drawLines(const ChartData &drawn);
    void drawBars(const ChartData &drawn);
    void finishChart();
    void fillTable(const DashboardModel::Panel &panel);

    const SqlChart m_chart;
    QLabel *m_title = nullptr, *m_note = nullptr, *m_text = nullptr, *m_number = nullptr;
    QStackedLayout *m_pages = nullptr;
    QChartView *m_view = nullptr;
    QTableWidget *m_table = nullptr;
};

} // namespace eventops
