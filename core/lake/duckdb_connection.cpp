// SPDX-License-Identifier: MIT
#include "core/lake/duckdb_connection.h"

#include "core/lake/duckdb_cells.h"
#include "core/lake/duckdb_handles.h"
#include "core/lake/duckdb_library.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace eventops::lake {

std::string sqlText(std::string_view text)
{
    std::string out = "'";
    for (const char c : text) {
        out += c;
        if (c == '\'')
            out += c;
    }
    return out + '\'';
}

DuckDatabase::DuckDatabase(std::unique_ptr<Handles> handles) : m_handles(std::move(handles)) {}
DuckDatabase::~DuckDatabase() = default;

#if EVENTOPS_HAS_DUCKDB

namespace {

constexpr std::size_t SqlBytesMax = 1u << 20;
constexpr std::size_t MessageBytesMax = 2'000;

bool startsWith(std::string_view text, std::string_view prefix)
{
    return text.substr(0, prefix.size()) == prefix;
}

bool holds(std::string_view text, std::string_view part)
{
    return text.find(part) != std::string_view::npos;
}

/// Interrupts a connection when its query has run long enough or is told to stop.
class Interrupter
{
public:
    Interrupter(const DuckDbFunctions &duck, duckdb_connection connection, const SqlLimits &limits)
        : m_limits(limits)
    {
        if (limits.stop == nullptr && limits.timeNsMax == 0)
            return;
        m_thread = std::thread([this, &duck, connection] {
            const auto start = std::chrono::steady_clock::now();
            std::unique_lock lock(m_mutex);
            while (!m_wake.wait_for(lock, std::chrono::milliseconds(LookMs), [this] { return m_done; })) {
                const auto ran = std::chrono::steady_clock::now() - start;
                m_late = m_late || (m_limits.timeNsMax > 0 && ran > std::chrono::nanoseconds(m_limits.timeNsMax));
                if (m_late || stopped())
                    duck.duckdb_interrupt(connection);
            }
        });
    }
    ~Interrupter()
    {
        if (!m_thread.joinable())
            return;
        {
            const std::lock_guard lock(m_mutex);
            m_done = true;
        }
        m_wake.notify_one();
        m_thread.join();
    }
    bool stopped() const { return m_limits.stop != nullptr && m_limits.stop->load(); }
    bool late() const { return m_late; }

private:
    static constexpr int LookMs = 20;
    const SqlLimits m_limits;
    std::mutex m_mutex;
    std::condition_variable m_wake;
    std::atomic<bool> m_late{false};
    bool m_done = false;
    std::thread m_thread;
};

struct Statements {
    const DuckDbFunctions &duck;
    duckdb_extracted_statements value = nullptr;
    ~Statements() { duck.duckdb_destroy_extracted(&value); }
};

struct Prepared {
    const DuckDbFunctions &duck;
    duckdb_prepared_statement value = nullptr;
    ~Prepared() { duck.duckdb_destroy_prepare(&value); }
};

struct Answer {
    const DuckDbFunctions &duck;
    duckdb_result value = {};
    ~Answer() { duck.duckdb_destroy_result(&value); }
};

struct Chunk {
    const DuckDbFunctions &duck;
    duckdb_data_chunk value = nullptr;
    ~Chunk()
    {
        if (value != nullptr)
            duck.duckdb_destroy_data_chunk(&value);
    }
};

/// The columns of a result with their types, which are ours to free.
struct Columns {
    Columns(const DuckDbFunctions &functions, duckdb_result &result) : duck(functions)
    {
        const DuckCells cells(duck);
        for (idx_t i = 0; i < duck.duckdb_column_count(&result); ++i) {
            types.push_back(duck.duckdb_column_logical_type(&result, i));
            const char *name = duck.duckdb_column_name(&result, i);
            columns.push_back({name != nullptr ? name : "", cells.typeName(types.back())});
        }
    }
    ~Columns()
    {
        for (duckdb_logical_type &type : types)
            duck.duckdb_destroy_logical_type(&type);
    }
    Columns(const Columns &) = delete;
    Columns &operator=(const Columns &) = delete;
    const DuckDbFunctions &duck;
    std::vector<duckdb_logical_type> types;
    std::vector<SqlColumn> columns;
};

Status configure(const DuckDbFunctions &duck, duckdb_config config, const DuckDatabase::Options &options)
{
    const bool analyse = options.access == DuckDatabase::Access::Analyse;
    const std::string memory = std::to_string(options.memoryBytesMax >> 20) + "MiB";
    const std::string threads = std::to_string(options.threads);
    std::vector<std::pair<const char *, const char *>> settings = {
        {"access_mode", analyse ? "READ_ONLY" : "READ_WRITE"},
        {"threads", threads.c_str()},
        {"memory_limit", memory.c_str()},
        {"autoinstall_known_extensions", "false"},
        {"autoload_known_extensions", "false"},
        {"allow_community_extensions", "false"},
        {"allow_unsigned_extensions", "false"},
        {"temp_directory", ""}, // nothing is spilled to disk: a query has its memory or an error
    };
    if (analyse) {
        settings.emplace_back("enable_external_access", "false");
        settings.emplace_back("lock_configuration", "true");
    }
    for (const auto &[name, value] : settings) {
        if (duck.duckdb_set_config(config, name, value) == DuckDBError)
            return Error{Error::Code::Unavailable, std::string("this DuckDB has no setting ") + name, {},
                         "installer/duckdb brings the one that is tested"};
    }
    return Ok{};
}

} // namespace

Error duckError(const char *message, const std::string &path)
{
    std::string text = message != nullptr && *message != '\0' ? message : "DuckDB failed without a word";
    text.resize(std::min(text.size(), MessageBytesMax));
    Error error{Error::Code::InvalidArgument, text, {}, {}};
    if (startsWith(text, "INTERRUPT"))
        return Error{Error::Code::Cancelled, "the query was stopped"};
    if (holds(text, "Could not set lock"))
        return Error{Error::Code::Busy, "another program has the lake open for writing", {path, 0, 0},
                     "close it there, or open it read-only"};
    if (holds(text, "No space left"))
        return Error{Error::Code::Full, "no space left for the lake", {path, 0, 0}, "make room"};
    if (startsWith(text, "Out of Memory"))
        error.code = Error::Code::LimitExceeded;
    else if (startsWith(text, "Permission Error") || holds(text, "read-only mode"))
        error.code = Error::Code::Refused;
    else if (startsWith(text, "IO Error") || startsWith(text, "Serialization Error") || startsWith(text, "FATAL")
             || startsWith(text, "INTERNAL") || holds(text, "checksum"))
        error = Error{Error::Code::Corrupt, text, {path, 0, 0}, "build it again: eventops lake rebuild"};
    return error;
}

Result<std::unique_ptr<DuckDatabase>> DuckDatabase::open(const std::string &path, const Options &options)
{
    const DuckDbLibrary &library = *EVENTOPS_TRY(DuckDbLibrary::load());
    const DuckDbFunctions &duck = library.functions();
    struct Config {
        const DuckDbFunctions &duck;
        duckdb_config value = nullptr;
        ~Config() { duck.duckdb_destroy_config(&value); }
    } config{duck};
    if (duck.duckdb_create_config(&config.value) == DuckDBError)
        return Error{Error::Code::Unavailable, "DuckDB gives no configuration"};
    EVENTOPS_TRY(configure(duck, config.value, options));
    auto handles = std::make_unique<Handles>(duck);
    handles->path = path;
    handles->access = options.access;
    char *message = nullptr;
    if (duck.duckdb_open_ext(path.c_str(), &handles->database, config.value, &message) == DuckDBError) {
        Error error = duckError(message, path);
        duck.duckdb_free(message);
        if (error.code == Error::Code::InvalidArgument)
            error.code = Error::Code::Corrupt;
        return error;
    }
    if (duck.duckdb_connect(handles->database, &handles->connection) == DuckDBError)
        return Error{Error::Code::Corrupt, "cannot connect to the lake's database", {path, 0, 0}};
    return std::unique_ptr<DuckDatabase>(new DuckDatabase(std::move(handles)));
}

Status DuckDatabase::execute(const std::string &sql)
{
    const DuckDbFunctions &duck = m_handles->duck;
    Answer answer{duck};
    if (duck.duckdb_query(m_handles->connection, sql.c_str(), &answer.value) == DuckDBError)
        return duckError(duck.duckdb_result_error(&answer.value), m_handles->path);
    return Ok{};
}

Result<std::int64_t> DuckDatabase::integer(const std::string &sql)
{
    std::int64_t value = 0;
    EVENTOPS_TRY(query(sql, {}, [](const std::vector<SqlColumn> &) {}, [&](SqlRow &row) {
        if (!row.empty() && row.front().kind == SqlCell::Kind::Number)
            value = std::strtoll(row.front().text.c_str(), nullptr, 10);
        return false;
    }));
    return value;
}

Status DuckDatabase::query(std::string_view sql, const SqlLimits &limits,
                           const std::function<void(const std::vector<SqlColumn> &)> &columns,
                           const std::function<bool(SqlRow &)> &row)
{
    const DuckDbFunctions &duck = m_handles->duck;
    if (sql.size() > SqlBytesMax)
        return Error{Error::Code::LimitExceeded,
                     "the SQL text is longer than " + std::to_string(SqlBytesMax) + " bytes"};
    Interrupter interrupter(duck, m_handles->connection, limits);
    std::uint64_t left = limits.rowsMax;
    bool more = true;
    const auto failure = [&](const char *message) {
        Error error = duckError(message, m_handles->path);
        if (error.code == Error::Code::Cancelled && interrupter.late())
            return Error{Error::Code::LimitExceeded, "the query took longer than it may", {}, "ask for less"};
        return error;
    };
    const auto deliver = [&](duckdb_data_chunk chunk, const Columns &shape) {
        const DuckCells cells(duck);
        const idx_t size = duck.duckdb_data_chunk_get_size(chunk);
        for (idx_t i = 0; i < size && more; ++i) {
            SqlRow out;
            out.reserve(shape.types.size());
            for (std::size_t column = 0; column < shape.types.size(); ++column)
                out.push_back(cells.cell(duck.duckdb_data_chunk_get_vector(chunk, column), shape.types[column], i));
            more = left > 0 && row(out) && --left > 0;
        }
    };
    Statements statements{duck};
    const std::string text(sql);
    const idx_t count = duck.duckdb_extract_statements(m_handles->connection, text.c_str(), &statements.value);
    if (count == 0) {
        const char *message = duck.duckdb_extract_statements_error(statements.value);
        return message != nullptr ? Status(failure(message)) : Status(Ok{});
    }
    for (idx_t i = 0; i < count && more; ++i) {
        Prepared prepared{duck};
        if (duck.duckdb_prepare_extracted_statement(m_handles->connection, statements.value, i, &prepared.value)
            == DuckDBError)
            return failure(duck.duckdb_prepare_error(prepared.value));
        const duckdb_statement_type type = duck.duckdb_prepared_statement_type(prepared.value);
        if (m_handles->access == Access::Analyse && type != DUCKDB_STATEMENT_TYPE_SELECT
            && type != DUCKDB_STATEMENT_TYPE_EXPLAIN)
            return Error{Error::Code::Refused, "sql: only reading is allowed", {},
                         "SELECT, DESCRIBE, SHOW, SUMMARIZE and EXPLAIN work"};
        struct Pending {
            const DuckDbFunctions &duck;
            duckdb_pending_result value = nullptr;
            ~Pending() { duck.duckdb_destroy_pending(&value); }
        } pending{duck};
        if (duck.duckdb_pending_prepared_streaming(prepared.value, &pending.value) == DuckDBError)
            return failure(duck.duckdb_pending_error(pending.value));
        Answer answer{duck};
        if (duck.duckdb_execute_pending(pending.value, &answer.value) == DuckDBError)
            return failure(duck.duckdb_result_error(&answer.value));
        const Columns shape(duck, answer.value);
        columns(shape.columns);
        while (more) {
            Chunk chunk{duck, duck.duckdb_fetch_chunk(answer.value)};
            if (chunk.value == nullptr) {
                const char *message = duck.duckdb_result_error(&answer.value);
                if (message != nullptr && *message != '\0')
                    return failure(message);
                break;
            }
            deliver(chunk.value, shape);
            if (interrupter.stopped())
                return Error{Error::Code::Cancelled, "the query was stopped"};
        }
    }
    return Ok{};
}

#else

Result<std::unique_ptr<DuckDatabase>> DuckDatabase::open(const std::string &, const Options &)
{
    EVENTOPS_TRY(DuckDbLibrary::load());
    return Error{Error::Code::Unavailable, "this program was built without DuckDB"};
}

Status DuckDatabase::execute(const std::string &)
{
    return Ok{};
}

Result<std::int64_t> DuckDatabase::integer(const std::string &)
{
    return std::int64_t{0};
}

Status DuckDatabase::query(std::string_view, const SqlLimits &,
                           const std::function<void(const std::vector<SqlColumn> &)> &,
                           const std::function<bool(SqlRow &)> &)
{
    return Ok{};
}

#endif

} // namespace eventops::lake
