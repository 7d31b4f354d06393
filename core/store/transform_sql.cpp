// SPDX-License-Identifier: MIT
#include "core/store/transform_sql.h"

#include "core/base/time.h"
#include "core/store/ledger.h"
#include "core/store/sqlite.h"

#include <sqlite3.h>
#include <vector>

namespace eventops {
namespace {

constexpr int BusyTimeoutMs = 10'000;

/// What a column holds: how it is declared and how its values are written.
enum class ColumnKind : std::uint8_t { Number, Key, Name, Text, Bytes, Time, Json };

using enum ColumnKind;

struct ExportColumn {
    const char *name;
    ColumnKind kind;
    bool mayBeNull = false;
};

struct ExportTable {
    const char *name;
    const char *rows; ///< The columns in order; times in nanoseconds.
    const char *key;  ///< Of the table.
    std::vector<ExportColumn> columns;
};

/// The views of the ledger have the names and columns that the tables are to have, but for what only we know.
const std::vector<ExportTable> &exportTables()
{
    static const std::vector<ExportTable> tables = {
        {"sources",
         "SELECT id, name, description, content_type FROM transform_source ORDER BY id",
         "SourceID",
         {{"SourceID", Number}, {"SourceName", Name}, {"Description", Text}, {"EventFormatType", Name}}},
        {"transformers",
         "SELECT id, name, type, description, source, process, active FROM transformer ORDER BY id",
         "TransformerID",
         {{"TransformerID", Number},
          {"TransformerName", Name},
          {"TransformerType", Name},
          {"Description", Text},
          {"SourceID", Number},
          {"ProcessType", Name},
          {"IsActive", Number}}},
        {"json_transformers",
         "SELECT TransformerID, MatchingEntity, MatchingPath, MatchingValue, EventMappings, EntityPath, EntityType, "
         "EventType, Relations, Message, Severity, json_extract((SELECT settings FROM transformer WHERE id = "
         "TransformerID), '$.TransformerScript') FROM json_transformers ORDER BY 1",
         "Transformer_id",
         {{"Transformer_id", Number},
          {"MatchingEntity", Name, true},
          {"MatchingPath", Name, true},
          {"MatchingValue", Name, true},
          {"EventMappings", Json, true},
          {"EntityPath", Name, true},
          {"EntityType", Name, true},
          {"EventType", Name, true},
          {"Relations", Json, true},
          {"Message", Text, true},
          {"Severity", Name, true},
          {"TransformerScript", Json, true}}},
        {"python_transformers",
         "SELECT TransformerID, ScriptPath, ClassName FROM python_transformers ORDER BY 1",
         "Transformer_id",
         {{"Transformer_id", Number}, {"ScriptPath", Text}, {"ClassName", Name, true}}},
        {"raw_events",
         "SELECT id, source, body, ts, ts_ingest, content_type FROM raw_event ORDER BY id",
         "RawEventID",
         {{"RawEventID", Number},
          {"Source", Name},
          {"EventData", Bytes},
          {"EventTimestamp", Time, true},
          {"IngestionTimestamp", Time},
          {"ContentType", Name}}},
        {"processed_events_v2",
         "SELECT id, raw_event, type, data, entity_id, ts_processed, ts_processed, severity, message, source, "
         "transformer FROM processed_event ORDER BY id",
         "ProcessedEventID",
         {{"ProcessedEventID", Number},
          {"RawEventID", Number},
          {"EventType", Text},
          {"EventData", Json},
          {"EntityID", Text, true},
          {"IngestionTime", Time},
          {"ProcessedTime", Time},
          {"Severity", Name, true},
          {"Message", Text, true},
          {"SourceID", Number},
          {"TransformerID", Number}}},
        {"entities",
         "SELECT id, type FROM transform_entity ORDER BY id, tenant",
         nullptr, // one of each tenant
         {{"EntityID", Key}, {"EntityType", Name}}},
        {"links",
         "SELECT id, source, target, created FROM transform_link ORDER BY id",
         "LinkID",
         {{"LinkID", Number}, {"SourceEntityID", Key}, {"DestinationEntityID", Key}, {"CreatedAt", Time}}},
    };
    return tables;
}

class SqlWriter
{
public:
    explicit SqlWriter(SqlDialect dialect) : m_mySql(dialect == SqlDialect::MySql) {}

    std::string name(std::string_view text) const
    {
        const char quote = m_mySql ? '`' : '"';
        return quote + std::string(text) + quote;
    }

    const char *type(ColumnKind kind) const
    {
        switch (kind) {
        case ColumnKind::Number: return "BIGINT";
        case ColumnKind::Key: return m_mySql ? "VARCHAR(4096)" : "TEXT";
        case ColumnKind::Name: return m_mySql ? "VARCHAR(4096)" : "TEXT";
        case ColumnKind::Text: return m_mySql ? "LONGTEXT" : "TEXT";
        case ColumnKind::Bytes: return m_mySql ? "LONGBLOB" : "BYTEA";
        case ColumnKind::Time: return m_mySql ? "DATETIME(6)" : "TIMESTAMP(6)";
        case ColumnKind::Json: return "JSON"; // JSONB would lose how numbers are written
        }
        return "TEXT";
    }

    std::string create(const ExportTable &table) const
    {
        std::string out = "CREATE TABLE " + name(table.name) + " (";
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            const ExportColumn &column = table.columns[i];
            out += (i == 0 ? "" : ", ") + name(column.name) + ' ' + type(column.kind);
            out += column.mayBeNull ? "" : " NOT NULL";
        }
        if (table.key != nullptr)
            out += ", PRIMARY KEY (" + name(table.key) + ')';
        return out + ")" + (m_mySql ? " CHARACTER SET utf8mb4" : "") + ";\n";
    }

    std::string value(const sqlite::Statement &row, int column, ColumnKind kind) const
    {
        if (row.isNull(column))
            return "NULL";
        switch (kind) {
        case ColumnKind::Number: return std::to_string(row.integer(column));
        case ColumnKind::Bytes: return hex(row.text(column));
        case ColumnKind::Time: return time(row.integer(column));
        case ColumnKind::Key:
        case ColumnKind::Name:
        case ColumnKind::Text:
        case ColumnKind::Json: return quoted(row.text(column));
        }
        return "NULL";
    }

private:
    /// A text that no server takes for anything else. NUL cannot be in a text of PostgreSQL.
    std::string quoted(std::string_view text) const
    {
        std::string out = "'";
        for (const char c : text) {
            if (c == '\'')
                out += "''";
            else if (c == '\\' && m_mySql)
                out += "\\\\";
            else if (c == '\0')
                out += m_mySql ? "\\0" : "\xEF\xBF\xBD";
            else
                out += c;
        }
        return out + '\'';
    }

    std::string hex(std::string_view bytes) const
    {
        constexpr char Digits[] = "0123456789abcdef";
        std::string out = m_mySql ? "X'" : "'\\x";
        for (const char c : bytes) {
            out += Digits[static_cast<unsigned char>(c) >> 4];
            out += Digits[static_cast<unsigned char>(c) & 15];
        }
        return out + (m_mySql ? "'" : "'::bytea");
    }

    static std::string time(std::int64_t ns)
    {
        if (WallNs{ns} == NoTime)
            return "NULL";
        std::string text = formatted(ns);
        return '\'' + text + '\'';
    }

    /// "2025-10-21 10:00:00.123456"
    static std::string formatted(std::int64_t ns)
    {
        constexpr std::int64_t NsPerMicrosecond = 1'000;
        std::string text = formatTimestamp(WallNs{ns / NsPerMicrosecond * NsPerMicrosecond});
        text.pop_back(); // 'Z'
        text[text.find('T')] = ' ';
        return text;
    }

    const bool m_mySql;
};

Status exportTable(sqlite::Database &database, const SqlWriter &sql, const ExportTable &table,
                   const std::function<Status(std::string_view)> &write)
{
    EVENTOPS_TRY(write(sql.create(table)));
    sqlite::Statement rows = EVENTOPS_TRY(database.prepare(table.rows));
    std::string names;
    for (const ExportColumn &column : table.columns)
        names += (names.empty() ? "" : ", ") + sql.name(column.name);
    const std::string head = "INSERT INTO " + sql.name(table.name) + " (" + names + ") VALUES (";
    while (EVENTOPS_TRY(rows.step())) {
        std::string line = head;
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            line += (i == 0 ? "" : ", ") + sql.value(rows, static_cast<int>(i), table.columns[i].kind);
        EVENTOPS_TRY(write(line + ");\n"));
    }
    return Ok{};
}

} // namespace

Status exportTransformTables(const std::string &directory, SqlDialect dialect,
                             const std::function<Status(std::string_view)> &write)
{
    EVENTOPS_TRY(Ledger::open(directory, LedgerMode::Read, {})); // there, and up to date
    sqlite::Database database =
        EVENTOPS_TRY(sqlite::Database::open(directory + "/ledger.db", SQLITE_OPEN_READONLY, BusyTimeoutMs));
    const SqlWriter sql(dialect);
    EVENTOPS_TRY(database.execute("BEGIN")); // one state of them all
    EVENTOPS_TRY(write("BEGIN;\n"));
    for (const ExportTable &table : exportTables())
        EVENTOPS_TRY(exportTable(database, sql, table, write));
    EVENTOPS_TRY(write("CREATE VIEW " + sql.name("processed_events") + " AS SELECT * FROM "
                       + sql.name("processed_events_v2") + ";\nCOMMIT;\n"));
    return database.execute("COMMIT");
}

} // namespace eventops
