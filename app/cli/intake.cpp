// SPDX-License-Identifier: MIT
//
// `eventops intake`: services that post their events to us by webhooks of their own.
#include "app/cli/cli.h"

#include "core/base/encode.h"
#include "core/base/json.h"
#include "core/base/private_file.h"
#include "core/codec/webhook.h"
#include "core/session/intake_settings.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

struct IntakeOptions {
    Intake intake;
    std::string proof = "standard";
};

std::string pathOf(const Intake &intake)
{
    return "/api/v1/intakes/" + intake.name;
}

void appendIntake(JsonWriter &json, const Intake &intake, const Workspace &workspace)
{
    json.beginObject().field("name", intake.name).field("path", pathOf(intake));
    json.field("proof", toString(intake.proof)).field("header", intake.header);
    json.field("secret_file", intake.secretPath(workspace)).field("secret_env", intake.secretEnv).endObject();
}

Status add(const Context &context, const IntakeOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    std::vector<Intake> intakes = EVENTOPS_TRY(readIntakes(workspace));
    Intake intake = options.intake;
    for (const Intake::Proof proof : {Intake::Proof::Standard, Intake::Proof::Hmac, Intake::Proof::Token}) {
        if (toString(proof) == options.proof)
            intake.proof = proof;
    }
    if (intake.header.empty() && intake.proof == Intake::Proof::Hmac)
        intake.header = "x-hub-signature-256";
    if (intake.header.empty() && intake.proof == Intake::Proof::Token)
        intake.header = "authorization";
    std::transform(intake.header.begin(), intake.header.end(), intake.header.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    const bool makesSecret = intake.secretEnv.empty() && intake.secretFile.empty();
    if (makesSecret)
        intake.secretFile = "intake-" + intake.name + ".secret";
    EVENTOPS_TRY(intake.check());
    const auto same =
        std::find_if(intakes.begin(), intakes.end(), [&](const auto &one) { return one.name == intake.name; });
    if (same == intakes.end() && intakes.size() == IntakesMax)
        return Error{Error::Code::LimitExceeded,
                     "there are " + std::to_string(IntakesMax) + " intakes",
                     {},
                     "let services share one"};
    if (makesSecret) {
        // In a form that any service takes; the specification's own where the specification is spoken.
        const std::string made = EVENTOPS_TRY(newWebhookSecret());
        const std::string secret =
            intake.proof == Intake::Proof::Standard ? made : hexOfBytes(made.substr(made.find('_') + 1)).substr(0, 64);
        const Status written = createPrivateFile(intake.secretPath(workspace), secret + "\n");
        if (!written && written.error().code != Error::Code::Refused) // one that is there is kept
            return written;
    }
    if (same == intakes.end())
        intakes.push_back(intake);
    else
        *same = intake;
    EVENTOPS_TRY(writeIntakes(workspace, intakes));
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        appendIntake(json, intake, workspace);
        std::puts(out.c_str());
        return Ok{};
    }
    const std::string secret = intake.secretPath(workspace);
    std::printf("intake %s: post to %s of eventops serve\nSecret: %s\n", intake.name.c_str(), pathOf(intake).c_str(),
                printable(secret.empty() ? "$" + intake.secretEnv : secret).c_str());
    return Ok{};
}

Status list(const Context &context, const IntakeOptions &)
{
    const Workspace workspace{context.workspace};
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const Intake &intake : EVENTOPS_TRY(readIntakes(workspace))) {
        appendIntake(json, intake, workspace);
        if (!context.json)
            std::printf("%-16s  %-8s  %-24s  %s\n", intake.name.c_str(), std::string(toString(intake.proof)).c_str(),
                        intake.header.c_str(), pathOf(intake).c_str());
    }
    json.endArray();
    if (context.json)
        std::puts(out.c_str());
    return Ok{};
}

Status remove(const Context &context, const IntakeOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    std::vector<Intake> intakes = EVENTOPS_TRY(readIntakes(workspace));
    std::string known;
    for (const Intake &intake : intakes)
        known += (known.empty() ? "there are: " : ", ") + intake.name;
    if (std::erase_if(intakes, [&](const Intake &one) { return one.name == options.intake.name; }) == 0)
        return Error{Error::Code::NotFound,
                     "there is no intake " + options.intake.name,
                     {intakesFile(workspace), 0, 0},
                     known.empty() ? "eventops intake add NAME" : known};
    return writeIntakes(workspace, intakes);
}

} // namespace

void addIntake(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand("intake", "Services that post their events here: GitHub, PagerDuty, …");
    command->require_subcommand(1);
    const auto options = std::make_shared<IntakeOptions>();
    const auto addCommand = [&](const char *name, const char *help,
                                Status (*run)(const Context &, const IntakeOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        sub->callback([&context, options, run] {
            if (const Status done = run(context, *options); !done)
                context.fail(done.error());
        });
        return sub;
    };
    CLI::App *first = addCommand("add", "Take what a service posts; makes a secret unless one is named", add);
    addJson(*first, context);
    Intake &intake = options->intake;
    first->add_option("name", intake.name, "Letters, digits, - and _; one that is there is replaced")->required();
    first
        ->add_option("--proof", options->proof,
                     "How the service shows that it is the one: standard (Standard Webhooks), hmac (HMAC-SHA256 of the "
                     "body in a header), token (the secret in a header)")
        ->check(CLI::IsMember({"standard", "hmac", "token"}))
        ->capture_default_str();
    first->add_option("--header", intake.header, "Where hmac (x-hub-signature-256) or token (authorization) stands");
    auto *env = first->add_option("--secret-env", intake.secretEnv,
                                  "Environment variable with the secret; default: a file that is made");
    first->add_option("--secret-file", intake.secretFile, "File with the secret; only its owner may read it")
        ->excludes(env);
    addJson(*addCommand("list", "The intakes of the workspace", list), context);
    addCommand("remove", "Take nothing more; the secret's file is kept", remove)
        ->add_option("name", intake.name, "Which")
        ->required();
}

} // namespace eventops::cli
