// SPDX-License-Identifier: MIT
#include "widgets/assistant/assistant_parts.h"

#include "core/viewmodel/edited_text.h"
#include "widgets/theme/theme.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMimeData>
#include <QSplitter>
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

bool replaces(const QKeyEvent &key)
{
    const bool clears = key.key() == Qt::Key_Delete || key.key() == Qt::Key_Backspace;
    return key.matches(QKeySequence::Paste) || (clears && (key.modifiers() & ~Qt::KeypadModifier) == Qt::NoModifier);
}

} // namespace

PasteEdit::PasteEdit(QWidget *parent) : QPlainTextEdit(parent) {}

void PasteEdit::showText(const QString &text, bool editable)
{
    const QSignalBlocker blocker(this);
    setPlainText(text.left(EditedTextMax));
    setReadOnly(!editable);
    setToolTip(editable ? QString()
                        : tr("Too long to be edited here, or editing would change some of its characters. It is read "
                             "as it is. Ctrl+V puts another one in its place, Delete clears it."));
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
    else if (source->hasText() && (isReadOnly() || !isEditable(source->text())))
        Q_EMIT wholeTextGiven(with(source->text()));
    else
        QPlainTextEdit::insertFromMimeData(source);
}

/// All of the text once @p text is pasted.
QString PasteEdit::with(const QString &text) const
{
    if (isReadOnly())
        return text;
    const QTextCursor cursor = textCursor();
    const int begin = cursor.selectionStart();
    return toPlainText().replace(begin, cursor.selectionEnd() - begin, text);
}

bool PasteEdit::event(QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride && isReadOnly() && replaces(*static_cast<QKeyEvent *>(event)))
        event->accept(); // the keys are ours also where nothing can be edited
    return QPlainTextEdit::event(event);
}

void PasteEdit::keyPressEvent(QKeyEvent *event)
{
    if (!isReadOnly() || !replaces(*event))
        return QPlainTextEdit::keyPressEvent(event);
    if (event->matches(QKeySequence::Paste))
        insertFromMimeData(QApplication::clipboard()->mimeData());
    else
        Q_EMIT wholeTextGiven(QString());
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

void layOut(QWidget &view, QWidget *bar, QWidget *texts, QWidget *outcome)
{
    auto *split = new QSplitter(Qt::Horizontal);
    split->addWidget(texts);
    split->addWidget(outcome);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 3);
    split->setChildrenCollapsible(false);
    split->setHandleWidth(themeMetric("space1"));
    auto *column = new QVBoxLayout(&view);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(bar);
    column->addWidget(split, 1);
}

QHBoxLayout *makeBarRow(QWidget &bar)
{
    auto *row = new QHBoxLayout(&bar);
    const int space = themeMetric("space2");
    row->setContentsMargins(space, space, space, space);
    row->setSpacing(space);
    return row;
}

QLabel *makeLine()
{
    auto *label = new QLabel;
    label->setTextFormat(Qt::PlainText);
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    const int space = themeMetric("space2");
    label->setContentsMargins(space, themeMetric("space1"), space, themeMetric("space1"));
    return label;
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
