// SPDX-License-Identifier: MIT
#pragma once

#include "widgets/graph/graph_camera.h"
#include "widgets/graph/graph_labels.h"
#include "widgets/graph/graph_picture.h"

#include <QImage>
#include <QPixmap>
#include <QTimer>
#include <QWidget>

namespace eventops {

/// The drawing of a GraphModel: pan by dragging, zoom at the pointer, selection by pointer or keyboard, neighbourhood.
/// Painted into an image of its own; plain lines while things move, smooth ones once they rest. Thread: UI.
class GraphCanvas final : public QWidget
{
    Q_OBJECT

public:
    explicit GraphCanvas(GraphModel &model, QWidget *parent = nullptr);

    const GraphCamera &camera() const { return m_camera; }
    const GraphMarks &marks() const { return m_marks; }
    const GraphLabels &labels() const { return m_labels; }
    bool isMoving() const { return m_rest.isActive(); }
    /// The node under @p at, or -1; of several the nearest.
    int nodeAt(QPointF at) const;
    QPointF placeOf(int node) const;

    static constexpr int HopsMax = 3;
    int hops() const { return m_hops; }
    bool isFocused() const { return m_focused; }

public Q_SLOTS:
    void fit();
    void zoomBy(double factor);       ///< About the middle.
    void panBy(QPointF pixels);
    void centerOn(int node);          ///< Zooms in as far as names can be read.
    void setFocused(bool focused);    ///< Dims all but the neighbourhood of the selected node.
    void setHops(int hops);           ///< 1..HopsMax.
    void setFound(std::vector<int> nodes);

Q_SIGNALS:
    void neighbourhoodChanged();
    void searchRequested();

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseDoubleClickEvent(QMouseEvent *event) override;
    void wheelEvent(QWheelEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;
    bool event(QEvent *event) override;
    bool focusNextPrevChild(bool next) override;

private:
    void moved();
    void refresh();
    void graphChanged();
    void selectedChanged(int node);
    void select(int node);
    void updateReached();
    bool stepTowards(QPointF direction);
    bool stepAround(bool next);
    bool pressedCommand(const QKeyEvent &event);
    void drawLegend();
    double scaleMin() const;

    GraphModel &m_model;
    GraphCamera m_camera;
    GraphMarks m_marks;
    GraphPicture m_picture;
    GraphLabels m_labels;
    QImage m_image;
    bool m_fresh = false;       ///< The image shows the present.
    QPixmap m_legend;
    QTimer m_rest;              ///< Runs while things move.
    bool m_fitted = true;       ///< The camera shows everything and follows when that grows.
    bool m_focused = false;
    int m_hops = 1;
    bool m_dragging = false, m_pressed = false;
    QPointF m_pressedAt, m_lastAt;
    bool m_ownSelection = false;
    int m_anchor = -1;          ///< Whose neighbours Tab goes around.
    int m_around = -1;          ///< Which of them is selected.
};

} // namespace eventops
