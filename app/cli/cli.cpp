// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "core/base/time.h"
#include "core/remote/kafka_backend.h"
#include "core/session/guarded_backend.h"

#include <csignal>
#include <cstdio>

namespace eventops::cli {
namespace {

std::atomic<bool> g_interrupted{false};

void onSignal(int)
{
    g_interrupted = true;
}

} // namespace

const std::atomic<bool> &interrupted()
{
    return g_interrupted;
}

void watchSignals()
{
    struct sigaction action = {};
    action.sa_handler = onSignal;
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
}

LocalBackendOptions Context::backendOptions() const
{
    return app::localOptions(program, dataDirectory, workspace);
}

std::unique_ptr<LocalBackend> Context::backend() const
{
    return std::make_unique<LocalBackend>(Workspace{workspace}, backendOptions());
}

Result<std::unique_ptr<Backend>> Context::place() const
{
    if (attach.empty())
        return std::unique_ptr<Backend>(backend());
    if (isKafkaAddress(attach))
        return topics();
    remote::RemoteOptions options;
    options.url = EVENTOPS_TRY(remote::normalUrl(attach));
    if (tokenFile.empty())
        return Error{Error::Code::InvalidArgument,
                     "an engine is attached with a token",
                     {},
                     "--token-file FILE: the file api_tokens of its workspace, or one with a token of it"};
    options.token = EVENTOPS_TRY(remote::readTokenFile(tokenFile));
    if (!caFile.empty())
        options.authorities = EVENTOPS_TRY(remote::readAuthorities(caFile));
    std::unique_ptr<Backend> engine = EVENTOPS_TRY(remote::RemoteBackend::attach(std::move(options)));
    return std::unique_ptr<Backend>(std::make_unique<GuardedBackend>(std::move(engine), GuardMode::ReadOnly));
}

/// All that is in the topics by now.
Result<std::unique_ptr<Backend>> Context::topics() const
{
    remote::KafkaAttachOptions options;
    options.address = EVENTOPS_TRY(readKafkaAddress(attach));
    options.local = backendOptions();
    options.user = app::ownUser();
    options.follow = false;
    auto read = EVENTOPS_TRY(remote::KafkaBackend::attach(std::move(options)));
    EVENTOPS_TRY(read->waitForEnd(interrupted()));
    return std::unique_ptr<Backend>(std::make_unique<GuardedBackend>(std::move(read), GuardMode::ReadOnly));
}

Caller Context::caller() const
{
    return {app::ownUser(), Role::Admin, {}};
}

void Context::fail(const Error &error)
{
    exitCode = app::exitCodeOf(error);
    std::string out;
    if (json)
        JsonWriter(out).beginObject().field("error", error.text()).field("code", toString(error.code)).endObject();
    else
        out = "eventops: " + printable(error.text());
    std::fprintf(stderr, "%s\n", out.c_str());
}

void addWorkspace(CLI::App &command, Context &context)
{
    command.add_option("-w,--workspace", context.workspace, "Directory that holds everything of a workspace")
        ->capture_default_str();
}

void addPlace(CLI::App &command, Context &context)
{
    addWorkspace(command, context);
    command.add_option("--token-file", context.tokenFile, "File with the token for --attach of an engine");
    auto *attach = command
                       .add_option("--attach", context.attach,
                                   "Engine to ask instead, as `eventops serve` offers it: localhost:8088, wss://name; "
                                   "or topics, read from their beginning: kafka://host:9092")
                       ->excludes("--workspace");
    command
        .add_option("--ca", context.caFile,
                    "PEM file of the authorities to trust for wss://; default: the system's")
        ->needs(attach);
}

void addJson(CLI::App &command, Context &context)
{
    command.add_flag("--json", context.json, "Print JSON for programs");
}

Result<WallNs> timeOption(const std::string &name, const std::string &text)
{
    if (text.empty())
        return NoTime;
    if (const auto time = parseTimestamp(text))
        return *time;
    return Error{
        Error::Code::InvalidArgument, name + ": \"" + text + "\" is no time", {}, "write it as 2025-10-21T10:00:00Z"};
}

std::string printable(std::string_view text)
{
    // appendJsonString escapes all that a terminal could take for a command and mends broken UTF-8.
    std::string quoted;
    appendJsonString(quoted, text);
    std::string out;
    for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
        if (quoted[i] == '\\' && (quoted[i + 1] == '"' || quoted[i + 1] == '\\'))
            ++i;
        const bool c1 = quoted[i] == '\xC2' && static_cast<unsigned char>(quoted[i + 1]) < 0xA0;
        if (c1 || quoted[i] == '\x7f') {
            out += '?';
            i += c1 ? 1 : 0;
            continue;
        }
        out += quoted[i];
    }
    return out;
}

} // namespace eventops::cli
