// SPDX-License-Identifier: MIT
//
// PostgreSQL: an event is a row, its JSON the column `document` of type json, which keeps the text as it came.
#include "core/base/curl_handles.h"
#include "core/base/time.h"
#include "core/pipeline/spec.h"
#include "pipelines/sinks/postgres/postgres_session.h"
#include "pipelines/sinks/sink_http.h"
#include "pipelines/sinks/sink_texts.h"

#include <algorithm>
#include <array>

namespace eventops {
namespace {

constexpr std::size_t NameBytesMax = 40; ///< Room for what the names of indices add: PostgreSQL cuts at 63.

constexpr FieldSpec Fields[] = {
    {"host", "string", "localhost", "Name or address of the server, or the directory of its socket."},
    {"port", "int", "5432", "Of the server."},
    {"database", "string", "required", "Name of the database; it must be there."},
    {"schema", "string", "public", "Where the table is; it must be there."},
    {"table", "string", "eventops_events", "Small letters, digits and _; it is made when it is not there."},
    {"user", "string", "required", "Who writes."},
    {"password_env", "string", "\"\"", "Environment variable with the user's password; or"},
    {"password_file", "string", "\"\"", "file with it, from the workspace on; neither: libpq's own ways, ~/.pgpass."},
    {"ca_file", "string", "\"\"", "PEM file of the authorities to trust."},
    {"allow_plain", "bool", "false", "Speak to another machine without TLS."},
};

Result<std::string> identifier(const Value &value)
{
    std::string name = EVENTOPS_TRY(value.text());
    constexpr std::string_view Fit = "abcdefghijklmnopqrstuvwxyz0123456789_";
    if (name.empty() || name.size() > NameBytesMax || name.find_first_not_of(Fit) != std::string::npos
        || (name.front() >= '0' && name.front() <= '9'))
        return value.error('"' + name.substr(0, NameBytesMax) + "\" is no name for a table or schema",
                           "1 to 40 small letters, digits and _, no digit first");
    return name;
}

class PostgresWriter final : public Sink
{
public:
    static Result<std::unique_ptr<Sink>> make(const Value &settings, const SinkSurroundings &surroundings)
    {
        auto writer = std::make_unique<PostgresWriter>();
        writer->m_surroundings = surroundings;
        writer->m_host = EVENTOPS_TRY(settings.at("host").text());
        writer->m_port = EVENTOPS_TRY(settings.at("port").integer());
        writer->m_database = EVENTOPS_TRY(settings.at("database").text());
        writer->m_user = EVENTOPS_TRY(settings.at("user").text());
        writer->m_schema = EVENTOPS_TRY(identifier(settings.at("schema")));
        writer->m_table = EVENTOPS_TRY(identifier(settings.at("table")));
        writer->m_caFile = EVENTOPS_TRY(settings.at("ca_file").text());
        writer->m_password = EVENTOPS_TRY(readSinkSecret(settings, "password"));
        writer->m_timeoutMs = EVENTOPS_TRY(settings.at("timeout").durationNs()) / NsPerMs;
        constexpr std::int64_t PortMax = 65'535;
        if (writer->m_port < 1 || writer->m_port > PortMax)
            return settings.at("port").error("a port lies between 1 and 65535", "leave it out: 5432");
        if (writer->m_host.empty() || writer->m_database.empty() || writer->m_user.empty())
            return settings.error("host, database and user must not be empty", "name them");
        const bool here = writer->m_host.starts_with('/') || isLoopbackHost(writer->m_host) || writer->m_host == "::1";
        writer->m_tls = !here && !EVENTOPS_TRY(settings.at("allow_plain").boolean());
        return std::unique_ptr<Sink>(std::move(writer));
    }

    std::string target() const override
    {
        return "postgresql://" + m_host + ':' + std::to_string(m_port) + '/' + m_database + ' ' + m_schema + '.'
               + m_table;
    }

    Status open() override
    {
        m_session.reset();
        PostgresSession::Parameters parameters{
            {"host", m_host}, {"port", std::to_string(m_port)}, {"dbname", m_database},
            {"user", m_user}, {"application_name", "eventops"}, {"client_encoding", "UTF8"}};
        if (m_password.given())
            parameters.emplace_back("password", EVENTOPS_TRY(m_password.read(m_surroundings, "PostgreSQL's password")));
        if (m_tls) // whoever it is must prove it where it can be checked
            parameters.emplace_back("sslmode", m_caFile.empty() ? "require" : "verify-full");
        if (!m_caFile.empty())
            parameters.emplace_back("sslrootcert", m_caFile);
        m_session = EVENTOPS_TRY(PostgresSession::open(parameters, m_timeoutMs, m_surroundings.mustStop));
        std::string sql(sinkText("postgres/events.sql"));
        const auto put = [&](std::string_view place, const std::string &name) {
            for (std::size_t at = sql.find(place); at != std::string::npos; at = sql.find(place))
                sql.replace(at, place.size(), name);
        };
        put("@table@", m_schema + '.' + m_table);
        put("@index@", m_table);
        return m_session->execute(sql);
    }

    /// One statement: all of the batch, or nothing.
    Result<std::vector<SinkRefusal>> write(std::span<const SinkDocument> batch) override
    {
        std::array<std::vector<std::string>, 11> columns;
        for (const SinkDocument &document : batch) {
            const std::string time = document.ts == NoTime ? "" : formatTimestamp(document.ts);
            std::size_t column = 0;
            for (const std::string *text :
                 {&document.key, &document.id, &time, &document.tenant, &document.type, &document.entityType,
                  &document.entityId, &document.severity, &document.metric, &document.message, &document.json})
                columns[column++].push_back(*text);
        }
        std::vector<std::string> values;
        for (const std::vector<std::string> &column : columns)
            values.push_back(postgresArray(column));
        EVENTOPS_TRY(m_session->execute(
            "INSERT INTO " + m_schema + '.' + m_table
                + " SELECT key, id, nullif(ts, '')::timestamptz, tenant, type, nullif(entity_type, ''), "
                  "nullif(entity_id, ''), nullif(severity, ''), nullif(metric, ''), nullif(message, ''), "
                  "document::json "
                  "FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], "
                  "$8::text[], $9::text[], $10::text[], $11::text[]) AS row (key, id, ts, tenant, type, entity_type, "
                  "entity_id, severity, metric, message, document) ON CONFLICT (key) DO NOTHING",
            values));
        return std::vector<SinkRefusal>();
    }

private:
    SinkSurroundings m_surroundings;
    std::string m_host, m_database, m_user, m_schema, m_table, m_caFile;
    std::int64_t m_port = 0, m_timeoutMs = 0;
    bool m_tls = false;
    SinkSecret m_password;
    std::unique_ptr<PostgresSession> m_session;
};

} // namespace

extern const SinkSpec PostgresSink;
const SinkSpec PostgresSink{
    .name = "postgres",
    .summary = "PostgreSQL: the event as a row of a table, under its own key.",
    .fields = Fields,
    .make = PostgresWriter::make,
};

} // namespace eventops
