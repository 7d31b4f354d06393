// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/row_list_model.h"
#include "core/viewmodel/view_context.h"

#include <QStringList>
#include <QVariantList>

#include <unordered_map>
#include <unordered_set>

namespace eventops {

/// All that a person needs to decide on one action, and what became of it.
struct ApprovalRow {
    QString key;                ///< displayId: exactly the version that is shown.
    QString findingId;
    EntityRef entity;
    QStringList evidence;       ///< Event ids, exactly.
    ActionState state = ActionState::Proposed;
    QString command, target, tenant, reason, policy, approver, decisionReason, output, digest;
    QVariantList arguments;     ///< Maps of {name, value}.
    QVariantList sent;          ///< Maps of {name, value}: the request as it will go out.
    WallNs proposedAt = NoTime, expiresAt = NoTime;
    quint32 attempts = 0;
    quint32 approvalsRequired = 1;
    bool proposedByCaller = false;
    int severity = 0;
    double bits = 0.0;
    QString findingText, origin;
    QVariantList terms;
    /// Of earlier actions with the same command that this back end still tells of.
    int pastSucceeded = 0, pastFailed = 0, pastRejected = 0, pastExpired = 0;
    bool operator==(const ApprovalRow &) const = default;
    bool isWaiting() const { return state == ActionState::Proposed; }
};

/// The actions that wait for a person (most severe first, then most surprising, then newest), then those decided
/// lately (newest first). Follows ViewContext::changed. Thread: UI.
class ApprovalsModel final : public RowListModel<ApprovalRow>
{
    Q_OBJECT
    Q_PROPERTY(int waitingCount READ waitingCount NOTIFY refreshed)
    Q_PROPERTY(bool mayDecide READ mayDecide CONSTANT)
    Q_PROPERTY(QString eventsRead READ eventsRead NOTIFY refreshed)

public:
    enum Roles {
        DisplayIdRole = Qt::UserRole + 1,
        SectionRole,       ///< "waiting" or "decided".
        WaitingRole,
        CommandRole, ArgumentsRole, TargetRole, TenantRole, ReasonRole, PolicyRole,
        FindingIdRole, FindingTextRole, OriginRole, SeverityRole, BitsRole, BitsTextRole, TermsRole, EvidenceCountRole,
        ProposedAtRole, ExpiresAtRole,
        RemainingRole,     ///< "12 min 5 s" by the workspace clock; "" unless waiting.
        RemainingShareRole,///< Of the time between proposal and expiry, 1..0.
        UrgentRole,        ///< Less than a tenth of that is left.
        StateRole,         ///< Phase.
        StateNameRole, ApproverRole, DecisionReasonRole, OutputRole, AttemptsRole, ApprovalsRequiredRole, DigestRole,
        SentRole,
        OwnProposalRole,   ///< The caller proposed it and may not approve it.
        PastRole,          ///< "2 succeeded, 1 failed"; "" when there was none.
    };
    enum Phase { Waiting, Refused, Expired, UnderWay, Succeeded, Unsuccessful };
    Q_ENUM(Phase)

    explicit ApprovalsModel(ViewContext &context, QObject *parent = nullptr);
    ~ApprovalsModel() override;

    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;
    int waitingCount() const { return m_waiting; }
    bool mayDecide() const { return m_context.mayDecide(); }
    QString eventsRead() const;

    static constexpr std::uint64_t WaitingMax = 500;
    static constexpr std::uint64_t DecidedReadMax = 2'000; ///< For the history of a command.
    static constexpr std::size_t DecidedShownMax = 50;

public Q_SLOTS:
    void refresh() { m_refresher.request(); }

Q_SIGNALS:
    void refreshed();

private:
    struct Answer {
        std::vector<Action> waiting, decided;
    };
    void follow(const Change &change);
    void ask();
    void askDecided();
    void askFindings();
    void show();
    void fail(const Error &error);
    ApprovalRow rowOf(const Action &action) const;
    QVariant shownAt(const ApprovalRow &row, int role) const;
    std::vector<std::string> missingFindings() const;

    using RowListModel<ApprovalRow>::rowOf;

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    Answer m_answer;
    std::unordered_map<std::string, Finding> m_findings; ///< Those that actions name; looked up only.
    std::unordered_set<std::string> m_askedFor;
    WallNs m_clock = NoTime;
    int m_waiting = 0;
};

} // namespace eventops
