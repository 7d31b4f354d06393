// SPDX-License-Identifier: MIT
#include "core/viewmodel/step_machines_model.h"

#include "core/viewmodel/shown_text.h"

#include <algorithm>
#include <set>

namespace eventops {
namespace {

constexpr std::size_t FollowersTold = 4;

QString duration(std::int64_t ns)
{
    constexpr std::int64_t Hour = 3'600 * NsPerSecond;
    const std::int64_t unit = ns >= 24 * Hour ? Hour : ns >= Hour ? 60 * NsPerSecond : ns >= NsPerSecond ? NsPerSecond
                                                                                                        : NsPerMs;
    return shownDuration(std::max(unit, (ns + unit / 2) / unit * unit));
}

/// In one unit, for little room: "23 s", "1.5 min", "12 h".
QString shortDuration(std::int64_t ns)
{
    struct Unit {
        std::int64_t ns;
        const char *name;
    };
    constexpr std::int64_t Minute = 60 * NsPerSecond;
    for (const Unit &unit : {Unit{24 * 60 * Minute, "d"}, Unit{60 * Minute, "h"}, Unit{Minute, "min"},
                             Unit{NsPerSecond, "s"}, Unit{NsPerMs, "ms"}}) {
        if (ns < unit.ns)
            continue;
        const std::int64_t tenths = (ns + unit.ns / 20) / (unit.ns / 10);
        const QString number = tenths >= 100 || tenths % 10 == 0
            ? QString::number((tenths + 5) / 10)
            : QStringLiteral("%1.%2").arg(tenths / 10).arg(tenths % 10);
        return number + QLatin1Char(' ') + QLatin1String(unit.name);
    }
    return QStringLiteral("< 1 ms");
}

QString percentOf(double probability)
{
    const int percent = qRound(probability * 100.0);
    return percent < 1 ? QObject::tr("< 1 %") : QObject::tr("%1 %").arg(percent);
}

} // namespace

StepMachinesModel::StepMachinesModel(ViewContext &context, QObject *parent)
    : QObject(parent), m_context(context), m_refresher([this] { ask(); })
{
    connect(&m_context, &ViewContext::changed, this, &StepMachinesModel::refresh);
    connect(&m_context, &ViewContext::entitySelected, this, &StepMachinesModel::followEntity);
    refresh();
}

StepMachinesModel::~StepMachinesModel()
{
    m_ticket.cancel();
}

void StepMachinesModel::ask()
{
    m_ticket = m_context.backend().stepMachines(
        m_context.caller(), m_context.bridge().to(m_guard, [this](const Result<std::vector<StepMachine>> &machines) {
            const bool isGone = !machines && machines.error().code == Error::Code::NotFound;
            const bool isCancelled = !machines && machines.error().code == Error::Code::Cancelled;
            m_problem = machines || isGone || isCancelled ? QString() : shownText(machines.error().message);
            if (machines || isGone)
                show(machines ? machines.value() : std::vector<StepMachine>());
            else
                Q_EMIT refreshed();
            m_refresher.answered();
        }));
}

void StepMachinesModel::show(std::vector<StepMachine> machines)
{
    // One step is no machine.
    std::erase_if(machines, [](const StepMachine &machine) { return machine.edges.empty(); });
    if (machines == m_machines) {
        Q_EMIT refreshed();
        return;
    }
    const StepMachine before = machine();
    m_machines = std::move(machines);
    std::set<std::string> tenants;
    for (const StepMachine &machine : m_machines)
        tenants.insert(machine.tenant);
    m_names.clear();
    m_current = m_machines.empty() ? -1 : 0;
    for (std::size_t i = 0; i < m_machines.size(); ++i) {
        const StepMachine &machine = m_machines[i];
        const QString type = shownText(machine.entityType, ShownNameMax);
        m_names.append(tenants.size() > 1 ? type + QStringLiteral(" · ") + shownText(machine.tenant, ShownNameMax)
                                          : type);
        const bool isSame = machine.tenant == before.tenant && machine.entityType == before.entityType;
        const bool isLarger = before.steps.empty()
            && machine.edges.size() > m_machines[static_cast<std::size_t>(m_current)].edges.size();
        if (isSame || isLarger)
            m_current = static_cast<int>(i);
    }
    if (m_step >= static_cast<int>(machine().steps.size()))
        m_step = -1;
    takePrefix();
    Q_EMIT refreshed();
    Q_EMIT machineChanged();
    Q_EMIT stepChanged();
}

void StepMachinesModel::followEntity(const EntityRef &entity)
{
    for (std::size_t i = 0; i < m_machines.size(); ++i) {
        if (exactText(m_machines[i].entityType) == entity.type && exactText(m_machines[i].tenant) == entity.tenant)
            setCurrent(static_cast<int>(i));
    }
}

void StepMachinesModel::setCurrent(int machine)
{
    if (machine == m_current || machine < 0 || machine >= static_cast<int>(m_machines.size()))
        return;
    m_current = machine;
    m_step = -1;
    takePrefix();
    Q_EMIT refreshed();
    Q_EMIT machineChanged();
    Q_EMIT stepChanged();
}

const StepMachine &StepMachinesModel::machine() const
{
    static const StepMachine nothing;
    return m_current < 0 ? nothing : m_machines[static_cast<std::size_t>(m_current)];
}

void StepMachinesModel::setStep(int step)
{
    const int wanted = step < 0 || step >= static_cast<int>(machine().steps.size()) ? -1 : step;
    if (wanted == m_step)
        return;
    m_step = wanted;
    Q_EMIT stepChanged();
}

void StepMachinesModel::nextStep(int by)
{
    const int size = static_cast<int>(machine().steps.size());
    if (size > 0)
        setStep(m_step < 0 ? (by > 0 ? 0 : size - 1) : ((m_step + by) % size + size) % size);
}

void StepMachinesModel::takePrefix()
{
    m_prefix.clear();
    int steps = 0;
    for (const MachineStep &step : machine().steps) {
        if (step.kind != MachineStep::Kind::Step)
            continue;
        const QString name = shownText(step.name, ShownNameMax);
        const QString prefix = name.left(name.lastIndexOf(QLatin1Char('.')) + 1);
        if (steps++ == 0)
            m_prefix = prefix;
        else if (prefix != m_prefix)
            m_prefix.clear();
    }
    if (steps < 2)
        m_prefix.clear();
}

QString StepMachinesModel::stepName(const MachineStep &step) const
{
    switch (step.kind) {
    case MachineStep::Kind::Start: return tr("start");
    case MachineStep::Kind::End: return tr("end");
    case MachineStep::Kind::Step: break;
    }
    return step.name.empty() ? tr("forgotten") : shownText(step.name, ShownNameMax).mid(m_prefix.size());
}

QString StepMachinesModel::edgeText(const MachineEdge &edge)
{
    const QString share = percentOf(edge.probability);
    return edge.medianNs < 0 ? share : share + QLatin1Char('\n') + shortDuration(edge.medianNs);
}

QString StepMachinesModel::summary() const
{
    const StepMachine &shown = machine();
    if (shown.steps.empty())
        return {};
    const auto steps = std::count_if(shown.steps.begin(), shown.steps.end(), [](const MachineStep &step) {
        return step.kind == MachineStep::Kind::Step;
    });
    const QString text = tr("%1 steps, %2 ways").arg(steps).arg(shown.edges.size());
    return shown.isCut ? tr("%1; the rarest are left out").arg(text) : text;
}

QString StepMachinesModel::stepText() const
{
    const StepMachine &shown = machine();
    if (m_step < 0)
        return {};
    const MachineStep &step = shown.steps[static_cast<std::size_t>(m_step)];
    QString text = step.kind == MachineStep::Kind::Step
        ? tr("%1, taken %2 times").arg(stepName(step), shownCount(step.count)) : stepName(step);
    std::vector<const MachineEdge *> after;
    for (const MachineEdge &edge : shown.edges) {
        if (edge.from == static_cast<std::uint32_t>(m_step))
            after.push_back(&edge);
    }
    std::stable_sort(after.begin(), after.end(),
                     [](const auto *a, const auto *b) { return a->probability > b->probability; });
    if (after.size() > FollowersTold)
        after.resize(FollowersTold);
    QStringList followers;
    for (const MachineEdge *edge : after) {
        QString follower = stepName(shown.steps[edge->to]) + QLatin1Char(' ') + percentOf(edge->probability);
        if (edge->medianNs >= 0)
            follower += tr(" (half within %1, 90 % within %2)").arg(duration(edge->medianNs), duration(edge->q90Ns));
        followers.append(follower);
    }
    return followers.isEmpty() ? text : tr("%1; then %2").arg(text, followers.join(QStringLiteral(", ")));
}

} // namespace eventops
