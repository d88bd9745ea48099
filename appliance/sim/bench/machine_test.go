package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime is what a process has used of the machine, user and system, to the nanosecond: its CPU clock counts the same
// as utime and stime of /proc/PID/stat, which come in hundredths of a second.
func cpuTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	const scheduler = 2 // CPUCLOCK_SCHED of the kernel's include/linux/posix-timers.h
	var at unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &at); err != nil {
		t.Fatalf("the CPU clock of process %d: %v", pid, err)
	}
	return time.Duration(at.Nano())
}

// pss is the memory of a process in bytes, what it shares with others divided among them.
func pss(t testing.TB, pid int) int {
	t.Helper()
	for line := range strings.Lines(contents(t, fmt.Sprintf("/proc/%d/smaps_rollup", pid))) {
		if fields := strings.Fields(line); fields[0] == "Pss:" {
			return 1024 * number(t, fields[1])
		}
	}
	t.Fatalf("process %d has no Pss", pid)
	return 0
}

// drops counts the datagrams that the kernel threw away because a queue was full, at the sockets that processes have
// open. The counter of the whole machine would blame us for what befell others.
func drops(t testing.TB, pids ...int) (n int) {
	t.Helper()
	open := map[string]bool{}
	for _, pid := range pids {
		dir := fmt.Sprintf("/proc/%d/fd", pid)
		files, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if to, err := os.Readlink(filepath.Join(dir, file.Name())); err == nil && strings.HasPrefix(to, "socket:[") {
				open[strings.Trim(to, "socket:[]")] = true
			}
		}
	}
	for _, family := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		text, err := os.ReadFile(family)
		if err != nil {
			continue // no IPv6 here
		}
		for line := range strings.Lines(string(text)) {
			const inode, dropped = 9, 12
			if fields := strings.Fields(line); len(fields) > dropped && open[fields[inode]] {
				n += number(t, fields[dropped])
			}
		}
	}
	return n
}

// machineTime is what all cores did since the start: work of any kind, and what a hypervisor took away.
func machineTime(t testing.TB) (busy, stolen time.Duration) {
	t.Helper()
	first, _, _ := strings.Cut(contents(t, "/proc/stat"), "\n")
	fields := strings.Fields(first) // cpu user nice system idle iowait irq softirq steal
	const tick = 10 * time.Millisecond
	for _, i := range []int{1, 2, 3, 6, 7} {
		busy += time.Duration(number(t, fields[i])) * tick
	}
	return busy, time.Duration(number(t, fields[8])) * tick
}

// machine is what a reader must know to compare.
func machine() string {
	model := "an unknown processor"
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			model = strings.TrimSpace(value)
			break
		}
	}
	var u unix.Utsname
	unix.Uname(&u)
	release, _, _ := bytes.Cut(u.Release[:], []byte{0})
	return fmt.Sprintf("%d cores of %s, Linux %s, %s, facts on %s", runtime.NumCPU(), model, release, runtime.Version(), filesystem(os.TempDir()))
}

// filesystem names what a directory lies on. Facts are durable only on a disk, so it belongs to the figures.
func filesystem(dir string) string {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return err.Error()
	}
	known := map[int64]string{
		unix.EXT4_SUPER_MAGIC: "ext4", unix.XFS_SUPER_MAGIC: "xfs", unix.BTRFS_SUPER_MAGIC: "btrfs",
		unix.OVERLAYFS_SUPER_MAGIC: "overlay", unix.TMPFS_MAGIC: memoryDisk,
	}
	if name, ok := known[int64(s.Type)]; ok {
		return name
	}
	return fmt.Sprintf("file system %#x", s.Type)
}

const memoryDisk = "tmpfs"

func contents(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func number(t testing.TB, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// reading is where the clocks stood at one moment.
type reading struct {
	at                         time.Time
	process, ours, busy, steal time.Duration
	drops                      int
}

func read(t testing.TB, pid int) reading {
	t.Helper()
	r := reading{at: time.Now(), process: cpuTime(t, pid), ours: cpuTime(t, os.Getpid()), drops: drops(t, pid, os.Getpid())}
	r.busy, r.steal = machineTime(t)
	return r
}

// spent is what passed between two readings.
type spent struct {
	wall, process  time.Duration
	ours           time.Duration // of the load, which runs in this process
	others, stolen time.Duration // of everybody else on the machine
	drops          int
}

func (r reading) until(end reading) spent {
	s := spent{
		wall: end.at.Sub(r.at), process: end.process - r.process, ours: end.ours - r.ours,
		stolen: end.steal - r.steal, drops: end.drops - r.drops,
	}
	s.others = max(0, end.busy-r.busy-s.process-s.ours)
	return s
}

// headroom is how much of one core the load may use before it measures itself.
const headroom = 0.7

// unfit is why the load spoiled a measurement, or nothing.
func (s spent) unfit() (why []string) {
	if share := s.ours.Seconds() / s.wall.Seconds(); share > headroom {
		why = append(why, fmt.Sprintf("the load itself took %.0f%% of a core", 100*share))
	}
	return why
}

// faults are the other reasons for which a measurement does not count, whatever was measured.
func (s spent) faults() (why []string) {
	if s.drops > 0 {
		why = append(why, fmt.Sprintf("the kernel dropped %d datagrams", s.drops))
	}
	return why
}
