// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// What keeps a process to itself.
enum class Isolation : std::uint8_t {
    Filter,     ///< Limits and a filter of system calls: no files written, no network, no other processes.
    Namespaces, ///< As well: sees nothing but the system's programs and what it was given (bubblewrap).
};
std::string_view toString(Isolation isolation); ///< "filter", "namespaces"

/// How a process is started that is not trusted.
struct SandboxPlan {
    std::vector<std::string> arguments;       ///< The program, absolute, and what it is told.
    std::vector<std::string> readable;        ///< Files and folders that it sees besides the system's, with Namespaces.
    std::uint64_t memoryBytes = 512ull << 20; ///< Of address space (RLIMIT_AS).
    int shared = -1;                          ///< A descriptor that it gets as number 3; -1: none.
    Isolation isolation = Isolation::Filter;
};

/// A process of which nothing is expected but bytes on its standard output. It cannot write files (RLIMIT_FSIZE and a
/// seccomp filter on opening, renaming, removing), start processes, open sockets, trace or signal others; threads of
/// its own it may have. It gets no environment of ours and no descriptor but 0 to 3, and dies with the thread that
/// started it. Source of the rules: seccomp(2), setrlimit(2), bwrap(1). Thread: one at a time.
class SandboxedProcess
{
public:
    /// Unavailable: the kernel has no seccomp filters, or there is no bwrap for Namespaces. Io: no process to be had.
    static Result<std::unique_ptr<SandboxedProcess>> start(const SandboxPlan &plan);
    ~SandboxedProcess(); ///< Kills it.
    SandboxedProcess(const SandboxedProcess &) = delete;
    SandboxedProcess &operator=(const SandboxedProcess &) = delete;

    // Our ends, non-blocking.
    int input() const { return m_input; }   ///< Its standard input.
    int output() const { return m_output; } ///< Its standard output.
    int errors() const { return m_errors; } ///< Its standard error output.

    bool hasEnded(); ///< By itself, or with the thread that started it.
    /// Kills and reaps it; @p ending: it closed its output, so it is given a moment to end by itself. @returns how it
    /// ended: "exited with 3", "killed by Segmentation fault"; empty the second time.
    std::string end(bool ending = false);

private:
    SandboxedProcess() = default;
    int m_pid = -1;
    std::optional<int> m_status; ///< Of what ended by itself and was reaped.
    int m_input = -1, m_output = -1, m_errors = -1;
};

/// Whether bubblewrap is there and may make namespaces. Tried once, with a program of the system: what is not trusted
/// has no say in how it is kept. Thread: any.
bool canMakeNamespaces();

} // namespace eventops
