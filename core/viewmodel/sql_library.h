// SPDX-License-Identifier: MIT
#pragma once

#include "core/viewmodel/file_worker.h"
#include "core/viewmodel/view_context.h"

#include <QObject>
#include <QString>
#include <QStringList>

#include <array>
#include <vector>

namespace eventops {

/// Beside the question itself: what tables there are, and which questions are saved. Thread: UI; files are read and
/// written on a thread of its own.
class SqlLibrary final : public QObject
{
    Q_OBJECT

public:
    explicit SqlLibrary(ViewContext &context, QObject *parent = nullptr);

    /// Reads both anew.
    void reload();
    const std::vector<SqlTable> &tables(SqlPlace place) const { return m_places[index(place)].tables; }
    /// Why there are no tables; empty: there are.
    QString missing(SqlPlace place) const { return m_places[index(place)].missing; }
    const std::vector<SavedQuery> &queries() const { return m_queries; }
    const QStringList &fileErrors() const { return m_errors; } ///< Of saved files that are wrong.

    void save(const SavedQuery &query);
    void remove(const SavedQuery &query);

Q_SIGNALS:
    void tablesChanged();
    void queriesChanged();
    void saved(const QString &file);
    void failed(const QString &sentence); ///< To save or remove.

private:
    static std::size_t index(SqlPlace place) { return static_cast<std::size_t>(place); }
    void readTables(SqlPlace place);
    void readQueries();

    struct Place {
        std::vector<SqlTable> tables;
        QString missing;
    };
    ViewContext &m_context;
    ReceiverGuard m_guard;
    std::array<Place, SqlPlaceCount> m_places;
    std::vector<SavedQuery> m_queries;
    QStringList m_errors;
    FileWorker m_worker;
};

} // namespace eventops
