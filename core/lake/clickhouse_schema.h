// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/lake/clickhouse_client.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace eventops::lake {

/// The database of contract K7, when nobody names another.
extern const char *const ClickHouseDatabase;

/// The tables that we fill, all of them plain MergeTree.
enum class ClickHouseTable : std::uint8_t {
    Events, ///< events_raw: contract K7, section 3.1.
    Scores, ///< entropy_scores: U31.
    Features, ///< features_windowed: U31, E8.
    Alerts, ///< alerts: what rules found; the columns of contract L13.
    History,///< action_history: every step of every action (K121); action_state_current is its end.
};
constexpr std::size_t ClickHouseTableCount = 5;
constexpr std::array<ClickHouseTable, ClickHouseTableCount> ClickHouseTables{
    ClickHouseTable::Events, ClickHouseTable::Scores, ClickHouseTable::Features, ClickHouseTable::Alerts,
    ClickHouseTable::History};
std::string_view toString(ClickHouseTable table);

/// What a server's version lets us say.
struct ClickHouseDialect {
    std::string version;         ///< "24.8.4.13"
    unsigned major = 0, minor = 0;
    bool jsonType = false;       ///< Else tags, attrs, source and details are JSON texts in String columns.
    bool lowCardinality = false; ///< Else String.
    bool windowFunctions = false;///< Else LIMIT … BY.
    bool replaceView = false;    ///< CREATE OR REPLACE VIEW; else a view that is there stays as it is.
    bool ttl = false;
    /// What had to be said otherwise than the contract has it; empty: nothing.
    std::string notice() const;
    /// Settings of a CREATE and of an INSERT, which older servers would refuse by name.
    ClickHouseParameters createSettings() const, insertSettings() const;
};
/// @p version: what `SELECT version()` gives. InvalidInput: it is none.
Result<ClickHouseDialect> clickHouseDialect(std::string_view version);

struct ClickHouseSchemaOptions {
    unsigned ttlDays = 0; ///< events_raw forgets after as many days; 0: never. The upstream normaliser's copy: 90.
};
/// The statements that make everything, in order, without the database, which is a parameter of the request. Each one
/// leaves alone what is there.
std::vector<std::string> clickHouseStatements(const ClickHouseDialect &dialect, const ClickHouseSchemaOptions &options);

/// What is known of a server once it was looked at.
struct ClickHouseServer {
    ClickHouseDialect dialect;
    std::string timezone;
    bool hadEvents = false; ///< events_raw was there before us.
    /// Whether events_raw, entropy_scores and alerts take JSON columns; as they are, whoever made them.
    bool jsonEvents = false, jsonScores = false, jsonAlerts = false;
};
/// Asks for the version. Unavailable; InvalidInput: what answers is no ClickHouse.
Result<ClickHouseDialect> askClickHouseVersion(ClickHouseClient &client);
/// Makes what is missing and looks at what is there. InvalidConfig: a table of that name has other columns.
Result<ClickHouseServer> prepareClickHouse(ClickHouseClient &client, const ClickHouseSchemaOptions &options);

/// How rows of a table are told from each other.
struct ClickHouseIdentity {
    std::string key;   ///< Expression of type String: the idempotency key, or what stands for it.
    std::string more;  ///< Further expressions beside it and the time; may be empty.
    std::string columns;   ///< What an INSERT names …
    std::string structure; ///< … and with their types.
};
ClickHouseIdentity clickHouseIdentity(ClickHouseTable table, bool json);
/// Inserts what stands in a table `rows` of the identity's structure, unless the server's clock is past @p deadline.
std::string clickHouseInsertion(ClickHouseTable table, bool json, std::uint64_t deadline);
/// Key, time and what else tells rows apart, of those whose key is among @p keys (literals) and whose time from
/// @p first to @p last.
std::string clickHouseLookup(ClickHouseTable table, bool json, const std::string &keys, std::uint32_t first,
                             std::uint32_t last);

} // namespace eventops::lake
