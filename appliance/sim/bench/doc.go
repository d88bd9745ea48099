// Package bench weighs the real binary against what the same machine needs at the very least. It owns the load, phones
// and carriers of its own that send by absolute deadlines and count what arrives, and the null references: a bare loop
// of the SIP library that joins two legs, and a bare relay of packets (testdata/null). Both see the same messages at the
// same rate in the same minutes, in blocks that alternate as ours, null, null, ours, so that the ratio travels to other
// machines where the figures do not.
//
// It never judges by a clock alone: a run whose calls did not all succeed, whose packets the kernel dropped, or whose
// load came too late prints why instead of a figure. Nothing here is timed under go test without -bench; the one test
// proves that the scales work. A benchmark ends with the processes it started, and they end with it.
package bench
