// SPDX-License-Identifier: MIT
//
// Somebody else's DuckDB: opens a database file as every DuckDB does unless told otherwise (for reading and writing),
// asks one question and prints the rows. Shares no code with ours. Arguments: library, database, SQL.
#include <cstdio>
#include <dlfcn.h>
#include <duckdb.h>

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    void *library = dlopen(argv[1], RTLD_NOW);
    if (library == nullptr)
        return 3;
    const auto function = [&](auto *type, const char *name) {
        return reinterpret_cast<decltype(type)>(dlsym(library, name));
    };
    const auto open = function(&duckdb_open, "duckdb_open");
    const auto connect = function(&duckdb_connect, "duckdb_connect");
    const auto query = function(&duckdb_query, "duckdb_query");
    const auto error = function(&duckdb_result_error, "duckdb_result_error");
    const auto rows = function(&duckdb_row_count, "duckdb_row_count");
    const auto columns = function(&duckdb_column_count, "duckdb_column_count");
    const auto text = function(&duckdb_value_varchar, "duckdb_value_varchar");
    const auto release = function(&duckdb_free, "duckdb_free");
    const auto destroy = function(&duckdb_destroy_result, "duckdb_destroy_result");
    const auto disconnect = function(&duckdb_disconnect, "duckdb_disconnect");
    const auto close = function(&duckdb_close, "duckdb_close");

    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
    if (open(argv[2], &database) == DuckDBError || connect(database, &connection) == DuckDBError) {
        std::fprintf(stderr, "cannot open %s\n", argv[2]);
        return 4;
    }
    duckdb_result result;
    if (query(connection, argv[3], &result) == DuckDBError) {
        std::fprintf(stderr, "%s\n", error(&result));
        return 5;
    }
    for (idx_t row = 0; row < rows(&result); ++row) {
        for (idx_t column = 0; column < columns(&result); ++column) {
            char *value = text(&result, column, row);
            std::printf("%s%s", column > 0 ? "\t" : "", value != nullptr ? value : "NULL");
            release(value);
        }
        std::printf("\n");
    }
    destroy(&result);
    disconnect(&connection);
    close(&database);
    return 0;
}
