// SPDX-License-Identifier: MIT
#pragma once

#include "app/common/local.h"
#include "core/base/result.h"
#include "core/lake/clickhouse_client.h"
#include "core/session/local_backend.h"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <string>

namespace eventops::cli {

using enum app::ExitCode;

/// What every command shares.
struct Context {
    std::string program;       ///< Path of this executable.
    std::string dataDirectory; ///< Shipped pipelines, rules, policies.
    std::string workspace;
    std::string attach, tokenFile, caFile; ///< An engine elsewhere, instead of the workspace; see place.
    bool json = false;
    int exitCode = ExitDone;

    LocalBackendOptions backendOptions() const;
    std::unique_ptr<LocalBackend> backend() const;
    /// What a command that only looks looks at: the workspace, or the engine or topics that --attach names. Errors of
    /// attaching.
    Result<std::unique_ptr<Backend>> place() const;
    Result<std::unique_ptr<Backend>> topics() const; ///< Those that --attach names, read to their end.
    Caller caller() const; ///< The operating system's user.

    /// Prints the error to standard error (as JSON with --json) and sets the exit code.
    void fail(const Error &error);
};

/// Set by SIGINT and SIGTERM.
const std::atomic<bool> &interrupted();
void watchSignals();

/// Starts an asynchronous call and waits for its end; a signal cancels it.
template <typename T, typename Start>
Result<T> await(Start start)
{
    std::promise<Result<T>> promise;
    auto future = promise.get_future();
    Ticket ticket = start([&promise](Result<T> result) { promise.set_value(std::move(result)); });
    while (future.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready) {
        if (interrupted())
            ticket.cancel();
    }
    return future.get();
}

/// Shared option: --workspace, with its default.
void addWorkspace(CLI::App &command, Context &context);
void addJson(CLI::App &command, Context &context);
/// Shared options of commands that only look: the workspace, or --attach and --token-file.
void addPlace(CLI::App &command, Context &context);

/// The value of an option that is a time, RFC 3339; NoTime when it is empty. InvalidArgument.
Result<WallNs> timeOption(const std::string &name, const std::string &text);

/// Text that is safe on a terminal: control characters and invalid UTF-8 are shown as escapes.
std::string printable(std::string_view text);

/// Asks a ClickHouse and prints one JSON object a row.
Status printClickHouseRows(lake::ClickHouseClient &client, const std::string &query);

/// What `eventops report` prints; `eventops demo` ends with it.
void showReport(Context &context);

// One file a command; each adds its sub-command.
void addReplay(CLI::App &app, Context &context);
void addRun(CLI::App &app, Context &context);
void addValidate(CLI::App &app, Context &context);
void addQuery(CLI::App &app, Context &context);
void addAggregate(CLI::App &app, Context &context);
void addSql(CLI::App &app, Context &context);
void addLake(CLI::App &app, Context &context);
void addClickHouse(CLI::App &app, Context &context);
void addKafka(CLI::App &app, Context &context);
void addWebhook(CLI::App &app, Context &context);
void addIntake(CLI::App &app, Context &context);
void addSinks(CLI::App &app, Context &context);
void addGroup(CLI::App &app, Context &context);
void addApprovals(CLI::App &app, Context &context);
void addFeedback(CLI::App &app, Context &context);
void addGraph(CLI::App &app, Context &context);
void addExecutor(CLI::App &app, Context &context);
void addAudit(CLI::App &app, Context &context);
void addDeadLetters(CLI::App &app, Context &context);
void addReport(CLI::App &app, Context &context);
void addServe(CLI::App &app, Context &context);
void addSettings(CLI::App &app, Context &context);
void addTransformer(CLI::App &app, Context &context);
void addStack(CLI::App &app, Context &context);
void addStages(CLI::App &app, Context &context);
void addRerun(CLI::App &app, Context &context);
void addTest(CLI::App &app, Context &context);
void addPromote(CLI::App &app, Context &context);
void addBench(CLI::App &app, Context &context);
void addDemo(CLI::App &app, Context &context);
void addExport(CLI::App &app, Context &context);
void addMerge(CLI::App &app, Context &context);
void addRetention(CLI::App &app, Context &context);
void addBackup(CLI::App &app, Context &context);
void addDetect(CLI::App &app, Context &context);
void addDoctor(CLI::App &app, Context &context);
void addCapture(CLI::App &app, Context &context);
void addEntropy(CLI::App &app, Context &context);
void addExplain(CLI::App &app, Context &context);

// One function a form of `eventops entropy`.
void addRankCauses(CLI::App &group, Context &context);
void addScoreSessions(CLI::App &group, Context &context);
void addScoreProcess(CLI::App &group, Context &context);
void addScoreMetrics(CLI::App &group, Context &context);
void addEntropyBench(CLI::App &group, Context &context);

} // namespace eventops::cli
