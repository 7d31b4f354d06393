// SPDX-License-Identifier: MIT
#include "core/lake/lake_writer.h"

#include "core/base/json_scan.h"
#include "core/lake/duckdb_library.h"
#include "core/lake/files.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace eventops::lake {
namespace {

constexpr int SchemaVersion = 1;

// Contract L13 and section 3.2: names, order and types of the columns are other people's.
const char *const Schema = R"sql(
CREATE TABLE IF NOT EXISTS metrics(
    ts TIMESTAMP, tenant TEXT, source_id TEXT, metric TEXT, value DOUBLE, unit TEXT, tags MAP(TEXT, TEXT));
CREATE TABLE IF NOT EXISTS alerts(
    ts TIMESTAMP, tenant TEXT, source_id TEXT, metric TEXT, severity TEXT, rule TEXT, value DOUBLE, message TEXT,
    tags MAP(TEXT, TEXT));
CREATE SCHEMA IF NOT EXISTS lake;
CREATE TABLE IF NOT EXISTS lake.mark(
    version INTEGER, events UBIGINT, findings UBIGINT, metrics_exported UBIGINT, alerts_exported UBIGINT);
CREATE TABLE IF NOT EXISTS lake.part(
    "table" TEXT, folder TEXT, number UBIGINT, rows UBIGINT, written_as TEXT);
)sql";

enum MetricColumn : std::size_t {
    MetricTs,
    MetricTenant,
    MetricSource,
    MetricName,
    MetricValue,
    MetricUnit,
    MetricTags
};
enum AlertColumn : std::size_t {
    AlertTs,
    AlertTenant,
    AlertSource,
    AlertMetric,
    AlertSeverity,
    AlertRule,
    AlertValue,
    AlertMessage,
    AlertTags
};

} // namespace

void readTags(std::string_view json, std::vector<std::pair<std::string, std::string>> &tags)
{
    tags.clear();
    if (json.empty() || json.front() != '{')
        return;
    std::size_t at = 0;
    while (const auto member = jsonNext(json, at)) {
        std::string key, value;
        appendJsonUnescaped(key, member->key);
        if (member->value.kind == JsonSlice::Kind::String)
            appendJsonUnescaped(value, member->value.text);
        else
            value = member->value.text;
        const auto known = std::find_if(tags.begin(), tags.end(), [&](const auto &tag) { return tag.first == key; });
        if (known != tags.end())
            known->second = std::move(value);
        else
            tags.emplace_back(std::move(key), std::move(value));
    }
}

LakeWriter::~LakeWriter() = default;

Result<std::unique_ptr<LakeWriter>> LakeWriter::open(const LakePaths &paths, Seq ledgerEnd, const Options &options)
{
    EVENTOPS_TRY(DuckDbLibrary::load());
    EVENTOPS_TRY(makeFolders(paths.directory));
    std::unique_ptr<LakeWriter> writer(new LakeWriter(paths, options));
    std::error_code failed;
    const bool isNew = !std::filesystem::exists(paths.working(), failed);
    if (isNew && (std::filesystem::exists(paths.metricParts(), failed)
                  || std::filesystem::exists(paths.alertParts(), failed)))
        EVENTOPS_TRY(writer->restart("its database was gone"));
    Status opened = writer->openWorking();
    if (!opened && opened.error().code == Error::Code::Corrupt) {
        EVENTOPS_TRY(writer->restart(opened.error().message));
        opened = writer->openWorking();
    }
    EVENTOPS_TRY(std::move(opened));
    if (writer->m_mark.events > ledgerEnd) {
        EVENTOPS_TRY(writer->restart("it belonged to another ledger"));
        EVENTOPS_TRY(writer->openWorking());
    }
    Status finished = writer->finishMoves();
    if (!finished && finished.error().code == Error::Code::Corrupt) {
        EVENTOPS_TRY(writer->restart(finished.error().message));
        finished = writer->openWorking();
    }
    EVENTOPS_TRY(std::move(finished));
    return writer;
}

/// Sets everything aside that a new projection would contradict.
Status LakeWriter::restart(const std::string &why)
{
    m_database.reset();
    m_notice = "the lake began anew: " + why.substr(0, why.find('\n'));
    for (const std::string &path :
         {m_paths.working(), m_paths.working() + ".wal", m_paths.metricParts(), m_paths.alertParts()}) {
        const auto aside = setAside(path);
        if (!aside && aside.error().code != Error::Code::NotFound)
            return aside.error();
        if (aside && path == m_paths.working())
            m_notice += "; the old one is " + aside.value();
    }
    return clearScratch();
}

Status LakeWriter::openWorking()
{
    DuckDatabase::Options options;
    options.access = DuckDatabase::Access::Write;
    options.memoryBytesMax = m_options.memoryBytesMax;
    m_database = EVENTOPS_TRY(DuckDatabase::open(m_paths.working(), options));
    const auto damaged = [](Error error) {
        // A database of ours in which ours does not work is as good as damaged.
        if (error.code == Error::Code::InvalidArgument)
            error.code = Error::Code::Corrupt;
        return error;
    };
    Status made = m_database->execute(Schema);
    if (!made)
        return damaged(made.error());
    Status read = readMark();
    return read ? Status(Ok{}) : Status(damaged(read.error()));
}

Status LakeWriter::readMark()
{
    const std::int64_t rows = EVENTOPS_TRY(m_database->integer("SELECT count(*) FROM lake.mark"));
    if (rows == 0)
        EVENTOPS_TRY(m_database->execute("INSERT INTO lake.mark VALUES (" + std::to_string(SchemaVersion)
                                         + ", 0, 0, 0, 0)"));
    const auto number = [&](const char *sql, std::uint64_t &value) -> Status {
        value = static_cast<std::uint64_t>(EVENTOPS_TRY(m_database->integer(sql)));
        return Ok{};
    };
    std::uint64_t version = 0;
    EVENTOPS_TRY(number("SELECT version FROM lake.mark", version));
    if (version != SchemaVersion)
        return Error{Error::Code::Corrupt, "it was made by another version of this program"};
    EVENTOPS_TRY(number("SELECT events FROM lake.mark", m_mark.events));
    EVENTOPS_TRY(number("SELECT findings FROM lake.mark", m_mark.findings));
    EVENTOPS_TRY(number("SELECT metrics_exported FROM lake.mark", m_metricsExported));
    EVENTOPS_TRY(number("SELECT alerts_exported FROM lake.mark", m_alertsExported));
    EVENTOPS_TRY(number("SELECT count(*) FROM metrics", m_mark.metricRows));
    EVENTOPS_TRY(number("SELECT count(*) FROM alerts", m_mark.alertRows));
    return number("SELECT count(*) FROM lake.part", m_mark.parts);
}

Status LakeWriter::begin()
{
    if (m_metrics != nullptr)
        return Ok{};
    EVENTOPS_TRY(m_database->execute("BEGIN"));
    m_metrics = EVENTOPS_TRY(DuckAppender::open(*m_database, "metrics"));
    m_alerts = EVENTOPS_TRY(DuckAppender::open(*m_database, "alerts"));
    return Ok{};
}

Status LakeWriter::append(const Batch &batch)
{
    EVENTOPS_TRY(begin());
    for (const Event &event : batch.events) {
        if (event[Field::Metric] == NoStr)
            continue;
        DuckAppender &row = *m_metrics;
        const auto text = [&](MetricColumn column, Field field) {
            if (event[field] != NoStr)
                row.text(column, batch.text(event, field));
        };
        row.time(MetricTs, event.tsEvent);
        row.text(MetricTenant, batch.text(event, Field::Tenant));
        text(MetricSource, Field::SourceId);
        row.text(MetricName, batch.text(event, Field::Metric));
        if (event.hasValue)
            row.number(MetricValue, event.value);
        text(MetricUnit, Field::Unit);
        readTags(batch.text(event, Field::Tags), m_tags);
        row.map(MetricTags, m_tags);
        EVENTOPS_TRY(row.endRow());
        ++m_metricRows;
    }
    return Ok{};
}

Status LakeWriter::append(const Finding &finding)
{
    EVENTOPS_TRY(begin());
    if (finding.origin != FindingOrigin::Rule)
        return Ok{};
    DuckAppender &row = *m_alerts;
    row.time(AlertTs, finding.ts);
    row.text(AlertTenant, finding.tenant);
    row.text(AlertSource, finding.sourceId);
    row.text(AlertMetric, finding.metric);
    row.text(AlertSeverity, severityName(static_cast<std::uint8_t>(finding.severity)));
    row.text(AlertRule, finding.name);
    if (finding.hasValue)
        row.number(AlertValue, finding.value);
    row.text(AlertMessage, finding.message);
    readTags(finding.tags, m_tags);
    row.map(AlertTags, m_tags);
    ++m_alertRows;
    return row.endRow();
}

Status LakeWriter::commit(Seq events, std::uint64_t findings)
{
    EVENTOPS_TRY(begin());
    Status done = [&]() -> Status {
        EVENTOPS_TRY(m_metrics->flush());
        EVENTOPS_TRY(m_alerts->flush());
        m_metrics.reset();
        m_alerts.reset();
        EVENTOPS_TRY(m_database->execute("UPDATE lake.mark SET events = " + std::to_string(events)
                                         + ", findings = " + std::to_string(findings)));
        return m_database->execute("COMMIT");
    }();
    m_metrics.reset();
    m_alerts.reset();
    if (!done) {
        // What failed counts more than that it cannot be undone: the next opening does that.
        static_cast<void>(m_database->execute("ROLLBACK"));
        m_metricRows = m_alertRows = 0;
        return done;
    }
    m_mark.events = events;
    m_mark.findings = findings;
    m_mark.metricRows += std::exchange(m_metricRows, 0);
    m_mark.alertRows += std::exchange(m_alertRows, 0);
    return Ok{};
}

std::uint64_t LakeWriter::rowsWithoutParts() const
{
    return m_mark.metricRows - m_metricsExported + m_mark.alertRows - m_alertsExported;
}

Status LakeWriter::clearScratch() const
{
    std::error_code failed;
    std::filesystem::remove_all(m_paths.scratch(), failed);
    if (failed)
        return Error{Error::Code::Io, "cannot empty the folder: " + failed.message(), {m_paths.scratch(), 0, 0}};
    return Ok{};
}

Status removeLake(const LakePaths &paths)
{
    for (const std::string &path : {paths.working(), paths.working() + ".wal", paths.published(),
                                    paths.published() + ".wal", paths.scratch(), paths.metricParts(),
                                    paths.alertParts()}) {
        std::error_code failed;
        std::filesystem::remove_all(path, failed);
        if (failed)
            return Error{Error::Code::Io, "cannot remove it: " + failed.message(), {path, 0, 0}};
    }
    return Ok{};
}

Status LakeWriter::publish()
{
    EVENTOPS_TRY(m_database->execute("CHECKPOINT"));
    m_database.reset(); // a whole file, and nobody's lock is lost by closing another handle on it
    const Status copied = replaceByCopy(m_paths.working(), m_paths.published());
    // A journal that a foreign writer left belongs to the copy before.
    ::unlink((m_paths.published() + ".wal").c_str());
    EVENTOPS_TRY(openWorking());
    return copied;
}

} // namespace eventops::lake
