// SPDX-License-Identifier: MIT
#include "pipelines/executors/command/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace eventops {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// How long the end of the program may go unnoticed while a descendant keeps its output open.
constexpr int SliceMs = 20;

class Descriptor
{
public:
    explicit Descriptor(int fd = -1) : m_fd(fd) {}
    ~Descriptor() { reset(); }
    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    int get() const { return m_fd; }
    void set(int fd) { m_fd = fd; }
    void reset()
    {
        if (m_fd >= 0)
            ::close(m_fd);
        m_fd = -1;
    }

private:
    int m_fd;
};

Error ioError(const std::string &what, int code)
{
    return Error{Error::Code::Io, what + ": " + std::strerror(code)};
}

std::vector<char *> pointers(const std::vector<std::string> &texts, const std::string *first)
{
    std::vector<char *> out;
    if (first != nullptr)
        out.push_back(const_cast<char *>(first->c_str())); // posix_spawn's signature; it does not write
    for (const std::string &text : texts)
        out.push_back(const_cast<char *>(text.c_str()));
    out.push_back(nullptr);
    return out;
}

/// File actions and attributes of a spawn, freed at the end.
struct SpawnSetup {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    explicit SpawnSetup(int outputFd)
    {
        posix_spawn_file_actions_init(&actions);
        posix_spawnattr_init(&attributes);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions, outputFd, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions, outputFd, STDERR_FILENO);
        posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
        posix_spawn_file_actions_addchdir_np(&actions, "/");
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setpgroup(&attributes, 0);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~SpawnSetup()
    {
        posix_spawn_file_actions_destroy(&actions);
        posix_spawnattr_destroy(&attributes);
    }
    SpawnSetup(const SpawnSetup &) = delete;
    SpawnSetup &operator=(const SpawnSetup &) = delete;
};

/// Reads what is there now. False: the end.
bool drain(int fd, std::size_t bytesMax, ProcessResult &result)
{
    // Bounded a call, so that endless output cannot keep the time limit from being looked at.
    constexpr int ReadsMax = 64;
    char buffer[16 * 1024];
    for (int i = 0; i < ReadsMax; ++i) {
        const ssize_t size = ::read(fd, buffer, sizeof buffer);
        if (size < 0)
            return errno == EAGAIN || errno == EINTR;
        if (size == 0)
            return false;
        const std::size_t room = bytesMax - result.output.size();
        result.output.append(buffer, std::min(static_cast<std::size_t>(size), room));
        result.outputCut = result.outputCut || static_cast<std::size_t>(size) > room;
    }
    return true;
}

/// True once the program itself has ended; it stays a zombie, so its group id stays taken.
bool hasEnded(pid_t pid)
{
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

/// Collects output until the program ends or its time is over.
void follow(pid_t pid, Descriptor &output, const ProcessSpec &spec, SteadyClock::time_point begin,
            ProcessResult &result)
{
    const auto deadline = begin + std::chrono::milliseconds(spec.timeoutMs);
    while (!hasEnded(pid)) {
        const auto now = SteadyClock::now();
        if (now >= deadline) {
            result.timedOut = true;
            return;
        }
        const auto leftMs = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - now).count() + 1;
        pollfd entry{output.get(), POLLIN, 0}; // a negative descriptor is ignored: just the wait
        ::poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(leftMs, SliceMs)));
        if (entry.revents != 0 && !drain(output.get(), spec.outputBytesMax, result))
            output.reset();
    }
}

} // namespace

Result<ProcessResult> runProcess(const ProcessSpec &spec)
{
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return ioError("cannot make a pipe", errno);
    Descriptor output(ends[0]);
    Descriptor input(ends[1]);
    // The program's own end blocks as usual: the flag belongs to each end of a pipe alone.
    ::fcntl(input.get(), F_SETFL, 0);
    const SpawnSetup setup(input.get());
    const auto arguments = pointers(spec.arguments, &spec.program);
    const auto environment = pointers(spec.environment, nullptr);
    pid_t pid = -1;
    const auto begin = SteadyClock::now();
    const int error = ::posix_spawn(&pid, spec.program.c_str(), &setup.actions, &setup.attributes, arguments.data(),
                                    environment.data());
    if (error != 0)
        return ioError("cannot start " + spec.program, error);
    input.reset();

    ProcessResult result;
    follow(pid, output, spec, begin, result);
    ::kill(-pid, SIGKILL); // before the leader is reaped: until then nobody else can have this group id
    if (output.get() >= 0)
        drain(output.get(), spec.outputBytesMax, result);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    const auto took = SteadyClock::now() - begin;
    result.durationMs = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    if (WIFEXITED(status))
        result.exitCode = WEXITSTATUS(status);
    else if (WIFSIGNALED(status))
        result.signal = WTERMSIG(status);
    return result;
}

} // namespace eventops
