// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/approvals_model.h"

#include <QPersistentModelIndex>
#include <QSet>

namespace eventops {

/// Takes a person through the approval queue: select, look, decide with a reason. Two keystrokes decide: one that
/// begins (`beginApprove`), one that confirms the reason offered (`confirm`). Never blocks: a decision is under way
/// until the back end answers or the queue shows that it was taken. Thread: UI.
class ApprovalsController final : public QObject
{
    Q_OBJECT
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QString currentId READ currentId NOTIFY currentChanged)
    Q_PROPERTY(bool currentWaits READ currentWaits NOTIFY currentChanged)
    Q_PROPERTY(Mode mode READ mode NOTIFY modeChanged)
    Q_PROPERTY(QString offeredReason READ offeredReason NOTIFY modeChanged)
    Q_PROPERTY(bool mayDecide READ mayDecide CONSTANT)
    Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)           ///< The current action is being decided.
    Q_PROPERTY(QString problem READ problem NOTIFY problemChanged)
    Q_PROPERTY(int reasonMax READ reasonMax CONSTANT)

public:
    enum Mode { Browsing, Approving, Rejecting };
    Q_ENUM(Mode)

    ApprovalsController(ViewContext &context, ApprovalsModel &model, QObject *parent = nullptr);
    ~ApprovalsController() override;

    int currentRow() const { return m_current.isValid() ? m_current.row() : -1; }
    QString currentId() const;
    bool currentWaits() const;
    Mode mode() const { return m_mode; }
    QString offeredReason() const;
    bool mayDecide() const { return m_context.mayDecide(); }
    bool busy() const { return m_underWay.contains(currentId()); }
    const QString &problem() const { return m_problem; }
    int reasonMax() const { return ReasonMax; }

    static constexpr int ReasonMax = 1'000; ///< UTF-16 units; the ledger's bound is 4,096 bytes.

public Q_SLOTS:
    void select(int row);      ///< By a person: tells the other views, too.
    void selectNext();
    void selectPrevious();
    void beginApprove();       ///< Nothing happens when the current action does not wait or the caller may not decide.
    void beginReject();
    void cancel();
    void confirm(const QString &reason); ///< An empty reason is the one offered.

Q_SIGNALS:
    void currentChanged();
    void modeChanged();
    void busyChanged();
    void problemChanged();
    void decided(const QString &displayId, bool approved);

private:
    void keepCurrent();
    void setCurrent(int row);
    void setMode(Mode mode);
    void setProblem(const QString &problem);
    void begin(Mode mode);
    void finish(const QString &displayId, bool approve, const Result<DecisionOutcome> &outcome);
    void followFinding(const QString &findingId);
    const ApprovalRow *current() const;

    ViewContext &m_context;
    ApprovalsModel &m_model;
    ReceiverGuard m_guard;
    QPersistentModelIndex m_current;
    QString m_lastId;
    QSet<QString> m_underWay;
    Mode m_mode = Browsing;
    QString m_problem;
};

} // namespace eventops
