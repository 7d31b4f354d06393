// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"

#include <cstdio>
#include <unistd.h>

namespace eventops::cli {
namespace {

void backup(Context &context, const BackupRequest &request)
{
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const auto backend = context.backend();
    const auto done = await<BackupOutcome>([&](Done<BackupOutcome> end) {
        return backend->backup(context.caller(), request, [terminal](const BackupProgress &p) {
            if (terminal && p.pagesTotal > 0)
                std::fprintf(stderr, "\r%3llu %% ", static_cast<unsigned long long>(p.pages * 100 / p.pagesTotal));
        }, std::move(end));
    });
    if (terminal)
        std::fputs("\r\033[K", stderr);
    if (!done)
        return context.fail(done.error());
    const BackupOutcome &outcome = done.value();
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject().field("workspace", request.to).key("bytes").unsignedInteger(outcome.copied.bytes);
        json.key("events").unsignedInteger(outcome.events).key("audit_rows").unsignedInteger(outcome.auditRows);
        json.key("restarts").unsignedInteger(outcome.copied.restarts).field("digest", outcome.digest).endObject();
        std::puts(out.c_str());
        return;
    }
    std::printf("%s: %llu bytes, %llu events; all pages and %llu rows of the audit are sound\n",
                printable(request.to).c_str(), static_cast<unsigned long long>(outcome.copied.bytes),
                static_cast<unsigned long long>(outcome.events), static_cast<unsigned long long>(outcome.auditRows));
    if (!outcome.digest.empty())
        std::printf("digest %s\n", outcome.digest.c_str());
}

} // namespace

void addBackup(CLI::App &app, Context &context)
{
    const auto request = std::make_shared<BackupRequest>();
    CLI::App *command = app.add_subcommand("backup", "Copy a workspace while it is at work; the copy is checked");
    command->add_option("--to", request->to, "Folder to make: a workspace, there whole or not at all")->required();
    command->add_flag("--verify", request->verify, "Also read every event of the copy and print its digest");
    command->footer("Look into the copy with: eventops report --workspace FOLDER");
    addWorkspace(*command, context);
    addJson(*command, context);
    command->callback([&context, request] { backup(context, *request); });
}

} // namespace eventops::cli
