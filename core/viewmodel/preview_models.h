// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/source_preview.h"

#include <QAbstractTableModel>
#include <QString>

#include <vector>

namespace eventops {

/// What became of a document's records, in their order: the events of each, or why it gives none. Thread: UI.
class PreviewEventsModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { RecordColumn, TimeColumn, SeverityColumn, TypeColumn, EntityColumn, MessageColumn, ColumnCount };
    enum Role { FailedRole = Qt::UserRole, SeverityRole }; ///< SeverityRole: an OpenTelemetry number.

    using QAbstractTableModel::QAbstractTableModel;
    void show(SourcePreview preview);
    const SourcePreview &preview() const { return m_preview; }
    const PreviewEvent *eventAt(int row) const;     ///< Null: the row is a failure, or none.
    const PreviewFailure *failureAt(int row) const; ///< Null: the row is an event, or none.

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        bool failed = false;
        std::size_t index = 0; ///< Into the events or the failures.
    };
    SourcePreview m_preview;
    std::vector<Row> m_rows;
};

/// One of those rows field by field, each with the line that makes it. Thread: UI.
class PreviewFieldsModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column { FieldColumn, ValueColumn, PlaceColumn, RuleColumn, ColumnCount };
    enum Role { LineRole = Qt::UserRole }; ///< Of the pipeline's text; 0: it comes from elsewhere.

    using QAbstractTableModel::QAbstractTableModel;
    /// @p pipelineName: how the pipeline's own text is called in the origins. Null both: nothing.
    void show(const PreviewEvent *event, const PreviewFailure *failure, const std::string &pipelineName);
    QString wholeValue(int row) const; ///< Line ends and all.

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    struct Row {
        QString field, value, place, rule, whole;
        int line = 0;
    };
    std::vector<Row> m_rows;
};

} // namespace eventops
