// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/event_row.h"

#include <QAbstractTableModel>
#include <QElapsedTimer>
#include <QHash>
#include <QStringList>
#include <QTimer>

#include <optional>

namespace eventops {

/// The events of the ledger as rows, in ledger order, which is the only order there is. Without a filter all of them,
/// addressed by place and fetched in pages around what is looked at (`showRows`); with a filter or a time span the
/// first FilterRowsMax matches, kept as rows. Thread: UI. Memory: PagesMax pages of PageRows rows, or FilterRowsMax
/// rows, of a few hundred bytes each.
class EventTableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { Time, SeverityColumn, Tenant, Type, Entity, Step, Metric, Value, Message };
    Q_ENUM(Column)
    static constexpr int ColumnCount = 9;
    enum Role {
        SeverityRole = Qt::UserRole, ///< OpenTelemetry number.
        EventIdRole,
        PlaceRole,
        ArrivedRole,                 ///< False: a placeholder is to be shown.
    };
    Q_ENUM(Role)
    enum State {
        Loading, ///< The first rows are on their way.
        Empty,   ///< The ledger holds no events.
        NoMatch, ///< It does, but none passes the filter.
        Ready,
        Failed,  ///< `problem` and `remedy` say more.
    };
    Q_ENUM(State)

    explicit EventTableModel(ViewContext &context, QObject *parent = nullptr);
    ~EventTableModel() override;

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// Null: not there yet. O(1); valid until control returns to the event loop.
    const EventRow *rowAt(int row) const;
    const QString &cell(const EventRow &row, int column) const;
    /// What is in view: fetches it and what lies beside it, gives up what is no longer wanted.
    void showRows(int first, int last);
    int rowOfEvent(const QString &eventId) const; ///< -1: not among the rows at hand. O(rows at hand).
    /// Finds an event that is not at hand; `eventLocated` follows when it is there.
    void locateEvent(const QString &eventId);

    State state() const { return m_state; }
    const QString &problem() const { return m_problem; }
    const QString &remedy() const { return m_remedy; }
    bool isFiltered() const { return !m_filter.isEmpty() || !m_span.isEmpty(); }
    bool isSearching() const { return m_searching; }  ///< Matches are still coming in.
    bool hasMore() const { return m_more; }           ///< More than FilterRowsMax match.
    bool isBehind() const { return m_behind; }        ///< Events came in that were not looked through; see `refresh`.
    std::uint64_t events() const { return m_places; } ///< In the whole ledger.
    const QString &filterProblem() const { return m_filterProblem; } ///< Why the filter text is none; empty: it is.
    int filterProblemColumn() const { return m_filterProblemColumn; } ///< From 1; 0: not about a place in the text.
    static QStringList filterNames(); ///< Names of fields and words of the filter language, sorted.

    /// Reads the events at @p rows, at most CopyRowsMax of them (in a filtered table as many as fit into one query),
    /// and gives them by `rowsCopied`, as NDJSON or as CSV with a header, whose cells no spreadsheet takes for
    /// formulas.
    enum class CopyForm { Ndjson, Csv };
    void copyRows(const std::vector<int> &rows, CopyForm form = CopyForm::Ndjson);
    CopyForm copyForm() const { return m_copyForm; }
    void refresh(); ///< Looks through new events, or tries again after a failure.

    static constexpr std::uint32_t PageRows = 256;
    static constexpr int PagesMax = 64;
    static constexpr std::size_t RequestsMax = 8;     ///< Questions under way at once …
    static constexpr quint64 RequestPagesMax = 4;     ///< … each for at most so many pages.
    static constexpr std::size_t FilterRowsMax = 100'000;
    static constexpr std::size_t CopyRowsMax = 1'000;
    static constexpr std::size_t CopyBytesMax = 16u << 20;
    static constexpr int RefilterMs = 2'000;          ///< A filtered table follows the ledger at most this often,
    static constexpr int RefilterCostMsMax = 500;     ///< and only while a query takes no longer than this.

Q_SIGNALS:
    void stateChanged(); ///< Any of the above that is no row.
    void eventLocated(const QString &eventId, int row);
    void rowsCopied(const QString &text, int rows, bool isAll);

private:
    struct Page {
        std::vector<EventRow> rows; ///< As many as existed when it was asked for.
        quint64 usedAt = 0;
    };
    /// A question for neighbouring pages.
    struct Request {
        quint64 first, pages;
        Ticket ticket;
    };
    using Rows = std::vector<EventRow>;

    void takeChange(const Change &change);
    void takePages(quint64 firstPage, std::uint32_t asked, Rows rows, const std::optional<Error> &error);
    void requestPages(quint64 first, quint64 pages);
    bool needsPage(quint64 page) const;
    void evictPages();
    void startOver();
    void search(bool again);
    void runSearch(const QString &filter);
    void takeMatches(Rows rows);
    void finishSearch(const Result<Ok> &result);
    void setFilterProblem(const QString &message);
    void takeCopy(EventPage page);
    void finishCopy();
    void updateState(const Error *error = nullptr);
    QString spanFilter() const;

    ViewContext &m_context;
    ReceiverGuard m_guard, m_searchGuard, m_copyGuard;
    QString m_filter;
    TimeSpan m_span;
    State m_state = Loading;
    QString m_problem, m_remedy;
    QString m_filterProblem;
    int m_filterProblemColumn = 0;
    std::uint64_t m_places = 0;

    QHash<quint64, Page> m_pages;
    std::vector<Request> m_requests;
    quint64 m_clock = 0;
    int m_firstShown = 0, m_lastShown = -1;

    Rows m_matches;
    Ticket m_searchTicket;
    std::size_t m_skip = 0;           ///< Matches of the query under way that are at hand already.
    std::uint64_t m_searchedPlaces = 0;
    bool m_searching = false, m_more = false, m_behind = false;
    QElapsedTimer m_searchClock;
    qint64 m_searchMs = 0;
    QTimer m_refilter;

    std::string m_copied;
    CopyForm m_copyForm = CopyForm::Ndjson; ///< Of the copy under way, or of the last one.
    int m_copiedRows = 0, m_copyWanted = 0;
};

} // namespace eventops
