// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/series_model.h"

#include <QtCharts/QChartView>

#include <QWidget>

class QLabel;
class QPushButton;
class QStackedLayout;

namespace eventops {

/// Two charts over one axis of time: the metrics of the selected entity, with an axis for each of at most two units,
/// and the bits of its findings. Keys: + and - zoom the time, 0 shows all of it. Thread: UI.
class ChartsPanel final : public QWidget
{
    Q_OBJECT

public:
    ChartsPanel(ViewContext &context, QWidget *parent);
    SeriesModel &model() { return m_model; }
    QChart &metricChart() { return *m_metrics->chart(); }
    QChart &bitsChart() { return *m_bits->chart(); }

    static constexpr int UnitsMax = 2; ///< A chart has two sides.

protected:
    bool eventFilter(QObject *object, QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;

private:
    QChartView *makeChart(const QString &name);
    QWidget *makeMessage();
    void modelChanged();
    void say(const QString &title, const QString &text, bool retry);
    void draw();
    void drawMetrics(const EntitySeries &series);
    void drawBits(const EntitySeries &series);
    void addTimeAxis(QChart &chart, const EntitySeries &series, bool labels);
    void applyTheme(QChart &chart);
    void alignPlots();

    ViewContext &m_context;
    SeriesModel m_model;
    QStackedLayout *m_pages = nullptr;
    QLabel *m_heading = nullptr, *m_note = nullptr, *m_title = nullptr, *m_text = nullptr;
    QPushButton *m_retry = nullptr;
    QChartView *m_metrics = nullptr, *m_bits = nullptr;
};

} // namespace eventops
