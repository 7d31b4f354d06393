// SPDX-License-Identifier: MIT
//
// `eventops serve`: a workspace over HTTP, for programs and for a console elsewhere.
#include "app/cli/cli.h"

#include "core/api/api_server.h"
#include "core/base/json.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace eventops::cli {
namespace {

constexpr std::chrono::milliseconds LookTime{50}; ///< Between two looks whether a signal came.

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 8088;
    bool insecureLoopback = false;
    bool readOnly = false;
};

void announce(const Context &context, const api::ApiServer &server, const Options &options)
{
    const std::string tokens = context.workspace + '/' + api::TokenFileName;
    std::string out;
    if (context.json) {
        JsonWriter json(out);
        json.beginObject().field("url", server.url()).key("port").unsignedInteger(server.port());
        json.field("workspace", context.workspace).field("tokens", tokens).endObject();
    } else {
        out = "Serving " + printable(context.workspace) + " at " + server.url() + "\nTokens:  " + printable(tokens)
              + "\nPaths:   " + server.url() + "/docs";
        if (options.insecureLoopback)
            out += "\nAnybody on this machine may read metrics, alerts and the graph: --insecure-loopback is for demos";
    }
    std::puts(out.c_str());
    std::fflush(stdout); // whoever started us reads the port here
}

Status serve(const Context &context, const Options &options)
{
    EVENTOPS_TRY(Workspace::open(context.workspace));
    auto tokens = EVENTOPS_TRY(api::loadTokens(context.workspace));
    const auto backend = context.backend();
    api::ApiOptions api;
    api.address = options.host;
    api.port = options.port;
    api.insecureLoopback = options.insecureLoopback;
    api.readOnly = options.readOnly;
    const auto server = EVENTOPS_TRY(api::ApiServer::start(*backend, std::move(tokens), api));
    announce(context, *server, options);
    std::mutex mutex; // nobody else has it: the wait ends by time alone, a signal handler may wake nobody
    std::unique_lock lock(mutex);
    std::condition_variable never;
    while (!interrupted())
        never.wait_for(lock, LookTime);
    return Ok{};
}

} // namespace

void addServe(CLI::App &app, Context &context)
{
    const auto options = std::make_shared<Options>();
    CLI::App *command = app.add_subcommand("serve", "Answer HTTP requests over a workspace, until interrupted");
    addWorkspace(*command, context);
    addJson(*command, context);
    command->add_option("--port", options->port, "Port to listen on; 0: a free one, which is printed")
        ->capture_default_str();
    command->add_option("--host", options->host, "Loopback address to listen on")->capture_default_str();
    command->add_flag("--read-only", options->readOnly, "Nobody changes anything, whatever their token allows");
    command->add_flag("--insecure-loopback", options->insecureLoopback,
                      "Metrics, alerts and graph queries without a token, for demos: for any program of this machine");
    command->callback([&context, options] {
        if (const Status status = serve(context, *options); !status)
            context.fail(status.error());
    });
}

} // namespace eventops::cli
