// SPDX-License-Identifier: MIT
#include "core/viewmodel/approvals_controller.h"

#include "core/viewmodel/shown_text.h"

#include <algorithm>

namespace eventops {

ApprovalsController::ApprovalsController(ViewContext &context, ApprovalsModel &model, QObject *parent)
    : QObject(parent), m_context(context), m_model(model)
{
    connect(&m_model, &ApprovalsModel::refreshed, this, &ApprovalsController::keepCurrent);
    connect(&m_context, &ViewContext::findingSelected, this, &ApprovalsController::followFinding);
}

ApprovalsController::~ApprovalsController() = default;

const ApprovalRow *ApprovalsController::current() const
{
    return m_current.isValid() ? &m_model.rowAt(m_current.row()) : nullptr;
}

QString ApprovalsController::currentId() const
{
    const ApprovalRow *row = current();
    return row != nullptr ? row->key : QString();
}

bool ApprovalsController::currentWaits() const
{
    const ApprovalRow *row = current();
    return row != nullptr && row->isWaiting();
}

QString ApprovalsController::offeredReason() const
{
    switch (m_mode) {
    case Approving: return QStringLiteral("evidence reviewed");
    case Rejecting: return QStringLiteral("not needed");
    case Browsing: break;
    }
    return {};
}

/// After each refresh: something is selected while there is anything, and a decision that was taken is no longer under
/// way.
void ApprovalsController::keepCurrent()
{
    for (const ApprovalRow &row : m_model.allRows()) {
        if (!row.isWaiting() && m_underWay.remove(row.key))
            Q_EMIT busyChanged();
    }
    if (!m_current.isValid())
        setCurrent(m_model.count() > 0 ? 0 : -1);
    const ApprovalRow *row = current();
    if (m_mode != Browsing && (row == nullptr || !row->isWaiting() || row->key != m_lastId))
        setMode(Browsing); // decided by somebody else, expired, or gone: what would be confirmed is no longer there
    Q_EMIT currentChanged(); // rows may have moved under it
}

void ApprovalsController::setCurrent(int row)
{
    m_current = row >= 0 && row < m_model.count() ? QPersistentModelIndex(m_model.index(row)) : QPersistentModelIndex();
    m_lastId = currentId();
    setMode(Browsing);
    setProblem({});
    Q_EMIT currentChanged();
    Q_EMIT busyChanged();
}

void ApprovalsController::select(int row)
{
    if (row < 0 || row >= m_model.count())
        return;
    if (row != currentRow())
        setCurrent(row);
    const ApprovalRow shown = m_model.rowAt(row);
    m_context.selectEntity(shown.entity);
    m_context.selectFinding(shown.findingId);
    if (!shown.evidence.isEmpty())
        m_context.selectEvent(shown.evidence.front());
}

void ApprovalsController::selectNext()
{
    select(std::min(currentRow() + 1, m_model.count() - 1));
}

void ApprovalsController::selectPrevious()
{
    select(std::max(currentRow() - 1, 0));
}

void ApprovalsController::followFinding(const QString &findingId)
{
    const ApprovalRow *shown = current();
    if (m_mode != Browsing || findingId.isEmpty() || (shown != nullptr && shown->findingId == findingId))
        return;
    const auto &rows = m_model.allRows();
    const auto found =
        std::find_if(rows.begin(), rows.end(), [&](const ApprovalRow &row) { return row.findingId == findingId; });
    if (found != rows.end())
        setCurrent(static_cast<int>(found - rows.begin()));
}

void ApprovalsController::setMode(Mode mode)
{
    if (m_mode == mode)
        return;
    m_mode = mode;
    Q_EMIT modeChanged();
}

void ApprovalsController::setProblem(const QString &problem)
{
    if (m_problem == problem)
        return;
    m_problem = problem;
    Q_EMIT problemChanged();
}

void ApprovalsController::begin(Mode mode)
{
    const ApprovalRow *row = current();
    if (!mayDecide() || row == nullptr || !row->isWaiting() || busy())
        return;
    if (mode == Approving && row->proposedByCaller) {
        setProblem(QStringLiteral("You proposed this action: somebody else must approve it."));
        return;
    }
    setProblem({});
    setMode(mode);
}

void ApprovalsController::beginApprove()
{
    begin(Approving);
}

void ApprovalsController::beginReject()
{
    begin(Rejecting);
}

void ApprovalsController::cancel()
{
    setMode(Browsing);
}

void ApprovalsController::confirm(const QString &reason)
{
    const ApprovalRow *row = current();
    if (m_mode == Browsing || row == nullptr)
        return;
    const bool approve = m_mode == Approving;
    const QString id = row->key;
    const QString given = reason.trimmed().left(ReasonMax);
    Decision decision;
    decision.actionId = id.toStdString();
    decision.kind = approve ? DecisionKind::Approve : DecisionKind::Reject;
    decision.user = m_context.caller().user;
    decision.reason = (given.isEmpty() ? offeredReason() : given).toStdString();
    m_underWay.insert(id);
    setMode(Browsing);
    setProblem({});
    Q_EMIT busyChanged();
    m_context.backend().decide(m_context.caller(), decision, true,
                               m_context.bridge().to(m_guard, [this, id, approve](const Result<DecisionOutcome> &outcome) {
                                   finish(id, approve, outcome);
                               }));
}

void ApprovalsController::finish(const QString &displayId, bool approve, const Result<DecisionOutcome> &outcome)
{
    m_underWay.remove(displayId);
    Q_EMIT busyChanged();
    if (!outcome) {
        if (outcome.error().code == Error::Code::Cancelled)
            return;
        const QString sentence = shownText(outcome.error().text());
        if (displayId == currentId())
            setProblem(sentence);
        m_context.tell(sentence, true);
    } else {
        const DecisionOutcome &done = outcome.value();
        const QString command = shownText(done.action.suggestion.command, ShownNameMax);
        m_context.tell(done.note.empty()
                           ? QStringLiteral("%1: %2").arg(command, shownText(toString(done.action.state)))
                           : QStringLiteral("%1: %2").arg(command, shownText(done.note)));
        Q_EMIT decided(displayId, approve);
    }
    m_model.refresh();
}

} // namespace eventops
