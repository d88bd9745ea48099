package lua

import "golang.org/x/sys/unix"

const auditArch = unix.AUDIT_ARCH_AARCH64

var systemCalls = everywhere
