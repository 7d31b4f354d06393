// SPDX-License-Identifier: MIT
#pragma once

// For the .cpp files that call DuckDB; each of them compiles without its header as well.
#if __has_include(<duckdb.h>)
#define EVENTOPS_HAS_DUCKDB 1
#include <duckdb.h>
#else
#define EVENTOPS_HAS_DUCKDB 0
#endif

namespace eventops::lake {

#if EVENTOPS_HAS_DUCKDB
// What we call of DuckDB's C interface, each checked when the library is loaded.
#define EVENTOPS_DUCKDB_FUNCTIONS(X) \
    X(duckdb_library_version) X(duckdb_create_config) X(duckdb_set_config) X(duckdb_destroy_config) \
    X(duckdb_open_ext) X(duckdb_close) X(duckdb_connect) X(duckdb_disconnect) X(duckdb_interrupt) X(duckdb_free) \
    X(duckdb_query) X(duckdb_result_error) X(duckdb_result_error_type) X(duckdb_destroy_result) \
    X(duckdb_column_count) X(duckdb_column_name) X(duckdb_column_logical_type) X(duckdb_fetch_chunk) \
    X(duckdb_extract_statements) X(duckdb_extract_statements_error) X(duckdb_prepare_extracted_statement) \
    X(duckdb_destroy_extracted) X(duckdb_prepare_error) X(duckdb_prepared_statement_type) \
    X(duckdb_destroy_prepare) X(duckdb_pending_prepared_streaming) X(duckdb_pending_error) \
    X(duckdb_execute_pending) X(duckdb_destroy_pending) \
    X(duckdb_create_data_chunk) X(duckdb_destroy_data_chunk) X(duckdb_data_chunk_reset) \
    X(duckdb_data_chunk_get_vector) X(duckdb_data_chunk_get_size) X(duckdb_data_chunk_set_size) \
    X(duckdb_data_chunk_get_column_count) X(duckdb_vector_size) X(duckdb_vector_get_column_type) \
    X(duckdb_vector_get_data) X(duckdb_vector_get_validity) X(duckdb_vector_ensure_validity_writable) \
    X(duckdb_validity_set_row_invalid) X(duckdb_vector_assign_string_element_len) X(duckdb_list_vector_get_child) \
    X(duckdb_list_vector_get_size) X(duckdb_list_vector_set_size) X(duckdb_list_vector_reserve) \
    X(duckdb_struct_vector_get_child) X(duckdb_array_vector_get_child) X(duckdb_get_type_id) \
    X(duckdb_decimal_scale) X(duckdb_decimal_internal_type) X(duckdb_enum_internal_type) \
    X(duckdb_enum_dictionary_value) X(duckdb_struct_type_child_count) X(duckdb_struct_type_child_name) \
    X(duckdb_array_type_array_size) X(duckdb_destroy_logical_type) \
    X(duckdb_appender_create) X(duckdb_appender_column_count) X(duckdb_appender_column_type) \
    X(duckdb_appender_error) X(duckdb_appender_flush) X(duckdb_appender_destroy) X(duckdb_append_data_chunk)
#else
#define EVENTOPS_DUCKDB_FUNCTIONS(X)
#endif

struct DuckDbFunctions {
#define EVENTOPS_DUCKDB_MEMBER(name) decltype(&::name) name = nullptr;
    EVENTOPS_DUCKDB_FUNCTIONS(EVENTOPS_DUCKDB_MEMBER)
#undef EVENTOPS_DUCKDB_MEMBER
};

} // namespace eventops::lake
