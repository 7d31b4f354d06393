// SPDX-License-Identifier: MIT
#include "pipelines/sinks/postgres/postgres_session.h"

#include "core/base/http_peer.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <chrono>

namespace eventops {
namespace {

constexpr std::int64_t LookMs = 20; ///< How late a stop may be seen.

std::int64_t nowMs()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

struct PgDelete {
    void operator()(PGconn *connection) const { PQfinish(connection); }
    void operator()(PGresult *result) const { PQclear(result); }
};

/// By the class of SQLSTATE; see "PostgreSQL Error Codes".
Error errorOf(const PGresult *result)
{
    const char *const code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string state = code == nullptr ? "" : code;
    const std::string message = "PostgreSQL says " + state + ": " + httpWords(PQresultErrorMessage(result));
    if (state.starts_with("22") || state.starts_with("23") || state.starts_with("54"))
        return Error{Error::Code::InvalidInput, message};
    if (state == "42501" || state.starts_with("28"))
        return Error{Error::Code::Refused, message, {}, "grant the user what it needs, see the guide of sinks"};
    if (state.starts_with("42") || state.starts_with("3"))
        return Error{Error::Code::NotFound, message, {}, "see database, schema and table"};
    return Error{Error::Code::Unavailable, message};
}

} // namespace

struct PostgresSession::Handle {
    std::unique_ptr<PGconn, PgDelete> connection;
};

PostgresSession::PostgresSession(std::int64_t timeoutMs, std::function<bool()> mustStop)
    : m_timeoutMs(timeoutMs), m_mustStop(std::move(mustStop)), m_handle(std::make_unique<Handle>())
{
}

PostgresSession::~PostgresSession() = default;

Result<std::unique_ptr<PostgresSession>> PostgresSession::open(const Parameters &parameters, std::int64_t timeoutMs,
                                                               std::function<bool()> mustStop)
{
    std::unique_ptr<PostgresSession> session(new PostgresSession(timeoutMs, std::move(mustStop)));
    EVENTOPS_TRY(session->connect(parameters));
    return session;
}

Status PostgresSession::waitFor(short events, std::int64_t endMs) const
{
    for (;;) {
        if (m_mustStop && m_mustStop())
            return Error{Error::Code::Cancelled, "stopped"};
        const std::int64_t left = endMs - nowMs();
        if (left <= 0)
            return Error{Error::Code::Unavailable,
                         "PostgreSQL gives no answer within " + std::to_string(m_timeoutMs) + " ms"};
        pollfd entry{PQsocket(m_handle->connection.get()), events, 0};
        if (::poll(&entry, 1, static_cast<int>(std::min(left, LookMs))) > 0)
            return Ok{};
    }
}

Status PostgresSession::connect(const Parameters &parameters)
{
    std::vector<const char *> names, values;
    for (const auto &[name, value] : parameters) {
        names.push_back(name.c_str());
        values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    m_handle->connection.reset(PQconnectStartParams(names.data(), values.data(), 0));
    PGconn *const connection = m_handle->connection.get();
    const auto refused = [&] {
        const std::string words = httpWords(PQerrorMessage(connection));
        const bool password =
            PQconnectionNeedsPassword(connection) != 0 || words.find("authentication") != std::string::npos;
        return Error{password ? Error::Code::Refused : Error::Code::Unavailable,
                     "PostgreSQL cannot be reached: " + words,
                     {},
                     password ? "see that user and password are PostgreSQL's" : ""};
    };
    if (connection == nullptr || PQstatus(connection) == CONNECTION_BAD)
        return refused();
    const std::int64_t end = nowMs() + m_timeoutMs;
    for (PostgresPollingStatusType polled = PGRES_POLLING_WRITING; polled != PGRES_POLLING_OK;
         polled = PQconnectPoll(connection)) {
        if (polled == PGRES_POLLING_FAILED)
            return refused();
        EVENTOPS_TRY(waitFor(polled == PGRES_POLLING_READING ? POLLIN : POLLOUT, end));
    }
    if (PQsetnonblocking(connection, 1) != 0)
        return refused();
    PQsetNoticeProcessor(
        connection, [](void *, const char *) {}, nullptr); // "relation exists, skipping"
    return Ok{};
}

/// Sends what is left to send and takes in all results; the first error counts.
Status PostgresSession::finish()
{
    PGconn *const connection = m_handle->connection.get();
    const std::int64_t end = nowMs() + m_timeoutMs;
    const auto broken = [&] {
        return Error{Error::Code::Unavailable,
                     "the connection to PostgreSQL broke: " + httpWords(PQerrorMessage(connection))};
    };
    for (int left = PQflush(connection); left != 0; left = PQflush(connection)) {
        if (left < 0)
            return broken();
        EVENTOPS_TRY(waitFor(POLLIN | POLLOUT, end)); // it may have to be heard before it takes more
        if (PQconsumeInput(connection) == 0)
            return broken();
    }
    Status outcome = Ok{};
    for (;;) {
        while (PQisBusy(connection) != 0) {
            EVENTOPS_TRY(waitFor(POLLIN, end));
            if (PQconsumeInput(connection) == 0)
                return broken();
        }
        const std::unique_ptr<PGresult, PgDelete> result(PQgetResult(connection));
        if (!result)
            break;
        const ExecStatusType status = PQresultStatus(result.get());
        if (outcome && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
            outcome = errorOf(result.get());
    }
    return outcome && PQstatus(connection) != CONNECTION_OK ? Status(broken()) : outcome;
}

Status PostgresSession::execute(const std::string &sql)
{
    if (PQsendQuery(m_handle->connection.get(), sql.c_str()) == 0)
        return Error{Error::Code::Unavailable, httpWords(PQerrorMessage(m_handle->connection.get()))};
    return finish();
}

Status PostgresSession::execute(const std::string &sql, const std::vector<std::string> &values)
{
    std::vector<const char *> texts;
    for (const std::string &value : values)
        texts.push_back(value.c_str());
    if (PQsendQueryParams(m_handle->connection.get(), sql.c_str(), static_cast<int>(texts.size()), nullptr,
                          texts.data(), nullptr, nullptr, 0)
        == 0)
        return Error{Error::Code::Unavailable, httpWords(PQerrorMessage(m_handle->connection.get()))};
    return finish();
}

std::string postgresArray(const std::vector<std::string> &texts)
{
    std::string out = "{";
    for (const std::string &text : texts) {
        out += out.size() > 1 ? ",\"" : "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\')
                out += '\\';
            if (c == '\0')
                out += "\xEF\xBF\xBD";
            else
                out += c;
        }
        out += '"';
    }
    return out += '}';
}

} // namespace eventops
