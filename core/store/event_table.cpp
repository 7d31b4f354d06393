// SPDX-License-Identifier: MIT
//
// The virtual table `event` of a ledger: its column blocks as rows. Read-only. See https://sqlite.org/vtab.html.
#include "core/store/sqlite_ledger.h"

#include "core/base/time.h"
#include "core/model/event_id.h"

#include <sqlite3.h>

#include <array>
#include <charconv>
#include <cstring>

namespace eventops {
namespace {

/// Columns that are not texts of the event; the texts follow from FirstText on.
enum Col : int {
    Id, SeqNo, Emission, TsEventNs, TsEvent, TsIngestNs, SeverityNo, SeverityName, ValueNo, SourceKey, Position, RecordHash, RawBytes,
    FirstText,
};
constexpr const char *Declaration =
    "CREATE TABLE x(id TEXT, seq INTEGER, emission INTEGER, ts_event_ns INTEGER, ts_event TEXT, ts_ingest_ns INTEGER, "
    "severity INTEGER, severity_name TEXT, value REAL, source_key TEXT, position INTEGER, record_hash TEXT, raw BLOB";

constexpr int OpBits = 2;
enum Op : int { Equal = 0, AtLeast = 1, AtMost = 2 };

struct Table : sqlite3_vtab {
    sqlite3 *connection = nullptr;
    std::string schema;
};

/// A connection that others own, as a Database.
struct Borrowed {
    sqlite::Database database;
    explicit Borrowed(sqlite3 *handle) : database(sqlite::Database::borrow(handle)) {}
    ~Borrowed() { database.release(); }
};

struct Cursor : sqlite3_vtab_cursor {
    std::unique_ptr<Borrowed> borrowed;
    std::map<std::int64_t, std::string> sources;
    std::unique_ptr<EventMerge> merge;
    EventMerge::Run run;
    std::size_t at = 0;
    bool end = true;
    sqlite3_int64 rowId = 0;
};

int fail(sqlite3_vtab *table, const Error &error)
{
    sqlite3_free(table->zErrMsg);
    table->zErrMsg = sqlite3_mprintf("%s", error.text().c_str());
    return error.code == Error::Code::Corrupt ? SQLITE_CORRUPT_VTAB : error.code == Error::Code::Busy ? SQLITE_BUSY : SQLITE_ERROR;
}

std::string columnName(Field field)
{
    std::string name(toString(field));
    for (char &c : name)
        c = c == '.' ? '_' : c;
    return name;
}

int connect(sqlite3 *connection, void *, int, const char *const *arguments, sqlite3_vtab **out, char **)
{
    std::string sql = Declaration;
    for (std::size_t f = 0; f < FieldCount; ++f)
        sql += ", " + columnName(static_cast<Field>(f)) + " TEXT";
    const int code = sqlite3_declare_vtab(connection, (sql + ")").c_str());
    if (code != SQLITE_OK)
        return code;
    sqlite3_vtab_config(connection, SQLITE_VTAB_INNOCUOUS);
    auto table = std::make_unique<Table>();
    std::memset(static_cast<sqlite3_vtab *>(table.get()), 0, sizeof(sqlite3_vtab));
    table->connection = connection;
    table->schema = arguments[1];
    *out = table.release();
    return SQLITE_OK;
}

int disconnect(sqlite3_vtab *table)
{
    delete static_cast<Table *>(table);
    return SQLITE_OK;
}

/// What a constraint narrows, as an entry of idxStr: "column op" in one number.
int planOf(int column, unsigned char op)
{
    const bool text = column >= FirstText;
    const auto field = static_cast<Field>(text ? column - FirstText : 0);
    if (op == SQLITE_INDEX_CONSTRAINT_EQ && ((text && (isFilterable(field) || field == Field::Tenant)) || column == SeqNo || column == TsEventNs))
        return column << OpBits | Equal;
    const bool range = column == SeqNo || column == TsEventNs || column == TsEvent || column == SeverityNo;
    if (range && (op == SQLITE_INDEX_CONSTRAINT_GE || op == SQLITE_INDEX_CONSTRAINT_GT))
        return column << OpBits | AtLeast;
    if (range && column != SeverityNo && (op == SQLITE_INDEX_CONSTRAINT_LE || op == SQLITE_INDEX_CONSTRAINT_LT))
        return column << OpBits | AtMost;
    return -1;
}

int bestIndex(sqlite3_vtab *, sqlite3_index_info *info)
{
    // Every constraint is checked again by SQLite: blocks are only skipped, rows never decided here.
    std::string plan;
    int arguments = 0;
    double cost = 1e7;
    for (int i = 0; i < info->nConstraint; ++i) {
        const auto &constraint = info->aConstraint[i];
        const int entry = constraint.usable ? planOf(constraint.iColumn, constraint.op) : -1;
        // Under another collation "equal" texts have other hashes.
        if (entry < 0
            || (constraint.iColumn >= FirstText && std::strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0))
            continue;
        info->aConstraintUsage[i].argvIndex = ++arguments;
        plan += std::to_string(entry) + ' ';
        cost /= (entry & ((1 << OpBits) - 1)) == Equal ? 20 : 3;
    }
    info->estimatedCost = cost;
    info->estimatedRows = static_cast<sqlite3_int64>(cost) + 1;
    info->idxNum = 0;
    if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == SeqNo) {
        info->orderByConsumed = 1;
        info->idxNum = info->aOrderBy[0].desc ? 1 : 0;
    }
    plan = std::to_string(info->colUsed) + ';' + plan; // only columns that are read get decoded
    info->idxStr = sqlite3_mprintf("%s", plan.c_str());
    info->needToFreeIdxStr = 1;
    return SQLITE_OK;
}

int openCursor(sqlite3_vtab *, sqlite3_vtab_cursor **out)
{
    auto cursor = std::make_unique<Cursor>();
    std::memset(static_cast<sqlite3_vtab_cursor *>(cursor.get()), 0, sizeof(sqlite3_vtab_cursor));
    *out = cursor.release();
    return SQLITE_OK;
}

int closeCursor(sqlite3_vtab_cursor *cursor)
{
    delete static_cast<Cursor *>(cursor);
    return SQLITE_OK;
}

/// Narrows the bounds by one constraint; anything unexpected narrows nothing.
void narrow(BlockBounds &bounds, int entry, sqlite3_value *value)
{
    const int column = entry >> OpBits;
    const int op = entry & ((1 << OpBits) - 1);
    const bool integer = sqlite3_value_type(value) == SQLITE_INTEGER;
    if (column >= FirstText) {
        if (sqlite3_value_type(value) == SQLITE_TEXT)
            bounds.required.push_back({static_cast<Field>(column - FirstText),
                                       {std::string(static_cast<const char *>(sqlite3_value_blob(value)),
                                                    static_cast<std::size_t>(sqlite3_value_bytes(value)))}});
        return;
    }
    if (column == TsEvent) {
        // Texts of UTC times compare as times as long as both have the ISO form; the day alone is safe for all of them.
        const std::string text = sqlite3_value_type(value) == SQLITE_TEXT
            ? std::string(reinterpret_cast<const char *>(sqlite3_value_text(value))).substr(0, 10) : std::string();
        const auto day = parseTimestamp(text + "T00:00:00Z");
        if (!day || text.size() != 10)
            return;
        constexpr std::int64_t DayNs = 86'400 * NsPerSecond;
        if (op == AtLeast && raw(*day) > std::numeric_limits<std::int64_t>::min() + DayNs)
            bounds.tsMin = *day;
        else if (op == AtMost && raw(*day) < std::numeric_limits<std::int64_t>::max() - DayNs)
            bounds.tsMax = *day + DayNs;
        return;
    }
    if (!integer)
        return;
    const sqlite3_int64 n = sqlite3_value_int64(value);
    if (column == SeqNo && n >= 0) {
        if (op != AtMost)
            bounds.seqMin = std::max(bounds.seqMin, static_cast<Seq>(n));
        if (op != AtLeast)
            bounds.seqMax = std::min(bounds.seqMax, static_cast<Seq>(n));
    } else if (column == TsEventNs) {
        if (op != AtMost)
            bounds.tsMin = bounds.tsMin ? std::max(*bounds.tsMin, WallNs{n}) : WallNs{n};
        if (op != AtLeast)
            bounds.tsMax = bounds.tsMax ? std::min(*bounds.tsMax, WallNs{n}) : WallNs{n};
    } else if (column == SeverityNo && n >= 0 && n < 256) {
        bounds.severityMin = static_cast<std::uint8_t>(n);
    }
}

ColumnMask maskOf(std::uint64_t used)
{
    ColumnMask mask;
    mask.texts = static_cast<std::uint32_t>(used >> FirstText) & ((1U << FieldCount) - 1);
    if ((used >> Id & 1) != 0)
        mask.texts |= 1U << static_cast<unsigned>(Field::EventId);
    return mask;
}

Status advance(Cursor &cursor)
{
    ++cursor.rowId;
    if (++cursor.at < cursor.run.end)
        return Ok{};
    cursor.end = !EVENTOPS_TRY(cursor.merge->next(cursor.run));
    cursor.at = cursor.run.begin;
    return Ok{};
}

Status start(Cursor &cursor, Table &table, const char *plan, bool newestFirst, sqlite3_value **values, int count)
{
    cursor.merge.reset();
    cursor.borrowed = std::make_unique<Borrowed>(table.connection);
    sqlite::Database &database = cursor.borrowed->database;
    const char *end = plan + std::strlen(plan);
    std::uint64_t used = 0;
    plan = std::from_chars(plan, end, used).ptr + 1;
    BlockBounds bounds;
    for (int i = 0; i < count; ++i) {
        int entry = 0;
        plan = std::from_chars(plan, end, entry).ptr + 1;
        narrow(bounds, entry, values[i]);
    }
    cursor.sources.clear();
    sqlite::Statement sources = EVENTOPS_TRY(database.prepare("SELECT id, key FROM \"" + table.schema + "\".source"));
    while (EVENTOPS_TRY(sources.step()))
        cursor.sources.emplace(sources.integer(0), sources.string(1));
    cursor.merge = std::make_unique<EventMerge>(
        database, table.schema, EVENTOPS_TRY(listBlocks(database, table.schema, bounds, newestFirst)), newestFirst, nullptr);
    cursor.merge->setMask(maskOf(used));
    cursor.run = {};
    cursor.at = 0;
    cursor.rowId = 0;
    return advance(cursor);
}

int filterRows(sqlite3_vtab_cursor *base, int number, const char *plan, int count, sqlite3_value **values)
{
    auto &cursor = *static_cast<Cursor *>(base);
    const Status status = start(cursor, *static_cast<Table *>(base->pVtab), plan, number == 1, values, count);
    return status ? SQLITE_OK : fail(base->pVtab, status.error());
}

int nextRow(sqlite3_vtab_cursor *base)
{
    const Status status = advance(*static_cast<Cursor *>(base));
    return status ? SQLITE_OK : fail(base->pVtab, status.error());
}

int atEnd(sqlite3_vtab_cursor *base)
{
    return static_cast<Cursor *>(base)->end ? 1 : 0;
}

void resultText(sqlite3_context *context, std::string_view text)
{
    sqlite3_result_text64(context, text.data() == nullptr ? "" : text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

void idColumn(sqlite3_context *context, const Cursor &cursor, const Batch &batch, const Event &event)
{
    const RawRecord &record = batch.records[event.record];
    if (event[Field::EventId] != NoStr) {
        resultText(context, batch.text(event, Field::EventId));
        return;
    }
    const auto key = cursor.sources.find(record.source);
    resultText(context, derivedEventId(key == cursor.sources.end() ? std::string_view() : std::string_view(key->second),
                                       record.position, record.hash, event.emission));
}

int rawColumn(sqlite3_context *context, Cursor &cursor, const RawRecord &record)
{
    const Status status = cursor.merge->loadRaw(*cursor.run.block);
    if (!status)
        return fail(cursor.pVtab, status.error());
    const Batch &batch = cursor.run.block->batch;
    if (batch.chunks.front()->bytes.empty() && record.size == 0)
        sqlite3_result_null(context);
    else {
        const std::string_view bytes = batch.raw(record);
        sqlite3_result_text64(context, bytes.data(), bytes.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    return SQLITE_OK;
}

void timeColumn(sqlite3_context *context, WallNs time, bool asText)
{
    if (time == NoTime)
        sqlite3_result_null(context);
    else if (asText)
        resultText(context, formatTimestamp(time));
    else
        sqlite3_result_int64(context, raw(time));
}

int column(sqlite3_vtab_cursor *base, sqlite3_context *context, int number)
{
    auto &cursor = *static_cast<Cursor *>(base);
    const LoadedBlock &block = *cursor.run.block;
    const Event &event = block.batch.events[block.rows[cursor.at]];
    const RawRecord &record = block.batch.records[event.record];
    if (number >= FirstText) {
        const StrId id = event.text[static_cast<std::size_t>(number - FirstText)];
        id == NoStr ? sqlite3_result_null(context) : resultText(context, block.batch.text(id));
        return SQLITE_OK;
    }
    switch (number) {
    case Id: idColumn(context, cursor, block.batch, event); break;
    case SeqNo: sqlite3_result_int64(context, static_cast<sqlite3_int64>(record.seq)); break;
    case Emission: sqlite3_result_int(context, event.emission); break;
    case TsEventNs: timeColumn(context, event.tsEvent, false); break;
    case TsEvent: timeColumn(context, event.tsEvent, true); break;
    case TsIngestNs: timeColumn(context, block.batch.tsIngest, false); break;
    case SeverityNo: sqlite3_result_int(context, static_cast<int>(event.severity)); break;
    case SeverityName: resultText(context, severityName(static_cast<std::uint8_t>(event.severity))); break;
    case ValueNo: event.hasValue ? sqlite3_result_double(context, event.value) : sqlite3_result_null(context); break;
    case SourceKey: {
        const auto key = cursor.sources.find(record.source);
        key == cursor.sources.end() ? sqlite3_result_null(context) : resultText(context, key->second);
        break;
    }
    case Position: sqlite3_result_int64(context, static_cast<sqlite3_int64>(record.position)); break;
    case RecordHash: {
        char text[17];
        sqlite3_snprintf(sizeof text, text, "%016llx", static_cast<unsigned long long>(record.hash));
        resultText(context, text);
        break;
    }
    case RawBytes: return rawColumn(context, cursor, record);
    default: sqlite3_result_null(context);
    }
    return SQLITE_OK;
}

int rowId(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = static_cast<Cursor *>(base)->rowId;
    return SQLITE_OK;
}

const sqlite3_module Module = [] {
    sqlite3_module module{};
    module.xCreate = connect;
    module.xConnect = connect;
    module.xBestIndex = bestIndex;
    module.xDisconnect = disconnect;
    module.xDestroy = disconnect;
    module.xOpen = openCursor;
    module.xClose = closeCursor;
    module.xFilter = filterRows;
    module.xNext = nextRow;
    module.xEof = atEnd;
    module.xColumn = column;
    module.xRowid = rowId;
    return module;
}();

} // namespace

Status registerEventTable(sqlite::Database &database)
{
    if (sqlite3_create_module_v2(database.handle(), "eventops_event", &Module, nullptr, nullptr) != SQLITE_OK)
        return database.lastError("virtual table");
    return Ok{};
}

} // namespace eventops
