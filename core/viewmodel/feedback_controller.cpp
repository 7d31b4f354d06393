// SPDX-License-Identifier: MIT
#include "core/viewmodel/feedback_controller.h"

#include "core/viewmodel/shown_text.h"

#include <QtCore/QLocale>

#include <array>
#include <cmath>

namespace eventops {
namespace {

constexpr std::array<double, 3> Rungs = {1.0, 2.0, 5.0}; ///< Of each power of ten.
constexpr double BudgetMin = 0.1;
constexpr double BudgetMax = 10'000.0;

/// The next rung above (or below) @p number.
double rungFrom(double number, bool up)
{
    const double slack = up ? 1.0 + 1e-9 : 1.0 - 1e-9;
    double found = up ? BudgetMax : BudgetMin;
    for (double power = BudgetMin; power <= BudgetMax; power *= 10.0) {
        for (const double rung : Rungs) {
            const double each = power * rung;
            if (up && each > number * slack)
                found = std::min(found, each);
            if (!up && each < number * slack)
                found = std::max(found, each);
        }
    }
    return std::clamp(found, BudgetMin, BudgetMax);
}

} // namespace

FeedbackController::FeedbackController(ViewContext &context, FindingsModel &model, QObject *parent)
    : QObject(parent), m_context(context), m_model(model), m_refresher([this] { ask(); })
{
    connect(&m_model, &FindingsModel::currentChanged, this, [this] {
        if (m_mode != Browsing && m_model.currentId() != m_subject)
            cancel();
        Q_EMIT currentChanged();
    });
    connect(&m_context, &ViewContext::changed, this, [this] { m_refresher.request(); });
    m_refresher.request();
}

FeedbackController::~FeedbackController()
{
    m_ticket.cancel();
}

bool FeedbackController::mayTeach() const
{
    return m_context.caller().role != Role::Viewer && m_model.currentCanBeTaught();
}

bool FeedbackController::maySetBudget() const
{
    return m_context.caller().role != Role::Viewer && m_context.caller().tenants.empty();
}

QString FeedbackController::offeredReason() const
{
    return m_mode == Confirming ? tr("it was a fault") : tr("it was no fault");
}

QString FeedbackController::budgetText() const
{
    return tr("%1 false findings a day").arg(QLocale::c().toString(m_judgement.falsePerDay, 'g', 6));
}

QString FeedbackController::heldBackText() const
{
    std::uint64_t all = 0;
    QStringList kinds;
    for (const JudgementView::Kind &kind : m_judgement.kinds) {
        all += kind.heldBack;
        if (kind.heldBack > 0)
            kinds.append(QStringLiteral("%1 %2").arg(shownText(kind.name, ShownNameMax)).arg(kind.heldBack));
    }
    return all == 0 ? tr("nothing held back") : tr("%1 held back: %2").arg(all).arg(kinds.join(QStringLiteral(", ")));
}

QString FeedbackController::detailText() const
{
    QStringList lines;
    for (const JudgementView::Kind &kind : m_judgement.kinds) {
        if (kind.judged + kind.learning == 0)
            continue;
        const QString name = shownText(kind.name, ShownNameMax);
        if (kind.judged == 0)
            lines.append(tr("%1: learning, %2 seen").arg(name, shownCount(kind.learning)));
        else
            lines.append(tr("%1: %2 judged a day, a finding takes %3 bits")
                             .arg(name, shownCount(static_cast<quint64>(std::llround(kind.perDay))),
                                  QLocale::c().toString(kind.bits, 'f', 1)));
    }
    return lines.join(QLatin1Char('\n'));
}

QStringList FeedbackController::heldBackLines() const
{
    QStringList lines;
    const auto bits = [](double number) { return QLocale::c().toString(number, 'f', 1); };
    for (const JudgementView::HeldBack &alarm : m_judgement.heldBack) {
        const QString entity = shownText(alarm.entityId, ShownNameMax);
        const QString time = shownTime(alarm.ts).mid(5, 14); // without year and fractions: it is of the last day
        lines.append(tr("%1  %2: %3 %4, %5 of %6 bits").arg(time, shownText(alarm.kind, ShownNameMax),
                                                            entity, shownText(alarm.what, ShownNameMax),
                                                            bits(alarm.bits), bits(alarm.takes)));
    }
    return lines;
}

void FeedbackController::showHeldBack(int line)
{
    if (line < 0 || static_cast<std::size_t>(line) >= m_judgement.heldBack.size())
        return;
    const JudgementView::HeldBack &alarm = m_judgement.heldBack[static_cast<std::size_t>(line)];
    m_context.selectEntity({exactText(alarm.tenant), exactText(alarm.entityType), exactText(alarm.entityId)});
}

void FeedbackController::ask()
{
    m_ticket = m_context.backend().judgement(
        m_context.caller(), m_context.bridge().to(m_guard, [this](const Result<JudgementView> &judgement) {
            if (judgement && !(judgement.value() == m_judgement)) {
                m_judgement = judgement.value();
                Q_EMIT judgementChanged();
            }
            m_refresher.answered();
        }));
}

void FeedbackController::setMode(Mode mode, const QString &problem)
{
    m_mode = mode;
    m_problem = problem;
    Q_EMIT modeChanged();
}

void FeedbackController::begin(Mode mode)
{
    if (!mayTeach() || m_busy)
        return;
    m_subject = m_model.currentId();
    setMode(mode);
}

void FeedbackController::beginDismiss()
{
    begin(Dismissing);
}

void FeedbackController::beginConfirm()
{
    begin(Confirming);
}

void FeedbackController::cancel()
{
    setMode(Browsing);
}

void FeedbackController::give(const QString &reason)
{
    if (m_mode == Browsing || m_busy)
        return;
    const QString given = reason.trimmed().left(ReasonMax);
    const bool dismiss = m_mode == Dismissing;
    FeedbackRequest request;
    request.kind = dismiss ? FeedbackKind::Dismissed : FeedbackKind::Confirmed;
    request.findingId = m_subject.toStdString();
    request.reason = (given.isEmpty() ? offeredReason() : given).toStdString();
    setMode(Browsing);
    send(request, dismiss ? tr("Dismissed: it is normal from now on") : tr("Confirmed: it stays a fault"));
}

void FeedbackController::send(const FeedbackRequest &request, const QString &done)
{
    m_busy = true;
    Q_EMIT busyChanged();
    m_context.backend().giveFeedback(
        m_context.caller(), request, m_context.bridge().to(m_guard, [this, done](const Status &status) {
            m_busy = false;
            Q_EMIT busyChanged();
            if (status)
                return m_context.tell(done);
            if (status.error().code == Error::Code::Cancelled)
                return;
            setMode(m_mode, shownText(status.error().text()));
            m_context.tell(m_problem, true);
        }));
}

void FeedbackController::setBudget(double falsePerDay)
{
    if (!maySetBudget() || !hasBudget() || m_busy)
        return;
    FeedbackRequest request;
    request.kind = FeedbackKind::Budget;
    request.falsePerDay = falsePerDay;
    request.reason = tr("set in the window").toStdString();
    m_judgement.falsePerDay = falsePerDay; // until it is told back
    Q_EMIT judgementChanged();
    send(request, budgetText());
}

void FeedbackController::moreBudget()
{
    setBudget(rungFrom(m_judgement.falsePerDay, true));
}

void FeedbackController::lessBudget()
{
    setBudget(rungFrom(m_judgement.falsePerDay, false));
}

} // namespace eventops
