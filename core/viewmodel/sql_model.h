// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/view_context.h"

#include <QAbstractTableModel>
#include <QElapsedTimer>
#include <QString>

#include <memory>
#include <vector>

namespace eventops {

/// One question in SQL and the rows of its last statement. Asks when told to and keeps what came; a new question drops
/// the one under way. Thread: UI.
class SqlModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum class State { Idle, Running, Done, Failed };
    Q_ENUM(State)

    explicit SqlModel(ViewContext &context, QObject *parent = nullptr);
    ~SqlModel() override; ///< Cancels.

    static constexpr quint64 RowsMax = 10'000;

    void run(const QString &text, SqlPlace place);
    void cancel();
    State state() const { return m_state; }
    QString statusText() const { return m_status; } ///< One sentence about the last question.
    const std::vector<SqlColumn> &columns() const { return m_columns; }
    const std::vector<SqlRow> &rows() const { return *m_rows; }
    QString cellText(const QModelIndex &index) const; ///< The whole of it.

    /// Writes the rows to a file whose ending says how; then `exported` with one sentence.
    void exportRows(const QString &path);

    int rowCount(const QModelIndex &parent = {}) const override;
    int columnCount(const QModelIndex &parent = {}) const override;
    QVariant data(const QModelIndex &index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

Q_SIGNALS:
    void stateChanged();
    void exported(const QString &sentence, bool isError);

private:
    void take(SqlPage page);
    void end(const Result<SqlOutcome> &outcome);

    ViewContext &m_context;
    ReceiverGuard m_guard, m_exportGuard;
    Ticket m_ticket;
    QElapsedTimer m_clock;
    State m_state = State::Idle;
    QString m_status;
    std::size_t m_statement = 0;
    std::vector<SqlColumn> m_columns;
    std::shared_ptr<std::vector<SqlRow>> m_rows; ///< Shared with an export under way: copied before it changes.
    FileWorker m_worker;
};

} // namespace eventops
