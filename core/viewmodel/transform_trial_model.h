// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/transform_trial.h"
#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/view_context.h"

#include <QAbstractTableModel>
#include <QString>

#include <vector>

namespace eventops {

/// What a transformer would make of a raw event: processed events, entities and links, of which nothing is stored.
/// Thread: UI; transformers run on a thread of their own.
class TransformTrialModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class State { Idle, Running, Done, Failed };
    Q_ENUM(State)
    enum Column { KindColumn, TypeColumn, EntityColumn, SeverityColumn, MessageColumn, ColumnCount };
    enum Role { SeverityRole = Qt::UserRole }; ///< An OpenTelemetry number; 0: none.

    explicit TransformTrialModel(ViewContext &context, QObject *parent = nullptr);

    void reload(); ///< Asks which transformers there are.
    const std::vector<TransformChoice> &choices() const { return m_choices; }
    QString choiceText(std::size_t choice) const;
    /// Of an event, at most BodyBytesMax: `bodyRead` follows, or ViewContext::tell says why not.
    void openFile(const QString &path);
    /// @p choice: an index of `choices`. @p rules: not empty: a JSONTransformer of these rules instead.
    void run(int choice, const QString &rules, const QString &source, const QString &body);
    State state() const { return m_state; }
    QString statusText() const { return m_status; } ///< One sentence; of an error with its remedy.
    QString details(int row) const;                 ///< The data of a processed event; lines.

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static constexpr qsizetype BodyBytesMax = 4 << 20;

Q_SIGNALS:
    void stateChanged();
    void choicesChanged();
    void bodyRead(const QString &body);

private:
    struct Row {
        QString kind, type, entity, severity, message, details;
    };
    void fail(const QString &sentence);
    void show(const TransformerOutput &output);

    ViewContext &m_context;
    const std::shared_ptr<const SourceTools> m_tools;
    ReceiverGuard m_guard, m_runs;
    std::vector<TransformChoice> m_choices;
    State m_state = State::Idle;
    QString m_status;
    std::vector<Row> m_rows;
    FileWorker m_worker;
};

} // namespace eventops
