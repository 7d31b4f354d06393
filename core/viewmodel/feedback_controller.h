// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/findings_model.h"

namespace eventops {

/// What a person says of findings: two keystrokes a word, one that begins (`beginDismiss`, `beginConfirm`), one that
/// gives it with the reason offered (`give`). And the budget: how many false findings a day are borne, and what it
/// held back. Never blocks. Thread: UI.
class FeedbackController final : public QObject
{
    Q_OBJECT
    Q_PROPERTY(Mode mode READ mode NOTIFY modeChanged)
    Q_PROPERTY(QString offeredReason READ offeredReason NOTIFY modeChanged)
    Q_PROPERTY(bool mayTeach READ mayTeach NOTIFY currentChanged) ///< By this caller, of the current finding.
    Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)
    Q_PROPERTY(QString problem READ problem NOTIFY modeChanged)
    Q_PROPERTY(bool hasBudget READ hasBudget NOTIFY judgementChanged)
    Q_PROPERTY(QString budgetText READ budgetText NOTIFY judgementChanged)     ///< "48 false findings a day"
    Q_PROPERTY(QString heldBackText READ heldBackText NOTIFY judgementChanged) ///< "12 held back: values 10, steps 2"
    Q_PROPERTY(QString detailText READ detailText NOTIFY judgementChanged)     ///< A line for each kind.
    /// One line for each alarm that was held back in the last day, the most surprising first.
    Q_PROPERTY(QStringList heldBackLines READ heldBackLines NOTIFY judgementChanged)
    Q_PROPERTY(bool maySetBudget READ maySetBudget CONSTANT)
    Q_PROPERTY(int reasonMax READ reasonMax CONSTANT)

public:
    enum Mode { Browsing, Dismissing, Confirming };
    Q_ENUM(Mode)

    FeedbackController(ViewContext &context, FindingsModel &model, QObject *parent = nullptr);
    ~FeedbackController() override;

    Mode mode() const { return m_mode; }
    QString offeredReason() const;
    bool mayTeach() const;
    bool busy() const { return m_busy; }
    const QString &problem() const { return m_problem; }
    bool hasBudget() const { return m_judgement.falsePerDay > 0.0; }
    QString budgetText() const;
    QString heldBackText() const;
    QString detailText() const;
    QStringList heldBackLines() const;
    bool maySetBudget() const;
    int reasonMax() const { return ReasonMax; }
    const JudgementView &judgement() const { return m_judgement; }

    static constexpr int ReasonMax = 1'000; ///< UTF-16 units; the bound of the log is 4,096 bytes.

public Q_SLOTS:
    void beginDismiss();
    void beginConfirm();
    void cancel();
    void give(const QString &reason); ///< An empty reason is the one offered.
    void moreBudget();                ///< The next of 1, 2, 5, 10, 20, 50, … false findings a day.
    void lessBudget();
    void showHeldBack(int line); ///< Selects its entity for all views.

Q_SIGNALS:
    void modeChanged();
    void currentChanged();
    void busyChanged();
    void judgementChanged();

private:
    void begin(Mode mode);
    void setMode(Mode mode, const QString &problem = {});
    void send(const FeedbackRequest &request, const QString &done);
    void setBudget(double falsePerDay);
    void ask();

    ViewContext &m_context;
    FindingsModel &m_model;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    JudgementView m_judgement;
    Mode m_mode = Browsing;
    QString m_problem;
    QString m_subject; ///< Id of the finding that a word is begun on.
    bool m_busy = false;
};

} // namespace eventops
