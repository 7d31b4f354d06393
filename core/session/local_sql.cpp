// SPDX-License-Identifier: MIT
//
// LocalBackend's SQL and lake.
#include "core/session/local_backend.h"

#include "core/lake/clickhouse_query.h"
#include "core/lake/duckdb_library.h"

#include <algorithm>
#include <filesystem>

namespace eventops {
namespace {

constexpr std::int64_t AskConnectMsMax = 2'000; ///< A person waits.

Error seesAllTenants()
{
    return Error{Error::Code::Refused, "SQL sees every tenant, and you may not", {}, "use filters instead"};
}

/// Collects rows into pages; a page never mixes statements.
class Pager
{
public:
    Pager(const std::function<void(SqlPage)> &page, std::uint64_t rowsMax) : m_page(page), m_rowsMax(rowsMax) {}

    void columns(const std::vector<SqlColumn> &columns)
    {
        flush(); // also of a statement without rows
        m_statement += m_begun ? 1 : 0;
        m_begun = true;
        m_open = {m_statement, columns, {}};
        m_told = false;
    }
    bool row(SqlRow &row)
    {
        if (m_outcome.rows == m_rowsMax) {
            m_outcome.cut = true;
            return false;
        }
        ++m_outcome.rows;
        m_open.rows.push_back(std::move(row));
        if (m_open.rows.size() == PageRowsMax)
            flush();
        return true;
    }
    SqlOutcome end()
    {
        flush();
        return m_outcome;
    }

private:
    void flush()
    {
        if (!m_begun || (m_open.rows.empty() && m_told))
            return;
        SqlPage page = m_open;
        m_open.rows.clear();
        m_told = true;
        m_page(std::move(page));
    }

    const std::function<void(SqlPage)> &m_page;
    const std::uint64_t m_rowsMax;
    std::size_t m_statement = 0;
    bool m_begun = false;
    bool m_told = false; ///< The columns of the open statement.
    SqlPage m_open;
    SqlOutcome m_outcome;
};

} // namespace

Ticket LocalBackend::sql(const Caller &caller, const SqlRequest &request, std::function<void(SqlPage)> page,
                         Done<SqlOutcome> done)
{
    return post<SqlOutcome>(m_analysis, std::move(done), [=, this](const Ticket &ticket) -> Result<SqlOutcome> {
        if (!caller.tenants.empty())
            return seesAllTenants();
        return runSqlRequest(request, ticket, page);
    });
}

Result<SqlOutcome> LocalBackend::runSqlRequest(const SqlRequest &request, const Ticket &ticket,
                                               const std::function<void(SqlPage)> &page) const
{
    Pager pager(page, std::min(request.rowsMax, SqlRowsMax));
    SqlLimits limits; // the pager counts: it looks at one row more to tell whether there are more
    limits.timeNsMax = request.timeNsMax;
    limits.stop = ticket.flag();
    const auto columns = [&](const std::vector<SqlColumn> &shape) { pager.columns(shape); };
    const auto row = [&](SqlRow &cells) { return pager.row(cells); };
    if (request.place == SqlPlace::Ledger) {
        EVENTOPS_TRY(Workspace::existing(m_workspace.directory));
        EVENTOPS_TRY(querySql(m_workspace.directory, request.text, limits, columns, row));
    } else if (request.place == SqlPlace::ClickHouse) {
        const auto client = EVENTOPS_TRY(openClickHouse([ticket] { return ticket.cancelled(); }));
        limits.rowsMax = std::min(request.rowsMax, SqlRowsMax) + 1; // the server need not make more
        EVENTOPS_TRY(lake::queryClickHouse(*client, request.text, limits, columns, row));
    } else {
        lake::AnalysisOptions options;
        options.threads = defaultWorkers();
        EVENTOPS_TRY(lake::queryLake(lakePaths(m_workspace), request.text, limits, options, columns, row));
    }
    return pager.end();
}

/// The workspace's own, to be asked.
Result<std::unique_ptr<lake::ClickHouseClient>> LocalBackend::openClickHouse(std::function<bool()> mustStop) const
{
    const ClickHouseSettings settings = EVENTOPS_TRY(ClickHouseSettings::read(m_workspace));
    lake::ClickHouseAddress address = EVENTOPS_TRY(settings.address());
    address.connectMsMax = AskConnectMsMax;
    return lake::ClickHouseClient::open(std::move(address), std::move(mustStop));
}

Ticket LocalBackend::sqlTables(const Caller &caller, SqlPlace place, Done<std::vector<SqlTable>> done)
{
    using Tables = std::vector<SqlTable>;
    return post<Tables>(m_analysis, std::move(done), [=, this](const Ticket &ticket) -> Result<Tables> {
        if (!caller.tenants.empty())
            return seesAllTenants();
        if (place == SqlPlace::Lake)
            return lake::lakeTables(lakePaths(m_workspace));
        if (place == SqlPlace::ClickHouse) {
            const auto client = EVENTOPS_TRY(openClickHouse([ticket] { return ticket.cancelled(); }));
            return lake::clickHouseTables(*client);
        }
        EVENTOPS_TRY(Workspace::existing(m_workspace.directory));
        return ledgerTables(m_workspace.directory);
    });
}

/// A projector beside the run, where one is wanted or the workspace has a lake already; null where not.
Result<std::unique_ptr<LakeProjector>> LocalBackend::startLake(bool wanted, const Ticket &ticket)
{
    if (!wanted && !hasLake(m_workspace))
        return std::unique_ptr<LakeProjector>();
    if (wanted)
        EVENTOPS_TRY(lake::DuckDbLibrary::load());
    return std::make_unique<LakeProjector>(m_workspace, ticket.flag(), [this](const LakeProjector::State &state) {
        const std::lock_guard lock(m_lakeMutex);
        m_lakeState = state;
    });
}

/// A projector beside the run, where the workspace names a ClickHouse; null where not.
std::unique_ptr<ClickHouseProjector> LocalBackend::startClickHouse(const Ticket &ticket)
{
    if (!hasClickHouse(m_workspace))
        return nullptr;
    return std::make_unique<ClickHouseProjector>(m_workspace, ticket.flag(),
                                                 [this](const ClickHouseProjector::State &state) {
                                                     const std::lock_guard lock(m_lakeMutex);
                                                     m_clickHouseState = state;
                                                 });
}

std::optional<ClickHouseHealth> LocalBackend::clickHouseHealth() const
{
    const std::lock_guard lock(m_lakeMutex);
    if (!m_clickHouseState)
        return std::nullopt;
    return ClickHouseHealth{m_clickHouseState->working, m_clickHouseState->notice, m_clickHouseState->mark.rows};
}

/// What is known without opening the lake: what its projector said, and what was set aside.
std::optional<LakeHealth> LocalBackend::lakeHealth() const
{
    std::optional<LakeHealth> health;
    {
        const std::lock_guard lock(m_lakeMutex);
        if (m_lakeState) {
            const lake::LakeMark &mark = m_lakeState->mark;
            health = {m_lakeState->working, m_lakeState->notice, mark.metricRows, mark.alertRows, mark.parts};
        }
    }
    if (!health && hasLake(m_workspace))
        health = LakeHealth{};
    if (health && health->notice.empty()) {
        for (const std::string &path : lake::damagedFiles(lakePaths(m_workspace)))
            health->notice = "a damaged lake was set aside as " + path;
    }
    return health;
}

} // namespace eventops
