// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/remote/connection_doctor.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

using Checks = std::vector<DoctorCheck>;

void print(const Context &context, const Checks &checks, bool healthy)
{
    if (!context.json) {
        for (const DoctorCheck &check : checks) {
            std::printf("%-6s  %-14s %s\n", std::string(toString(check.verdict)).c_str(), check.name.c_str(),
                        printable(check.found).c_str());
            if (!check.remedy.empty())
                std::printf("%-23s-> %s\n", "", printable(check.remedy).c_str());
        }
        return;
    }
    std::string out;
    JsonWriter json(out);
    json.beginObject().key("healthy").boolean(healthy).key("checks").beginArray();
    for (const DoctorCheck &check : checks)
        json.beginObject().field("name", check.name).field("verdict", toString(check.verdict))
            .field("found", check.found).field("remedy", check.remedy).endObject();
    json.endArray().endObject();
    std::puts(out.c_str());
}

void doctor(Context &context, bool full)
{
    const auto place = context.place();
    if (!place)
        return context.fail(place.error());
    const auto &backend = place.value();
    const auto checks = await<Checks>(
        [&](Done<Checks> done) { return backend->doctor(context.caller(), full, std::move(done)); });
    if (!checks)
        return context.fail(checks.error());
    const bool healthy = std::none_of(checks.value().begin(), checks.value().end(), [](const DoctorCheck &check) {
        return check.verdict == DoctorCheck::Verdict::Bad;
    });
    print(context, checks.value(), healthy);
    if (!healthy)
        context.exitCode = ExitFailed;
}

/// What somebody else's program meant.
void explainMessage(Context &context, const std::string &message)
{
    const auto known = remote::recogniseTrouble(message);
    if (!known)
        return context.fail({Error::Code::NotFound, "this message is not known here"});
    std::string out;
    if (context.json)
        JsonWriter(out).beginObject().field("name", known->name).field("cause", known->cause)
            .field("remedy", known->remedy).field("fix", known->fix).endObject();
    else
        out = std::string(known->cause) + "\n" + std::string(known->remedy) + "\n  " + std::string(known->fix);
    std::puts(out.c_str());
}

} // namespace

void addDoctor(CLI::App &app, Context &context)
{
    const auto full = std::make_shared<bool>(false);
    const auto message = std::make_shared<std::string>();
    CLI::App *command =
        app.add_subcommand("doctor", "Look for what is wrong with a workspace, and what to do about it");
    command->add_flag("--full", *full, "Read all pages, indices and events; takes as long as reading the disk");
    command->add_option("--explain", *message,
                        "An error message that Kafka, the schema registry or compose printed: what it means and what "
                        "mends it");
    command->footer("Exit status 1 when something is bad. Changes nothing and works beside an engine.");
    addPlace(*command, context);
    addJson(*command, context);
    command->callback([&context, full, message] {
        message->empty() ? doctor(context, *full) : explainMessage(context, *message);
    });
}

} // namespace eventops::cli
