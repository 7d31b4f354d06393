// SPDX-License-Identifier: MIT
#include "core/script/syscall_filter.h"

#include <seccomp.h>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace eventops {
namespace {

struct ReleaseFilter {
    void operator()(void *filter) const { seccomp_release(filter); }
};

constexpr int Refused[] = {
    // Files: nothing is made, changed or removed.
    SCMP_SYS(creat),
    SCMP_SYS(truncate),
    SCMP_SYS(ftruncate),
    SCMP_SYS(fallocate),
    SCMP_SYS(unlink),
    SCMP_SYS(unlinkat),
    SCMP_SYS(rename),
    SCMP_SYS(renameat),
    SCMP_SYS(renameat2),
    SCMP_SYS(mkdir),
    SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir),
    SCMP_SYS(link),
    SCMP_SYS(linkat),
    SCMP_SYS(symlink),
    SCMP_SYS(symlinkat),
    SCMP_SYS(mknod),
    SCMP_SYS(mknodat),
    SCMP_SYS(chmod),
    SCMP_SYS(fchmod),
    SCMP_SYS(fchmodat),
    SCMP_SYS(chown),
    SCMP_SYS(fchown),
    SCMP_SYS(lchown),
    SCMP_SYS(fchownat),
    SCMP_SYS(utime),
    SCMP_SYS(utimes),
    SCMP_SYS(utimensat),
    SCMP_SYS(futimesat),
    SCMP_SYS(setxattr),
    SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr),
    SCMP_SYS(removexattr),
    SCMP_SYS(lremovexattr),
    SCMP_SYS(fremovexattr),
    SCMP_SYS(memfd_create),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(fanotify_init),
    // The system.
    SCMP_SYS(mount),
    SCMP_SYS(umount2),
    SCMP_SYS(pivot_root),
    SCMP_SYS(chroot),
    SCMP_SYS(unshare),
    SCMP_SYS(setns),
    SCMP_SYS(swapon),
    SCMP_SYS(swapoff),
    SCMP_SYS(reboot),
    SCMP_SYS(kexec_load),
    SCMP_SYS(init_module),
    SCMP_SYS(finit_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(add_key),
    SCMP_SYS(request_key),
    SCMP_SYS(keyctl),
    SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),
    SCMP_SYS(sethostname),
    SCMP_SYS(setdomainname),
    SCMP_SYS(quotactl),
    SCMP_SYS(acct),
    // Other processes.
    SCMP_SYS(fork),
    SCMP_SYS(vfork),
    SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(kill),
    SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo),
    SCMP_SYS(rt_tgsigqueueinfo),
    SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal),
    SCMP_SYS(setpriority),
    SCMP_SYS(sched_setscheduler),
    SCMP_SYS(sched_setattr),
    SCMP_SYS(shmget),
    SCMP_SYS(shmat),
    SCMP_SYS(msgget),
    SCMP_SYS(semget),
    SCMP_SYS(mq_open),
    SCMP_SYS(setrlimit),
    // The network. Pairs of sockets stay: Python's event loop wakes itself with one.
    SCMP_SYS(socket),
    SCMP_SYS(connect),
    SCMP_SYS(bind),
    SCMP_SYS(listen),
    SCMP_SYS(accept),
    SCMP_SYS(accept4),
};
constexpr int Unknown[] = {SCMP_SYS(clone3), SCMP_SYS(openat2), SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter),
                           SCMP_SYS(io_uring_register)};

Error unavailable(int code)
{
    return {Error::Code::Unavailable,
            std::string("system calls cannot be filtered: ") + std::strerror(-code),
            {},
            "scripts need a kernel with seccomp filters (CONFIG_SECCOMP_FILTER)"};
}

/// @returns 0, or a negative error number.
int addRules(scmp_filter_ctx filter)
{
    // A call that this machine does not have gives -EDOM or -EINVAL for rules with arguments only; those are named
    // below.
    for (const int call : Refused) {
        if (const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 0); code < 0)
            return code;
    }
    for (const int call : Unknown) {
        if (const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), call, 0); code < 0)
            return code;
    }
    // A clone that is no thread is a process.
    if (const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                                          SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
        code < 0)
        return code;
    // Limits may be read.
    if (const int code =
            seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prlimit64), 1, SCMP_A2(SCMP_CMP_NE, 0));
        code < 0)
        return code;
    constexpr struct {
        scmp_datum_t mask, value;
    } Writing[] = {{O_ACCMODE, O_WRONLY}, {O_ACCMODE, O_RDWR}, {O_CREAT, O_CREAT}, {O_TRUNC, O_TRUNC}};
    for (const auto &[mask, value] : Writing) {
#ifdef __NR_open
        if (const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(open), 1,
                                              SCMP_A1(SCMP_CMP_MASKED_EQ, mask, value));
            code < 0)
            return code;
#endif
        if (const int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(openat), 1,
                                              SCMP_A2(SCMP_CMP_MASKED_EQ, mask, value));
            code < 0)
            return code;
    }
    return 0;
}

} // namespace

Result<std::vector<sock_filter>> answeringOnlyFilter()
{
    const std::unique_ptr<void, ReleaseFilter> filter(seccomp_init(SCMP_ACT_ALLOW));
    if (filter == nullptr)
        return unavailable(-ENOMEM);
    if (const int code = addRules(filter.get()); code < 0)
        return unavailable(code);
    // libseccomp writes programs to descriptors only.
    const int file = memfd_create("filter", MFD_CLOEXEC);
    if (file < 0)
        return unavailable(-errno);
    int code = seccomp_export_bpf(filter.get(), file);
    struct stat about = {};
    if (code >= 0 && fstat(file, &about) != 0)
        code = -errno;
    std::vector<sock_filter> program(static_cast<std::size_t>(about.st_size) / sizeof(sock_filter));
    const auto wanted = static_cast<ssize_t>(program.size() * sizeof(sock_filter));
    if (code >= 0 && pread(file, program.data(), static_cast<std::size_t>(wanted), 0) != wanted)
        code = -EIO;
    close(file);
    if (code < 0)
        return unavailable(code);
    return program;
}

} // namespace eventops
