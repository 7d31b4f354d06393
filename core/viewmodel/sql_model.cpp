// SPDX-License-Identifier: MIT
#include "core/viewmodel/sql_model.h"

#include "core/session/sql_export.h"
#include "core/viewmodel/shown_text.h"

#include <QFile>

namespace eventops {

SqlModel::SqlModel(ViewContext &context, QObject *parent)
    : QAbstractTableModel(parent), m_context(context), m_rows(std::make_shared<std::vector<SqlRow>>())
{
}

SqlModel::~SqlModel()
{
    m_ticket.cancel();
}

void SqlModel::run(const QString &text, SqlPlace place)
{
    m_ticket.cancel();
    m_guard.reset();
    beginResetModel();
    m_columns.clear();
    m_rows = std::make_shared<std::vector<SqlRow>>();
    m_statement = 0;
    endResetModel();
    m_state = State::Running;
    m_status = tr("Asking…");
    m_clock.start();
    Q_EMIT stateChanged();
    SqlRequest request;
    request.text = text.toStdString();
    request.place = place;
    request.rowsMax = RowsMax;
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().sql(m_context.caller(), request,
                                       bridge.to(m_guard, [this](SqlPage page) { take(std::move(page)); }),
                                       bridge.to(m_guard, [this](Result<SqlOutcome> outcome) { end(outcome); }));
}

void SqlModel::cancel()
{
    m_ticket.cancel();
}

void SqlModel::take(SqlPage page)
{
    if (m_columns.empty() || page.statement != m_statement) {
        beginResetModel();
        m_statement = page.statement;
        m_columns = std::move(page.columns);
        m_rows = std::make_shared<std::vector<SqlRow>>(std::move(page.rows));
        endResetModel();
        return;
    }
    if (page.rows.empty())
        return;
    const auto first = static_cast<int>(m_rows->size());
    beginInsertRows({}, first, first + static_cast<int>(page.rows.size()) - 1);
    if (m_rows.use_count() > 1)
        m_rows = std::make_shared<std::vector<SqlRow>>(*m_rows);
    m_rows->insert(m_rows->end(), std::make_move_iterator(page.rows.begin()), std::make_move_iterator(page.rows.end()));
    endInsertRows();
}

void SqlModel::end(const Result<SqlOutcome> &outcome)
{
    const QString time = shownDuration(m_clock.nsecsElapsed());
    m_state = outcome ? State::Done : State::Failed;
    if (!outcome)
        m_status = shownBlock(outcome.error().text());
    else if (outcome.value().cut)
        m_status = tr("The first %1 rows, in %2").arg(shownCount(m_rows->size()), time);
    else
        m_status = m_rows->size() == 1 ? tr("1 row, in %1").arg(time)
                                       : tr("%1 rows, in %2").arg(shownCount(m_rows->size()), time);
    Q_EMIT stateChanged();
}

void SqlModel::exportRows(const QString &path)
{
    const std::string file = QFile::encodeName(path).toStdString();
    auto tell = m_context.bridge().to(m_exportGuard, [this, path, rows = m_rows->size()](Status written) {
        Q_EMIT exported(written ? tr("Wrote %1 rows to %2").arg(shownCount(rows), path)
                                : shownText(written.error().text()),
                        !written);
    });
    const std::shared_ptr<const std::vector<SqlRow>> kept = m_rows;
    m_worker.run([file, columns = m_columns, rows = kept, tell]() mutable {
        const auto format = sqlFileFormat(file);
        tell(format ? exportSqlRows(file, format.value(), columns, *rows) : Status(format.error()));
    });
}

int SqlModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows->size());
}

int SqlModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_columns.size());
}

QString SqlModel::cellText(const QModelIndex &index) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    return exactText((*m_rows)[static_cast<std::size_t>(index.row())][static_cast<std::size_t>(index.column())].text);
}

QVariant SqlModel::data(const QModelIndex &index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const SqlCell &cell =
        (*m_rows)[static_cast<std::size_t>(index.row())][static_cast<std::size_t>(index.column())];
    switch (role) {
    case Qt::DisplayRole: return cell.kind == SqlCell::Kind::Null ? QStringLiteral("NULL") : shownText(cell.text);
    case Qt::ToolTipRole:
        return cell.text.size() > 40 ? shownBlock(cell.text).toHtmlEscaped() : QString(); // short ones are all seen
    case Qt::TextAlignmentRole:
        return QVariant(Qt::AlignVCenter | (cell.kind == SqlCell::Kind::Number ? Qt::AlignRight : Qt::AlignLeft));
    case Qt::UserRole: return cell.kind == SqlCell::Kind::Null;
    default: return {};
    }
}

QVariant SqlModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    if (section < 0 || section >= columnCount())
        return {};
    const SqlColumn &column = m_columns[static_cast<std::size_t>(section)];
    if (role == Qt::DisplayRole) {
        const QString name = shownText(column.name, ShownNameMax);
        return column.type.empty() ? name : name + QLatin1Char('\n') + shownText(column.type, ShownNameMax).toLower();
    }
    if (role == Qt::TextAlignmentRole)
        return QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole)
        return shownText(column.type, ShownNameMax).toHtmlEscaped();
    return {};
}

} // namespace eventops
