// SPDX-License-Identifier: MIT
#include "widgets/table/event_table_view.h"

#include "core/viewmodel/time_axis.h"
#include "widgets/table/event_grid.h"
#include "widgets/table/filter_bar.h"
#include "widgets/theme/focus_relay.h"
#include "widgets/theme/theme.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QShortcut>
#include <QSignalBlocker>
#include <QStackedLayout>
#include <QToolButton>
#include <QVBoxLayout>

namespace eventops {
namespace {

QString countText(std::uint64_t count)
{
    return QLocale(QLocale::English).toString(static_cast<quint64>(count));
}

class EventTableView final : public QWidget
{
public:
    EventTableView(ViewContext &context, QWidget *parent);

private:
    void makeTop(QVBoxLayout &column);
    void makeBottom(QVBoxLayout &column);
    QWidget *makeNotice();
    void showState();
    void showStatus();
    void selectCurrent(const QModelIndex &current);
    void followEvent(const QString &eventId);
    void goTo(int row);

    ViewContext &m_context;
    EventTableModel m_model;
    FilterBar *m_filter;
    QToolButton *m_span = nullptr;
    EventGrid *m_grid;
    QStackedLayout *m_pages = nullptr;
    QLabel *m_title = nullptr;
    QLabel *m_next = nullptr;
    QLabel *m_status = nullptr;
    QToolButton *m_refresh = nullptr;
    QToolButton *m_follow = nullptr;
    bool m_following = false; ///< Another view's selection is being taken over.
};

EventTableView::EventTableView(ViewContext &context, QWidget *parent)
    : QWidget(parent), m_context(context), m_model(context, this),
      m_filter(new FilterBar(EventTableModel::filterNames(), this)), m_grid(new EventGrid(m_model, this))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    makeTop(*column);
    m_pages = new QStackedLayout;
    m_pages->addWidget(m_grid);
    m_pages->addWidget(makeNotice());
    column->addLayout(m_pages, 1);
    makeBottom(*column);
    relayFocus(*this, *m_grid);
    connect(m_filter, &FilterBar::applied, this, [this](const QString &filter) {
        m_context.setFilter(filter);
        m_grid->setFocus();
    });
    connect(&context, &ViewContext::filterSet, m_filter, &FilterBar::setText);
    connect(&context, &ViewContext::timeSpanSelected, this, &EventTableView::showStatus);
    connect(&context, &ViewContext::eventSelected, this, &EventTableView::followEvent);
    connect(&context, &ViewContext::followingSet, m_grid, &EventGrid::setFollowing);
    m_grid->setFollowing(context.following());
    connect(m_grid->selectionModel(), &QItemSelectionModel::currentChanged, this, &EventTableView::selectCurrent);
    // A click or Enter chooses the entity, too; going through the rows does not: its numbers would be read for each.
    const auto choose = [this](int row) {
        const EventRow *chosen = m_model.rowAt(row);
        if (chosen != nullptr && !chosen->entity.isEmpty())
            m_context.selectEntity(chosen->entity);
    };
    connect(m_grid, &EventGrid::rowActivated, this, choose);
    connect(m_grid, &EventGrid::clicked, this, [choose](const QModelIndex &index) { choose(index.row()); });
    connect(&m_model, &EventTableModel::dataChanged, this, [this] { selectCurrent(m_grid->currentIndex()); });
    connect(&m_model, &EventTableModel::eventLocated, this, [this](const QString &id, int row) {
        if (id == m_context.eventId())
            goTo(row);
    });
    connect(&m_model, &EventTableModel::stateChanged, this, &EventTableView::showState);
    connect(&m_model, &EventTableModel::rowsCopied, this, [this](const QString &, int rows, bool isAll) {
        const QString form =
            m_model.copyForm() == EventTableModel::CopyForm::Csv ? QStringLiteral("CSV") : QStringLiteral("NDJSON");
        m_context.tell(isAll ? tr("%1 rows copied as %2").arg(rows).arg(form)
                             : tr("The first %1 rows copied as %2; fewer at once can be copied whole")
                                   .arg(rows)
                                   .arg(form),
                       rows == 0);
    });
    auto *find = new QShortcut(QKeySequence::Find, this, m_filter, &FilterBar::focusEdit);
    find->setContext(Qt::WidgetWithChildrenShortcut);
    m_filter->setText(context.filter());
    showState();
}

void EventTableView::makeTop(QVBoxLayout &column)
{
    auto *row = new QHBoxLayout;
    const int space = themeMetric("space2");
    row->setContentsMargins(space, space, space, space);
    row->setSpacing(space);
    row->addWidget(m_filter, 1);
    m_span = new QToolButton(this);
    m_span->setToolTip(tr("Show all times again"));
    m_span->setFocusPolicy(Qt::TabFocus);
    connect(m_span, &QToolButton::clicked, this, [this] { m_context.selectTimeSpan({}); });
    row->addWidget(m_span, 0, Qt::AlignTop);
    column.addLayout(row);
}

QWidget *EventTableView::makeNotice()
{
    auto *notice = new QWidget(this);
    auto *column = new QVBoxLayout(notice);
    m_title = new QLabel(notice);
    m_next = new QLabel(notice);
    column->addStretch(1);
    for (QLabel *label : {m_title, m_next}) {
        label->setTextFormat(Qt::PlainText);
        label->setAlignment(Qt::AlignHCenter);
        label->setWordWrap(true);
        column->addWidget(label);
    }
    column->addStretch(2);
    m_title->setFont(Theme::instance().font(Theme::FontRole::Title));
    m_next->setForegroundRole(QPalette::PlaceholderText);
    return notice;
}

void EventTableView::makeBottom(QVBoxLayout &column)
{
    auto *row = new QHBoxLayout;
    const int space = themeMetric("space2");
    row->setContentsMargins(space, themeMetric("space1"), space, themeMetric("space1"));
    m_status = new QLabel(this);
    m_status->setTextFormat(Qt::PlainText);
    m_status->setFont(Theme::instance().font(Theme::FontRole::Small));
    m_status->setForegroundRole(QPalette::PlaceholderText);
    m_status->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    row->addWidget(m_status, 1);
    m_refresh = new QToolButton(this);
    m_refresh->setText(tr("Look through new events"));
    m_refresh->setToolTip(tr("Search what came in since (F5)"));
    m_refresh->setAutoRaise(true);
    connect(m_refresh, &QToolButton::clicked, &m_model, &EventTableModel::refresh);
    row->addWidget(m_refresh);
    m_follow = new QToolButton(this);
    m_follow->setText(tr("Follow"));
    m_follow->setToolTip(tr("Keep the latest rows in view (F)"));
    m_follow->setCheckable(true);
    m_follow->setAutoRaise(true);
    connect(m_follow, &QToolButton::toggled, m_grid, &EventGrid::setFollowing);
    connect(m_grid, &EventGrid::followingChanged, m_follow, &QToolButton::setChecked);
    row->addWidget(m_follow);
    column.addLayout(row);
}

void EventTableView::showState()
{
    QString title, next;
    switch (m_model.state()) {
    case EventTableModel::Ready: break;
    case EventTableModel::Loading: title = tr("Looking for events …"); break;
    case EventTableModel::Empty:
        title = tr("No events yet");
        next = tr("Open a capture or start the demo: each event becomes a row here.");
        break;
    case EventTableModel::NoMatch:
        title = m_model.filterProblem().isEmpty() ? tr("No event matches") : tr("The filter cannot be read");
        next = m_model.filterProblem().isEmpty()
                   ? tr("Widen the filter or clear the time span; Ctrl+F goes to the filter.")
                   : tr("Mend it at column %1, then press Enter.").arg(m_model.filterProblemColumn());
        break;
    case EventTableModel::Failed:
        title = m_model.problem();
        next = m_model.remedy().isEmpty() ? tr("Press F5 to try again.") : m_model.remedy();
        break;
    }
    m_pages->setCurrentIndex(title.isEmpty() ? 0 : 1);
    m_title->setText(title);
    m_next->setText(next);
    m_filter->setProblem(m_model.filterProblem(), m_model.filterProblemColumn());
    showStatus();
}

void EventTableView::showStatus()
{
    const auto rows = static_cast<std::uint64_t>(m_model.rowCount());
    QString text;
    if (!m_model.isFiltered())
        text = tr("%1 events, in ledger order").arg(countText(m_model.events()));
    else if (!m_model.filterProblem().isEmpty())
        text = tr("Nothing was searched: the filter cannot be read");
    else if (m_model.hasMore())
        text =
            tr("First %1 of more matches, in ledger order; narrow the filter to see the others").arg(countText(rows));
    else if (m_model.isSearching())
        text = tr("%1 matches so far, in ledger order …").arg(countText(rows));
    else
        text = tr("%1 of %2 events match, in ledger order").arg(countText(rows), countText(m_model.events()));
    m_status->setText(text);
    m_status->setToolTip(text);
    m_refresh->setVisible(m_model.isBehind());
    const TimeSpan span = m_context.timeSpan();
    m_span->setVisible(!span.isEmpty());
    if (!span.isEmpty())
        m_span->setText(timeSpanText(span.fromNs, span.toNs) + QStringLiteral("  ×"));
}

/// A row that has not arrived yet is selected when it does.
void EventTableView::selectCurrent(const QModelIndex &current)
{
    const EventRow *row = current.isValid() ? m_model.rowAt(current.row()) : nullptr;
    if (m_following || row == nullptr || row->kind != EventRow::Kind::Present || row->eventId == m_context.eventId())
        return;
    if (!row->eventId.isEmpty())
        m_context.selectEvent(row->eventId);
}

void EventTableView::followEvent(const QString &eventId)
{
    const EventRow *now = m_grid->currentIndex().isValid() ? m_model.rowAt(m_grid->currentIndex().row()) : nullptr;
    if (eventId.isEmpty() || (now != nullptr && now->eventId == eventId))
        return;
    const int row = m_model.rowOfEvent(eventId);
    if (row >= 0)
        goTo(row);
    else
        m_model.locateEvent(eventId);
}

void EventTableView::goTo(int row)
{
    m_following = true;
    m_grid->setFollowing(false);
    m_grid->selectionModel()->setCurrentIndex(m_model.index(row, 0), QItemSelectionModel::ClearAndSelect
                                                                         | QItemSelectionModel::Rows);
    m_grid->scrollTo(m_model.index(row, 0), QAbstractItemView::PositionAtCenter);
    m_following = false;
}

} // namespace

QWidget *makeEventTableView(ViewContext &context, QWidget *parent)
{
    return new EventTableView(context, parent);
}

} // namespace eventops
