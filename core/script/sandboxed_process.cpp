// SPDX-License-Identifier: MIT
#include "core/script/sandboxed_process.h"

#include "core/script/syscall_filter.h"

#include <array>
#include <cassert>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace eventops {
namespace {

constexpr int EndingMsMax = 1'000; ///< From the end of its output to its own.
constexpr int TrialMsMax = 5'000;
constexpr int SharedAs = 3;
constexpr int FilterAs = 4; ///< bwrap reads its filter there, and closes it.

Error failed(const std::string &what, int code)
{
    return {Error::Code::Io, what + ": " + std::strerror(code), {}, "close programs or raise the limits of this user"};
}

/// A descriptor that is closed unless it was taken, numbered beyond those that a child is given: there it can be copied
/// to any of them without one taking another's number.
class Descriptor
{
public:
    Descriptor() = default;
    explicit Descriptor(int number) : m_number(fcntl(number, F_DUPFD_CLOEXEC, 16)) { ::close(number); }
    ~Descriptor()
    {
        if (m_number >= 0)
            ::close(m_number);
    }
    Descriptor(Descriptor &&other) noexcept : m_number(std::exchange(other.m_number, -1)) {}
    Descriptor &operator=(Descriptor &&other) noexcept
    {
        std::swap(m_number, other.m_number);
        return *this;
    }
    int get() const { return m_number; }
    int take() { return std::exchange(m_number, -1); }

private:
    int m_number = -1;
};

struct Pipe {
    Descriptor read, write;
    Status open()
    {
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0)
            return failed("no pipe", errno);
        read = Descriptor(ends[0]);
        write = Descriptor(ends[1]);
        return read.get() < 0 || write.get() < 0 ? Status(failed("no pipe", EMFILE)) : Status(Ok{});
    }
};

/// All that the child needs, made before it is: between fork and exec a process of several threads may not allocate.
struct Launch {
    std::vector<const char *> arguments; ///< Ends with null.
    std::vector<sock_filter> filter;     ///< Empty: the program that is started sets it, from filterFile.
    int in = -1, out = -1, errors = -1, shared = -1, filterFile = -1;
    std::uint64_t memoryBytes = 0;
    pid_t parent = 0;
};

constexpr int NotStarted = 126; ///< What shells exit with when a program cannot be run.

void limit(__rlimit_resource_t what, rlim_t most)
{
    const rlimit both{most, most};
    if (setrlimit(what, &both) != 0)
        _exit(NotStarted);
}

/// The child. Only calls that are safe after a fork, each while it is still allowed.
[[noreturn]] void become(const Launch &launch)
{
    if (dup2(launch.in, 0) < 0 || dup2(launch.out, 1) < 0 || dup2(launch.errors, 2) < 0
        || (launch.shared >= 0 && dup2(launch.shared, SharedAs) < 0)
        || (launch.filterFile >= 0 && dup2(launch.filterFile, FilterAs) < 0))
        _exit(NotStarted);
    syscall(SYS_close_range, launch.filterFile >= 0 ? FilterAs + 1 : SharedAs + (launch.shared >= 0 ? 1 : 0), ~0U, 0);
    // Signals that we block or ignore are none of its business.
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != launch.parent) // it was gone before that was said
        _exit(NotStarted);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_NOFILE, 64);
    limit(RLIMIT_AS, launch.memoryBytes);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || chdir("/") != 0)
        _exit(NotStarted);
    if (!launch.filter.empty()) {
        const sock_fprog program{static_cast<unsigned short>(launch.filter.size()),
                                 const_cast<sock_filter *>(launch.filter.data())};
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) != 0)
            _exit(NotStarted);
    }
    const char *const environment[] = {"PATH=/usr/bin:/bin", "LANG=C.UTF-8", "TZ=UTC", "PYTHONHASHSEED=0", nullptr};
    execve(launch.arguments[0], const_cast<char *const *>(launch.arguments.data()),
           const_cast<char *const *>(environment));
    _exit(NotStarted);
}

/// Empty: it is not there.
std::string bubblewrapPath()
{
    for (const char *path : {"/usr/bin/bwrap", "/usr/local/bin/bwrap", "/bin/bwrap"}) {
        if (access(path, X_OK) == 0)
            return path;
    }
    return {};
}

/// bwrap(1) and its options before the program: the system's programs to read, what was given, and nothing else.
std::vector<std::string> namespaced(const SandboxPlan &plan, const std::string &bwrap)
{
    std::vector<std::string> line{bwrap, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"};
    for (const char *folder : {"/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache"})
        line.insert(line.end(), {"--ro-bind-try", folder, folder});
    line.insert(line.end(), {"--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"});
    for (const std::string &path : plan.readable)
        line.insert(line.end(), {"--ro-bind", path, path});
    line.insert(line.end(), {"--chdir", "/", "--seccomp", std::to_string(FilterAs), "--"});
    line.insert(line.end(), plan.arguments.begin(), plan.arguments.end());
    return line;
}

/// A file in memory with the program, from its start.
Result<Descriptor> fileOf(const std::vector<sock_filter> &filter)
{
    Descriptor file(memfd_create("filter", MFD_CLOEXEC));
    const std::size_t bytes = filter.size() * sizeof(sock_filter);
    if (file.get() < 0 || pwrite(file.get(), filter.data(), bytes, 0) != static_cast<ssize_t>(bytes))
        return failed("no file in memory", errno);
    return file;
}

} // namespace

std::string_view toString(Isolation isolation)
{
    return isolation == Isolation::Namespaces ? "namespaces" : "filter";
}

Result<std::unique_ptr<SandboxedProcess>> SandboxedProcess::start(const SandboxPlan &plan)
{
    assert(!plan.arguments.empty() && plan.arguments.front().starts_with('/'));
    Launch launch;
    std::vector<sock_filter> filter = EVENTOPS_TRY(answeringOnlyFilter());
    std::vector<std::string> line = plan.arguments;
    Descriptor filterFile;
    if (plan.isolation == Isolation::Namespaces) {
        const std::string bwrap = bubblewrapPath();
        if (bwrap.empty())
            return Error{Error::Code::Unavailable, "there is no bwrap", {}, "install the package bubblewrap"};
        line = namespaced(plan, bwrap);
        filterFile = EVENTOPS_TRY(fileOf(filter));
        launch.filterFile = filterFile.get();
    } else {
        launch.filter = std::move(filter);
    }
    Pipe in, out, errors;
    EVENTOPS_TRY(in.open());
    EVENTOPS_TRY(out.open());
    EVENTOPS_TRY(errors.open());
    Descriptor shared;
    if (plan.shared >= 0) {
        shared = Descriptor(fcntl(plan.shared, F_DUPFD_CLOEXEC, 16));
        launch.shared = shared.get();
    }
    for (const std::string &argument : line)
        launch.arguments.push_back(argument.c_str());
    launch.arguments.push_back(nullptr);
    launch.in = in.read.get();
    launch.out = out.write.get();
    launch.errors = errors.write.get();
    launch.memoryBytes = plan.memoryBytes;
    launch.parent = getpid();
    for (const int ours : {in.write.get(), out.read.get(), errors.read.get()})
        fcntl(ours, F_SETFL, O_NONBLOCK);

    const pid_t child = fork();
    if (child < 0)
        return failed("no process for a script", errno);
    if (child == 0)
        become(launch);
    std::unique_ptr<SandboxedProcess> process(new SandboxedProcess);
    process->m_pid = child;
    process->m_input = in.write.take();
    process->m_output = out.read.take();
    process->m_errors = errors.read.take();
    return process;
}

SandboxedProcess::~SandboxedProcess()
{
    (void)end();
    for (const int ours : {m_input, m_output, m_errors})
        ::close(ours);
}

bool SandboxedProcess::hasEnded()
{
    int status = 0;
    if (m_pid >= 0 && !m_status && waitpid(m_pid, &status, WNOHANG) == m_pid)
        m_status = status;
    return m_pid < 0 || m_status.has_value();
}

std::string SandboxedProcess::end(bool ending)
{
    if (m_pid < 0)
        return {};
    if (ending && !hasEnded()) {
        pollfd process{static_cast<int>(syscall(SYS_pidfd_open, m_pid, 0)), POLLIN, 0};
        poll(&process, 1, EndingMsMax);
        if (process.fd >= 0)
            ::close(process.fd);
    }
    int status = 0;
    if (hasEnded()) {
        status = *m_status;
    } else {
        ::kill(m_pid, SIGKILL);
        while (waitpid(m_pid, &status, 0) < 0 && errno == EINTR) {}
    }
    m_pid = -1;
    if (WIFEXITED(status))
        return "exited with " + std::to_string(WEXITSTATUS(status));
    return std::string("was killed: ") + strsignal(WTERMSIG(status));
}

bool canMakeNamespaces()
{
    static const bool can = [] {
        SandboxPlan plan;
        plan.arguments = {"/usr/bin/true"};
        plan.isolation = Isolation::Namespaces;
        const auto process = SandboxedProcess::start(plan);
        if (!process)
            return false;
        pollfd output{process.value()->output(), POLLIN, 0};
        poll(&output, 1, TrialMsMax); // it writes nothing, and closes it
        return process.value()->end(true) == "exited with 0";
    }();
    return can;
}

} // namespace eventops
