// Package peers is the world around a box, for tests: the real binary on loopback, baresip as the phones on the
// desks, SIPp as the carrier, and ears that send one tone and keep what they hear. It owns the processes it
// starts and the ports it hands them; it never reaches into the box but by what an operator has: its files,
// its command and its signals. Everything ends with the test that started it, also when that test fails.
package peers
