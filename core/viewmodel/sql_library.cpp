// SPDX-License-Identifier: MIT
#include "core/viewmodel/sql_library.h"

#include "core/viewmodel/shown_text.h"

namespace eventops {

SqlLibrary::SqlLibrary(ViewContext &context, QObject *parent) : QObject(parent), m_context(context) {}

void SqlLibrary::reload()
{
    readTables(SqlPlace::Ledger);
    readTables(SqlPlace::Lake);
    readTables(SqlPlace::ClickHouse);
    readQueries();
}

void SqlLibrary::readTables(SqlPlace place)
{
    m_context.backend().sqlTables(
        m_context.caller(), place, m_context.bridge().to(m_guard, [this, place](Result<std::vector<SqlTable>> tables) {
            Place &to = m_places[index(place)];
            to.tables = tables ? std::move(tables).value() : std::vector<SqlTable>();
            to.missing = tables ? QString() : shownBlock(tables.error().text());
            Q_EMIT tablesChanged();
        }));
}

void SqlLibrary::readQueries()
{
    using Read = std::pair<std::vector<SavedQuery>, std::vector<Error>>;
    auto tell = m_context.bridge().to(m_guard, [this](Read read) {
        m_queries = std::move(read.first);
        m_errors.clear();
        for (const Error &error : read.second)
            m_errors << shownText(error.text());
        Q_EMIT queriesChanged();
    });
    m_worker.run([folders = m_context.queryFolders(), tell]() mutable {
        Read read;
        read.first = savedQueries(folders, read.second);
        tell(std::move(read));
    });
}

void SqlLibrary::save(const SavedQuery &query)
{
    auto tell = m_context.bridge().to(m_guard, [this](Result<std::string> file) {
        if (!file) {
            Q_EMIT failed(shownText(file.error().text()));
            return;
        }
        Q_EMIT saved(exactText(file.value()));
        readQueries();
    });
    m_worker.run([folders = m_context.queryFolders(), query, tell]() mutable { tell(saveQuery(folders, query)); });
}

void SqlLibrary::remove(const SavedQuery &query)
{
    auto tell = m_context.bridge().to(m_guard, [this](Status removed) {
        if (!removed)
            Q_EMIT failed(shownText(removed.error().text()));
        readQueries();
    });
    m_worker.run([query, tell]() mutable { tell(removeQuery(query)); });
}

} // namespace eventops
