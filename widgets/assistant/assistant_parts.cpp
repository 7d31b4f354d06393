// SPDX-License-Identifier: MIT
#include "widgets/assistant/assistant_parts.h"

#include "widgets/theme/theme.h"

#include <QHeaderView>
#include <QMimeData>
#include <QStackedLayout>
#include <QStyledItemDelegate>
#include <QTabBar>
#include <QTableView>
#include <QUrl>
#include <QVBoxLayout>

#include <algorithm>

namespace eventops {
namespace {

class RowDelegate final : public QStyledItemDelegate
{
public:
    RowDelegate(int severityColumn, int severityRole, int failedRole, QObject *parent)
        : QStyledItemDelegate(parent),
          m_severityColumn(severityColumn),
          m_severityRole(severityRole),
          m_failedRole(failedRole)
    {
    }

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        const bool failed = m_failedRole >= 0 && index.data(m_failedRole).toBool();
        const int severity = index.column() == m_severityColumn ? index.data(m_severityRole).toInt() : 0;
        if (failed)
            option->palette.setColor(QPalette::Text, themeColor("severityError"));
        else if (severity > 0)
            option->palette.setColor(QPalette::Text, Theme::instance().severityColor(severity));
    }

private:
    const int m_severityColumn, m_severityRole, m_failedRole;
};

QString localFile(const QMimeData *source)
{
    for (const QUrl &url : source->urls()) {
        if (url.isLocalFile())
            return url.toLocalFile();
    }
    return {};
}

} // namespace

PasteEdit::PasteEdit(qsizetype charactersMax, QWidget *parent) : QPlainTextEdit(parent), m_charactersMax(charactersMax)
{
}

bool PasteEdit::canInsertFromMimeData(const QMimeData *source) const
{
    return source != nullptr && (!localFile(source).isEmpty() || QPlainTextEdit::canInsertFromMimeData(source));
}

void PasteEdit::insertFromMimeData(const QMimeData *source)
{
    if (source == nullptr)
        return;
    const QString file = localFile(source);
    if (!file.isEmpty())
        Q_EMIT fileGiven(file);
    else if (source->hasText() && source->text().size() > m_charactersMax)
        Q_EMIT longTextGiven(source->text());
    else
        QPlainTextEdit::insertFromMimeData(source);
}

void makeMono(QPlainTextEdit &edit, const QString &accessibleName)
{
    edit.setFrameShape(QFrame::NoFrame);
    edit.setLineWrapMode(QPlainTextEdit::NoWrap);
    edit.setTabChangesFocus(true);
    edit.setAccessibleName(accessibleName);
    const auto themed = [&edit] {
        edit.setFont(Theme::instance().font(Theme::FontRole::Mono));
    };
    QObject::connect(&Theme::instance(), &Theme::changed, &edit, themed);
    themed();
}

QTableView *makeRowTable(const QString &accessibleName, int severityColumn, int severityRole, int failedRole)
{
    auto *table = new QTableView;
    table->setItemDelegate(new RowDelegate(severityColumn, severityRole, failedRole, table));
    table->setFrameShape(QFrame::NoFrame);
    table->setWordWrap(false);
    table->setShowGrid(false);
    table->setAlternatingRowColors(true);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setSelectionMode(QAbstractItemView::SingleSelection);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setTabKeyNavigation(false);
    table->verticalHeader()->hide();
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table->horizontalHeader()->setStretchLastSection(true);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->setAccessibleName(accessibleName);
    return table;
}

void fitColumns(QTableView &table, int charactersMax)
{
    table.resizeColumnsToContents();
    const int widest = table.fontMetrics().averageCharWidth() * charactersMax;
    for (int column = 0; column + 1 < table.model()->columnCount(); ++column)
        table.setColumnWidth(column, std::min(table.columnWidth(column) + themeMetric("space2"), widest));
}

QWidget *makePages(const QStringList &names, const QList<QWidget *> &pages, QTabBar *&tabs)
{
    auto *box = new QWidget;
    tabs = new QTabBar;
    tabs->setDrawBase(false);
    tabs->setExpanding(false);
    auto *stack = new QStackedLayout;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(tabs);
    column->addLayout(stack, 1); // before its pages: it shows the first one, which must not be a window of its own
    for (qsizetype i = 0; i < pages.size(); ++i) {
        tabs->addTab(names.at(i));
        stack->addWidget(pages.at(i));
    }
    QObject::connect(tabs, &QTabBar::currentChanged, stack, &QStackedLayout::setCurrentIndex);
    return box;
}

} // namespace eventops
