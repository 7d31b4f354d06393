// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/clickhouse_client.h"
#include "core/model/sql_result.h"

#include <functional>
#include <string_view>
#include <vector>

namespace eventops::lake {

/// Analysis SQL on a ClickHouse (contract U25), one statement without a FORMAT. The server is told to read only, to end
/// after the limits, and to give no more rows than wanted; where the user's profile forbids settings
/// it gets none, for such a profile reads only anyway. @p limits count here as well. Numbers are as the server writes
/// them.
/// Unavailable, InvalidArgument (the SQL), Refused (who asks), LimitExceeded, Cancelled.
Status queryClickHouse(ClickHouseClient &client, std::string_view sql, const SqlLimits &limits,
                       const std::function<void(const std::vector<SqlColumn> &)> &columns,
                       const std::function<bool(SqlRow &)> &row);
/// What can be asked in the client's database.
Result<std::vector<SqlTable>> clickHouseTables(ClickHouseClient &client);

} // namespace eventops::lake
