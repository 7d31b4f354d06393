// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/duckdb_connection.h"
#include "core/lake/duckdb_functions.h"

#include <string>

namespace eventops::lake {

struct DuckDatabase::Handles {
#if EVENTOPS_HAS_DUCKDB
    explicit Handles(const DuckDbFunctions &functions) : duck(functions) {}
    ~Handles()
    {
        if (connection != nullptr)
            duck.duckdb_disconnect(&connection);
        if (database != nullptr)
            duck.duckdb_close(&database);
    }
    const DuckDbFunctions &duck;
    duckdb_database database = nullptr;
    duckdb_connection connection = nullptr;
#endif
    std::string path;
    Access access = Access::Analyse;
};

#if EVENTOPS_HAS_DUCKDB
/// What DuckDB says, as one of our errors.
Error duckError(const char *message, const std::string &path);
#endif

} // namespace eventops::lake
