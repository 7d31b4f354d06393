// SPDX-License-Identifier: MIT
//
// `eventops webhook`: what the workspace finds and asks for, posted to the workflows of others.
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/private_file.h"
#include "core/session/webhook_feed.h"

#include <algorithm>
#include <cstdio>

namespace eventops::cli {
namespace {

struct HookOptions {
    WebhookHook hook;
    std::string name; ///< Of one that is there; empty: all.
    bool fromStart = false;
};

bool mustStop()
{
    return interrupted().load();
}

Result<WebhookHook> hookOf(const Workspace &workspace, const std::string &name)
{
    const std::vector<WebhookHook> hooks = EVENTOPS_TRY(readWebhooks(workspace));
    std::string known;
    for (const WebhookHook &hook : hooks) {
        if (hook.name == name)
            return hook;
        known += (known.empty() ? "there are: " : ", ") + hook.name;
    }
    return Error{Error::Code::NotFound,
                 "there is no webhook " + name,
                 {webhooksFile(workspace), 0, 0},
                 known.empty() ? "eventops webhook add NAME URL" : known};
}

/// The hooks that a command is about.
Result<std::vector<WebhookHook>> chosen(const Workspace &workspace, const std::string &name)
{
    if (name.empty())
        return readWebhooks(workspace);
    return std::vector<WebhookHook>{EVENTOPS_TRY(hookOf(workspace, name))};
}

void appendHook(JsonWriter &json, const WebhookHook &hook)
{
    json.field("name", hook.name).field("url", hook.url).key("send").beginArray();
    for (const std::string &what : hook.send)
        json.string(what);
    json.endArray().field("filter", hook.filter).field("callback", hook.callbackUrl());
}

Status add(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::open(context.workspace));
    std::vector<WebhookHook> hooks = EVENTOPS_TRY(readWebhooks(workspace));
    WebhookHook hook = options.hook;
    const bool makesSecret = hook.secretEnv.empty() && hook.secretFile.empty();
    if (makesSecret)
        hook.secretFile = "webhook-" + hook.name + ".secret";
    EVENTOPS_TRY(hook.check());
    const auto same = std::find_if(hooks.begin(), hooks.end(), [&](const auto &one) { return one.name == hook.name; });
    if (same == hooks.end() && hooks.size() == WebhooksMax)
        return Error{Error::Code::LimitExceeded,
                     "there are " + std::to_string(WebhooksMax) + " webhooks",
                     {},
                     "let one target hand on to others"};
    const std::string secret = hook.secretPath(workspace);
    if (makesSecret) {
        const Status made = createPrivateFile(secret, EVENTOPS_TRY(newWebhookSecret()) + "\n");
        if (!made && made.error().code != Error::Code::Refused) // one that is there is kept
            return made;
    }
    EVENTOPS_TRY(hook.keys(workspace));
    if (same == hooks.end() && !options.fromStart) {
        const WebhookMark mark = EVENTOPS_TRY(WebhookMark::fromNow(workspace));
        EVENTOPS_TRY(mark.write(hook.markFile(workspace)));
    }
    if (same == hooks.end())
        hooks.push_back(hook);
    else
        *same = hook;
    EVENTOPS_TRY(writeWebhooks(workspace, hooks));
    if (context.json) {
        std::string out;
        JsonWriter json(out);
        json.beginObject();
        appendHook(json, hook);
        json.field("secret_file", secret).field("secret_env", hook.secretEnv).endObject();
        std::puts(out.c_str());
        return Ok{};
    }
    std::printf("webhook %s: %s\nSecret:   %s\n", hook.name.c_str(), printable(hook.url).c_str(),
                printable(secret.empty() ? "$" + hook.secretEnv : secret).c_str());
    if (!hook.callback.empty())
        std::printf("Callback: %s\n", printable(hook.callbackUrl()).c_str());
    return Ok{};
}

Status list(const Context &context, const HookOptions &)
{
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const WebhookHook &hook : EVENTOPS_TRY(readWebhooks({context.workspace}))) {
        std::string what;
        for (const std::string &one : hook.send)
            what += (what.empty() ? "" : ",") + one;
        appendHook(json.beginObject(), hook);
        json.endObject();
        if (!context.json)
            std::printf("%-16s  %-40s  %s%s%s\n", hook.name.c_str(), printable(hook.url).c_str(), what.c_str(),
                        hook.filter.empty() ? "" : "  where ", printable(hook.filter).c_str());
    }
    json.endArray();
    if (context.json)
        std::puts(out.c_str());
    return Ok{};
}

Status test(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    const WebhookHook hook = EVENTOPS_TRY(hookOf(workspace, options.name));
    const WebhookKeys keys = EVENTOPS_TRY(hook.keys(workspace));
    const auto sender = EVENTOPS_TRY(WebhookSender::open(hook, mustStop));
    const auto answer = sender->test(keys, SystemClock());
    if (answer.kind != WebhookSender::Answer::Kind::Delivered)
        return Error{Error::Code::Unavailable,
                     "webhook " + hook.name + ": " + answer.why,
                     {},
                     "see whether the target listens at this URL and knows the secret"};
    std::printf("webhook %s: the target took the message, with status %ld\n", hook.name.c_str(), answer.status);
    return Ok{};
}

Status remove(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    const WebhookHook gone = EVENTOPS_TRY(hookOf(workspace, options.name));
    std::vector<WebhookHook> hooks = EVENTOPS_TRY(readWebhooks(workspace));
    std::erase_if(hooks, [&](const WebhookHook &one) { return one.name == gone.name; });
    EVENTOPS_TRY(writeWebhooks(workspace, hooks));
    std::remove(gone.markFile(workspace).c_str()); // one that is added again begins anew; its secret is kept
    return Ok{};
}

Status push(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    Status outcome = Ok{};
    for (const WebhookHook &hook : EVENTOPS_TRY(chosen(workspace, options.name))) {
        const auto feed = EVENTOPS_TRY(WebhookFeed::open(workspace, hook, mustStop));
        const std::uint64_t before = WebhookMark::read(hook.markFile(workspace)).valueOr({}).delivered;
        const Status done = feed->catchUp();
        std::printf("webhook %s: %llu messages delivered\n", hook.name.c_str(),
                    static_cast<unsigned long long>(std::max(feed->mark().delivered, before) - before));
        if (!done)
            outcome = Error{done.error().code, "webhook " + hook.name + ": " + done.error().message, done.error().where,
                            done.error().remedy};
    }
    return outcome;
}

Status retry(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    const WebhookHook hook = EVENTOPS_TRY(hookOf(workspace, options.name));
    const auto feed = EVENTOPS_TRY(WebhookFeed::open(workspace, hook, mustStop));
    const std::uint64_t taken = EVENTOPS_TRY(feed->retry());
    std::printf("webhook %s: the target took %llu, %zu are still set aside\n", hook.name.c_str(),
                static_cast<unsigned long long>(taken), feed->mark().setAside.size());
    return Ok{};
}

Status status(const Context &context, const HookOptions &options)
{
    const Workspace workspace = EVENTOPS_TRY(Workspace::existing(context.workspace));
    std::string out;
    JsonWriter json(out);
    json.beginArray();
    for (const WebhookHook &hook : EVENTOPS_TRY(chosen(workspace, options.name))) {
        const auto read = WebhookMark::read(hook.markFile(workspace));
        if (!read && read.error().code != Error::Code::NotFound)
            return read.error();
        const WebhookMark mark = read ? read.value() : WebhookMark();
        appendHook(json.beginObject(), hook);
        json.key("delivered").unsignedInteger(mark.delivered).key("gone").boolean(mark.gone);
        json.field("trouble", mark.trouble).key("attempts").unsignedInteger(mark.attempts);
        json.key("set_aside").beginArray();
        for (const SetAsideMessage &one : mark.setAside)
            json.beginObject().field("id", one.id).field("why", one.why).endObject();
        json.endArray().endObject();
        if (!context.json)
            std::printf("webhook %s: %llu messages delivered, %zu set aside\n", hook.name.c_str(),
                        static_cast<unsigned long long>(mark.delivered), mark.setAside.size());
    }
    json.endArray();
    if (context.json)
        std::puts(out.c_str());
    else
        for (const std::string &trouble : webhookTroubles(workspace))
            std::printf("%s\n", printable(trouble).c_str());
    return Ok{};
}

void addSettings(CLI::App &command, HookOptions &options)
{
    WebhookHook &hook = options.hook;
    command.add_option("name", hook.name, "Letters, digits, - and _; one that is there is replaced")->required();
    command.add_option("url", hook.url, "Where messages are posted: https, or http on this machine")->required();
    command.add_option("--send", hook.send, "With commas between, of: alerts, deviations, requests, reports")
        ->delimiter(',')
        ->capture_default_str();
    command.add_option("--filter", hook.filter, "Only findings, or actions, that match; as for eventops query");
    auto *env = command.add_option("--secret-env", hook.secretEnv,
                                   "Environment variable with the secret; default: a file that is made");
    command.add_option("--secret-file", hook.secretFile, "File with the secret; several lines: the newest first")
        ->excludes(env);
    command.add_option("--callback", hook.callback,
                       "Base URL of eventops serve as the target sees it: requests then say where to report");
    command.add_option("--ca", hook.caFile, "PEM file of the authorities to trust; default: the system's");
    command.add_option("--timeout-ms", hook.timeoutMs, "For one whole exchange")->capture_default_str();
    command.add_flag("--allow-http", hook.allowHttp, "Plain http to another machine");
    command.add_flag("--from-start", options.fromStart, "Also what the ledger holds by now; default: what comes");
}

} // namespace

void addWebhook(CLI::App &app, Context &context)
{
    CLI::App *command = app.add_subcommand(
        "webhook", "Alerts, deviations and actions posted to n8n, Flink, Temporal and others, signed");
    command->require_subcommand(1);
    const auto options = std::make_shared<HookOptions>();
    const auto addCommand = [&](const char *name, const char *help,
                                Status (*run)(const Context &, const HookOptions &)) {
        CLI::App *sub = command->add_subcommand(name, help);
        addWorkspace(*sub, context);
        sub->callback([&context, options, run] {
            if (const Status done = run(context, *options); !done)
                context.fail(done.error());
        });
        return sub;
    };
    CLI::App *first = addCommand("add", "Post to a URL from now on; makes a secret unless one is named", add);
    addSettings(*first, *options);
    addJson(*first, context);
    addJson(*addCommand("list", "The webhooks of the workspace", list), context);
    const auto named = [&](CLI::App *sub, bool required) {
        sub->add_option("name", options->name, required ? "Which" : "Which; default: all")->required(required);
        return sub;
    };
    named(addCommand("test", "Post one message that tells nothing, and say what the target answers", test), true);
    named(addCommand("remove", "Post no more; the secret's file is kept", remove), true);
    named(addCommand("push", "Post up to the end of the ledger; a run and eventops serve do so by themselves", push),
          false);
    named(addCommand("retry", "Post again what was set aside, also to a target that wanted no more", retry), true);
    addJson(*named(addCommand("status", "How far delivery got, and what is in its way", status), false), context);
}

} // namespace eventops::cli
