// SPDX-License-Identifier: MIT
#include "widgets/table/event_grid.h"

#include "widgets/table/cell_text.h"
#include "widgets/theme/severity_mark.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QHelpEvent>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <QToolTip>

#include <algorithm>
#include <array>

namespace eventops {
namespace {

/// Usual lengths of what the columns hold, in characters.
constexpr std::array<int, EventTableModel::ColumnCount> UsualCharacters{20, 9, 8, 8, 19, 9, 13, 10, 20};

} // namespace

/// What every cell of one picture needs, looked up once.
struct EventGrid::Look {
    CellText body, mono;
    QString none = QStringLiteral("–"); ///< For a severity that the source did not give.
    QColor text, muted, selectedText, placeholder;
    int space, mark, barHeight;
    QHash<int, QPixmap> marks; ///< By severity.
    bool isSelected = false;

    Look()
        : body(Theme::instance().font(Theme::FontRole::Body)), mono(Theme::instance().font(Theme::FontRole::Mono)),
          text(themeColor("text")), muted(themeColor("textMuted")),
          selectedText(themeColor("selectionText")), placeholder(themeColor("grid")), space(themeMetric("space1")),
          mark(themeMetric("markerSize")), barHeight(QFontMetrics(body.font()).xHeight())
    {
    }
};

EventGrid::EventGrid(EventTableModel &model, QWidget *parent)
    : QAbstractItemView(parent), m_events(model), m_header(new QHeaderView(Qt::Horizontal, this))
{
    setSelectionMode(ExtendedSelection);
    setSelectionBehavior(SelectRows);
    setEditTriggers(NoEditTriggers);
    setVerticalScrollMode(ScrollPerItem);
    setHorizontalScrollMode(ScrollPerPixel);
    setFrameShape(NoFrame);
    setAccessibleName(tr("Events"));
    setTabKeyNavigation(false);
    setModel(&model);
    makeHeader();
    connect(verticalScrollBar(), &QScrollBar::actionTriggered, this, [this] {
        if (verticalScrollBar()->sliderPosition() < verticalScrollBar()->maximum())
            setFollowing(false);
    });
    connect(&model, &EventTableModel::rowsCopied, this, [](const QString &text) {
        if (!text.isEmpty())
            QGuiApplication::clipboard()->setText(text);
    });
    connect(&Theme::instance(), &Theme::changed, this, [this] {
        m_look.reset();
        updateGeometries();
    });
}

EventGrid::~EventGrid() = default;

void EventGrid::setModel(QAbstractItemModel *model)
{
    Q_ASSERT(model == &m_events);
    QAbstractItemView::setModel(model);
}

void EventGrid::makeHeader()
{
    m_header->setModel(&m_events);
    m_header->setSectionsMovable(true);
    m_header->setStretchLastSection(true);
    m_header->setHighlightSections(false);
    m_header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    m_header->setTextElideMode(Qt::ElideRight);
    m_header->setFocusPolicy(Qt::NoFocus);
    m_header->setContextMenuPolicy(Qt::CustomContextMenu);
    m_header->setMinimumSectionSize(themeMetric("laneHeight"));
    connect(m_header, &QHeaderView::customContextMenuRequested, this, &EventGrid::showColumnMenu);
    connect(m_header, &QHeaderView::sectionResized, this, [this] {
        updateGeometries();
        viewport()->update();
    });
    connect(m_header, &QHeaderView::sectionMoved, viewport(), qOverload<>(&QWidget::update));
    fitColumns();
}

void EventGrid::fitColumns()
{
    const QFontMetrics metrics(Theme::instance().font(Theme::FontRole::Body));
    for (int column = 0; column < EventTableModel::ColumnCount; ++column)
        m_header->resizeSection(column, UsualCharacters[static_cast<std::size_t>(column)] * metrics.averageCharWidth()
                                            + 2 * themeMetric("space1"));
}

/// Widths for what the first rows hold, as far as they are known.
void EventGrid::fitToFirstRows()
{
    constexpr int RowsMax = 32, CharactersMax = 24;
    if (m_rowsFitted >= RowsMax)
        return;
    int known = 0;
    while (known < std::min(RowsMax, m_events.rowCount()) && m_events.rowAt(known) != nullptr)
        ++known;
    if (known <= m_rowsFitted)
        return;
    m_rowsFitted = known;
    const QFontMetrics body(Theme::instance().font(Theme::FontRole::Body));
    const QFontMetrics mono(Theme::instance().font(Theme::FontRole::Mono));
    for (int column = 0; column < EventTableModel::ColumnCount; ++column) {
        const bool isMono = column == EventTableModel::Time || column == EventTableModel::Value;
        const bool isMarked = column == EventTableModel::SeverityColumn;
        int width = 0;
        const bool isLast = column == EventTableModel::ColumnCount - 1; // has what the others leave
        for (int row = 0; row < known && !isLast; ++row) {
            const QString text = m_events.cell(*m_events.rowAt(row), column).left(CharactersMax);
            width = std::max(width, (isMono ? mono : body).horizontalAdvance(text));
        }
        width += 2 * (themeMetric("space1") + themeMetric("border"));
        if (isMarked)
            width += themeMetric("markerSize") + themeMetric("space1");
        m_header->resizeSection(column, std::max(width, m_header->sectionSizeHint(column)));
    }
}

void EventGrid::showColumnMenu(const QPoint &at)
{
    QMenu menu(this);
    for (int column = 0; column < EventTableModel::ColumnCount; ++column) {
        QAction *action = menu.addAction(m_events.headerData(column, Qt::Horizontal).toString());
        action->setCheckable(true);
        action->setChecked(!m_header->isSectionHidden(column));
        // One column stays, or there would be no header left to bring the others back.
        action->setEnabled(m_header->isSectionHidden(column)
                           || m_header->hiddenSectionCount() + 1 < EventTableModel::ColumnCount);
        connect(action, &QAction::toggled, m_header,
                [this, column](bool shown) { m_header->setSectionHidden(column, !shown); });
    }
    menu.exec(m_header->mapToGlobal(at));
}

// ---- geometry ----

int EventGrid::rowsPerPage() const
{
    return std::max(1, viewport()->height() / themeMetric("rowHeight"));
}

int EventGrid::firstRow() const
{
    return verticalScrollBar()->value();
}

int EventGrid::horizontalOffset() const
{
    return m_header->offset();
}

int EventGrid::verticalOffset() const
{
    return firstRow();
}

bool EventGrid::isIndexHidden(const QModelIndex &index) const
{
    return m_header->isSectionHidden(index.column());
}

QRect EventGrid::visualRect(const QModelIndex &index) const
{
    if (!index.isValid())
        return {};
    const int height = themeMetric("rowHeight");
    // Far away rows are all the same to whoever asks; their true places would not fit into an int.
    const int rows = std::clamp(index.row() - firstRow(), -2 * rowsPerPage(), 2 * rowsPerPage());
    return {m_header->sectionViewportPosition(index.column()), rows * height, m_header->sectionSize(index.column()),
            height};
}

QModelIndex EventGrid::indexAt(const QPoint &point) const
{
    const int column = m_header->logicalIndexAt(point.x());
    const int row = firstRow() + point.y() / themeMetric("rowHeight");
    return point.y() < 0 || row >= m_events.rowCount() ? QModelIndex() : m_events.index(row, std::max(0, column));
}

void EventGrid::updateGeometries()
{
    const int height = std::max(themeMetric("rowHeight"), m_header->sizeHint().height());
    setViewportMargins(0, height, 0, 0);
    const QRect inside = viewport()->geometry();
    m_header->setGeometry(inside.left(), inside.top() - height, inside.width(), height);
    verticalScrollBar()->setRange(0, std::max(0, m_events.rowCount() - rowsPerPage()));
    verticalScrollBar()->setPageStep(rowsPerPage());
    verticalScrollBar()->setSingleStep(1);
    const int wide = m_header->length();
    horizontalScrollBar()->setRange(0, std::max(0, wide - inside.width()));
    horizontalScrollBar()->setPageStep(inside.width());
    horizontalScrollBar()->setSingleStep(themeMetric("space5"));
    QAbstractItemView::updateGeometries();
    followTail();
    tellRows();
}

void EventGrid::resizeEvent(QResizeEvent *event)
{
    QAbstractItemView::resizeEvent(event);
    updateGeometries();
}

void EventGrid::showEvent(QShowEvent *event)
{
    QAbstractItemView::showEvent(event);
    updateGeometries();
}

void EventGrid::changeEvent(QEvent *event)
{
    QAbstractItemView::changeEvent(event);
    if (event->type() == QEvent::FontChange || event->type() == QEvent::StyleChange)
        updateGeometries();
}

void EventGrid::scrollContentsBy(int dx, int)
{
    if (dx != 0)
        m_header->setOffset(horizontalScrollBar()->value());
    tellRows();
    viewport()->update();
}

void EventGrid::scrollTo(const QModelIndex &index, ScrollHint hint)
{
    if (!index.isValid())
        return;
    const int first = firstRow();
    const int page = rowsPerPage();
    int to = first;
    if (hint == PositionAtCenter)
        to = index.row() - page / 2;
    else if (hint == PositionAtTop || index.row() < first)
        to = index.row();
    else if (hint == PositionAtBottom || index.row() >= first + page)
        to = index.row() - page + 1;
    verticalScrollBar()->setValue(to);
}

void EventGrid::tellRows()
{
    if (isVisible())
        m_events.showRows(firstRow(), firstRow() + rowsPerPage());
}

void EventGrid::reset()
{
    QAbstractItemView::reset();
    updateGeometries();
}

// ---- following ----

void EventGrid::setFollowing(bool follow)
{
    if (m_follow == follow)
        return;
    m_follow = follow;
    followTail();
    Q_EMIT followingChanged(follow);
}

void EventGrid::followTail()
{
    if (m_follow)
        verticalScrollBar()->setValue(verticalScrollBar()->maximum());
}

void EventGrid::rowsInserted(const QModelIndex &, int, int)
{
    // Not the base class's: it would arrange the whole view anew for each batch of rows.
    verticalScrollBar()->setRange(0, std::max(0, m_events.rowCount() - rowsPerPage()));
    followTail();
    fitToFirstRows();
    viewport()->update();
}

void EventGrid::dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight, const QList<int> &)
{
    fitToFirstRows();
    if (bottomRight.row() >= firstRow() && topLeft.row() <= firstRow() + rowsPerPage())
        viewport()->update();
}

// ---- cursor and selection ----

QModelIndex EventGrid::moveCursor(CursorAction action, Qt::KeyboardModifiers)
{
    const int rows = m_events.rowCount();
    if (rows == 0)
        return {};
    const QModelIndex now = currentIndex();
    if (!now.isValid())
        return m_events.index(std::min(firstRow(), rows - 1), 0);
    int row = now.row();
    switch (action) {
    case MoveUp:
    case MovePrevious: --row; break;
    case MoveDown:
    case MoveNext: ++row; break;
    case MovePageUp: row -= rowsPerPage(); break;
    case MovePageDown: row += rowsPerPage(); break;
    case MoveHome: row = 0; break;
    case MoveEnd: row = rows - 1; break;
    case MoveLeft:
    case MoveRight:
        horizontalScrollBar()->triggerAction(action == MoveLeft ? QScrollBar::SliderSingleStepSub
                                                                : QScrollBar::SliderSingleStepAdd);
        break;
    }
    return m_events.index(std::clamp(row, 0, rows - 1), now.column());
}

void EventGrid::currentChanged(const QModelIndex &current, const QModelIndex &previous)
{
    QAbstractItemView::currentChanged(current, previous);
    if (current.isValid() && current.row() < m_events.rowCount() - 1)
        setFollowing(false);
    scrollTo(current);
    viewport()->update();
}

void EventGrid::setSelection(const QRect &rect, QItemSelectionModel::SelectionFlags command)
{
    const int height = themeMetric("rowHeight");
    const int last = m_events.rowCount() - 1;
    const auto rowAt = [&](int y) { return std::clamp(firstRow() + (y < 0 ? -1 : y / height), 0, std::max(0, last)); };
    if (last < 0) {
        selectionModel()->select(QItemSelection(), command);
        return;
    }
    const int from = rowAt(rect.normalized().top());
    const int to = rowAt(rect.normalized().bottom());
    selectionModel()->select(
        QItemSelection(m_events.index(from, 0), m_events.index(to, EventTableModel::ColumnCount - 1)), command);
}

QRegion EventGrid::visualRegionForSelection(const QItemSelection &) const
{
    return viewport()->rect();
}

std::vector<int> EventGrid::selectedRowNumbers(std::size_t max) const
{
    std::vector<int> rows;
    for (const QItemSelectionRange &range : selectionModel()->selection()) {
        for (int row = range.top(); row <= range.bottom() && rows.size() < max; ++row)
            rows.push_back(row);
    }
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    return rows;
}

void EventGrid::copySelection(EventTableModel::CopyForm form)
{
    const std::vector<int> rows = selectedRowNumbers(EventTableModel::CopyRowsMax + 1);
    if (!rows.empty())
        m_events.copyRows(rows, form);
}

void EventGrid::keyPressEvent(QKeyEvent *event)
{
    if (event->matches(QKeySequence::Copy)) {
        copySelection(EventTableModel::CopyForm::Ndjson);
        return;
    }
    if (event->key() == Qt::Key_C && event->modifiers() == (Qt::ControlModifier | Qt::ShiftModifier)) {
        copySelection(EventTableModel::CopyForm::Csv);
        return;
    }
    if (event->key() == Qt::Key_F && event->modifiers() == Qt::NoModifier) {
        setFollowing(!m_follow);
        return;
    }
    if (event->key() == Qt::Key_F5) {
        m_events.refresh();
        return;
    }
    if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && currentIndex().isValid()) {
        Q_EMIT rowActivated(currentIndex().row());
        return;
    }
    QAbstractItemView::keyPressEvent(event);
}

bool EventGrid::viewportEvent(QEvent *event)
{
    if (event->type() != QEvent::ToolTip)
        return QAbstractItemView::viewportEvent(event);
    const auto *help = static_cast<QHelpEvent *>(event);
    const QModelIndex index = indexAt(help->pos());
    const EventRow *row = index.isValid() ? m_events.rowAt(index.row()) : nullptr;
    const QString text = row != nullptr ? m_events.cell(*row, index.column()) : QString();
    const int room = visualRect(index).width() - 2 * themeMetric("space1");
    if (!text.isEmpty() && fontMetrics().horizontalAdvance(text) > room)
        QToolTip::showText(help->globalPos(), QStringLiteral("<qt>%1</qt>").arg(text.toHtmlEscaped()), viewport());
    else
        QToolTip::hideText();
    return true;
}

// ---- painting ----

void EventGrid::paintEvent(QPaintEvent *)
{
    QPainter painter(viewport());
    painter.setLayoutDirection(Qt::LeftToRight); // whatever the texts hold
    const QRect all = viewport()->rect();
    painter.fillRect(all, themeColor("surface"));
    const int height = themeMetric("rowHeight");
    const int border = themeMetric("border");
    const int rows = m_events.rowCount();
    if (!m_look)
        m_look = std::make_unique<Look>();
    Look &look = *m_look;
    const QColor selection = themeColor("selection");
    const QColor line = themeColor("grid");
    for (int y = 0, row = firstRow(); y < all.height() && row < rows; y += height, ++row) {
        const QRect area(0, y, all.width(), height);
        look.isSelected = selectionModel()->isRowSelected(row);
        if (look.isSelected)
            painter.fillRect(area, selection);
        painter.fillRect(0, y + height - border, all.width(), border, line);
        paintRow(painter, look, row, area);
        if (hasFocus() && currentIndex().row() == row) {
            painter.setPen(QPen(themeColor("focus"), border));
            painter.setBrush(Qt::NoBrush);
            painter.drawRect(area.adjusted(0, 0, -border, -2 * border));
        }
    }
}

void EventGrid::paintRow(QPainter &painter, const Look &look, int row, const QRect &area)
{
    const EventRow *known = m_events.rowAt(row);
    for (int visual = 0; visual < m_header->count(); ++visual) {
        const int column = m_header->logicalIndex(visual);
        if (m_header->isSectionHidden(column))
            continue;
        const QRect cell(m_header->sectionViewportPosition(column), area.top(), m_header->sectionSize(column),
                         area.height());
        if (cell.right() < 0 || cell.left() > area.right())
            continue;
        const QRect inside = cell.adjusted(look.space, 0, -look.space, 0);
        if (known != nullptr && known->kind == EventRow::Kind::Present) {
            paintCell(painter, look, *known, column, inside);
        } else if (known != nullptr) {
            painter.setFont(look.body.font());
            painter.setPen(look.muted);
            if (visual == 0)
                painter.drawText(area.adjusted(look.space, 0, 0, 0), Qt::AlignVCenter | Qt::TextSingleLine,
                                 tr("an event of a tenant that you may not see"));
        } else { // on its way: a quiet bar where the text will be
            const int wide = inside.width() * (2 + (row + column) % 3) / 5;
            painter.fillRect(inside.left(), inside.center().y() - look.barHeight / 2, wide, look.barHeight,
                             look.placeholder);
        }
    }
}

const QPixmap &EventGrid::markOf(int severityNumber)
{
    QPixmap &mark = m_look->marks[severityNumber];
    const qreal ratio = devicePixelRatioF();
    if (mark.isNull() || mark.devicePixelRatio() != ratio) {
        mark = QPixmap(QSize(m_look->mark, m_look->mark) * ratio);
        mark.setDevicePixelRatio(ratio);
        mark.fill(Qt::transparent);
        QPainter painter(&mark);
        paintSeverityMark(painter, QRectF(0, 0, m_look->mark, m_look->mark), severityNumber);
    }
    return mark;
}

void EventGrid::paintCell(QPainter &painter, const Look &look, const EventRow &row, int column, const QRect &cell)
{
    const QString &text = m_events.cell(row, column);
    QRect room = cell;
    const bool isMono = column == EventTableModel::Time || column == EventTableModel::Value;
    if (column == EventTableModel::SeverityColumn && row.severityNumber == 0) {
        painter.setPen(look.isSelected ? look.selectedText : look.muted);
        look.body.draw(painter, room, look.none, Qt::AlignLeft | Qt::AlignVCenter);
        return;
    }
    if (column == EventTableModel::SeverityColumn) {
        painter.drawPixmap(QPoint(cell.left(), cell.center().y() - look.mark / 2), markOf(row.severityNumber));
        room.setLeft(cell.left() + look.mark + look.space);
    }
    if (text.isEmpty() || room.width() <= 0)
        return;
    const bool isQuiet = column == EventTableModel::Tenant || column == EventTableModel::Time;
    painter.setPen(look.isSelected ? look.selectedText : isQuiet ? look.muted : look.text);
    (isMono ? look.mono : look.body)
        .draw(painter, room, text,
              (column == EventTableModel::Value ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
}

} // namespace eventops
