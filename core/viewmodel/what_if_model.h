// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/view_context.h"

#include <QAbstractTableModel>
#include <QString>

#include <vector>

namespace eventops {

/// What an edited pipeline would have decided over the workspace's past, decision by decision, each with the edit that
/// makes it. Nothing is stored. Thread: UI.
class WhatIfModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class State { Idle, Running, Done, Failed };
    Q_ENUM(State)
    enum Column { DifferenceColumn, KindColumn, TimeColumn, DecisionColumn, CauseColumn, ColumnCount };
    enum Role {
        SeverityRole = Qt::UserRole, ///< OpenTelemetry number; 0 for a suggestion.
        SignRole,                    ///< +1 added, −1 removed, 0 moved or changed.
    };

    explicit WhatIfModel(ViewContext &context, QObject *parent = nullptr);
    ~WhatIfModel() override; ///< Cancels.

    void compare(const QString &pipelineFile);
    void checkHistory(); ///< The workspace's own pipeline: must decide the same, bit for bit.
    void cancel();
    State state() const { return m_state; }
    double part() const { return m_part; }           ///< 0 to 1; negative: nobody knows.
    QString statusText() const { return m_status; }  ///< One sentence about the last question.
    QString editsText() const { return m_edits; }    ///< What differs between the pipelines, or digests; lines.
    QString details(int row) const;                  ///< What differs in a decision and why; lines.
    QString findingId(int row) const;                ///< Of a recorded finding; else empty.

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void stateChanged();
    void progressChanged(); ///< At most once a frame.

private:
    struct Row {
        DecisionDifference difference = DecisionDifference::Changed;
        bool isFinding = false;
        int severity = 0;
        WallNs time = NoTime;
        QString decision, cause, details, findingId;
    };
    void begin(const QString &status);
    void ask(RerunQuery query);
    void fail(const QString &sentence);
    void show(const DecisionDiff &diff);
    void show(const RerunCheck &check);
    template <typename Decision>
    void add(const std::vector<DecisionChange<Decision>> &changes, const std::vector<SettingChange> &edits);
    std::function<void(RerunProgress)> onProgress();

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Ticket m_ticket;
    State m_state = State::Idle;
    double m_part = -1.0;
    QString m_status, m_edits;
    std::vector<Row> m_rows;
    FileWorker m_worker;
};

} // namespace eventops
