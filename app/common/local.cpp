// SPDX-License-Identifier: MIT
#include "app/common/local.h"

#include "pipelines/components.h"
#include "pipelines/sources/scenario/scenario.h"

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <exception>
#include <fstream>
#include <new>
#include <pwd.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

extern char **environ;

namespace eventops::app {
namespace {

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
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
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

[[noreturn]] void leave()
{
    constexpr char Text[] = "eventops: there is not enough memory; everything acknowledged is stored\n";
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, Text, sizeof Text - 1);
    ::_exit(ExitFailed);
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

namespace {

/// Static objects need memory, too: this one comes before all others of the program.
struct FirstOfAll {
    FirstOfAll() { exitWhenOutOfMemory(); }
};
[[gnu::init_priority(101)]] const FirstOfAll First;

} // namespace

void exitWhenOutOfMemory()
{
    std::set_new_handler(leave);
    std::set_terminate([] {
        try {
            if (std::current_exception() != nullptr)
                std::rethrow_exception(std::current_exception());
        } catch (const std::bad_alloc &) {
            leave();
        } catch (const std::system_error &) { // no thread
            leave();
        } catch (...) {
        }
        std::abort();
    });
}

std::string ownProgram()
{
    std::error_code code;
    return std::filesystem::read_symlink("/proc/self/exe", code).string();
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

std::string ownUser()
{
    const passwd *user = getpwuid(geteuid());
    return user != nullptr ? user->pw_name : std::to_string(geteuid());
}

Result<std::string> readTextFile(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return Error{Error::Code::NotFound, "cannot open the file", {path, 0, 0}};
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

LocalBackendOptions localOptions(const std::string &program, const std::string &dataDirectory,
                                 const std::string &workspace)
{
    LocalBackendOptions options;
    options.registry = {builtinStages(), builtinSources(), builtinSinks()};
    options.dataDirectory = dataDirectory;
    options.startExecutor = [program, workspace] {
        return spawnExecutor(program, workspace);
    };
    options.groundTruth = scenario::readGroundTruth;
    return options;
}

} // namespace eventops::app
