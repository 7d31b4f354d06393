// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/view_context.h"

#include <QStringList>

namespace eventops {

/// The step machines that were learned, one of them chosen: by the person, or by the entity that is selected.
/// Thread: UI.
class StepMachinesModel final : public QObject
{
    Q_OBJECT
    Q_PROPERTY(QStringList names READ names NOTIFY refreshed) ///< Of the machines; with the tenant when there are more.
    Q_PROPERTY(int current READ current WRITE setCurrent NOTIFY refreshed) ///< −1: there is none.
    Q_PROPERTY(int step READ step WRITE setStep NOTIFY stepChanged) ///< The one that a person looks at; −1: none.
    Q_PROPERTY(QString summary READ summary NOTIFY refreshed) ///< "6 steps, 9 ways"; empty: nothing.
    Q_PROPERTY(QString stepText READ stepText NOTIFY stepChanged) ///< What is known of the step looked at.
    Q_PROPERTY(QString problem READ problem NOTIFY refreshed)

public:
    explicit StepMachinesModel(ViewContext &context, QObject *parent = nullptr);
    ~StepMachinesModel() override;

    const QStringList &names() const { return m_names; }
    int current() const { return m_current; }
    void setCurrent(int machine);
    const StepMachine &machine() const; ///< The chosen one; an empty one when there is none.
    int step() const { return m_step; }
    void setStep(int step);
    QString summary() const;
    QString stepText() const;
    const QString &problem() const { return m_problem; }

    /// Without what the names of all steps of the machine begin with, up to a dot: "order.".
    QString stepName(const MachineStep &step) const;
    static QString edgeText(const MachineEdge &edge); ///< "92 %" and "3 min" on two lines.

public Q_SLOTS:
    void refresh() { m_refresher.request(); }
    void nextStep(int by); ///< By @p by places in the order of the machine, around its ends.

Q_SIGNALS:
    void refreshed();
    void machineChanged(); ///< Another one is chosen, or it learned.
    void stepChanged();

private:
    void ask();
    void show(std::vector<StepMachine> machines);
    void takePrefix();
    void followEntity(const EntityRef &entity);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    std::vector<StepMachine> m_machines;
    QStringList m_names;
    int m_current = -1, m_step = -1;
    QString m_prefix; ///< Of all steps of the chosen machine.
    QString m_problem;
};

} // namespace eventops
