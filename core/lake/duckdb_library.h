// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <string>

namespace eventops::lake {

struct DuckDbFunctions;

/// DuckDB's shared library, loaded when it is first asked for and kept until the process ends.
///
/// Looked for, in this order: $EVENTOPS_DUCKDB (a file), ../lib/eventops beside the program, where the build found the
/// header, the cache that installer/duckdb fills, the system's loader. The first that exists is taken. Thread: any.
class DuckDbLibrary
{
public:
    /// Unavailable: what is missing, and how to get it. Tries once a process.
    static Result<const DuckDbLibrary *> load();

    const DuckDbFunctions &functions() const { return *m_functions; }
    const std::string &version() const { return m_version; } ///< "v1.4.4"
    const std::string &path() const { return m_path; }

private:
    DuckDbLibrary() = default;
    static Result<const DuckDbLibrary *> find();
    static Result<const DuckDbLibrary *> open(const std::string &path);

    const DuckDbFunctions *m_functions = nullptr;
    std::string m_version, m_path;
};

} // namespace eventops::lake
