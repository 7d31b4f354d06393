// SPDX-License-Identifier: MIT
#include "core/lake/duckdb_handles.h"
#include "core/lake/utf8.h"

namespace eventops::lake {

#if EVENTOPS_HAS_DUCKDB

struct DuckAppender::State {
    explicit State(DuckDatabase::Handles &database) : handles(database), duck(database.duck) {}
    ~State()
    {
        if (chunk != nullptr)
            duck.duckdb_destroy_data_chunk(&chunk);
        for (duckdb_logical_type &type : types)
            duck.duckdb_destroy_logical_type(&type);
        if (appender != nullptr)
            duck.duckdb_appender_destroy(&appender);
    }
    duckdb_vector column(std::size_t i) const { return duck.duckdb_data_chunk_get_vector(chunk, i); }
    template <typename T>
    void set(std::size_t i, T value)
    {
        static_cast<T *>(duck.duckdb_vector_get_data(column(i)))[row] = value;
        given[i] = true;
    }
    void assign(duckdb_vector vector, idx_t at, std::string_view value)
    {
        mended.clear();
        const std::string_view text = validUtf8(value, mended);
        duck.duckdb_vector_assign_string_element_len(vector, at, text.data(), text.size());
    }

    DuckDatabase::Handles &handles;
    const DuckDbFunctions &duck;
    duckdb_appender appender = nullptr;
    std::vector<duckdb_logical_type> types;
    duckdb_data_chunk chunk = nullptr;
    std::vector<bool> given; ///< Of the present row.
    idx_t row = 0;
    std::string mended;
};

DuckAppender::DuckAppender(std::unique_ptr<State> state) : m_state(std::move(state)) {}
DuckAppender::~DuckAppender() = default;

Result<std::unique_ptr<DuckAppender>> DuckAppender::open(DuckDatabase &database, const std::string &table)
{
    auto state = std::make_unique<State>(*database.m_handles);
    const DuckDbFunctions &duck = state->duck;
    if (duck.duckdb_appender_create(state->handles.connection, nullptr, table.c_str(), &state->appender) == DuckDBError)
        return duckError(duck.duckdb_appender_error(state->appender), state->handles.path);
    for (idx_t i = 0; i < duck.duckdb_appender_column_count(state->appender); ++i)
        state->types.push_back(duck.duckdb_appender_column_type(state->appender, i));
    state->chunk = duck.duckdb_create_data_chunk(state->types.data(), state->types.size());
    state->given.assign(state->types.size(), false);
    return std::unique_ptr<DuckAppender>(new DuckAppender(std::move(state)));
}

void DuckAppender::time(std::size_t column, WallNs value)
{
    if (value == NoTime)
        return;
    const std::int64_t ns = raw(value);
    m_state->set(column, ns / NsPerUs - (ns % NsPerUs < 0 ? 1 : 0));
}

void DuckAppender::number(std::size_t column, double value)
{
    m_state->set(column, value);
}

void DuckAppender::text(std::size_t column, std::string_view value)
{
    m_state->assign(m_state->column(column), m_state->row, value);
    m_state->given[column] = true;
}

void DuckAppender::map(std::size_t column, const std::vector<std::pair<std::string, std::string>> &value)
{
    State &state = *m_state;
    const DuckDbFunctions &duck = state.duck;
    duckdb_vector list = state.column(column);
    const idx_t begin = duck.duckdb_list_vector_get_size(list);
    duck.duckdb_list_vector_reserve(list, begin + value.size());
    duck.duckdb_list_vector_set_size(list, begin + value.size());
    duckdb_vector pairs = duck.duckdb_list_vector_get_child(list);
    duckdb_vector keys = duck.duckdb_struct_vector_get_child(pairs, 0);
    duckdb_vector values = duck.duckdb_struct_vector_get_child(pairs, 1);
    for (std::size_t i = 0; i < value.size(); ++i) {
        state.assign(keys, begin + i, value[i].first);
        state.assign(values, begin + i, value[i].second);
    }
    state.set(column, duckdb_list_entry{begin, value.size()});
}

Status DuckAppender::endRow()
{
    State &state = *m_state;
    for (std::size_t i = 0; i < state.given.size(); ++i) {
        if (!state.given[i]) {
            duckdb_vector vector = state.column(i);
            state.duck.duckdb_vector_ensure_validity_writable(vector);
            state.duck.duckdb_validity_set_row_invalid(state.duck.duckdb_vector_get_validity(vector), state.row);
        }
        state.given[i] = false;
    }
    if (++state.row == state.duck.duckdb_vector_size())
        return send();
    return Ok{};
}

Status DuckAppender::send()
{
    State &state = *m_state;
    if (state.row == 0)
        return Ok{};
    state.duck.duckdb_data_chunk_set_size(state.chunk, state.row);
    if (state.duck.duckdb_append_data_chunk(state.appender, state.chunk) == DuckDBError)
        return duckError(state.duck.duckdb_appender_error(state.appender), state.handles.path);
    state.row = 0;
    // A fresh chunk: resetting one keeps the marks of what is NULL.
    state.duck.duckdb_destroy_data_chunk(&state.chunk);
    state.chunk = state.duck.duckdb_create_data_chunk(state.types.data(), state.types.size());
    return Ok{};
}

Status DuckAppender::flush()
{
    EVENTOPS_TRY(send());
    State &state = *m_state;
    if (state.duck.duckdb_appender_flush(state.appender) == DuckDBError)
        return duckError(state.duck.duckdb_appender_error(state.appender), state.handles.path);
    return Ok{};
}

#else

struct DuckAppender::State {};

DuckAppender::DuckAppender(std::unique_ptr<State> state) : m_state(std::move(state)) {}
DuckAppender::~DuckAppender() = default;

Result<std::unique_ptr<DuckAppender>> DuckAppender::open(DuckDatabase &, const std::string &)
{
    return Error{Error::Code::Unavailable, "this program was built without DuckDB"};
}

void DuckAppender::time(std::size_t, WallNs) {}
void DuckAppender::number(std::size_t, double) {}
void DuckAppender::text(std::size_t, std::string_view) {}
void DuckAppender::map(std::size_t, const std::vector<std::pair<std::string, std::string>> &) {}

Status DuckAppender::endRow()
{
    return Ok{};
}

Status DuckAppender::send()
{
    return Ok{};
}

Status DuckAppender::flush()
{
    return Ok{};
}

#endif

} // namespace eventops::lake
