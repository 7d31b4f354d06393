// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/time_window.h"
#include "core/viewmodel/timeline_model.h"

#include <QElapsedTimer>
#include <QImage>
#include <QTimer>
#include <QWidget>

#include <optional>

namespace eventops {

/// The picture of a timeline: overview with its brush, time axis, marks of findings and actions, one lane of density
/// columns each for the busiest names. Everything that grows with the data is written into a QImage pixel by pixel,
/// once a change; pointer, brush and labels are painted over it.
///
/// Mouse: drag pans, Shift+drag (or a drag on axis or marks) selects a span, the wheel zooms at the pointer,
/// Shift+wheel moves through lanes, a click on a mark selects its finding; in the overview a drag moves, resizes or
/// draws the window. Keys: arrows, + and −, 0, Home, End, Page Up and Down, F follows, S selects what is in view, Esc
/// clears, F5 reads again. Thread: UI.
class TimelineCanvas final : public QWidget
{
    Q_OBJECT

public:
    TimelineCanvas(ViewContext &context, TimelineModel &model, QWidget *parent = nullptr);

    TimeWindow &window() { return m_window; }
    bool isFollowing() const { return m_follow; }
    int firstLane() const { return m_firstLane; }
    int currentLane() const { return m_currentLane; }
    int lanesPerPage() const;
    QString toolTipAt(const QPoint &at);  ///< Rich text, all of the data's parts escaped; empty: nothing there.
    QRect plotArea() const;               ///< Of the lanes, without their names.
    QRect overviewArea() const;
    QRect axisArea() const;
    QRect findingsArea() const;
    QRect actionsArea() const;
    int xOf(qint64 ns) const;             ///< Clamped to a little beside the plot.
    qint64 timeAt(int x) const;

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

public Q_SLOTS:
    void setFollowing(bool follow);
    void setFirstLane(int lane);
    void zoomBy(double factor);           ///< Around the pointer's column, or the middle.
    void showWhole();
    void selectVisible();
    void redraw();                        ///< At once, pixels and all; for measuring.

Q_SIGNALS:
    void windowChanged();                 ///< Another stretch of time, or follow mode.
    void lanesScrolled();                 ///< First lane, number of lanes or room for them.

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool event(QEvent *event) override;

private:
    enum class Drag { None, Pan, Select, BrushMove, BrushLeft, BrushRight, BrushNew };
    struct Cluster {
        int x;
        int severityNumber;
        bool isOpen;
        std::size_t first, count; ///< In the model's markers, of one kind.
        bool isSelected;
    };

    // timeline_canvas.cpp
    void takeData();
    void takeLanes();
    void moveWindow();
    void setCurrentLane(int lane);
    void pressOverview(const QPoint &at);
    void dragOverview(const QPoint &at);
    void clickMarks(const QPoint &at);
    void finishSelection();
    void revealFinding(const QString &findingId);
    qint64 overviewTimeAt(int x) const;
    int overviewXOf(qint64 ns) const;
    bool panKey(int key, int step);
    // timeline_layout.cpp
    int labelWidth() const;
    int laneHeight() const;
    int laneAt(int y) const;
    int laneTop(int lane) const;
    std::size_t columnAt(int x) const;
    int columnPixels() const;   ///< Of the screen.
    qreal columnWidth() const;  ///< Of the widget.
    // timeline_paint.cpp
    void refreshColumns();
    void renderPixels();
    qint64 tickStepNs() const;
    void paintLabels(QPainter &painter);
    void paintAxis(QPainter &painter);
    void paintOverview(QPainter &painter);
    void paintMarks(QPainter &painter);
    void paintRowTitle(QPainter &painter, const QRect &row, const QString &title);
    void paintSelection(QPainter &painter);
    void paintPointer(QPainter &painter);
    void paintState(QPainter &painter);
    std::vector<Cluster> clusters(TimelineModel::MarkerKind kind) const;
    QString countsText(const std::uint32_t *counts) const;

    ViewContext &m_context;
    TimelineModel &m_model;
    TimeWindow m_window;
    TimelineColumns m_columns;  ///< Of the visible lanes.
    TimelineColumns m_overview; ///< All lanes as one, the whole extent.
    std::uint64_t m_overviewRevision = 0;
    QElapsedTimer m_sinceOverview;
    QTimer m_refresh;
    QImage m_image;
    bool m_pixelsStale = true;
    int m_firstLane = 0;
    int m_currentLane = 0;
    bool m_follow = false;
    Drag m_drag = Drag::None;
    QPoint m_pressedAt;
    bool m_moved = false;
    int m_pannedTo = 0;
    qint64 m_grabNs = 0;        ///< What the drag holds on to.
    TimeSpan m_draft;           ///< The selection being drawn.
    std::optional<QPoint> m_pointer;
};

} // namespace eventops
