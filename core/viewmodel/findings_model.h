// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/refresher.h"
#include "core/viewmodel/row_list_model.h"
#include "core/viewmodel/view_context.h"

#include <QHash>
#include <QSet>
#include <QStringList>
#include <QVariantList>

#include <deque>

namespace eventops {

/// Something wrong, as one card: a finding, or several of one condition that belong together.
struct FindingCardRow {
    QString key;              ///< Id of its first finding.
    QStringList ids;          ///< Of all its findings, oldest first.
    QString condition;        ///< What makes two findings one thing.
    FindingOrigin origin = FindingOrigin::Rule;
    FindingState state = FindingState::Firing;
    int severity = 0;
    WallNs since = NoTime, ts = NoTime, resolvedAt = NoTime;
    EntityRef entity;
    QString target, name, message, headline, resolvedBy;
    QStringList evidence;
    QVariantList terms;
    double bits = 0.0;
    bool canBeTaught = false; ///< It was found by what was learned: a person may dismiss or confirm it.
    int repeats = 1;
    QString suggestionId, suggestedCommand; ///< Of the newest action that it led to.
    ActionState suggestionState = ActionState::Proposed;
    bool operator==(const FindingCardRow &) const = default;
};

/// The findings, newest first. A pending one gives way to the firing one, a resolved one closes what it resolves, and
/// rule findings of one condition and severity that follow each other within EpisodeGapNs are one card. Reads only what
/// is new. Thread: UI.
class FindingsModel final : public RowListModel<FindingCardRow>
{
    Q_OBJECT
    Q_PROPERTY(int openCount READ openCount NOTIFY refreshed)
    Q_PROPERTY(int currentRow READ currentRow NOTIFY currentChanged)
    Q_PROPERTY(QString eventsRead READ eventsRead NOTIFY refreshed)
    Q_PROPERTY(QString filter READ filter WRITE setFilter NOTIFY refreshed)
    Q_PROPERTY(
        QString filterProblem READ filterProblem NOTIFY refreshed) ///< Why the filter cannot be read; else empty.
    Q_PROPERTY(QVariantList ranking READ ranking NOTIFY rankingChanged)
    Q_PROPERTY(bool openOnly READ openOnly WRITE setOpenOnly NOTIFY refreshed)

public:
    enum Roles {
        FindingIdRole = Qt::UserRole + 1,
        OriginRole, OriginNameRole, StateRole, StateNameRole, SeverityRole, BitsRole, BitsTextRole, TermsRole,
        NameRole, HeadlineRole, MessageRole, TargetRole, TenantRole, TimeRole, SinceRole, AgeRole, EvidenceCountRole,
        RepeatsRole, SuggestionIdRole, SuggestedCommandRole, SuggestionStateRole, SuggestionWaitsRole, ResolvedByRole,
        ResolvedAtRole, LastedRole,
    };
    enum Origin { Rule, Entropy, Absence, External };
    Q_ENUM(Origin)
    enum Condition { Pending, Firing, Resolved };
    Q_ENUM(Condition)

    explicit FindingsModel(ViewContext &context, QObject *parent = nullptr);
    ~FindingsModel() override;

    QVariant data(const QModelIndex &index, int role) const override;
    QHash<int, QByteArray> roleNames() const override;
    int openCount() const { return m_open; }
    QString currentId() const;        ///< Of the newest finding of the current card; empty: there is none.
    bool currentCanBeTaught() const;
    int currentRow() const;  ///< Of the finding that ViewContext selects; -1: none, or not here.
    QString eventsRead() const;
    const QString &filter() const { return m_filter; }
    const QString &filterProblem() const { return m_filterProblem; }
    bool openOnly() const { return m_openOnly; }
    /// Shows the cards of which a finding matches @p text, in the language of `eventops query findings`. What cannot be
    /// read leaves the cards as they are.
    void setFilter(const QString &text);
    void setOpenOnly(bool on); ///< Leaves out what is resolved.
    /// The entities whose findings in the selected time span have the most bits, as maps of {target, bitsText, share,
    /// findings}; share: of the first one's bits. Empty without a selection, and where nothing has bits.
    QVariantList ranking() const;

    static constexpr std::uint64_t FindingsMax = 5'000;
    static constexpr std::uint64_t ActionsMax = 2'000;
    static constexpr std::size_t RankedMax = 5;
    static constexpr qint64 EpisodeGapNs = 15 * 60 * NsPerSecond;

public Q_SLOTS:
    void refresh() { m_refresher.request(); }
    void select(int row);   ///< The finding, its entity and its first evidence.
    void selectNext();
    void selectPrevious();
    void selectRanked(int place); ///< The entity at that place of the ranking.
    void showSuggestion(int row); ///< Selects the finding and asks the window for the approval queue.

Q_SIGNALS:
    void refreshed();
    void currentChanged();
    void rankingChanged();

private:
    struct Ranked {
        EntityRef entity;
        QString target;
        double bits = 0.0;
        int findings = 0;
    };
    void rank();
    struct Suggested {
        QString id, command;
        ActionState state;
    };
    void follow(const Change &change);
    void ask();
    void askTail(std::uint64_t rows);
    void take(std::uint64_t asked);
    void askMatches();
    void askActions();
    void show();
    void fail(const Error &error);
    std::vector<FindingCardRow> makeRows() const;
    QVariant shownAt(const FindingCardRow &row, int role) const;

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Refresher m_refresher;
    Ticket m_ticket;
    std::deque<FindingCardRow> m_single;  ///< One a finding, oldest first.
    QSet<QString> m_known;                ///< Ids of those.
    std::vector<Finding> m_page;          ///< Of the question under way, newest first.
    QHash<QString, Suggested> m_suggested;///< By finding id.
    std::vector<Ranked> m_ranked;         ///< By bits.
    QString m_filter, m_filterProblem;
    QSet<QString> m_matches;              ///< Ids of the findings that match m_matchesFilter, …
    QString m_matchesFilter;
    std::uint64_t m_matchesCount = 0;     ///< … asked for when there were this many.
    bool m_openOnly = false;
    std::uint64_t m_countSeen = 0;
    WallNs m_clock = NoTime;
    bool m_first = true;
    int m_open = 0;
};

} // namespace eventops
