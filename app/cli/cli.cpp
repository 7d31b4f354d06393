// SPDX-License-Identifier: MIT
#include "app/cli/cli.h"

#include "core/base/json.h"
#include "pipelines/components.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <pwd.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

namespace eventops::cli {
namespace {

std::atomic<bool> g_interrupted{false};

void onSignal(int)
{
    g_interrupted = true;
}

/// Runs `eventops executor --once` as a process of its own.
Result<std::string> spawnExecutor(const std::string &program, const std::string &workspace)
{
    std::string path = program, command = "executor", once = "--once", option = "--workspace", directory = workspace;
    char *arguments[] = {path.data(), command.data(), once.data(), option.data(), directory.data(), nullptr};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO); // our output is the caller's to parse
    pid_t child = 0;
    const int error = posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0)
        return Error{Error::Code::Unavailable, "cannot start the executor", {path, 0, 0}};
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : ExitFailed;
    if (code == ExitBusy)
        return std::string(); // another one is at work; it takes the request
    if (code == ExitRefused)
        return std::string("published; no executor is configured in this workspace's pipeline");
    if (code != ExitDone)
        return Error{
            Error::Code::Unavailable, "the executor failed", {}, "the request stays published; run: eventops executor"};
    return std::string();
}

} // namespace

int exitCodeOf(const Error &error)
{
    switch (error.code) {
    case Error::Code::InvalidArgument: return ExitUsage;
    case Error::Code::Refused: return ExitRefused;
    case Error::Code::Busy: return ExitBusy;
    default: return ExitFailed;
    }
}

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
    LocalBackendOptions options;
    options.registry = {builtinStages(), builtinSources()};
    options.dataDirectory = dataDirectory;
    options.startExecutor = [program = program, directory = workspace] { return spawnExecutor(program, directory); };
    return options;
}

std::unique_ptr<LocalBackend> Context::backend() const
{
    return std::make_unique<LocalBackend>(Workspace{workspace}, backendOptions());
}

Caller Context::caller() const
{
    const passwd *user = getpwuid(geteuid());
    return {user != nullptr ? user->pw_name : std::to_string(geteuid()), Role::Admin, {}};
}

void Context::fail(const Error &error)
{
    exitCode = exitCodeOf(error);
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

void addJson(CLI::App &command, Context &context)
{
    command.add_flag("--json", context.json, "Print JSON for programs");
}

std::string defaultWorkspace()
{
    if (const char *given = std::getenv("EVENTOPS_WORKSPACE"))
        return given;
    if (const char *state = std::getenv("XDG_STATE_HOME"))
        return std::string(state) + "/eventops";
    const char *home = std::getenv("HOME");
    return std::string(home != nullptr ? home : ".") + "/.local/state/eventops";
}

std::string findDataDirectory(const std::string &program)
{
    if (const char *given = std::getenv("EVENTOPS_DATA"))
        return given;
    std::error_code code;
    const std::filesystem::path installed =
        std::filesystem::path(program).parent_path() / "../share/eventops/pipelines";
    if (std::filesystem::is_directory(installed, code))
        return std::filesystem::weakly_canonical(installed, code).string();
    return EVENTOPS_SOURCE_PIPELINES;
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
