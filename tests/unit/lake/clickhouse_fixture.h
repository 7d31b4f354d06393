// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/clickhouse_writer.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QTemporaryDir>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace eventops::test {

/// 2025-10-21T10:00:00Z, the seeds' own.
constexpr WallNs ClickHouseSeedTime{1'761'040'800'000'000'000};

/// Rows of @p count events with keys k<first>, k<first + 1>, …
inline std::vector<lake::ClickHouseRow> eventRows(std::size_t first, std::size_t count, bool json,
                                                  const std::string &attrs = "{\"a\":1}")
{
    BatchMaker maker;
    std::vector<lake::ClickHouseRow> rows;
    for (std::size_t i = first; i < first + count; ++i) {
        maker.record("{}");
        maker.event("acme",
                    {{Field::IdempotencyKey, "k" + std::to_string(i)},
                     {Field::Type, "order.created"},
                     {Field::EntityId, "order:" + std::to_string(i % 7)},
                     {Field::Tags, "{\"env\":\"prod\",\"quote\":\"it's \\\"so\\\"\\\\\"}"},
                     {Field::Attrs, attrs}},
                    ClickHouseSeedTime + static_cast<std::int64_t>(i) * NsPerSecond);
    }
    const Batch &batch = maker.batch();
    for (const Event &event : batch.events) {
        auto row = lake::clickHouseEventRow(batch, event, json);
        if (!row)
            qFatal("%s", row.error().text().c_str());
        rows.push_back(std::move(row).value());
    }
    return rows;
}

/// A projection without a ledger.
class ScratchProjection
{
public:
    /// @p lateSeconds: small where requests get lost, for each costs as long.
    explicit ScratchProjection(std::string url, std::uint64_t lateSeconds = 20)
        : m_url(std::move(url)), m_lateSeconds(lateSeconds)
    {
    }

    std::unique_ptr<lake::ClickHouseWriter> open(std::uint64_t end = 1'000'000, bool forget = false) const
    {
        lake::ClickHouseAddress address;
        address.url = m_url;
        address.requestMsMax = 10'000;
        auto client = lake::ClickHouseClient::open(address);
        if (!client)
            qFatal("%s", client.error().text().c_str());
        lake::ClickHouseWriter::Options options;
        options.pauseMs = 1;
        options.lateSeconds = m_lateSeconds;
        options.forget = forget;
        auto writer =
            lake::ClickHouseWriter::open(std::move(client).value(), markPath(), {end, end, end}, options);
        if (!writer)
            qFatal("%s", writer.error().text().c_str());
        return std::move(writer).value();
    }
    std::string markPath() const { return m_directory.filePath(QStringLiteral("mark")).toStdString(); }

private:
    std::string m_url;
    std::uint64_t m_lateSeconds;
    QTemporaryDir m_directory;
};

inline Status pushEvents(lake::ClickHouseWriter &writer, std::size_t first, std::size_t count)
{
    const lake::ClickHouseWriter::Rows part{lake::ClickHouseTable::Events,
                                            eventRows(first, count, writer.server().jsonEvents)};
    return writer.push(lake::ClickHouseStream::Events, first + count - 1, {&part, 1});
}

} // namespace eventops::test
