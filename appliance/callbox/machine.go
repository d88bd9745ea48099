package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What doctor knows of machines. Each check looks, changes nothing, and says what helps.

const (
	filesWanted  = 8192      // two pairs of sockets a call and some
	bufferWanted = 1 << 20   // bytes of one UDP socket
	roomWanted   = 1 << 30   // bytes free
	roomNeeded   = 200 << 20 // under this the box stops writing what can wait
)

func checkFiles() finding {
	f := finding{good, "open files", "", ""}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return finding{doubt, f.Name, err.Error(), ""}
	}
	f.Found = fmt.Sprintf("at most %d", limit.Max)
	if limit.Max < filesWanted {
		f.Verdict = doubt
		f.Found += ", which is about " + counted(int(limit.Max/8), "call")
		f.Remedy = "LimitNOFILE=65536 in the service, or ulimit -n 65536"
	}
	return f
}

// checkBuffers reads what the kernel lets a UDP socket have.
func checkBuffers(dir string) finding {
	f := finding{good, "UDP buffers", "", ""}
	for _, name := range []string{"rmem_max", "wmem_max"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return finding{doubt, f.Name, err.Error(), ""}
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(text)))
		if err != nil {
			return finding{doubt, f.Name, fmt.Sprintf("%s is %q", name, text), ""}
		}
		f.Found += fmt.Sprintf("net.core.%s = %d  ", name, n)
		if n < bufferWanted {
			f.Verdict = doubt
			f.Remedy = "A burst can be lost: sysctl -w net.core.rmem_max=4194304 net.core.wmem_max=4194304, and in /etc/sysctl.d/callbox.conf to keep it"
		}
	}
	f.Found = strings.TrimSpace(f.Found)
	return f
}

// checkClock doubts a clock that cannot be right, or that nobody sets.
func checkClock(now time.Time) finding {
	f := finding{good, "clock", now.Format(time.RFC3339), ""}
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case now.Year() < 2026:
		return finding{trouble, f.Name, f.Found + ", which is in the past", "Set it: timedatectl set-ntp true, or date -s"}
	case err != nil:
		return f
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		f.Verdict, f.Remedy = doubt, "Nothing keeps it right: install chrony, or timedatectl set-ntp true; times of calls and opening hours depend on it"
		f.Found += ", not synchronised"
	}
	return f
}

// checkDisk looks at the data directory, or where it would be made.
func checkDisk(data string) finding {
	f := finding{good, "disk", "", ""}
	dir, err := filepath.Abs(data)
	if err != nil {
		return finding{trouble, f.Name, err.Error(), "Name another data directory with --data"}
	}
	for {
		if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var room unix.Statfs_t
	if err := unix.Statfs(dir, &room); err != nil {
		return finding{trouble, f.Name, fmt.Sprintf("%s: %v", dir, err), "Name another data directory with --data"}
	}
	free := room.Bavail * uint64(room.Bsize)
	f.Found = fmt.Sprintf("%d MB free for %s", free>>20, data)
	switch {
	case unix.Access(dir, unix.W_OK) != nil:
		return finding{trouble, f.Name, dir + " cannot be written", "Run as its owner, or name another with --data"}
	case free < roomNeeded:
		f.Verdict, f.Remedy = trouble, "Make room: the box takes calls but keeps nothing that can wait"
	case free < roomWanted:
		f.Verdict, f.Remedy = doubt, "Make room before it is needed"
	case room.Type == unix.TMPFS_MAGIC:
		f.Verdict, f.Remedy = doubt, "It is in memory and gone after a restart: name a disk with --data"
		f.Found += ", in memory"
	}
	return f
}

// checkNAT looks for the kernel's SIP helper, which rewrites messages and breaks more than it mends.
func checkNAT(modules string) finding {
	text, err := os.ReadFile(modules)
	if err == nil && strings.Contains(string(text), "nf_conntrack_sip") {
		return finding{doubt, "SIP helper", "the kernel module nf_conntrack_sip is loaded", "It changes SIP on its way and cuts calls off: modprobe -r nf_nat_sip nf_conntrack_sip, and blacklist both"}
	}
	return finding{good, "SIP helper", "the kernel leaves SIP alone", ""}
}

func checkSpeech() finding {
	path, err := exec.LookPath("espeak-ng")
	if err != nil {
		return finding{doubt, "speech", "espeak-ng is not installed", "apt install espeak-ng, if prompts are to be spoken from text; recorded ones need nothing"}
	}
	return finding{good, "speech", path, ""}
}

// checkPort tries the usual SIP port, when no box of ours has it.
func checkPort() finding {
	f := finding{good, "port 5060", "free", ""}
	u, err := net.ListenPacket("udp", ":5060")
	if err == nil {
		u.Close()
		var t net.Listener
		if t, err = net.Listen("tcp", ":5060"); err == nil {
			t.Close()
		}
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return finding{doubt, f.Name, "another program has it", "ss -lntup shows which; end it, or choose another port with listen in the sip block"}
	}
	if err != nil {
		return finding{doubt, f.Name, err.Error(), "Choose another port with listen in the sip block"}
	}
	return f
}
