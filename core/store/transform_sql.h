// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace eventops {

/// Whose SQL is written.
enum class SqlDialect : std::uint8_t { MySql, PostgreSql };

/// Writes what transformers are configured with and what they made as SQL that makes and fills the tables of contract
/// C20 (sources, transformers, json_transformers, python_transformers, raw_events, processed_events_v2 with a view
/// processed_events, entities, links) in an empty database, in one transaction. @p write gets pieces in order.
/// NotFound: no workspace there. Thread: any. O(rows).
Status exportTransformTables(const std::string &directory, SqlDialect dialect,
                             const std::function<Status(std::string_view)> &write);

} // namespace eventops
