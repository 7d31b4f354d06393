// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace eventops {

/// A connection to a PostgreSQL server, by libpq, that never waits longer than it may. Thread: one.
class PostgresSession
{
public:
    /// Parameters as libpq names them: {"host", "localhost"}, {"dbname", "ops"}, …
    using Parameters = std::vector<std::pair<std::string, std::string>>;

    /// Unavailable: the server is away; Refused: it does not let us in. @p mustStop: asked often.
    static Result<std::unique_ptr<PostgresSession>> open(const Parameters &parameters, std::int64_t timeoutMs,
                                                         std::function<bool()> mustStop);
    ~PostgresSession();

    /// Statements without values, several with ; between.
    Status execute(const std::string &sql);
    /// One statement with texts for $1, $2, … InvalidInput: the values are at fault (class 22, 23 or 54 of SQLSTATE);
    /// NotFound: no such table; Refused: not allowed; Unavailable: anything that may pass. After an error the session
    /// is of no more use.
    Status execute(const std::string &sql, const std::vector<std::string> &values);

private:
    struct Handle;
    PostgresSession(std::int64_t timeoutMs, std::function<bool()> mustStop);
    Status connect(const Parameters &parameters);
    Status finish();
    Status waitFor(short events, std::int64_t endMs) const;

    const std::int64_t m_timeoutMs;
    const std::function<bool()> m_mustStop;
    std::unique_ptr<Handle> m_handle;
};

/// Texts as one array of PostgreSQL: {"a","b"}. What it cannot hold, a byte of value 0, becomes U+FFFD.
std::string postgresArray(const std::vector<std::string> &texts);

} // namespace eventops
