"""A filter of system calls for bubblewrap: no new processes, no sockets, no tracing, nothing that changes the system.

Threads are allowed: `clone` with CLONE_THREAD. What `clone3` asks cannot be looked at, so it is answered with "not
there", and libc asks `clone` instead. Source: linux/filter.h, linux/seccomp.h, and the system call tables of x86-64
and of arm64 (asm-generic).
"""

from __future__ import annotations

import platform
import struct

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERROR = 0x7FFF0000, 0x80000000, 0x00050000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD = 0x00010000
_X32 = 0x40000000
_TABLES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {"clone": 56, "clone3": 435, "fork": 57, "vfork": 58, "socket": 41, "socketpair": 53, "ptrace": 101,
         "process_vm_readv": 310, "process_vm_writev": 311, "mount": 165, "umount2": 166, "pivot_root": 155,
         "chroot": 161, "unshare": 272, "setns": 308, "keyctl": 250, "add_key": 248, "request_key": 249, "bpf": 321,
         "perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "open_by_handle_at": 304,
         "init_module": 175, "finit_module": 313, "delete_module": 176, "kexec_load": 246, "reboot": 169,
         "swapon": 167, "personality": 135, "pidfd_open": 434, "pidfd_getfd": 438, "fsopen": 430, "move_mount": 429,
         "mount_setattr": 442, "open_tree": 428, "memfd_create": 319},
    ),
    "aarch64": (
        0xC00000B7,
        {"clone": 220, "clone3": 435, "socket": 198, "socketpair": 199, "ptrace": 117, "process_vm_readv": 270,
         "process_vm_writev": 271, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97,
         "setns": 268, "keyctl": 219, "add_key": 217, "request_key": 218, "bpf": 280, "perf_event_open": 241,
         "userfaultfd": 282, "io_uring_setup": 425, "open_by_handle_at": 265, "init_module": 105,
         "finit_module": 273, "delete_module": 106, "kexec_load": 104, "reboot": 142, "swapon": 224,
         "personality": 92, "pidfd_open": 434, "pidfd_getfd": 438, "fsopen": 430, "move_mount": 429,
         "mount_setattr": 442, "open_tree": 428, "memfd_create": 279},
    ),
}  # fmt: skip


def program(machine: str | None = None) -> bytes | None:
    """The filter as the kernel takes it; None for machines whose system calls are not known here."""
    table = _TABLES.get(machine or platform.machine())
    if table is None:
        return None
    architecture, numbers = table
    named = dict(numbers)
    clone, clone3 = named.pop("clone"), named.pop("clone3")
    made = [
        _step(_LOAD, value=4),
        _step(_EQUAL, yes=1, value=architecture),
        _step(_RETURN, value=_KILL),
        _step(_LOAD, value=0),
        _step(_AT_LEAST, no=1, value=_X32),
        _step(_RETURN, value=_KILL),
        _step(_EQUAL, no=1, value=clone3),
        _step(_RETURN, value=_ERROR | _ENOSYS),
    ]
    for number in sorted(named.values()):
        made += [_step(_EQUAL, no=1, value=number), _step(_RETURN, value=_ERROR | _EPERM)]
    made += [
        _step(_EQUAL, no=3, value=clone),
        _step(_LOAD, value=16),  # its flags
        _step(_ANY_BIT, yes=1, value=_CLONE_THREAD),
        _step(_RETURN, value=_ERROR | _EPERM),
        _step(_RETURN, value=_ALLOW),
    ]
    return b"".join(made)


def _step(code: int, *, yes: int = 0, no: int = 0, value: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, value)
