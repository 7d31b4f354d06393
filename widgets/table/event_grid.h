// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/event_table_model.h"

#include <QAbstractItemView>

class QHeaderView;

namespace eventops {

/// The rows of an EventTableModel, all of one height. A QTableView would keep 8 bytes for each of ten million rows and
/// walk them all after each insertion; this one knows where a row is by counting, scrolls by rows, and reads the cells
/// of the model without a QVariant. Columns are moved, sized and hidden by a QHeaderView.
///
/// Keys: arrows, Page Up and Down, Home, End, Ctrl+C copies rows as NDJSON, F follows the tail. Thread: UI. A picture
/// costs O(rows in view), whatever the model's size.
class EventGrid final : public QAbstractItemView
{
    Q_OBJECT

public:
    explicit EventGrid(EventTableModel &model, QWidget *parent = nullptr);
    ~EventGrid() override;

    QHeaderView *header() const { return m_header; }
    bool isFollowing() const { return m_follow; }
    int rowsPerPage() const;     ///< Rows wholly in view, at least 1.
    int firstRow() const;
    std::vector<int> selectedRowNumbers(std::size_t max) const;

    QRect visualRect(const QModelIndex &index) const override;
    void scrollTo(const QModelIndex &index, ScrollHint hint = EnsureVisible) override;
    QModelIndex indexAt(const QPoint &point) const override;
    void setModel(QAbstractItemModel *model) override; ///< Given at construction; asserts that it is that one.
    void keyboardSearch(const QString &) override {}   ///< Would look at every row.
    void reset() override;

public Q_SLOTS:
    void setFollowing(bool follow);
    void copySelection(EventTableModel::CopyForm form);
    void fitColumns();           ///< Widths for what the columns usually hold.

Q_SIGNALS:
    void followingChanged(bool follow);
    void rowActivated(int row);

protected:
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void showEvent(QShowEvent *event) override;
    void scrollContentsBy(int dx, int dy) override;
    void updateGeometries() override;
    void keyPressEvent(QKeyEvent *event) override;
    bool viewportEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;
    void rowsInserted(const QModelIndex &parent, int start, int end) override;
    void dataChanged(const QModelIndex &topLeft, const QModelIndex &bottomRight, const QList<int> &roles) override;
    void currentChanged(const QModelIndex &current, const QModelIndex &previous) override;
    QModelIndex moveCursor(CursorAction action, Qt::KeyboardModifiers modifiers) override;
    int horizontalOffset() const override;
    int verticalOffset() const override;
    bool isIndexHidden(const QModelIndex &index) const override;
    void setSelection(const QRect &rect, QItemSelectionModel::SelectionFlags command) override;
    QRegion visualRegionForSelection(const QItemSelection &selection) const override;

private:
    struct Look;
    void makeHeader();
    void showColumnMenu(const QPoint &at);
    void fitToFirstRows();
    void tellRows();             ///< The model: which rows are in view.
    void followTail();
    void paintRow(QPainter &painter, const Look &look, int row, const QRect &area);
    const QPixmap &markOf(int severityNumber);
    void paintCell(QPainter &painter, const Look &look, const EventRow &row, int column, const QRect &cell);

    EventTableModel &m_events;
    QHeaderView *m_header;
    bool m_follow = false;
    int m_rowsFitted = 0;        ///< First rows that the columns' widths are for.
    std::unique_ptr<Look> m_look; ///< What cells are painted with; made anew with the theme.
};

} // namespace eventops
