// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/row_list_model.h"
#include "core/viewmodel/view_context.h"

#include <QElapsedTimer>
#include <QStringList>
#include <QTimer>

#include <array>

namespace eventops {

/// One lane: a case in flight, and where the workspace clock stands in what was expected of it.
struct ExpectationLane {
    QString key;
    CaseExpectation expected;
    CaseStanding standing = CaseStanding::OnTime;
    double now = 0.0;     ///< Place of the clock, 0 … 1; see ExpectationsModel::place.
    QString countdown;    ///< "due in 3 min", "overdue by 20 s".
    bool operator==(const ExpectationLane &) const = default;
};

/// What is expected next of the cases in flight, the worst first, then what is due soonest. Where a case stands is a
/// function of the expectation and the workspace clock alone: nothing has to happen for it to become late. Between the
/// commits of a source without an end the clock goes on with a steady one. Thread: UI.
class ExpectationsModel final : public RowListModel<ExpectationLane>
{
    Q_OBJECT
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY refreshed)
    Q_PROPERTY(int knownCount READ knownCount NOTIFY refreshed) ///< Without the filter.
    Q_PROPERTY(QString summary READ summary NOTIFY refreshed)   ///< "1 missing, 2 late, 14 on time".
    Q_PROPERTY(QString clockText READ clockText NOTIFY refreshed)

public:
    enum Roles {
        TargetRole = Qt::UserRole + 1,
        TypeRole, TenantRole, StepsRole, NextStepRole, ProbabilityRole, OthersRole, StandingRole, StandingNameRole,
        NowRole, CountdownRole, BandKnownRole, TimesRole, SpokenRole,
    };
    enum Standing { OnTime, Late, Overdue, Missing };
    Q_ENUM(Standing)

    explicit ExpectationsModel(ViewContext &context, QObject *parent = nullptr);
    ~ExpectationsModel() override;

    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;
    int currentRow() const; ///< Of the case whose entity ViewContext selects; −1: none, or not here.
    const QString &filter() const { return m_filter; }
    /// Shows the lanes that hold each word of @p text in entity, type, tenant, steps or standing.
    void setFilter(const QString &text);
    int knownCount() const { return static_cast<int>(m_known.size()); }
    QString summary() const;
    QString clockText() const;
    WallNs clock() const; ///< By which everything shown stands.

    // The track of a lane, the same for all of them: zones of a fixed width, within which time runs evenly.
    static constexpr double EtaPlace = 0.4;
    static constexpr double LatePlace = 0.6;
    static constexpr double OverduePlace = 0.8;
    /// Where @p clock stands on the track of @p expectation: 0 at the last step, the places above at its quantiles, 1
    /// when the absence is due (or after as long again, when it never is). O(1).
    static double place(const CaseExpectation &expectation, WallNs clock);

    static constexpr int TickMs = 1'000; ///< Of the clock between commits.

public Q_SLOTS:
    void refresh() { m_refresher.request(); }
    void select(int row); ///< The case's entity.
    void selectNext();
    void selectPrevious();

Q_SIGNALS:
    void refreshed();
    void currentChanged();

private:
    void follow(const Change &change);
    void ask();
    void show();
    void fail(const Error &error);
    bool matches(const ExpectationLane &lane) const;

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    std::vector<CaseExpectation> m_known; ///< Of the last answer.
    std::array<int, 4> m_counts{};        ///< By standing, without the filter.
    QString m_filter;
    QStringList m_words;                  ///< Of the filter.
    QElapsedTimer m_sinceClock;           ///< Since the workspace clock last moved.
    WallNs m_clockSeen = NoTime;
    QTimer m_tick;
    bool m_asked = false;                 ///< There was an answer.
};

} // namespace eventops
