#ifndef CONFINEMENT_SHIM_H
#define CONFINEMENT_SHIM_H

#if defined(__linux__)
#include <spawn.h>

/// Declared by glibc for programs that ask for more than POSIX, as Swift's modules do not.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int from);

/// Has a new process close every file from this descriptor on. Returns an error number.
static inline int add_closing(posix_spawn_file_actions_t *actions, int from) {
  return posix_spawn_file_actions_addclosefrom_np(actions, from);
}
#endif

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))
#include <errno.h>
#include <stddef.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define CONFINEMENT_ARCHITECTURE AUDIT_ARCH_X86_64
#else
#define CONFINEMENT_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/// Lets a system call through, and goes on with the next line otherwise.
#define CONFINEMENT_ALLOW(call) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (call), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

/// Leaves this process, for ever, the system calls that computing needs: memory, and reading and writing what is open.
/// All others fail with EPERM. Swift cannot call prctl, whose arguments vary. Returns whether the kernel does it.
static inline int confine_to_computing(void) {
  struct sock_filter lines[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINEMENT_ARCHITECTURE, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    CONFINEMENT_ALLOW(__NR_read),
    CONFINEMENT_ALLOW(__NR_write),
    CONFINEMENT_ALLOW(__NR_brk),
    CONFINEMENT_ALLOW(__NR_mmap),
    CONFINEMENT_ALLOW(__NR_munmap),
    CONFINEMENT_ALLOW(__NR_mremap),
    CONFINEMENT_ALLOW(__NR_mprotect),
    CONFINEMENT_ALLOW(__NR_madvise),
    CONFINEMENT_ALLOW(__NR_futex),
    CONFINEMENT_ALLOW(__NR_rt_sigreturn),
    CONFINEMENT_ALLOW(__NR_rt_sigprocmask),
    CONFINEMENT_ALLOW(__NR_clock_gettime),
    CONFINEMENT_ALLOW(__NR_getrandom),
    CONFINEMENT_ALLOW(__NR_exit),
    CONFINEMENT_ALLOW(__NR_exit_group),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog filter = {sizeof(lines) / sizeof(lines[0]), lines};
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return 0;
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
}

#undef CONFINEMENT_ALLOW
#undef CONFINEMENT_ARCHITECTURE
#else
/// Does nothing where there is no such confinement.
static inline int confine_to_computing(void) { return 0; }
#endif

#endif
