//go:build !amd64 && !arm64

package lua

const auditArch = 0

var systemCalls []uint32 // of this architecture nobody wrote down what Go needs: the box says so
