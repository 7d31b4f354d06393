// SPDX-License-Identifier: MIT
#include "core/viewmodel/event_table_model.h"

#include "core/base/time.h"
#include "core/model/row_csv.h"
#include "core/model/row_json.h"
#include "core/viewmodel/visible_text.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>
#include <limits>

namespace eventops {
namespace {

constexpr std::size_t FilterTextMax = 16 * 1'024; ///< What a back end takes; see core/filter.

} // namespace

EventTableModel::EventTableModel(ViewContext &context, QObject *parent)
    : QAbstractTableModel(parent), m_context(context), m_filter(context.filter()), m_span(context.timeSpan())
{
    m_refilter.setSingleShot(true);
    m_refilter.setInterval(RefilterMs);
    connect(&m_refilter, &QTimer::timeout, this, [this] { search(true); });
    connect(&context, &ViewContext::changed, this, &EventTableModel::takeChange);
    connect(&context, &ViewContext::filterSet, this, [this](const QString &filter) {
        m_filter = filter;
        startOver();
    });
    connect(&context, &ViewContext::timeSpanSelected, this, [this](TimeSpan span) {
        m_span = span;
        startOver();
    });
    if (context.isInformed())
        takeChange(context.change());
    if (isFiltered())
        startOver();
}

EventTableModel::~EventTableModel()
{
    m_searchTicket.cancel();
    for (Request &request : m_requests)
        request.ticket.cancel();
}

int EventTableModel::rowCount(const QModelIndex &parent) const
{
    if (parent.isValid())
        return 0;
    const std::uint64_t rows = isFiltered() ? m_matches.size() : m_places;
    return static_cast<int>(std::min<std::uint64_t>(rows, std::numeric_limits<int>::max() - 1));
}

int EventTableModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

const EventRow *EventTableModel::rowAt(int row) const
{
    if (row < 0 || row >= rowCount())
        return nullptr;
    const auto place = static_cast<std::size_t>(row);
    if (isFiltered())
        return &m_matches[place];
    const auto page = m_pages.constFind(place / PageRows);
    if (page == m_pages.constEnd() || place % PageRows >= page->rows.size())
        return nullptr;
    return &page->rows[place % PageRows];
}

const QString &EventTableModel::cell(const EventRow &row, int column) const
{
    static const QString none;
    const std::array<const QString *, ColumnCount> cells{&row.time, &row.severity, &row.tenant, &row.type,
                                                         &row.entityText, &row.step, &row.metric, &row.value,
                                                         &row.message};
    return column >= 0 && column < ColumnCount ? *cells[static_cast<std::size_t>(column)] : none;
}

QVariant EventTableModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid))
        return {};
    const EventRow *row = rowAt(index.row());
    const bool present = row != nullptr && row->kind == EventRow::Kind::Present;
    switch (role) {
    case Qt::DisplayRole: return present ? QVariant(cell(*row, index.column())) : QVariant();
    case Qt::TextAlignmentRole:
        return index.column() == Value ? QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter))
                                       : QVariant();
    case SeverityRole: return present ? QVariant(row->severityNumber) : QVariant();
    case EventIdRole: return present ? QVariant(row->eventId) : QVariant();
    case PlaceRole:
        return isFiltered() ? QVariant() : QVariant(static_cast<quint64>(index.row()));
    case ArrivedRole: return row != nullptr;
    default: return {};
    }
}

QVariant EventTableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation == Qt::Vertical)
        return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    const std::array<QString, ColumnCount> names{tr("Time (UTC)"), tr("Severity"), tr("Tenant"),
                                                 tr("Type"),       tr("Entity"),   tr("Step"),
                                                 tr("Metric"),     tr("Value"),    tr("Message")};
    if (section < 0 || section >= ColumnCount)
        return {};
    if (role == Qt::DisplayRole)
        return names[static_cast<std::size_t>(section)];
    if (role == Qt::TextAlignmentRole && section == Value)
        return QVariant::fromValue(Qt::Alignment(Qt::AlignRight | Qt::AlignVCenter));
    if (role == Qt::ToolTipRole)
        return tr("Rows stand in the order of the ledger. Drag to move a column, right-click to hide or show columns.");
    return {};
}

void EventTableModel::takeChange(const Change &change)
{
    if (change.events < m_places) {
        m_places = change.events;
        startOver(); // another ledger
        return;
    }
    if (change.events > m_places && !isFiltered()) {
        const int before = rowCount();
        const auto after = static_cast<int>(
            std::min<std::uint64_t>(change.events, std::numeric_limits<int>::max() - 1));
        if (after > before)
            beginInsertRows({}, before, after - 1);
        m_places = change.events;
        if (after > before)
            endInsertRows();
        if (m_lastShown >= before || m_lastShown == before - 1)
            showRows(m_firstShown, m_lastShown); // the last page has grown
    }
    m_places = change.events;
    if (isFiltered() && m_places > m_searchedPlaces && !m_searching && !m_more && m_filterProblem.isEmpty()) {
        m_behind = m_searchMs > RefilterCostMsMax;
        if (!m_behind && !m_refilter.isActive())
            m_refilter.start();
    }
    updateState();
}

void EventTableModel::startOver()
{
    beginResetModel();
    for (Request &request : m_requests)
        request.ticket.cancel();
    m_requests.clear();
    m_guard.reset();
    m_pages.clear();
    m_matches.clear();
    m_firstShown = 0;
    m_lastShown = -1;
    endResetModel();
    search(false);
}

// ---- pages ----

bool EventTableModel::needsPage(quint64 page) const
{
    const std::uint64_t first = page * PageRows;
    const bool isUnderWay = std::any_of(m_requests.begin(), m_requests.end(), [&](const Request &request) {
        return page >= request.first && page - request.first < request.pages;
    });
    if (first >= m_places || isUnderWay)
        return false;
    const auto known = m_pages.constFind(page);
    return known == m_pages.constEnd() || known->rows.size() < std::min<std::uint64_t>(PageRows, m_places - first);
}

void EventTableModel::showRows(int first, int last)
{
    m_firstShown = std::max(0, first);
    m_lastShown = std::min(last, rowCount() - 1);
    if (isFiltered() || m_lastShown < m_firstShown)
        return;
    const quint64 from = static_cast<quint64>(m_firstShown) / PageRows;
    const quint64 to = static_cast<quint64>(m_lastShown) / PageRows;
    const quint64 before = from > 0 ? from - 1 : from;
    std::erase_if(m_requests, [&](Request &request) {
        const bool isWanted = request.first + request.pages > before && request.first <= to + 1;
        if (!isWanted)
            request.ticket.cancel();
        return !isWanted;
    });
    ++m_clock;
    for (quint64 page = from; page <= to; ++page) {
        if (const auto known = m_pages.find(page); known != m_pages.end())
            known->usedAt = m_clock;
        // What is in view comes in one answer: two would be shown a frame apart.
        quint64 pages = 0;
        while (page + pages <= to && pages < RequestPagesMax && needsPage(page + pages))
            ++pages;
        requestPages(page, pages);
    }
    for (const quint64 page : {to + 1, before})
        requestPages(page, needsPage(page) ? 1 : 0);
}

void EventTableModel::requestPages(quint64 first, quint64 pages)
{
    if (pages == 0 || m_requests.size() >= RequestsMax)
        return;
    const std::uint64_t rows = std::min<std::uint64_t>(pages * PageRows, m_places - first * PageRows);
    const EventRange range{first * PageRows, static_cast<std::uint32_t>(rows)};
    auto deliver = m_context.bridge().to(
        m_guard, [this, first, asked = range.count](Rows got, const std::optional<Error> &error) {
            takePages(first, asked, std::move(got), error);
        });
    // Rows are made on the back end's thread: the UI's only puts them in their place.
    const Ticket ticket =
        m_context.backend().eventRange(m_context.caller(), range, [deliver](const Result<EventPage> &result) mutable {
            if (result)
                deliver(eventRows(result.value()), std::optional<Error>());
            else
                deliver(Rows(), std::optional<Error>(result.error()));
        });
    m_requests.push_back({first, pages, ticket});
}

void EventTableModel::takePages(quint64 firstPage, std::uint32_t asked, Rows rows, const std::optional<Error> &error)
{
    if (error && error->code == Error::Code::Cancelled)
        return; // forgotten when it was cancelled
    std::erase_if(m_requests, [&](const Request &request) { return request.first == firstPage; });
    if (error) {
        updateState(&*error);
        return;
    }
    const std::uint64_t first = firstPage * PageRows;
    ++m_clock;
    for (std::uint32_t begin = 0; begin < asked; begin += PageRows) {
        Page &page = m_pages[firstPage + begin / PageRows];
        page.rows.assign(std::min(PageRows, asked - begin), {});
        for (EventRow &row : page.rows)
            row.kind = EventRow::Kind::Hidden;
        page.usedAt = m_clock;
    }
    for (EventRow &row : rows) {
        const std::uint64_t at = row.place >= first ? row.place - first : asked;
        if (at < asked)
            m_pages[firstPage + at / PageRows].rows[at % PageRows] = std::move(row);
    }
    evictPages();
    const int last = std::min(static_cast<int>(first + asked), rowCount()) - 1;
    if (last >= static_cast<int>(first))
        Q_EMIT dataChanged(index(static_cast<int>(first), 0), index(last, ColumnCount - 1));
    const quint64 lastPage = firstPage + (asked - 1) / PageRows;
    if (needsPage(lastPage) && m_lastShown / static_cast<int>(PageRows) >= static_cast<int>(lastPage))
        requestPages(lastPage, 1); // it grew while it was under way
    updateState();
}

void EventTableModel::evictPages()
{
    while (m_pages.size() > PagesMax) {
        auto oldest = m_pages.begin();
        for (auto it = m_pages.begin(); it != m_pages.end(); ++it) {
            if (it->usedAt < oldest->usedAt)
                oldest = it;
        }
        m_pages.erase(oldest);
    }
}

int EventTableModel::rowOfEvent(const QString &eventId) const
{
    const auto in = [&](const Rows &rows) {
        const auto found = std::find_if(rows.begin(), rows.end(), [&](const EventRow &row) {
            return row.kind == EventRow::Kind::Present && row.eventId == eventId;
        });
        return found == rows.end() ? -1 : static_cast<int>(found - rows.begin());
    };
    if (eventId.isEmpty())
        return -1;
    if (isFiltered())
        return in(m_matches);
    for (auto it = m_pages.begin(); it != m_pages.end(); ++it) {
        if (const int at = in(it->rows); at >= 0)
            return static_cast<int>(it.key() * PageRows) + at;
    }
    return -1;
}

void EventTableModel::locateEvent(const QString &eventId)
{
    if (eventId.isEmpty() || isFiltered())
        return; // a filtered table holds all it shows
    auto deliver = m_context.bridge().to(m_guard, [this, eventId](std::uint64_t place) {
        if (place < m_places && !isFiltered())
            Q_EMIT eventLocated(eventId, static_cast<int>(place));
    });
    m_context.backend().story(m_context.caller(), eventId.toStdString(),
                              [deliver](const Result<EventStory> &story) mutable {
                                  if (story)
                                      deliver(story.value().place);
                              });
}

// ---- filter ----

QString EventTableModel::spanFilter() const
{
    if (m_span.isEmpty())
        return {};
    return QStringLiteral("ts >= %1 and ts < %2")
        .arg(QString::fromStdString(formatTimestamp(WallNs{m_span.fromNs})),
             QString::fromStdString(formatTimestamp(WallNs{m_span.toNs})));
}

/// @p again: what matches comes behind what is at hand.
void EventTableModel::search(bool again)
{
    m_searchTicket.cancel();
    m_searchGuard.reset();
    m_refilter.stop();
    m_searching = m_more = m_behind = false;
    m_skip = again ? m_matches.size() : 0;
    setFilterProblem({});
    if (!isFiltered()) {
        updateState();
        return;
    }
    m_searching = true;
    m_searchedPlaces = m_places;
    m_searchClock.start();
    const QString user = m_filter.trimmed();
    const QString span = spanFilter();
    if (user.isEmpty() || span.isEmpty()) {
        runSearch(user.isEmpty() ? span : m_filter);
    } else {
        // By itself first: its errors name its own columns, and it cannot reach out of its parentheses.
        m_searchTicket = m_context.backend().events(
            m_context.caller(), {.filter = m_filter.toStdString(), .rowsMax = 0}, [](const EventPage &) {},
            m_context.bridge().to(m_searchGuard, [this, user, span](const Result<Ok> &result) {
                if (result)
                    runSearch(QStringLiteral("%1 and (%2)").arg(span, user));
                else
                    finishSearch(result);
            }));
    }
    updateState();
}

void EventTableModel::runSearch(const QString &filter)
{
    auto deliver = m_context.bridge().to(m_searchGuard, [this](Rows rows) { takeMatches(std::move(rows)); });
    m_searchTicket = m_context.backend().events(
        m_context.caller(), {.filter = filter.toStdString(), .rowsMax = FilterRowsMax + 1},
        [deliver](const EventPage &page) mutable { deliver(eventRows(page)); },
        m_context.bridge().to(m_searchGuard, [this](const Result<Ok> &result) { finishSearch(result); }));
}

void EventTableModel::takeMatches(Rows rows)
{
    const std::size_t skipped = std::min(m_skip, rows.size());
    m_skip -= skipped;
    const std::size_t room = FilterRowsMax - m_matches.size();
    const std::size_t taken = std::min(rows.size() - skipped, room);
    m_more = m_more || rows.size() - skipped > room;
    if (taken == 0)
        return;
    const auto first = static_cast<int>(m_matches.size());
    beginInsertRows({}, first, first + static_cast<int>(taken) - 1);
    const auto from = std::make_move_iterator(rows.begin() + static_cast<std::ptrdiff_t>(skipped));
    m_matches.insert(m_matches.end(), from, from + static_cast<std::ptrdiff_t>(taken));
    endInsertRows();
    updateState();
}

void EventTableModel::finishSearch(const Result<Ok> &result)
{
    if (!result && result.error().code == Error::Code::Cancelled)
        return;
    m_searching = false;
    m_searchMs = m_searchClock.elapsed();
    if (!result && result.error().code == Error::Code::InvalidArgument) {
        setFilterProblem(visibleText(result.error().text()));
        updateState();
        return;
    }
    updateState(result ? nullptr : &result.error());
}

void EventTableModel::setFilterProblem(const QString &message)
{
    static const QRegularExpression at(QStringLiteral("^filter, column (\\d+): "));
    const QRegularExpressionMatch match = at.match(message);
    m_filterProblemColumn = match.hasMatch() ? match.captured(1).toInt() : 0;
    m_filterProblem = match.hasMatch() ? message.mid(match.capturedLength()) : message;
}

void EventTableModel::refresh()
{
    if (m_state == Failed || isFiltered())
        startOver();
}

QStringList EventTableModel::filterNames()
{
    QStringList names{QStringLiteral("id"),           QStringLiteral("ts"),       QStringLiteral("ts_event"),
                      QStringLiteral("ts_ingest"),    QStringLiteral("severity"), QStringLiteral("value"),
                      QStringLiteral("raw.position"), QStringLiteral("tags."),    QStringLiteral("attrs."),
                      QStringLiteral("headers."),     QStringLiteral("exists("),  QStringLiteral("contains"),
                      QStringLiteral("and"),          QStringLiteral("or"),       QStringLiteral("not"),
                      QStringLiteral("in (")};
    for (std::size_t i = 0; i < FieldCount; ++i) {
        const std::string_view name = toString(static_cast<Field>(i));
        names << QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size()));
    }
    names.sort();
    names.removeDuplicates();
    return names;
}

// ---- copying ----

void EventTableModel::copyRows(const std::vector<int> &rows, CopyForm form)
{
    m_copyForm = form;
    m_copyGuard.reset();
    m_copied.clear();
    m_copiedRows = 0;
    m_copyWanted = static_cast<int>(rows.size());
    std::vector<int> wanted(rows.begin(),
                            rows.begin() + static_cast<std::ptrdiff_t>(std::min(rows.size(), CopyRowsMax)));
    std::sort(wanted.begin(), wanted.end());
    UiBridge &bridge = m_context.bridge();
    auto take = bridge.to(m_copyGuard, [this](EventPage page) { takeCopy(std::move(page)); });
    if (isFiltered()) {
        std::string filter = "id in (";
        for (const int row : wanted) {
            const EventRow *known = rowAt(row);
            if (known == nullptr
                || filter.size() + 2 * static_cast<std::size_t>(known->eventId.size()) + 8 > FilterTextMax)
                break;
            QString id = known->eventId;
            id.replace(QLatin1Char('\\'), QStringLiteral("\\\\")).replace(QLatin1Char('"'), QStringLiteral("\\\""));
            filter += (filter.back() == '(' ? "\"" : ", \"") + id.toStdString() + '"';
        }
        m_context.backend().events(m_context.caller(), {.filter = filter + ')', .rowsMax = CopyRowsMax},
                                   [take](EventPage page) mutable { take(std::move(page)); },
                                   bridge.to(m_copyGuard, [this](const Result<Ok> &) { finishCopy(); }));
        return;
    }
    for (std::size_t i = 0; i < wanted.size();) {
        std::size_t end = i + 1;
        while (end < wanted.size() && wanted[end] == wanted[end - 1] + 1)
            ++end;
        const EventRange range{static_cast<std::uint64_t>(wanted[i]), static_cast<std::uint32_t>(end - i)};
        const bool isLast = end == wanted.size();
        auto done = bridge.to(m_copyGuard, [this, isLast] {
            if (isLast)
                finishCopy();
        });
        m_context.backend().eventRange(m_context.caller(), range, [take, done](Result<EventPage> result) mutable {
            if (result)
                take(std::move(result).value());
            done();
        });
        i = end;
    }
}

void EventTableModel::takeCopy(EventPage page)
{
    for (const std::uint32_t row : page.rows) {
        if (m_copied.size() > CopyBytesMax)
            return;
        const Event &event = page.batch.events[row];
        if (m_copyForm == CopyForm::Ndjson) {
            appendEventJson(m_copied, page.batch, event);
            m_copied += '\n';
        } else {
            if (m_copied.empty())
                appendCsvHeader(m_copied);
            appendEventCsv(m_copied, page.batch, event);
        }
        ++m_copiedRows;
    }
}

void EventTableModel::finishCopy()
{
    Q_EMIT rowsCopied(QString::fromUtf8(m_copied.data(), static_cast<qsizetype>(m_copied.size())), m_copiedRows,
                      m_copiedRows >= m_copyWanted);
    m_copied.clear();
    m_copied.shrink_to_fit();
}

// ---- state ----

void EventTableModel::updateState(const Error *error)
{
    if (error != nullptr) {
        m_state = Failed;
        m_problem = visibleText(error->message);
        m_remedy = visibleText(error->remedy);
    } else if (isFiltered()) {
        m_state = !m_matches.empty() ? Ready : m_searching ? Loading : m_places == 0 ? Empty : NoMatch;
    } else {
        m_state = m_places == 0 ? Empty : Ready;
    }
    Q_EMIT stateChanged();
}

} // namespace eventops
