// SPDX-License-Identifier: MIT
#include "core/viewmodel/preview_models.h"

#include "core/model/event.h"
#include "core/viewmodel/shown_text.h"

namespace eventops {

void PreviewEventsModel::show(SourcePreview preview)
{
    beginResetModel();
    m_preview = std::move(preview);
    m_rows.clear();
    std::size_t failure = 0;
    for (std::size_t i = 0; i < m_preview.shown.size(); ++i) {
        while (failure < m_preview.failures.size() && m_preview.failures[failure].record < m_preview.shown[i].record)
            m_rows.push_back({true, failure++});
        m_rows.push_back({false, i});
    }
    while (failure < m_preview.failures.size())
        m_rows.push_back({true, failure++});
    endResetModel();
}

const PreviewEvent *PreviewEventsModel::eventAt(int row) const
{
    if (row < 0 || row >= rowCount() || m_rows[static_cast<std::size_t>(row)].failed)
        return nullptr;
    return &m_preview.shown[m_rows[static_cast<std::size_t>(row)].index];
}

const PreviewFailure *PreviewEventsModel::failureAt(int row) const
{
    if (row < 0 || row >= rowCount() || !m_rows[static_cast<std::size_t>(row)].failed)
        return nullptr;
    return &m_preview.failures[m_rows[static_cast<std::size_t>(row)].index];
}

int PreviewEventsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PreviewEventsModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PreviewEventsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const PreviewEvent *event = eventAt(index.row());
    const PreviewFailure *failure = failureAt(index.row());
    if (role == FailedRole)
        return failure != nullptr;
    if (role == SeverityRole)
        return event == nullptr ? 0 : static_cast<int>(severityFromText(event->severity));
    if (role != Qt::DisplayRole || (event == nullptr && failure == nullptr))
        return {};
    if (index.column() == RecordColumn)
        return shownCount((event != nullptr ? event->record : failure->record) + 1);
    if (failure != nullptr) {
        switch (index.column()) {
        case TypeColumn: return shownText(failure->reason, ShownNameMax);
        case MessageColumn: return shownText(failure->detail);
        default: return {};
        }
    }
    switch (index.column()) {
    case TimeColumn: return shownTime(event->time);
    case SeverityColumn: return shownText(event->severity, ShownNameMax);
    case TypeColumn: return shownText(event->type, ShownNameMax);
    case EntityColumn: return shownText(event->entity, ShownNameMax);
    case MessageColumn: return shownText(event->message);
    default: return {};
    }
}

QVariant PreviewEventsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case RecordColumn: return QStringLiteral("#");
    case TimeColumn: return tr("Event time");
    case SeverityColumn: return tr("Severity");
    case TypeColumn: return tr("Type");
    case EntityColumn: return tr("Entity");
    case MessageColumn: return tr("Message");
    default: return {};
    }
}

void PreviewFieldsModel::show(const PreviewEvent *event, const PreviewFailure *failure, const std::string &pipelineName)
{
    beginResetModel();
    m_rows.clear();
    if (event != nullptr) {
        for (const PreviewField &field : event->fields) {
            Row row;
            row.field = shownText(field.name, ShownNameMax);
            row.value = shownText(field.value);
            row.whole = shownBlock(field.value);
            row.rule = shownText(field.origin.text);
            if (!field.origin.file.empty() && field.origin.file == pipelineName) {
                row.line = static_cast<int>(field.origin.line);
                row.place = tr("line %1").arg(field.origin.line);
            } else if (!field.origin.file.empty()) {
                row.place =
                    QStringLiteral("%1:%2").arg(shownText(field.origin.file, ShownNameMax)).arg(field.origin.line);
            }
            m_rows.push_back(std::move(row));
        }
    }
    if (failure != nullptr) {
        const auto add = [this](const QString &name, const std::string &text) {
            if (!text.empty())
                m_rows.push_back({name, shownText(text), {}, {}, shownBlock(text), 0});
        };
        add(tr("dead letter"), failure->reason);
        add(tr("why"), failure->detail);
        add(tr("remedy"), failure->help);
    }
    endResetModel();
}

QString PreviewFieldsModel::wholeValue(int row) const
{
    return row >= 0 && row < rowCount() ? m_rows[static_cast<std::size_t>(row)].whole : QString();
}

int PreviewFieldsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int PreviewFieldsModel::columnCount(const QModelIndex &parent) const
{
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant PreviewFieldsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || index.row() >= rowCount())
        return {};
    const Row &row = m_rows[static_cast<std::size_t>(index.row())];
    if (role == LineRole)
        return row.line;
    if (role == Qt::ToolTipRole) {
        QString text = (index.column() == RuleColumn ? row.rule : row.whole).toHtmlEscaped();
        text.replace(QLatin1Char('\n'), QStringLiteral("<br>"));
        return text.isEmpty() ? QString() : QStringLiteral("<qt>%1</qt>").arg(text);
    }
    if (role != Qt::DisplayRole)
        return {};
    switch (index.column()) {
    case FieldColumn: return row.field;
    case ValueColumn: return row.value;
    case PlaceColumn: return row.place;
    case RuleColumn: return row.rule;
    default: return {};
    }
}

QVariant PreviewFieldsModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case FieldColumn: return tr("Field");
    case ValueColumn: return tr("Value");
    case PlaceColumn: return tr("Made by");
    case RuleColumn: return tr("Rule");
    default: return {};
    }
}

} // namespace eventops
