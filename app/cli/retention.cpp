// SPDX-License-Identifier: MIT
//
// `eventops retention`: what is kept for how long, and dropping what is due.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/config/retention_section.h"
#include "core/pipeline/settings.h"

#include <cstdio>

namespace eventops::cli {
namespace {

unsigned long long number(std::uint64_t n)
{
    return n;
}

std::string timeText(WallNs time)
{
    return time == NoTime ? std::string("-") : formatTimestamp(time);
}

std::string timesText(const RetentionTimes &times)
{
    return "raw " + canonicalDuration(times.rawNs) + ", signals " + canonicalDuration(times.signalsNs) + ", alerts "
         + canonicalDuration(times.alertsNs);
}

void printJson(const RetentionReport &report)
{
    std::string out;
    JsonWriter json(out);
    json.beginObject();
    appendRetention(json.key("retention"), report.policy);
    json.key("dropped_now").beginObject().key("events").unsignedInteger(report.done.events);
    json.key("records").unsignedInteger(report.done.records);
    json.key("raw_records").unsignedInteger(report.done.rawRecords).key("bytes").unsignedInteger(report.done.bytes);
    json.key("damaged_blocks").unsignedInteger(report.done.damaged).endObject();
    json.key("dropped_ever").beginObject().key("events").unsignedInteger(report.dropped.events);
    json.key("raw_records").unsignedInteger(report.dropped.rawRecords).endObject();
    json.key("kept").beginArray();
    for (const RetentionRow &row : report.rows) {
        json.beginObject().field("tenant", row.tenant).field("retention", row.retention);
        json.key("events").unsignedInteger(row.events).key("bytes").unsignedInteger(row.bytes);
        json.key("raw_records").unsignedInteger(row.rawRecords).key("raw_bytes").unsignedInteger(row.rawBytes);
        json.field("oldest", timeText(row.oldest)).key("due_events").unsignedInteger(row.dueEvents);
        json.key("due_raw_records").unsignedInteger(row.dueRawRecords).field("next", timeText(row.nextDrop));
        json.key("dropped_events").unsignedInteger(row.droppedEvents);
        json.key("dropped_raw_records").unsignedInteger(row.droppedRawRecords).endObject();
    }
    json.endArray().endObject();
    std::puts(out.c_str());
}

void printText(const RetentionReport &report)
{
    std::printf("kept: %s\n", timesText(report.policy.times).c_str());
    for (const auto &[tenant, times] : report.policy.tenants)
        std::printf("  tenant %s: %s\n", printable(tenant).c_str(), timesText(times).c_str());
    std::printf("\n%-16s %-9s %12s %12s %12s  %-20s %12s  %s\n", "tenant", "kept as", "events", "bytes", "raw bytes",
                "oldest", "due now", "next due");
    for (const RetentionRow &row : report.rows)
        std::printf("%-16s %-9s %12llu %12llu %12llu  %-20s %12llu  %s\n", printable(row.tenant).c_str(),
                    printable(row.retention).c_str(), number(row.events), number(row.bytes), number(row.rawBytes),
                    timeText(row.oldest).substr(0, 20).c_str(), number(row.dueEvents + row.dueRawRecords),
                    timeText(row.nextDrop).c_str());
    if (report.dropped.events + report.dropped.rawRecords > 0)
        std::printf("\ndropped so far: %llu events; raw bytes of %llu records more\n", number(report.dropped.events),
                    number(report.dropped.rawRecords));
}

void retention(Context &context, bool run)
{
    const auto backend = context.backend();
    const auto report = await<RetentionReport>(
        [&](Done<RetentionReport> done) { return backend->retention(context.caller(), run, std::move(done)); });
    if (!report)
        return context.fail(report.error());
    const RetentionDone &done = report.value().done;
    if (context.json)
        return printJson(report.value());
    if (run)
        std::printf("dropped now: %llu events of %llu records, raw bytes of %llu records more; %llu bytes are free\n",
                    number(done.events), number(done.records), number(done.rawRecords), number(done.bytes));
    if (done.damaged > 0)
        std::printf("%llu blocks cannot be read and stay; see: eventops doctor --full\n", number(done.damaged));
    printText(report.value());
}

} // namespace

void addRetention(CLI::App &app, Context &context)
{
    CLI::App *command =
        app.add_subcommand("retention", "What is kept for how long; captures, demo and decisions stay for ever");
    command->require_subcommand(1);
    CLI::App *status = command->add_subcommand("status", "What is kept, by tenant, and what goes next");
    CLI::App *run = command->add_subcommand("run", "Drop what is due now; a running engine does it every hour");
    const auto dry = std::make_shared<bool>(false);
    run->add_flag("--dry-run", *dry, "Only say what would be dropped");
    for (CLI::App *sub : {status, run}) {
        addWorkspace(*sub, context);
        addJson(*sub, context);
    }
    status->callback([&context] { retention(context, false); });
    run->callback([&context, dry] { retention(context, !*dry); });
}

} // namespace eventops::cli
