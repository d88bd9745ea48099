// Package peers is the world around a box, for tests: the real binary on loopback, baresip and linphone as the phones on
// the desks, a page in Chromium as the phone of who has none, SIPp as the carrier, and ears that send one tone and keep what
// they hear. It owns the processes it starts and the ports it hands them; it never reaches into the box but by what an
// operator has: its files, its command, its control socket and its signals. Everything ends with the test that started it,
// also when that test fails.
package peers
