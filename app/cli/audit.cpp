// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"

#include <cstdio>

namespace eventops::cli {
namespace {

void verify(Context &context)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto rows = await<std::uint64_t>(
        [&](Done<std::uint64_t> done) { return backend->verifyAudit(context.caller(), std::move(done)); });
    if (!rows)
        return context.fail(rows.error());
    const auto count = static_cast<unsigned long long>(rows.value());
    if (context.json)
        std::printf("{\"verified\":true,\"rows\":%llu}\n", count);
    else
        std::printf("The audit chain is whole: %llu rows.\n", count);
}

void print(const Context &context, const AuditRow &row)
{
    std::string line;
    if (context.json) {
        JsonWriter(line).beginObject().key("number").unsignedInteger(row.number).field("at", formatTimestamp(row.at))
            .field("actor", row.actor).field("verb", row.verb).field("subject", row.subject)
            .key("detail").raw(row.detail).field("previous_hash", row.previousHash).field("hash", row.hash).endObject();
    } else {
        line = std::to_string(row.number) + "  " + formatTimestamp(row.at) + "  " + printable(row.actor) + "  "
             + printable(row.verb) + "  " + printable(row.subject);
    }
    std::printf("%s\n", line.c_str());
}

void list(Context &context)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto status = await<Ok>([&](Done<Ok> done) {
        return backend->audit(context.caller(), UINT64_MAX, [&](std::vector<AuditRow> page) {
            for (const AuditRow &row : page)
                print(context, row);
        }, std::move(done));
    });
    if (!status)
        context.fail(status.error());
}

} // namespace

void addAudit(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("audit", "The hash chain of every decision and what came of it");
    command->require_subcommand(1);
    CLI::App *verifying =
        command->add_subcommand("verify", "Recompute the chain; fails at the first row that was changed");
    CLI::App *listing = command->add_subcommand("list", "Print the chain");
    for (CLI::App *sub : {verifying, listing}) {
        addPlace(*sub, context);
        addJson(*sub, context);
    }
    verifying->callback([&context] { verify(context); });
    listing->callback([&context] { list(context); });
}

} // namespace eventops::cli
