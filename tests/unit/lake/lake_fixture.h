// SPDX-License-Identifier: MIT
#pragma once

#include "core/lake/duckdb_library.h"
#include "core/lake/lake_query.h"
#include "core/lake/lake_writer.h"
#include "tests/unit/store/fixture.h"

#include <QtCore/QTemporaryDir>

#include <memory>
#include <string>
#include <vector>

/// Skips a test where DuckDB is not there, and says why.
#define EVENTOPS_NEEDS_DUCKDB()                                                        \
    do {                                                                               \
        const auto library_ = eventops::lake::DuckDbLibrary::load();                   \
        if (!library_)                                                                 \
            QSKIP(library_.error().text().c_str());                                    \
    } while (false)

namespace eventops::test {

/// A lake in a temporary directory, without a ledger.
class ScratchLake
{
public:
    lake::LakePaths paths() const { return {m_directory.filePath(QStringLiteral("data")).toStdString()}; }

    std::unique_ptr<lake::LakeWriter> open(Seq ledgerEnd = 1'000'000) const
    {
        auto writer = lake::LakeWriter::open(paths(), ledgerEnd, {});
        if (!writer)
            qFatal("%s", writer.error().text().c_str());
        return std::move(writer).value();
    }

    /// Rows of the published copy, tab-separated; or the error.
    std::vector<std::string> ask(const std::string &sql, SqlLimits limits = {}) const
    {
        std::vector<std::string> rows;
        const Status status = lake::queryLake(
            paths(), sql, limits, {}, [](const std::vector<SqlColumn> &) {},
            [&](SqlRow &row) {
                std::string line;
                for (const SqlCell &cell : row)
                    line += (line.empty() ? "" : "\t") + (cell.kind == SqlCell::Kind::Null ? "NULL" : cell.text);
                rows.push_back(line);
                return true;
            });
        if (!status)
            rows.push_back(status.error().text());
        return rows;
    }

    /// What our own writing connection reads from Parquet files.
    std::vector<std::string> read(const std::string &sql) const
    {
        std::vector<std::string> rows;
        lake::DuckDatabase::Options options;
        options.access = lake::DuckDatabase::Access::Write;
        auto database = lake::DuckDatabase::open(":memory:", options);
        if (!database)
            return {database.error().text()};
        const Status status = database.value()->query(
            sql, {}, [](const std::vector<SqlColumn> &) {},
            [&](SqlRow &row) {
                std::string line;
                for (const SqlCell &cell : row)
                    line += (line.empty() ? "" : "\t") + (cell.kind == SqlCell::Kind::Null ? "NULL" : cell.text);
                rows.push_back(line);
                return true;
            });
        if (!status)
            rows.push_back(status.error().text());
        return rows;
    }

private:
    QTemporaryDir m_directory;
};

/// 2025-10-21T10:00:00Z, the seeds' own.
constexpr WallNs SeedTime{1'761'040'800'000'000'000};

/// One reading a record.
inline void addReading(BatchMaker &maker, std::string_view tenant, double value, WallNs ts = SeedTime,
                       std::string_view tags = R"({"env":"prod"})", std::string_view metric = "cpu_load")
{
    maker.record("{}");
    Event &event = maker.event(
        tenant, {{Field::SourceId, "host-a"}, {Field::Metric, metric}, {Field::Unit, "percent"}, {Field::Tags, tags}},
        ts);
    event.hasValue = true;
    event.value = value;
}

inline Finding ruleAlert(double value, WallNs ts = SeedTime)
{
    Finding finding;
    finding.id = "f" + std::to_string(value);
    finding.severity = Severity::Critical;
    finding.ts = ts;
    finding.tenant = "acme";
    finding.sourceId = "host-a";
    finding.name = "cpu_load_threshold";
    finding.metric = "cpu_load";
    finding.hasValue = true;
    finding.value = value;
    finding.message = "cpu_load exceeds critical threshold";
    finding.tags = R"({"env":"prod"})";
    return finding;
}

} // namespace eventops::test
