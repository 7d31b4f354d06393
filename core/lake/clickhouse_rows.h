// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/lake/clickhouse_schema.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/feature_window.h"
#include "core/model/finding.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace eventops::lake {

/// One row on its way: the same for the same thing of the ledger, whenever it is made.
struct ClickHouseRow {
    std::string json;      ///< One line of JSONEachRow.
    std::string key;       ///< What ClickHouseIdentity::key gives for it …
    std::string more;      ///< … and its further expressions, joined by tabs.
    std::uint32_t ts = 0;  ///< Unix seconds.
    bool wrapped = false;  ///< See wrapClickHouseDocuments.
    std::size_t bytes() const { return json.size() + key.size() + more.size(); }
};

/// ClickHouse's DateTime: whole seconds, rounded down, from 1970 to 2106; outside of it the nearest there is (X14).
std::uint32_t clickHouseSeconds(WallNs time);

/// The row of an event (contract K7): the envelope of eight fields as the codec writes it, the time in whole seconds.
/// Field::EventId must be set where the event has no idempotency key. @p json: documents are JSON columns.
Result<ClickHouseRow> clickHouseEventRow(const Batch &batch, const Event &event, bool json);
/// Of findings that are surprises (U31). `details` holds the finding's id, bits, terms and what it is about.
ClickHouseRow clickHouseScoreRow(const Finding &finding, bool json);
/// Of a window of features (U31, E8): its beginning, day (Monday is 1) and hour in UTC; the step, else the metric, else
/// the rule.
ClickHouseRow clickHouseFeatureRow(const FeatureWindow &window);
/// Of findings of rules.
ClickHouseRow clickHouseAlertRow(const Finding &finding, bool json);
/// Of one step of an action, with the action as it is when the row is made.
ClickHouseRow clickHouseHistoryRow(const AuditRow &step, const Action &action);
/// Which table a finding goes to.
std::optional<ClickHouseTable> clickHouseTableOf(const Finding &finding);

/// The row with each of its documents as text inside of {"_json": …}: for what the server's JSON type refuses, such
/// as duplicate keys. Nothing: it has none.
std::optional<std::string> wrapClickHouseDocuments(std::string_view json);

} // namespace eventops::lake
