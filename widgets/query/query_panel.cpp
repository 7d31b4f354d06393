// SPDX-License-Identifier: MIT
#include "widgets/query/query_panel.h"

#include "core/viewmodel/shown_text.h"
#include "widgets/query/query_view.h"
#include "widgets/theme/combo_box.h"
#include "widgets/theme/theme.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QClipboard>
#include <QFileDialog>
#include <QHeaderView>
#include <QInputDialog>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QSplitter>
#include <QStackedLayout>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace eventops {
namespace {

constexpr int QueryRole = Qt::UserRole;      ///< Index of a saved query.
constexpr int InsertRole = Qt::UserRole + 1; ///< Text for the editor.
constexpr int TableRole = Qt::UserRole + 2;  ///< "schema.name" of a table, to be asked for its first rows.
constexpr int PlaceRole = Qt::UserRole + 3;
constexpr int ColumnCharactersMax = 48;      ///< A wider column is cut until a person widens it.
constexpr int FitRowsMax = 200;              ///< Looked at for a column's width.

/// NULL is told from the text "NULL" by its colour.
class NullDelegate final : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

protected:
    void initStyleOption(QStyleOptionViewItem *option, const QModelIndex &index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        if (index.data(Qt::UserRole).toBool())
            option->palette.setColor(QPalette::Text, themeColor("textMuted"));
    }
};

QString quoted(const std::string &name)
{
    const QString text = exactText(name);
    static const QRegularExpression plain(QStringLiteral("^[A-Za-z_][A-Za-z0-9_]*$"));
    if (plain.match(text).hasMatch())
        return text;
    return QLatin1Char('"') + QString(text).replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
}

QString qualified(const SqlTable &table)
{
    return table.schema.empty() ? quoted(table.name) : quoted(table.schema) + QLatin1Char('.') + quoted(table.name);
}

} // namespace

QWidget *makeQueryView(ViewContext &context, QWidget *parent)
{
    return new QueryPanel(context, parent);
}

QueryPanel::QueryPanel(ViewContext &context, QWidget *parent)
    : QWidget(parent), m_context(context), m_model(context), m_library(context)
{
    auto *right = new QSplitter(Qt::Vertical);
    right->addWidget(makeEditor());
    right->addWidget(makeResult());
    right->setStretchFactor(0, 1);
    right->setStretchFactor(1, 2);
    auto *split = new QSplitter(Qt::Horizontal);
    split->addWidget(makeTree());
    split->addWidget(right);
    split->setStretchFactor(1, 1);
    split->setSizes({themeMetric("space3") * 20, themeMetric("space3") * 60});
    for (QSplitter *splitter : {split, right}) {
        splitter->setChildrenCollapsible(false);
        splitter->setHandleWidth(themeMetric("space1"));
    }
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(split);
    setFocusProxy(m_editor);

    connect(&m_model, &SqlModel::stateChanged, this, &QueryPanel::modelChanged);
    connect(&m_model, &SqlModel::exported, &m_context, &ViewContext::tell);
    connect(&m_library, &SqlLibrary::tablesChanged, this, &QueryPanel::fillTree);
    connect(&m_library, &SqlLibrary::queriesChanged, this, &QueryPanel::fillTree);
    connect(&m_library, &SqlLibrary::failed, this, [this](const QString &why) { m_context.tell(why, true); });
    connect(&m_library, &SqlLibrary::saved, this, [this](const QString &file) {
        m_query.file = file.toStdString();
        m_query.shipped = false;
        m_context.tell(tr("Saved as %1").arg(file));
    });
    const auto themed = [this] {
        const QFont mono = Theme::instance().font(Theme::FontRole::Mono);
        m_editor->setFont(mono);
        m_message->setFont(mono); // errors point at a column of the question
    };
    connect(&Theme::instance(), &Theme::changed, this, themed);
    themed();
    modelChanged();
}

QWidget *QueryPanel::makeTree()
{
    m_tree = new QTreeWidget;
    m_tree->setHeaderHidden(true);
    m_tree->setFrameShape(QFrame::NoFrame);
    m_tree->setAccessibleName(tr("Saved queries and tables"));
    m_tree->setContextMenuPolicy(Qt::CustomContextMenu);
    connect(m_tree, &QTreeWidget::itemActivated, this, &QueryPanel::treeActivated);
    connect(m_tree, &QTreeWidget::customContextMenuRequested, this, [this](const QPoint &at) {
        const QTreeWidgetItem *item = m_tree->itemAt(at);
        if (item == nullptr || !item->data(0, QueryRole).isValid())
            return;
        QMenu menu;
        QAction *remove = menu.addAction(tr("Remove"), this, &QueryPanel::removeAsked);
        remove->setEnabled(!m_library.queries()[item->data(0, QueryRole).toUInt()].shipped);
        menu.exec(m_tree->viewport()->mapToGlobal(at));
    });
    return m_tree;
}

QWidget *QueryPanel::makeEditor()
{
    m_editor = new QPlainTextEdit;
    m_editor->setFrameShape(QFrame::NoFrame);
    m_editor->setTabChangesFocus(true);
    m_editor->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_editor->setAccessibleName(tr("SQL"));
    m_editor->setPlaceholderText(tr("SELECT …    Ctrl+Enter asks. Choose a table or a saved query on the left."));
    m_editor->installEventFilter(this);
    auto *box = new QWidget;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(makeBar());
    column->addWidget(m_editor, 1);
    return box;
}

QWidget *QueryPanel::makeBar()
{
    auto *bar = new QWidget;
    auto *row = new QHBoxLayout(bar);
    const int space = themeMetric("space2");
    row->setContentsMargins(space, space, space, space);
    row->setSpacing(space);
    m_place = new ComboBox;
    m_place->addItem(tr("Ledger"), static_cast<int>(SqlPlace::Ledger));
    m_place->addItem(tr("Lake"), static_cast<int>(SqlPlace::Lake));
    m_place->addItem(tr("ClickHouse"), static_cast<int>(SqlPlace::ClickHouse));
    m_place->setAccessibleName(tr("Which database is asked"));
    m_place->setToolTip(tr("Ledger: SQLite, everything. Lake: DuckDB, metrics and alerts, as last published. "
                           "ClickHouse: the server that this workspace is projected to"));
    m_run = new QPushButton(tr("Ask"));
    m_run->setToolTip(tr("Ctrl+Enter"));
    m_stop = new QPushButton(tr("Stop"));
    m_stop->setToolTip(tr("Escape"));
    m_save = new QPushButton(tr("Save…"));
    m_save->setToolTip(tr("Ctrl+S"));
    m_export = new QPushButton(tr("Export…"));
    m_export->setToolTip(tr("The rows below as CSV, JSON or Parquet"));
    connect(m_run, &QPushButton::clicked, this, &QueryPanel::ask);
    connect(m_stop, &QPushButton::clicked, &m_model, &SqlModel::cancel);
    connect(m_save, &QPushButton::clicked, this, &QueryPanel::saveAsked);
    connect(m_export, &QPushButton::clicked, this, &QueryPanel::exportAsked);
    row->addWidget(m_place);
    row->addWidget(m_run);
    row->addWidget(m_stop);
    row->addStretch(1);
    row->addWidget(m_save);
    row->addWidget(m_export);
    return bar;
}

QWidget *QueryPanel::makeResult()
{
    m_rows = new QTableView;
    m_rows->setModel(&m_model);
    m_rows->setItemDelegate(new NullDelegate(m_rows));
    m_rows->setFrameShape(QFrame::NoFrame);
    m_rows->setWordWrap(false);
    m_rows->setAlternatingRowColors(true);
    m_rows->setSelectionMode(QAbstractItemView::SingleSelection);
    m_rows->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_rows->setAccessibleName(tr("Rows of the answer"));
    m_rows->horizontalHeader()->setHighlightSections(false);
    m_rows->installEventFilter(this);
    m_message = new QLabel;
    m_message->setTextFormat(Qt::PlainText);
    m_message->setWordWrap(true);
    m_message->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    m_message->setMargin(themeMetric("space3"));
    m_message->setTextInteractionFlags(Qt::TextSelectableByMouse);
    m_status = new QLabel;
    m_status->setTextFormat(Qt::PlainText);
    m_status->setForegroundRole(QPalette::PlaceholderText);
    m_status->setContentsMargins(themeMetric("space2"), 0, themeMetric("space2"), 0);
    m_status->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto *pages = new QWidget;
    m_pages = new QStackedLayout(pages);
    m_pages->addWidget(m_rows);
    m_pages->addWidget(m_message);
    auto *box = new QWidget;
    auto *column = new QVBoxLayout(box);
    column->setContentsMargins(0, 0, 0, themeMetric("space1"));
    column->setSpacing(themeMetric("space1"));
    column->addWidget(pages, 1);
    column->addWidget(m_status);
    connect(&m_model, &QAbstractItemModel::modelReset, this, &QueryPanel::fitColumns);
    return box;
}

SqlPlace QueryPanel::place() const
{
    return static_cast<SqlPlace>(m_place->currentData().toInt());
}

void QueryPanel::showEvent(QShowEvent *event)
{
    QWidget::showEvent(event);
    if (!m_read)
        m_library.reload();
    m_read = true;
}

void QueryPanel::fillTree()
{
    m_tree->clear();
    const auto heading = [this](const QString &text) {
        auto *item = new QTreeWidgetItem(m_tree, {text});
        item->setFlags(Qt::ItemIsEnabled);
        item->setExpanded(true);
        return item;
    };
    QTreeWidgetItem *saved = heading(tr("Saved queries"));
    for (std::size_t i = 0; i < m_library.queries().size(); ++i) {
        const SavedQuery &query = m_library.queries()[i];
        auto *item = new QTreeWidgetItem(saved, {shownText(query.title, ShownNameMax)});
        item->setData(0, QueryRole, static_cast<uint>(i));
        item->setToolTip(0, shownText(query.help).toHtmlEscaped());
    }
    for (const QString &error : m_library.fileErrors()) {
        auto *item = new QTreeWidgetItem(saved, {error});
        item->setForeground(0, themeColor("textMuted"));
        item->setToolTip(0, error.toHtmlEscaped());
    }
    for (const SqlPlace from : {SqlPlace::Ledger, SqlPlace::Lake, SqlPlace::ClickHouse}) {
        QTreeWidgetItem *top = heading(from == SqlPlace::Ledger ? tr("Ledger")
                                       : from == SqlPlace::Lake ? tr("Lake")
                                                                : tr("ClickHouse"));
        if (!m_library.missing(from).isEmpty()) {
            auto *item = new QTreeWidgetItem(top, {m_library.missing(from)});
            item->setForeground(0, themeColor("textMuted"));
            item->setToolTip(0, m_library.missing(from).toHtmlEscaped());
            item->setFlags(Qt::ItemIsEnabled);
        }
        for (const SqlTable &table : m_library.tables(from)) {
            auto *item = new QTreeWidgetItem(top, {shownText(qualified(table).toStdString(), ShownNameMax)});
            item->setData(0, TableRole, qualified(table));
            item->setData(0, PlaceRole, static_cast<int>(from));
            item->setToolTip(0, tr("Enter: its first rows"));
            for (const SqlColumn &column : table.columns) {
                const QString name = shownText(column.name, ShownNameMax);
                const QString type = shownText(column.type, ShownNameMax).toLower();
                auto *leaf = new QTreeWidgetItem(item, {type.isEmpty() ? name : name + QStringLiteral("  ") + type});
                leaf->setData(0, InsertRole, quoted(column.name));
            }
        }
    }
}

void QueryPanel::treeActivated(QTreeWidgetItem *item)
{
    if (item->data(0, QueryRole).isValid()) {
        setQuery(m_library.queries()[item->data(0, QueryRole).toUInt()]);
        ask();
    } else if (item->data(0, TableRole).isValid()) {
        SavedQuery query;
        query.place = static_cast<SqlPlace>(item->data(0, PlaceRole).toInt());
        const QString table = item->data(0, TableRole).toString();
        query.text = QStringLiteral("SELECT * FROM %1 LIMIT 100").arg(table).toStdString();
        setQuery(query);
        ask();
    } else if (item->data(0, InsertRole).isValid()) {
        m_editor->insertPlainText(item->data(0, InsertRole).toString());
        m_editor->setFocus();
    }
}

void QueryPanel::setQuery(const SavedQuery &query)
{
    m_query = query;
    m_editor->setPlainText(exactText(query.text).trimmed());
    m_place->setCurrentIndex(m_place->findData(static_cast<int>(query.place)));
}

void QueryPanel::ask()
{
    QString text = m_editor->toPlainText();
    if (m_editor->textCursor().hasSelection())
        text = m_editor->textCursor().selectedText().replace(QChar::ParagraphSeparator, QLatin1Char('\n'));
    if (!text.trimmed().isEmpty())
        m_model.run(text, place());
}

void QueryPanel::modelChanged()
{
    const bool running = m_model.state() == SqlModel::State::Running;
    const bool failed = m_model.state() == SqlModel::State::Failed;
    m_run->setEnabled(!running);
    m_stop->setEnabled(running);
    m_export->setEnabled(!running && !m_model.columns().empty());
    m_status->setText(failed ? QString() : m_model.statusText());
    if (failed)
        m_message->setText(m_model.statusText());
    else if (m_model.columns().empty())
        m_message->setText(running ? QString() : tr("Nothing asked yet."));
    m_pages->setCurrentWidget(failed || m_model.columns().empty() ? static_cast<QWidget *>(m_message) : m_rows);
    if (m_model.state() == SqlModel::State::Done)
        fitColumns();
}

/// As wide as what is in them, but for texts that have no end.
void QueryPanel::fitColumns()
{
    const QFontMetrics metrics(m_rows->font());
    m_rows->horizontalHeader()->setResizeContentsPrecision(FitRowsMax);
    m_rows->resizeColumnsToContents();
    const int widest = metrics.averageCharWidth() * ColumnCharactersMax;
    for (int i = 0; i < m_model.columnCount(); ++i)
        m_rows->setColumnWidth(i, qMin(m_rows->columnWidth(i) + themeMetric("space2"), widest));
}

void QueryPanel::saveAsked()
{
    bool given = false;
    const QString title =
        QInputDialog::getText(this, tr("Save the query"), tr("Its name:"), QLineEdit::Normal,
                              exactText(m_query.title), &given)
            .trimmed();
    if (!given || title.isEmpty())
        return;
    if (title.toStdString() != m_query.title)
        m_query.file.clear(); // another one
    m_query.title = title.toStdString();
    m_query.text = m_editor->toPlainText().toStdString();
    m_query.place = place();
    m_library.save(m_query);
}

void QueryPanel::removeAsked()
{
    const QTreeWidgetItem *item = m_tree->currentItem();
    if (item != nullptr && item->data(0, QueryRole).isValid())
        m_library.remove(m_library.queries()[item->data(0, QueryRole).toUInt()]);
}

void QueryPanel::exportAsked()
{
    const QString path = QFileDialog::getSaveFileName(this, tr("Export the rows"), QStringLiteral("rows.csv"),
                                                      tr("CSV (*.csv);;JSON lines (*.json);;Parquet (*.parquet)"));
    if (!path.isEmpty())
        m_model.exportRows(path);
}

bool QueryPanel::eventFilter(QObject *object, QEvent *event)
{
    if (event->type() != QEvent::KeyPress)
        return QWidget::eventFilter(object, event);
    const auto *key = static_cast<QKeyEvent *>(event);
    if (object == m_rows && key->matches(QKeySequence::Copy)) {
        QApplication::clipboard()->setText(m_model.cellText(m_rows->currentIndex()));
        return true;
    }
    if (object != m_editor)
        return QWidget::eventFilter(object, event);
    if ((key->key() == Qt::Key_Return || key->key() == Qt::Key_Enter) && key->modifiers() == Qt::ControlModifier) {
        ask();
        return true;
    }
    if (key->key() == Qt::Key_Escape && m_model.state() == SqlModel::State::Running) {
        m_model.cancel();
        return true;
    }
    if (key->matches(QKeySequence::Save)) {
        saveAsked();
        return true;
    }
    return QWidget::eventFilter(object, event);
}

} // namespace eventops
