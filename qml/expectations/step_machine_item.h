// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/machine_layout.h"
#include "core/viewmodel/step_machines_model.h"

#include <QPointer>
#include <QQuickPaintedItem>

namespace eventops {

/// Draws the chosen step machine: boxes from left to right by the mean position of the step, the ways between them as
/// thick as they are probable, with probability and median time. The step that is looked at has its ways stand out.
/// Its implicit size is what the machine needs; a larger one is filled by moving the columns apart. Thread: UI.
class StepMachineItem : public QQuickPaintedItem
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(eventops::StepMachinesModel *model READ model WRITE setModel NOTIFY modelChanged)
    Q_PROPERTY(QSizeF room READ room WRITE setRoom NOTIFY roomChanged) ///< What there is, in pixels.

public:
    explicit StepMachineItem(QQuickItem *parent = nullptr);

    StepMachinesModel *model() const { return m_model; }
    void setModel(StepMachinesModel *model);
    QSizeF room() const { return m_room; }
    void setRoom(QSizeF room);
    const MachineLayout &layout() const { return m_layout; }

    void paint(QPainter *painter) override;
    /// The step at a place, −1: none.
    Q_INVOKABLE int stepAt(QPointF place) const;
    Q_INVOKABLE QRectF boxOf(int step) const;

Q_SIGNALS:
    void modelChanged();
    void roomChanged();

private:
    void relayout();
    void paintCurve(QPainter &painter, const MachineCurve &curve) const;
    void paintLabel(QPainter &painter, const MachineCurve &curve, std::vector<QRectF> &taken) const;
    void paintNode(QPainter &painter, std::size_t step) const;
    bool standsOut(const MachineEdge &edge) const;

    QPointer<StepMachinesModel> m_model;
    QSizeF m_room;
    MachineLayout m_layout;
};

} // namespace eventops
